"""How many medoids: k-medoids in which each medoid has a price (facility location)."""

from __future__ import annotations

import numpy as np

from stormcell.cluster.assignment import settle, two_nearest
from stormcell.cluster.fasterpam import Assignment, best_addition, swap
from stormcell.types import Clustering, DoubleArray, FloatArray

_MAX_ROUNDS = 50
_TOLERANCE = 1e-9


def cluster_by_opening_cost(
    dissimilarity: FloatArray, weights: DoubleArray, *, opening_cost: float, max_k: int
) -> Clustering:
    """Choose the medoids and their number by local search with add, swap and drop.

    Minimises ``loss / W + opening_cost * k`` with W the sum of the weights: another medoid is opened only if it
    lowers the mean dissimilarity by more than its price, the others moved to where they are best then
    (uncapacitated facility location; Kuehn & Hamburger 1963 for the moves, FasterPAM for the swaps). One medoid
    is a normal result. Nothing is drawn at random.

    Parameters
    ----------
    dissimilarity : FloatArray, shape (n, n)
        n >= 1.
    weights : DoubleArray, shape (n,)
        Positive.
    opening_cost : float
        At least 0.
    max_k : int
        At most this many medoids.

    Returns
    -------
    Clustering
    """
    price = opening_cost * float(weights.sum())
    first, _ = best_addition(dissimilarity, weights, np.full(len(weights), np.inf))
    state = Assignment(dissimilarity, weights, np.array([first]))
    most = min(max_k, len(weights))
    passes = _improve(state, price, most)
    while len(state.medoids) < most:
        # A medoid in the middle of two clusters gives way only together with another's opening.
        medoids, cost = state.medoids, _cost(state, price)
        point, _ = best_addition(dissimilarity, weights, state.found.d1.astype(np.float64))
        if point in medoids:
            break
        state.place(np.append(medoids, point))
        passes += swap(state)
        if not _cost(state, price) < cost * (1 - _TOLERANCE):
            state.place(medoids)
            break
        passes += _improve(state, price, most)
    medoids = np.sort(state.medoids)
    return settle(two_nearest(dissimilarity[medoids]), weights, medoids, passes)


def _cost(state: Assignment, price: float) -> float:
    return state.loss + price * len(state.medoids)


def _improve(state: Assignment, price: float, max_k: int) -> int:
    """Add, swap and drop until the cost stays; return the passes of the swaps."""
    passes = 0
    for _ in range(_MAX_ROUNDS):
        before = _cost(state, price)
        _add(state, price, max_k)
        passes += swap(state)
        _drop(state, price)
        if _cost(state, price) >= before * (1 - _TOLERANCE):
            break
    return passes


def _add(state: Assignment, price: float, max_k: int) -> None:
    while len(state.medoids) < max_k:
        point, loss = best_addition(state.dissimilarity, state.weights, state.found.d1.astype(np.float64))
        if state.loss - loss <= price or point in state.medoids:
            return
        state.place(np.append(state.medoids, point))


def _drop(state: Assignment, price: float) -> None:
    while len(state.medoids) > 1:
        removal = state.removal_loss()
        slot = int(removal.argmin())
        if removal[slot] >= price:
            return
        state.place(np.delete(state.medoids, slot))
