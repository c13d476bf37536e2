"""Weighted k-medoids: the door. Exact for a matrix and for some thousand points, from samples for more."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from stormcell.cluster.assignment import assign, settle, two_nearest
from stormcell.cluster.checks import (
    as_given,
    as_points,
    check_values,
    checked_k,
    checked_matrix,
    checked_places,
    checked_weights,
    matrix_of,
    whole,
)
from stormcell.cluster.fasterpam import MAX_PASSES, Assignment, swap
from stormcell.cluster.sampled import solve_sampled
from stormcell.cluster.seeding import Init, seed_medoids
from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray, FloatArray, IntArray

Method = Literal["auto", "exact", "sampled"]

EXACT_UP_TO = 10_000


def kmedoids(
    data: FloatArray | Points,
    k: int,
    *,
    weights: DoubleArray | None = None,
    init: Init | IntArray = "k-medoids++",
    seed: int = 0,
    pinned: IntArray | None = None,
    method: Method = "auto",
    max_passes: int = MAX_PASSES,
) -> Clustering:
    """Cluster by weighted k-medoids.

    Minimises the sum over all points of weight times dissimilarity to the nearest medoid.

    Parameters
    ----------
    data : FloatArray, shape (n, n), or Points
        A matrix of dissimilarities (not negative, symmetric, zero on the diagonal), or points between which they
        are computed when needed.
    k : int
        Number of medoids, 1 to n.
    weights : DoubleArray, shape (n,), optional
        Positive; 1 each by default. A point of weight w counts as w equal points.
    init : {"k-medoids++", "lab", "build", "random"} or IntArray, shape (k,)
        How to seed, or the medoids to start from.
    seed : int
        For all that is drawn at random.
    pinned : IntArray, shape (p,), optional
        Points that are medoids and stay so, p <= k.
    method : {"auto", "exact", "sampled"}
        "exact" holds the matrix of all points in memory; "sampled" never does (see sampled). "auto" takes
        "sampled" for more than 10,000 points.
    max_passes : int
        Of the local search over the points (of each search, where there are several).

    Returns
    -------
    Clustering
        Exact: a local optimum, no swap of a medoid with another point lowers the loss.

    Raises
    ------
    ValueError
        If k is not in 1 to n, ``init`` or ``method`` is unknown, or an array has the wrong shape or a value that
        it may not have.
    TypeError
        If ``data`` holds objects instead of numbers, or k is no whole number.

    Notes
    -----
    Ties break towards the earlier point, so sort the points by something stable of theirs (a uid). The order also
    decides which of several local optima is found.
    """
    if method not in get_args(Method):
        raise ValueError(f"method must be one of {', '.join(get_args(Method))}, found {method!r}")
    if whole("max_passes", max_passes) < 1:
        raise ValueError(f"max_passes must be at least 1, found {max_passes}")
    data = as_given(data)
    n = len(data)
    k = checked_k(k, n)
    weights = checked_weights(weights, n)
    pinned = checked_places("pinned", pinned if pinned is not None else np.empty(0, dtype=np.int64), n)
    if len(pinned) > k:
        raise ValueError(f"{len(pinned)} points are pinned as medoids but k is {k}: raise k or unpin some")
    start: Init | IntArray = init if isinstance(init, str) else _start(init, k, pinned, n)
    if not isinstance(data, np.ndarray):
        if method == "sampled" or (method == "auto" and n > EXACT_UP_TO):
            return solve_sampled(
                data, k, weights=weights, init=start, seed=seed, pinned=pinned, max_passes=max_passes
            )
        matrix = matrix_of(data)
    else:
        matrix = checked_matrix(data)
    # Where the search reads them all it looks at them on the way.
    if k in (1, n) or len(pinned) == k:
        check_values(matrix)
    if isinstance(start, str):
        start = seed_medoids(start, matrix, weights, k, seed=seed, given=pinned)
    state = Assignment(matrix, weights, start)
    passes = swap(state, fixed=len(pinned), max_passes=max_passes)
    medoids = np.sort(state.medoids)
    return settle(two_nearest(matrix[medoids]), weights, medoids, passes)


def label(points: Points | FloatArray, medoids: IntArray, *, weights: DoubleArray | None = None) -> Clustering:
    """Return the clustering of points around given medoids, without a search.

    Parameters
    ----------
    points : Points, n of them, or FloatArray, shape (n, n)
    medoids : IntArray, shape (k,)
        Points; are put in ascending order.
    weights : DoubleArray, shape (n,), optional

    Raises
    ------
    ValueError
        If the medoids are not different points, or the weights not positive.
    """
    points = as_points(points)
    medoids = np.sort(checked_places("medoids", medoids, len(points)))
    if not len(medoids):
        raise ValueError("medoids must name at least one point, found none")
    return settle(assign(points, points.take(medoids)), checked_weights(weights, len(points)), medoids, 0)


def _start(init: IntArray, k: int, pinned: IntArray, n: int) -> IntArray:
    """Return given medoids, the pinned ones first."""
    given = checked_places("init", init, n)
    if len(given) != k:
        raise ValueError(f"init must name {k} different points, found {len(given)}")
    missing = np.setdiff1d(pinned, given)
    if len(missing):
        raise ValueError(f"init must hold all pinned points, {missing.tolist()} are not among them")
    return np.concatenate([pinned, np.setdiff1d(given, pinned)]) if len(pinned) else given
