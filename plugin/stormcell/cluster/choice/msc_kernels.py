"""The compiled swaps of FasterMSC. Imports numba: import it only where there are many rows."""

from __future__ import annotations

import numpy as np

from stormcell.jit import compiled
from stormcell.types import BoolArray, DoubleArray, FloatArray, IntArray


@compiled
def _loss(near: float, farther: float) -> float:
    return near / farther if near > 0 else 0.0


@compiled
def _place(
    dissimilarity: FloatArray, weights: DoubleArray, medoids: IntArray, nearest: IntArray, least: DoubleArray
) -> DoubleArray:
    """Find the three medoids nearest to every row; return what each one's removal adds to the loss.

    Parameters
    ----------
    nearest : IntArray, shape (n, 2), written
        Slots of the nearest and second nearest.
    least : DoubleArray, shape (n, 6), written
        The three least distances; the loss as it is, without the nearest, and without the second nearest.
    """
    least[:, :3] = np.inf
    for slot in range(len(medoids)):
        far = dissimilarity[medoids[slot]]
        for row in range(len(weights)):
            d = np.float64(far[row])
            if d < least[row, 0]:
                least[row, 2] = least[row, 1]
                least[row, 1] = least[row, 0]
                least[row, 0] = d
                nearest[row, 1] = nearest[row, 0]
                nearest[row, 0] = slot
            elif d < least[row, 1]:
                least[row, 2] = least[row, 1]
                least[row, 1] = d
                nearest[row, 1] = slot
            elif d < least[row, 2]:
                least[row, 2] = d
    removal = np.zeros(len(medoids))
    for row in range(len(weights)):
        d1, d2, d3 = least[row, 0], least[row, 1], least[row, 2]
        least[row, 3], least[row, 4], least[row, 5] = _loss(d1, d2), _loss(d2, d3), _loss(d1, d3)
        removal[nearest[row, 0]] += weights[row] * (least[row, 4] - least[row, 3])
        removal[nearest[row, 1]] += weights[row] * (least[row, 5] - least[row, 3])
    return removal


@compiled
def _corrections(
    far: FloatArray,
    weights: DoubleArray,
    nearest: IntArray,
    least: DoubleArray,
    third: FloatArray,
    near: IntArray,
    corrections: DoubleArray,
) -> float:
    """Write how a row that comes corrects each ``removal``; return what it adds whichever medoid leaves.

    Parameters
    ----------
    near : IntArray, shape (n,), written
        Room for the rows that have it among their three nearest.
    """
    # First which rows it is near to, without a branch: a branch on each would be guessed wrong too often.
    found = 0
    for row in range(len(weights)):
        near[found] = row
        found += far[row] < third[row]
    corrections[:] = 0.0
    shared = 0.0
    for at in range(found):
        row = near[at]
        d, d1, d2 = np.float64(far[row]), least[row, 0], least[row, 1]
        added = _loss(min(d1, d), min(d2, max(d1, d))) - least[row, 3]
        no_first = _loss(min(d2, d), max(d2, d)) - least[row, 4]
        no_second = _loss(min(d1, d), max(d1, d)) - least[row, 5]
        shared += weights[row] * added
        corrections[nearest[row, 0]] += weights[row] * (no_first - added)
        corrections[nearest[row, 1]] += weights[row] * (no_second - added)
    return shared


@compiled
def swap(
    dissimilarity: FloatArray, weights: DoubleArray, medoids: IntArray, least: float, max_passes: int
) -> tuple[IntArray, int]:
    """Do as ``swap`` of msc: the sums run in the same order, so the swaps are the same."""
    n = len(weights)
    medoids = medoids.copy()
    is_medoid: BoolArray = np.zeros(n, dtype=np.bool_)
    is_medoid[medoids] = True
    nearest = np.empty((n, 2), dtype=np.int64)
    state = np.empty((n, 6))
    removal = _place(dissimilarity, weights, medoids, nearest, state)
    third = state[:, 2].astype(np.float32)
    near = np.empty(n, dtype=np.int64)
    corrections = np.empty(len(medoids))
    unchanged, passes = 0, 0
    while passes < max_passes and unchanged < n:
        passes += 1
        for row in range(n):
            unchanged += 1
            if not is_medoid[row]:
                shared = _corrections(dissimilarity[row], weights, nearest, state, third, near, corrections)
                change = shared + removal + corrections
                slot = int(change.argmin())
                if change[slot] < -least:
                    is_medoid[medoids[slot]] = False
                    is_medoid[row] = True
                    medoids[slot] = row
                    removal = _place(dissimilarity, weights, medoids, nearest, state)
                    third = state[:, 2].astype(np.float32)
                    unchanged = 0
            if unchanged >= n:
                break
    return medoids, passes
