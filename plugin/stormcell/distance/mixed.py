"""The mixed dissimilarity: a weighted mean of partial ones over the fields that both rows have, and its parts.

Gower (1971), with the treatment of missing values of R's ``cluster::daisy``: a field that either row lacks has
weight 0 for the pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stormcell.distance.fields import Partial
from stormcell.types import DoubleArray, FloatArray, IntArray, Share

_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of the mixed dissimilarity.

    Attributes
    ----------
    name : str
    weight : float
        At least 0; a field of weight 0 is left out.
    partial : Partial
    """

    name: str
    weight: float
    partial: Partial


def mixed(fields: Sequence[Field], a: IntArray, b: IntArray) -> FloatArray:
    """Return the mixed dissimilarities of rows ``a`` and rows ``b``.

    Parameters
    ----------
    fields : sequence of Field
    a, b : IntArray
        Row numbers.

    Returns
    -------
    FloatArray, shape (len(a), len(b))
        In [0, 1]; NaN where two rows have no field in common.
    """
    far = np.empty((len(a), len(b)), dtype=np.float32)
    # In blocks: the sums are in double precision, and those of a whole matrix would take ten times its size.
    for start in range(0, len(a), _BLOCK):
        far[start : start + _BLOCK] = _mixed(fields, a[start : start + _BLOCK], b)
    return far


def _mixed(fields: Sequence[Field], a: IntArray, b: IntArray) -> FloatArray:
    total = np.zeros((len(a), len(b)), dtype=np.float64)
    weights = np.zeros((len(a), len(b)), dtype=np.float64)
    for field in fields:
        if field.weight <= 0:
            continue
        block = field.partial.block(a, b)
        missing = np.isnan(block)
        total += field.weight * np.where(missing, 0.0, block)
        weights += field.weight * ~missing
    with np.errstate(invalid="ignore"):
        return (total / weights).astype(np.float32)


def explain(fields: Sequence[Field], a: IntArray, b: IntArray) -> list[tuple[Share, ...]]:
    """Return the exact parts of the mixed dissimilarity for each pair ``(a[i], b[i])``.

    Returns
    -------
    list of tuple of Share, length len(a)
        One share a field, in the order of ``fields``; the shares of a pair sum to its dissimilarity (0 where
        two rows have no field in common).
    """
    used = [field for field in fields if field.weight > 0]
    parts = np.zeros((len(a), len(used)))
    for column, field in enumerate(used):
        parts[:, column] = _pairs(field.partial, a, b)
    present = ~np.isnan(parts)
    weights = np.array([field.weight for field in used]) * present
    parts = np.where(present, parts, 0.0)
    sums = weights.sum(axis=1)
    return [
        tuple(
            Share(
                name=field.name,
                dissimilarity=float(parts[pair, column]),
                weight=float(weights[pair, column]),
                share=float(parts[pair, column] * weights[pair, column] / sums[pair]) if sums[pair] > 0 else 0.0,
            )
            for column, field in enumerate(used)
        )
        for pair in range(len(a))
    ]


def _pairs(partial: Partial, a: IntArray, b: IntArray) -> DoubleArray:
    """Return the partial dissimilarity of each pair; pairs that share a ``b`` are computed together."""
    result = np.empty(len(a))
    for other in np.unique(b):
        chosen = b == other
        result[chosen] = partial.block(a[chosen], np.array([other]))[:, 0]
    return result
