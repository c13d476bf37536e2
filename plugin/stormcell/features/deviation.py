"""How far a count is from those of other time buckets: shares and robust deviations, weighted by age, in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stormcell.types import BoolArray, DoubleArray, IntArray

# A median absolute deviation times this estimates a standard deviation (normal distribution).
_MAD_TO_SIGMA: Final = 1.4826
_BLOCK: Final = 1 << 18
"""Cells of a table that are computed at once."""
_EXACT: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What was counted of each template in each bucket, as compressed sparse rows.

    Attributes
    ----------
    start : IntArray, shape (templates + 1,)
        Where each template's entries begin.
    bucket : IntArray, shape (entries,)
        Positions among the buckets seen.
    count : DoubleArray, shape (entries,)
    """

    start: IntArray
    bucket: IntArray
    count: DoubleArray


def deviations(
    counts: Counts, template: IntArray, owner: IntArray, own: DoubleArray, weights: DoubleArray
) -> tuple[DoubleArray, DoubleArray]:
    """Compare counts with those of the same template in other buckets.

    Parameters
    ----------
    counts : Counts
    template : IntArray, shape (p,)
        Of each pair of a template and a bucket that is judged.
    owner : IntArray, shape (p,)
        The row of ``weights`` that tells what its other buckets weigh.
    own : DoubleArray, shape (p,)
        The counts that are judged.
    weights : DoubleArray, shape (owners, buckets)
        At least 0; 0 for a bucket that is not to be compared with, such as the owner's own.

    Returns
    -------
    held, burst : DoubleArray, shape (p,)
        The weight of the buckets that hold the template; by how many robust deviations its count is above their
        median, at least 0. Buckets that do not hold it count as 0.
    """
    held, burst = np.zeros(len(template)), np.zeros(len(template))
    total = weights.sum(axis=1)
    length = np.diff(counts.start)[template]
    # Templates of like many entries are computed as one table; the rest of a row is padded with weight 0.
    order = np.argsort(length, kind="stable")
    at = 0
    while at < len(order):
        # The table is as wide as its last row, so that a row is never padded to more than twice its length.
        end = int(np.searchsorted(length[order], max(2 * length[order[at]], 8), side="right"))
        end = min(end, at + max(_BLOCK // (int(length[order[end - 1]]) + 1), 1))
        chunk = order[at:end]
        held[chunk], burst[chunk] = _table(counts, template[chunk], owner[chunk], own[chunk], weights, total)
        at = end
    return held, burst


def _table(
    counts: Counts,
    template: IntArray,
    owner: IntArray,
    own: DoubleArray,
    weights: DoubleArray,
    total: DoubleArray,
) -> tuple[DoubleArray, DoubleArray]:
    first = counts.start[template][:, None]
    width = int((counts.start[template + 1] - counts.start[template]).max(initial=0))
    cells = first + np.arange(width)
    there: BoolArray = cells < counts.start[template + 1][:, None]
    cells = np.where(there, cells, 0) if len(counts.count) else np.zeros_like(cells)
    weight = np.zeros((len(template), width + 1))
    value = np.zeros_like(weight)
    if width:
        weight[:, 1:] = np.where(there, weights[owner[:, None], counts.bucket[cells]], 0.0)
        value[:, 1:] = np.where(there, counts.count[cells], 0.0)
    held = weight[:, 1:].sum(axis=1)
    weight[:, 0] = np.maximum(total[owner] - held, 0.0)
    median = weighted_median(value, weight)
    spread = _MAD_TO_SIGMA * weighted_median(np.abs(value - median[:, None]), weight) + np.sqrt(median + 1.0)
    burst: DoubleArray = np.where(total[owner] > 0, np.maximum((own - median) / spread, 0.0), 0.0)
    return held, burst


def weighted_median(values: DoubleArray, weights: DoubleArray) -> DoubleArray:
    """Return the median of each row, the mean of the two in the middle where half the weight is on either side.

    Parameters
    ----------
    values, weights : DoubleArray, shape (n, m)
        Weights of at least 0.

    Returns
    -------
    DoubleArray, shape (n,)
        0 for a row without weight.
    """
    order = np.argsort(values, axis=1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=1)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    half = reached[:, -1:] / 2
    low = (reached < half * (1 - _EXACT)).sum(axis=1)
    high = np.minimum((reached <= half * (1 + _EXACT)).sum(axis=1), values.shape[1] - 1)
    at = np.arange(len(values))
    middle: DoubleArray = (ranked[at, np.minimum(low, high)] + ranked[at, high]) / 2
    return np.where(half[:, 0] > 0, middle, 0.0)
