"""The inner loops of k-medoids, compiled. Imported only where there is much to do (see jit).

A swap reads whole rows of the matrix and acts on the few points to which the candidate is nearer than their second
medoid. Those are found 64 at a time without a branch on each (see lanes); all else is for them alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stormcell.cluster.lanes import LANES, count, less, lowest, unfit
from stormcell.jit import compiled
from stormcell.types import DoubleArray, FloatArray, IntArray

_ONE = np.uint64(1)
_INFINITY = np.float32(np.inf)

# The search keeps places in half the width: they are read with every point that a candidate reaches.
_Places = npt.NDArray[np.signedinteger[Any]]


@compiled
def _nearer(row: FloatArray, limit: FloatArray, found: _Places) -> int:
    """Put the places where ``row < limit`` into ``found`` (64 longer than needed); return how many there are."""
    n = len(row)
    whole = n - n % LANES
    total = 0
    for start in range(0, whole, LANES):
        mask = less(row, limit, start)
        bits = count(mask)
        # A fixed number of writes, too many more often than not, is cheaper than a branch on each bit.
        for place in range(4):
            found[total + place] = start + lowest(mask)
            mask &= mask - _ONE
        if bits > 4:
            for place in range(4, 12):
                found[total + place] = start + lowest(mask)
                mask &= mask - _ONE
            for place in range(12, bits):
                found[total + place] = start + lowest(mask)
                mask &= mask - _ONE
        total += bits
    for place in range(whole, n):
        found[total] = place
        total += row[place] < limit[place]
    return total


@compiled
def valid(row: FloatArray) -> bool:
    """Whether no value of a row is negative, infinite or missing."""
    n = len(row)
    whole = n - n % LANES
    bad = np.uint64(0)
    for start in range(0, whole, LANES):
        bad |= unfit(row, start)
    for place in range(whole, n):
        if not (row[place] >= 0 and row[place] < _INFINITY):
            return False
    fine: bool = bad == 0
    return fine


@compiled
def two_nearest(far: FloatArray, nearest: _Places, d1: FloatArray, second: _Places, d2: FloatArray) -> None:
    """Fill in each row's nearest and second nearest column and their distances; ties go to the earlier one."""
    for point in range(len(far)):
        row = far[point]
        a, b, da, db = 0, -1, row[0], _INFINITY
        for slot in range(1, len(row)):
            d = row[slot]
            if d < db or b < 0:  # seldom, so that one compare decides nearly always
                if d < da:
                    a, b, da, db = slot, a, d, da
                else:
                    b, db = slot, d
        nearest[point], d1[point], second[point], d2[point] = a, da, b, db


@compiled
def _removal(weights: DoubleArray, nearest: _Places, d1: FloatArray, d2: FloatArray, out: DoubleArray) -> None:
    """Fill in what the removal of each medoid adds to the loss."""
    for slot in range(len(out)):
        out[slot] = 0.0
    for point in range(len(weights)):
        out[nearest[point]] += weights[point] * (np.float64(d2[point]) - d1[point])


@compiled
def _exchange(
    row: FloatArray,
    slot: int,
    by_medoid: FloatArray,
    nearest: _Places,
    d1: FloatArray,
    second: _Places,
    d2: FloatArray,
) -> None:
    """Put the candidate with distances ``row`` into ``slot`` and bring every point's two nearest up to date."""
    for point in range(len(row)):
        d = row[point]
        by_medoid[point, slot] = d
        if nearest[point] == slot:
            if d < d2[point]:
                d1[point] = d
                continue
            d1[point] = d2[point]
            nearest[point] = second[point]
        elif d < d1[point]:
            d2[point] = d1[point]
            second[point] = nearest[point]
            d1[point] = d
            nearest[point] = slot
            continue
        elif d < d2[point]:
            d2[point] = d
            second[point] = slot
            continue
        elif second[point] != slot:
            continue
        # The second nearest is gone: look for another.
        first = nearest[point]
        other, least = -1, _INFINITY
        for place in range(by_medoid.shape[1]):
            if place != first and (by_medoid[point, place] < least or other < 0):
                other, least = place, by_medoid[point, place]
        second[point] = other
        d2[point] = least


@compiled
def swap(
    far: FloatArray,
    weights: DoubleArray,
    medoids: IntArray,
    fixed: int,
    max_passes: int,
    tolerance: float,
    noise: float,
) -> int:
    """Swap medoids with candidates, eagerly, until none lowers the loss; see fasterpam.swap.

    Parameters
    ----------
    far : FloatArray, shape (m, n)
        Of candidates and points, rows contiguous.
    weights : DoubleArray, shape (n,)
    medoids : IntArray, shape (k,)
        Candidates, k >= 2; changed in place. The first ``fixed`` stay.
    max_passes : int
    tolerance, noise : float
        A swap must lower the loss by more than ``max(tolerance * loss, noise)``.

    Returns
    -------
    int
        Passes made over the candidates; ``-1 - row`` if a row holds a value that is no dissimilarity.
    """
    m, n = far.shape
    k = len(medoids)
    by_medoid = np.empty((n, k), np.float32)
    is_medoid = np.zeros(m, np.bool_)
    for slot in range(k):
        if not valid(far[medoids[slot]]):
            return int(-1 - medoids[slot])
        is_medoid[medoids[slot]] = True
        for point in range(n):
            by_medoid[point, slot] = far[medoids[slot], point]
    nearest, second = np.empty(n, np.int32), np.empty(n, np.int32)
    d1, d2 = np.empty(n, np.float32), np.empty(n, np.float32)
    two_nearest(by_medoid, nearest, d1, second, d2)
    base, change = np.empty(k), np.empty(k)
    _removal(weights, nearest, d1, d2, base)
    loss = 0.0
    for point in range(n):
        loss += weights[point] * d1[point]
    found = np.empty(n + LANES, np.int32)

    unchanged = 0
    for passed in range(max_passes):
        for candidate in range(m):
            if unchanged >= m:
                return passed + (candidate > 0)
            unchanged += 1
            if is_medoid[candidate]:
                continue
            row = far[candidate]
            if passed == 0 and not valid(row):
                return -1 - candidate
            for slot in range(k):
                change[slot] = base[slot]
            # What every swap with this candidate gains, and what it depends on which medoid is given up.
            shared = 0.0
            for place in range(_nearer(row, d2, found)):
                point = found[place]
                d, own, w = row[point], d1[point], weights[point]
                shared += w * (np.float64(min(d, own)) - own)
                change[nearest[point]] += w * (np.float64(max(d, own)) - d2[point])
            best = fixed
            for slot in range(fixed, k):
                if change[slot] < change[best]:
                    best = slot
            gain = change[best] + shared if fixed < k else 0.0
            if gain < -max(tolerance * loss, noise):
                is_medoid[medoids[best]] = False
                is_medoid[candidate] = True
                medoids[best] = candidate
                _exchange(row, best, by_medoid, nearest, d1, second, d2)
                _removal(weights, nearest, d1, d2, base)
                loss += gain
                unchanged = 0
    return max_passes


@compiled
def best_addition(far: FloatArray, weights: DoubleArray, nearest: DoubleArray) -> tuple[int, float]:
    """Return the candidate whose addition leaves the smallest loss, and that loss; see fasterpam.best_addition."""
    m, n = far.shape
    limit = nearest.astype(np.float32)
    found = np.empty(n + LANES, np.int32)
    first = not np.isfinite(nearest[0])
    base = 0.0
    for point in range(n):
        base += 0.0 if first else weights[point] * nearest[point]
    best, least = 0, np.inf
    for candidate in range(m):
        row = far[candidate]
        loss = base
        if first:
            for point in range(n):
                loss += weights[point] * row[point]
        else:
            for place in range(_nearer(row, limit, found)):
                point = found[place]
                loss += weights[point] * (row[point] - nearest[point])
        if loss < least:
            best, least = candidate, loss
    return best, least
