"""k-medoids of many points: solved on a sample, polished on all of them.

The sample decides which regions get how many medoids, but it holds only some tens of points of each cluster. So
two steps follow on all points: within each cluster the point with the smallest sum of dissimilarities is looked
for among those that seem central, and swaps with fresh candidates are tried, as long as they gain.

That a sample keeps the best medoids so far is CLARA's idea (Kaufman & Rousseeuw 1990).
"""

from __future__ import annotations

import numpy as np

from stormcell.cluster.assignment import Nearest, assign, reassign, settle
from stormcell.cluster.checks import matrix_of
from stormcell.cluster.fasterpam import Assignment, swap
from stormcell.cluster.seeding import Init, seed_medoids
from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray, IntArray

_PER_CLUSTER = 40  # points of the sample for each medoid
_LEAST, _MOST = 2_000, 6_000  # points of the sample; its matrix takes 16 to 144 MB
_REFERENCES = 48  # points of a cluster by which the others' centrality is judged
_CENTRAL = 16  # of which so many are then judged by all points of the cluster
_PAIRS = 3_000_000  # of fresh candidates and points in a round
_VALUES = 5_000_000  # of the matrix of candidates and points, 20 MB; more where k is large
_MEMBERS = 4_000  # of a cluster that are looked at for a better medoid
_ROUNDS = 8
_ENOUGH = 1e-3  # a round that lowers the loss by less than this share is the last


def solve_sampled(
    points: Points,
    k: int,
    *,
    weights: DoubleArray,
    init: Init | IntArray,
    seed: int,
    pinned: IntArray,
    max_passes: int,
) -> Clustering:
    """Cluster many points without a matrix of all of them; see kmedoids for the parameters.

    Memory beyond the points: some 50 MB for k up to 50, at most some 200, and some 60 bytes a point.

    Returns
    -------
    Clustering
        Of all points. ``iterations`` are the rounds of polishing.
    """
    rng = np.random.default_rng(seed)
    medoids = init if not isinstance(init, str) else _on_sample(points, k, weights, init, pinned, max_passes, rng)
    found = assign(points, points.take(medoids))
    loss, rounds, gained = found.loss(weights), 0, 1.0
    new = np.arange(len(pinned), k)
    while gained > _ENOUGH and rounds < _ROUNDS:
        rounds += 1
        centred = _centred(points, weights, medoids, found, new, rng)
        swapped, gained, after = _swapped(points, weights, centred, len(pinned), max_passes, rng)
        new = np.flatnonzero(swapped != centred)
        if (swapped == medoids).all():
            break
        if after is None:
            after = reassign(points, points.take(swapped), found, np.flatnonzero(swapped != medoids))
        # Both steps may have looked at a part of the points only.
        if after.loss(weights) >= loss:
            break
        medoids, found, loss = swapped, after, after.loss(weights)
    order = np.argsort(medoids)
    return settle(_reordered(found, order), weights, medoids[order], rounds)


def draw(weights: DoubleArray, size: int, rng: np.random.Generator) -> tuple[IntArray, DoubleArray]:
    """Draw a sample whose weights stand for all.

    Systematic sampling with probabilities proportional to weight (Madow 1949): a point that is heavier than a
    share of 1 in ``size`` is always in the sample, with its own weight; the others stand for the rest.

    Parameters
    ----------
    weights : DoubleArray, shape (n,)
        Positive.
    size : int
        At least 1.
    rng : Generator

    Returns
    -------
    places : IntArray, shape (at most size,)
        Ascending.
    stand_for : DoubleArray, same shape
        Sums to the sum of ``weights``, to rounding.
    """
    if size >= len(weights):
        return np.arange(len(weights)), weights
    certain = np.zeros(len(weights), dtype=bool)
    while True:
        left = size - int(certain.sum())
        rest = float(weights[~certain].sum())
        sure = ~certain & (weights * left >= rest)
        if left <= 0 or not sure.any():
            break
        certain |= sure
    if left > 0:
        step = rest / left
        upto = np.cumsum(np.where(certain, 0.0, weights))
        drawn = np.searchsorted(upto, (rng.random() + np.arange(left)) * step, side="right")
        certain_or_drawn = certain.copy()
        certain_or_drawn[np.minimum(drawn, len(weights) - 1)] = True
    else:
        step, certain_or_drawn = 0.0, certain
    places = np.flatnonzero(certain_or_drawn)
    return places, np.where(certain[places], weights[places], step)


def _reordered(found: Nearest, order: IntArray) -> Nearest:
    """Return the assignment to the same medoids in another order."""
    place = np.append(np.argsort(order), -1)
    return Nearest(place[found.nearest], found.d1, place[found.second], found.d2)


def _on_sample(
    points: Points,
    k: int,
    weights: DoubleArray,
    init: Init,
    pinned: IntArray,
    max_passes: int,
    rng: np.random.Generator,
) -> IntArray:
    """Return the medoids of a sample, the pinned ones first."""
    size = max(min(_PER_CLUSTER * k, _MOST), _LEAST, 2 * k)
    drawn, stand_for = draw(weights, size, rng)
    free = ~np.isin(drawn, pinned)
    places = np.concatenate([pinned, drawn[free]])
    sample_weights = np.concatenate([weights[pinned], stand_for[free]])
    matrix = matrix_of(points.take(places))
    given = np.arange(len(pinned))
    start = seed_medoids(init, matrix, sample_weights, k, seed=int(rng.integers(1 << 31)), given=given)
    state = Assignment(matrix, sample_weights, start)
    swap(state, fixed=len(pinned), max_passes=max_passes)
    return places[state.medoids]


def _centred(
    points: Points,
    weights: DoubleArray,
    medoids: IntArray,
    found: Nearest,
    slots: IntArray,
    rng: np.random.Generator,
) -> IntArray:
    """Move some medoids to points of their clusters that are nearer to all others, where there are any."""
    # Numbers of 16 bits are sorted by their digits.
    order = np.argsort(found.nearest.astype(np.uint16) if len(medoids) < 1 << 16 else found.nearest, kind="stable")
    bounds = np.searchsorted(found.nearest[order], np.arange(len(medoids) + 1))
    moved = medoids.copy()
    for slot in slots.tolist():
        members = order[bounds[slot] : bounds[slot + 1]]
        places, stand_for = draw(weights[members], _MEMBERS, rng)
        members = members[places]
        if len(members) < 3:
            continue
        cluster = points.take(members)
        few, few_weights = draw(stand_for, _REFERENCES, rng)
        central = np.argsort(cluster.cross(cluster.take(few)) @ few_weights, kind="stable")[:_CENTRAL]
        central = np.union1d(central, np.flatnonzero(members == medoids[slot]))
        sums = cluster.take(central).cross(cluster) @ stand_for
        moved[slot] = members[central[int(sums.argmin())]]
    # Two equal points may have been the medoids of two clusters.
    return moved if len(np.unique(moved)) == len(moved) else medoids


def _swapped(
    points: Points,
    weights: DoubleArray,
    medoids: IntArray,
    fixed: int,
    max_passes: int,
    rng: np.random.Generator,
) -> tuple[IntArray, float, Nearest | None]:
    """Swap medoids with fresh candidates where that lowers the loss over all points (or a large sample).

    Returns
    -------
    medoids : IntArray
    gained : float
        By what share the loss fell.
    found : Nearest or None
        Of all points among the medoids, where all were looked at.
    """
    size = max(2 * len(medoids), _PAIRS // len(points))
    judged = max(_LEAST, 4 * len(medoids), _VALUES // (size + len(medoids)))
    judges, stand_for = draw(weights, judged, rng)
    candidates = draw(weights, size, rng)[0]
    candidates = np.concatenate([medoids, candidates[~np.isin(candidates, medoids)]])
    matrix = points.take(candidates).cross(points.take(judges))
    state = Assignment(matrix, stand_for, np.arange(len(medoids)))
    before = state.loss
    swap(state, fixed=fixed, max_passes=max_passes)
    gained = 1 - state.loss / before if before > 0 else 0.0
    return candidates[state.medoids], gained, state.found if len(judges) == len(points) else None
