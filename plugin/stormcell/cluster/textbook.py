"""PAM and CLARA as the books define them: the yardstick for every faster search.

Kaufman & Rousseeuw, "Finding Groups in Data" (1990), chapters 2 and 3; CLARA first in "Clustering large data sets"
(1986). Each iteration of PAM makes the best of all k (n - k) swaps. That swap is found by the decomposition of
FastPAM1 (Schubert & Rousseeuw 2021), in O(n**2) instead of O(k n**2); the swap is the same.
"""

from __future__ import annotations

import numpy as np

from stormcell.cluster.assignment import Nearest, assign, settle, two_nearest
from stormcell.cluster.checks import as_matrix, as_points, check_values, checked_k, checked_weights, matrix_of
from stormcell.cluster.fasterpam import ROUNDING
from stormcell.cluster.sampled import draw
from stormcell.cluster.seeding import seed_medoids
from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray, FloatArray, IntArray

_BLOCK = 4_000_000


def pam(data: FloatArray | Points, k: int, *, weights: DoubleArray | None = None) -> Clustering:
    """Cluster by PAM: BUILD, then the best of all swaps again and again until none lowers the loss.

    Parameters
    ----------
    data : FloatArray, shape (n, n), or Points
        A matrix of dissimilarities (not negative, symmetric, zero on the diagonal), or points, whose matrix is
        computed.
    k : int
        Number of medoids, 1 to n.
    weights : DoubleArray, shape (n,), optional
        Positive; 1 each by default. A point of weight w counts as w equal points.

    Returns
    -------
    Clustering
        ``iterations`` are the swaps made. Nothing is drawn at random. Of equal swaps the one with the earliest
        candidate is made, then the one that gives up the earliest medoid; the books leave ties open.

    Raises
    ------
    ValueError
        If k is not in 1 to n, or an array has the wrong shape or a value that it may not have.
    TypeError
        If ``data`` holds objects instead of numbers.
    """
    k = checked_k(k, len(data))
    weights = checked_weights(weights, len(data))
    matrix = as_matrix(data)
    check_values(matrix)
    medoids, swaps = _pam(matrix, k, weights)
    medoids = np.sort(medoids)
    return settle(two_nearest(matrix[medoids]), weights, medoids, swaps)


def clara(
    data: FloatArray | Points,
    k: int,
    *,
    samples: int = 5,
    sample_size: int | None = None,
    weights: DoubleArray | None = None,
    seed: int = 0,
) -> Clustering:
    """Cluster by CLARA: PAM on samples; the medoids that are best for all points win.

    Every sample after the first holds the best medoids so far. Time in O(samples (sample_size**2 + k n)), and no
    matrix of all points.

    Parameters
    ----------
    data : FloatArray, shape (n, n), or Points
    k : int
        Number of medoids, 1 to n.
    samples : int
        How many, at least 1.
    sample_size : int, optional
        Points of a sample, more than k unless k is n; ``40 + 2 * k`` by default, and never more than n. With n
        the result is PAM's.
    weights : DoubleArray, shape (n,), optional
        Positive; 1 each by default. Points are drawn without replacement in proportion to their weights. Those so
        heavy that they would be drawn more than once are in every sample with their own weight, the others share
        the rest of the weight evenly. So the weighted loss of a sample is an unbiased estimate of the whole, and
        equal weights are the plain draw of the book.
    seed : int

    Returns
    -------
    Clustering
        Of all points. ``iterations`` are the swaps made in all samples.

    Raises
    ------
    ValueError
        If k, ``samples`` or ``sample_size`` is out of range, or an array has the wrong shape or a value that it
        may not have.
    TypeError
        If ``data`` holds objects instead of numbers.
    """
    points = as_points(data)
    n = len(points)
    k = checked_k(k, n)
    weights = checked_weights(weights, n)
    size = min(n, 40 + 2 * k if sample_size is None else sample_size)
    if samples < 1:
        raise ValueError(f"samples must be at least 1, found {samples}")
    if size <= k < n or size < k:
        raise ValueError(f"sample_size must be more than k ({k}), found {sample_size}")
    rng = np.random.default_rng(seed)
    best: IntArray = np.empty(0, dtype=np.int64)
    found, least, swaps = None, np.inf, 0
    for _ in range(samples if size < n else 1):
        rows, stand_for = _sample(weights, size, best, rng)
        solved, made = _pam(matrix_of(points.take(rows)), k, stand_for)
        swaps += made
        medoids = np.sort(rows[solved])
        placed = assign(points, points.take(medoids))
        loss = placed.loss(weights)
        if loss < least or found is None:
            best, found, least = medoids, placed, loss
    assert found is not None
    return settle(found, weights, best, swaps)


def _sample(
    weights: DoubleArray, size: int, kept: IntArray, rng: np.random.Generator
) -> tuple[IntArray, DoubleArray]:
    """Draw rows (ascending) that hold ``kept``, and what each stands for; those kept stand for themselves."""
    # Shuffled, because a systematic draw in the given order would follow a period in the data.
    others = rng.permutation(np.setdiff1d(np.arange(len(weights)), kept))
    places, stand_for = draw(weights[others], size - len(kept), rng)
    rows = np.concatenate([kept, others[places]])
    order = np.argsort(rows)
    return rows[order], np.concatenate([weights[kept], stand_for])[order]


def _pam(matrix: FloatArray, k: int, weights: DoubleArray) -> tuple[IntArray, int]:
    """Return the medoids that PAM finds, in no order, and the number of swaps."""
    medoids = seed_medoids("build", matrix, weights, k)
    noise = ROUNDING * float(weights.sum()) * float(matrix.max())
    for swaps in range(len(matrix) ** 2):  # far more than it ever makes
        change = swap_changes(matrix, weights, two_nearest(matrix[medoids]), k)
        # A medoid as the candidate only gives up another one, which gains nothing.
        candidate, slot = np.unravel_index(int(change.argmin()), change.shape)
        if not change[candidate, slot] < -noise:
            return medoids, swaps
        medoids[slot] = candidate
    raise AssertionError("every swap lowers the loss, so they come to an end")


def swap_changes(far: FloatArray, weights: DoubleArray, now: Nearest, k: int) -> DoubleArray:
    """Return by how much every swap would change the loss.

    Parameters
    ----------
    far : FloatArray, shape (m, n)
        Dissimilarities of candidates and points.
    weights : DoubleArray, shape (n,)
    now : Nearest
        Each point's two nearest of the k medoids.
    k : int

    Returns
    -------
    DoubleArray, shape (m, k)
        For each candidate, and each medoid given up for it.

    Notes
    -----
    A point at d1 and d2 from its two nearest medoids pays min(far, d1) after the swap if it keeps its nearest, and
    min(far, d2) if it loses it. The first sum is shared by all medoids; the excess of the second, which is
    clip(far, d1, d2) - d1, goes to the nearest one only.
    """
    order = np.argsort(now.nearest, kind="stable")
    slots, starts = np.unique(now.nearest[order], return_index=True)
    d1, d2, heavy = now.d1[order].astype(np.float64), now.d2[order].astype(np.float64), weights[order]
    change = np.empty((len(far), k))
    step = max(1, _BLOCK // max(len(weights), 1))
    for at in range(0, len(far), step):
        block = far[at : at + step, order].astype(np.float64)
        shared = (np.minimum(block, d1) - d1) @ heavy
        change[at : at + step] = shared[:, None]
        lost = (np.clip(block, d1, d2) - d1) * heavy
        change[at : at + step, slots] += np.add.reduceat(lost, starts, axis=1)
    return change
