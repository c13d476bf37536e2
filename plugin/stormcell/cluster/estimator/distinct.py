"""Equal rows as one, in an order that only their values decide."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stormcell.types import DoubleArray, IntArray

Rows = NDArray[np.floating[Any]]

# Values that are looked at together: they stay in the processor's cache.
_CHUNK = 1 << 17


def distinct_rows(rows: Rows) -> tuple[IntArray, IntArray]:
    """Find the different rows.

    They are ordered by a weighted sum of their values, so the order depends neither on where the rows stand nor on
    how often, nor (but for ties) on the unit. Zeros of either sign are equal.

    Parameters
    ----------
    rows : array, shape (n, d)
        Finite numbers, up to 1e18.

    Returns
    -------
    first : IntArray, shape (m,)
        For each of the different rows, where it first stands.
    which : IntArray, shape (n,)
        For each row, which of the different ones it is.
    """
    first, which = _merged(rows)
    order = np.argsort(_sums(rows, first), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[which]


def _merged(rows: Rows) -> tuple[IntArray, IntArray]:
    """Find the different rows, in an order that their values decide in some way."""
    keys = _keys(rows)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    alike = np.flatnonzero(keys[1:] == keys[:-1])
    if not _equal(rows, order[alike], order[alike + 1]):
        # Two different rows have one hash: so rare that it may take longer.
        _, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        return first, which.ravel()
    begins = np.ones(len(rows), dtype=bool)
    begins[alike + 1] = False
    which = np.empty(len(rows), dtype=np.int64)
    which[order] = np.cumsum(begins) - 1
    return order[begins], which


def _sums(rows: Rows, some: IntArray) -> DoubleArray:
    """Return a weighted sum of each row, added up alike wherever the row stands (as by matrices it is not)."""
    factors = np.random.default_rng(0).normal(size=rows.shape[1])
    sums = np.empty(len(some))
    step = max(1, _CHUNK // rows.shape[1])
    for start in range(0, len(some), step):
        sums[start : start + step] = (rows[some[start : start + step]] * factors).sum(axis=1)
    return sums


def _keys(rows: Rows) -> NDArray[np.uint64]:
    """Return a hash of each row's values."""
    n, d = rows.shape
    odd = np.random.default_rng(0).integers(1 << 63, size=d, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    keys = np.empty(n, dtype=np.uint64)
    step = max(1, _CHUNK // d)
    for start in range(0, n, step):
        values = rows[start : start + step].astype(np.float64, order="C")
        values += 0.0  # -0.0 becomes 0.0
        bits = values.view(np.uint64)
        # Round numbers differ in their upper bits only, which a product would not carry down.
        bits ^= bits >> np.uint64(32)
        bits *= odd
        bits ^= bits >> np.uint64(29)
        bits *= odd
        keys[start : start + step] = bits.sum(axis=1)
    return keys


def _equal(rows: Rows, left: IntArray, right: IntArray) -> bool:
    step = max(1, _CHUNK // rows.shape[1])
    return all(
        np.array_equal(rows[left[start : start + step]], rows[right[start : start + step]])
        for start in range(0, len(left), step)
    )
