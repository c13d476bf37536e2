"""The inner loops of k-medoids, compiled. Imported only where there is much to do (see jit).

A swap reads whole rows of the matrix and acts on the few points to which the candidate is nearer than their second
medoid. Those are found 64 at a time without a branch on each (see lanes); all else is for them alone.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from stormcell.cluster.lanes import LANES, LINE, count, fetch, less, lowest
from stormcell.jit import compiled
from stormcell.types import DoubleArray, FloatArray, IntArray

_ONE = np.uint64(1)
_CHUNK = 2048  # points whose nearest medoids are looked for together: what is known of them stays in the cache
_INFINITY = np.float32(np.inf)
_INFINITE_BITS = np.uint32(0x7F800000)

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
    # As whole numbers the bits of such values are above all others, and whole numbers are compared many at once.
    bits = row.view(np.uint32)
    largest = np.uint32(0)
    for place in range(len(bits)):
        largest = bits[place] if bits[place] > largest else largest
    if largest < _INFINITE_BITS:
        return True
    for place in range(len(row)):  # noqa: SIM110 - numba knows no all(); a zero may have a sign
        if not (row[place] >= 0 and row[place] < _INFINITY):
            return False
    return True


@partial(compiled, any_order=True)
def _least(values: npt.NDArray[np.floating[Any]]) -> Any:
    least = values[0]
    for place in range(1, len(values)):
        least = values[place] if values[place] < least else least
    return least


@compiled
def two_nearest(far: FloatArray, nearest: _Places, d1: FloatArray, second: _Places, d2: FloatArray) -> None:
    """Fill in each column's nearest and second nearest row, of two or more, and their distances.

    Ties go to the earlier one.
    """
    k, n = far.shape
    for point in range(n):
        swapped = far[1, point] < far[0, point]
        nearest[point], d1[point] = (1, far[1, point]) if swapped else (0, far[0, point])
        second[point], d2[point] = (0, far[0, point]) if swapped else (1, far[1, point])
    for start in range(0, n, _CHUNK):
        some = slice(start, min(start + _CHUNK, n))
        for slot in range(2, k):
            _rank(nearest.dtype.type(slot), far[slot, some], nearest[some], d1[some], second[some], d2[some])


@compiled
def _rank(slot: Any, row: FloatArray, nearest: _Places, d1: FloatArray, second: _Places, d2: FloatArray) -> None:
    """Let one more medoid be the nearest or second nearest of the points to which it is."""
    for point in range(len(row)):  # selects instead of branches: several points at once
        d, own, other = row[point], d1[point], d2[point]
        first, next_one = nearest[point], second[point]
        second[point] = first if d < own else (slot if d < other else next_one)
        d2[point] = own if d < own else (d if d < other else other)
        nearest[point] = slot if d < own else first
        d1[point] = d if d < own else own


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
        own, first = by_medoid[point], nearest[point]
        kept, own[first] = own[first], _INFINITY
        least, other = _least(own), 0
        while other == first or own[other] > least:
            other += 1
        own[first] = kept
        second[point], d2[point] = other, least


@compiled
def swap(
    far: FloatArray,
    weights: DoubleArray,
    medoids: IntArray,
    fixed: int,
    max_passes: int,
    tolerance: float,
    rounding: float,
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
    tolerance, rounding : float
        A swap must lower the loss by more than ``tolerance`` of it, and by more than ``rounding`` of what it would
        be were all points as far from their medoids as the farthest of the first ones.

    Returns
    -------
    int
        Passes made over the candidates; ``-1 - row`` if a row holds a value that is no dissimilarity.
    """
    m, n = far.shape
    k = len(medoids)
    by_medoid, farthest = np.empty((n, k), np.float32), np.float32(0)
    is_medoid = np.zeros(m, np.bool_)
    for slot in range(k):
        if not valid(far[medoids[slot]]):
            return int(-1 - medoids[slot])
        is_medoid[medoids[slot]] = True
        for point in range(n):
            d = far[medoids[slot], point]
            by_medoid[point, slot] = d
            farthest = d if d > farthest else farthest
    nearest, second = np.empty(n, np.int32), np.empty(n, np.int32)
    d1, d2 = np.empty(n, np.float32), np.empty(n, np.float32)
    two_nearest(far[medoids], nearest, d1, second, d2)
    base, change = np.empty(k), np.empty(k)
    _removal(weights, nearest, d1, d2, base)
    loss, total = 0.0, 0.0
    for point in range(n):
        loss += weights[point] * d1[point]
        total += weights[point]
    noise = float(rounding * total * farthest)
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
                # The memory is idle meanwhile: let it bring the next candidate's row.
                fetch(row, n + 2 * LINE * place)
                fetch(row, n + 2 * LINE * place + LINE)
                point = found[place]
                d, own, w = row[point], d1[point], weights[point]
                shared += w * (np.float64(d if d < own else own) - own)
                change[nearest[point]] += w * (np.float64(own if d < own else d) - d2[point])
            gain = shared + _least(change[fixed:])
            if gain < -max(tolerance * loss, noise):
                best = fixed + int(np.argmin(change[fixed:]))
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
