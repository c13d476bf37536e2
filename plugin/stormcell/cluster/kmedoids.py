"""Weighted k-medoids: FasterPAM, with the seedings k-means++ (for medoids), LAB and BUILD.

Schubert & Rousseeuw, "Fast and eager k-medoids clustering", Information Systems 101 (2021),
doi:10.1016/j.is.2021.101804. The weights stand inside the objective: a point of weight w counts as w points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from stormcell.types import Clustering, DoubleArray, FloatArray, IntArray

Init = Literal["k-medoids++", "lab", "build"]

_LAB_SAMPLE = 10
_MAX_PASSES = 100
# An improvement below this share of the loss is rounding, not a better solution.
_TOLERANCE = 1e-7
_ROUNDING = 1e-12


def kmedoids(
    dissimilarity: FloatArray,
    k: int,
    *,
    weights: DoubleArray | None = None,
    init: Init | IntArray = "build",
    seed: int = 0,
) -> Clustering:
    """Cluster by weighted k-medoids.

    Parameters
    ----------
    dissimilarity : FloatArray, shape (n, n)
        Not negative, zero on the diagonal, symmetric.
    k : int
        Number of medoids, 1 to n.
    weights : DoubleArray, shape (n,), optional
        Positive; 1 each by default.
    init : {"k-medoids++", "lab", "build"} or IntArray
        How to seed, or the k points to start from.
    seed : int
        For the seedings that draw.

    Returns
    -------
    Clustering
        A local optimum: no swap of a medoid with another point lowers the loss.

    Raises
    ------
    ValueError
        If k is not in 1 to n, or an array has the wrong shape or a negative, infinite or missing value.
    """
    n = len(dissimilarity)
    weights = _checked(dissimilarity, k, weights)
    if isinstance(init, str):
        if init not in _SEEDINGS:
            raise ValueError(f"init must be one of {', '.join(_SEEDINGS)}, found {init!r}")
        medoids = _SEEDINGS[init](dissimilarity, weights, k, np.random.default_rng(seed))
    else:
        medoids = np.array(init, dtype=np.int64)
        if medoids.shape != (k,) or len(np.unique(medoids)) != k or medoids.min() < 0 or medoids.max() >= n:
            raise ValueError(f"init must name {k} different points, found {init!r}")
    state = Assignment(dissimilarity, weights, medoids)
    passes = swap(state)
    return state.clustering(passes)


def _checked(dissimilarity: FloatArray, k: int, weights: DoubleArray | None) -> DoubleArray:
    n = len(dissimilarity)
    if dissimilarity.shape != (n, n):
        raise ValueError(f"the dissimilarity must be square, found shape {dissimilarity.shape}")
    if not 1 <= k <= n:
        raise ValueError(f"k must be 1 to the number of points ({n}), found {k}")
    if not (dissimilarity.min() >= 0 and dissimilarity.max() < np.inf):
        raise ValueError("the dissimilarity must have no negative, infinite or missing value")
    if weights is None:
        return np.ones(n)
    if weights.shape != (n,) or not (np.isfinite(weights).all() and (weights > 0).all()):
        raise ValueError(f"weights must be {n} positive numbers")
    return weights.astype(np.float64)


class Assignment:
    """Medoids and, for every point, its nearest and second nearest one; kept up to date by a few moves.

    Parameters
    ----------
    dissimilarity : FloatArray, shape (n, n)
    weights : DoubleArray, shape (n,)
    medoids : IntArray, shape (k,)
    """

    def __init__(self, dissimilarity: FloatArray, weights: DoubleArray, medoids: IntArray) -> None:
        self.dissimilarity = dissimilarity
        self.weights = weights
        self.place(medoids)

    def place(self, medoids: IntArray) -> None:
        """Take ``medoids`` and find every point's two nearest among them; ties go to the earlier one."""
        self.medoids = medoids
        # Rows, as everywhere: rounding can leave the two halves of the matrix a little different.
        self.nearest, self.d1, self.second, self.d2 = two_nearest(self.dissimilarity[medoids].T)

    @property
    def loss(self) -> float:
        """The weighted sum of the distances to the nearest medoid."""
        return float(self.weights @ self.d1.astype(np.float64))

    def removal_loss(self) -> DoubleArray:
        """Return what each medoid's removal would add to the loss; inf for the only one."""
        added = self.weights * (self.d2.astype(np.float64) - self.d1)
        return _sums(self.nearest, added, len(self.medoids))

    def clustering(self, iterations: int) -> Clustering:
        """Return the state as a solution, medoids ascending, each the nearest one to itself."""
        medoids = np.sort(self.medoids)
        return settle(self.dissimilarity[medoids].T, self.weights, medoids, iterations)


def two_nearest(far: FloatArray) -> tuple[IntArray, FloatArray, IntArray, FloatArray]:
    """Return each point's nearest medoid, its distance, the second nearest and its distance.

    Parameters
    ----------
    far : FloatArray, shape (n, k)
        Distances to the medoids. Ties go to the earlier one; without a second it is -1, at inf.
    """
    points = np.arange(len(far))
    nearest = far.argmin(axis=1)
    if far.shape[1] == 1:
        none = np.full(len(far), np.inf, dtype=np.float32)
        return nearest, far[:, 0], np.full(len(far), -1), none
    rest = far.copy()
    rest[points, nearest] = np.inf
    second = rest.argmin(axis=1)
    return nearest, far[points, nearest], second, rest[points, second]


def settle(far: FloatArray, weights: DoubleArray, medoids: IntArray, iterations: int) -> Clustering:
    """Return the solution with given medoids (ascending), each the nearest one to itself."""
    nearest, d1, second, d2 = two_nearest(far)
    labels = nearest.copy()
    labels[medoids] = np.arange(len(medoids))
    return Clustering(
        medoids=medoids,
        labels=labels,
        nearest=d1,
        runner_up=d2,
        # Where a medoid has a twin at distance 0 the two nearest change places.
        second=np.where(labels == nearest, second, nearest),
        loss=float(weights @ d1.astype(np.float64)),
        iterations=iterations,
    )


def swap(state: Assignment) -> int:
    """Swap medoids with other points, eagerly, until none lowers the loss; return the passes made.

    Each candidate's gain is computed for all k medoids at once from the two nearest distances, and the first
    swap that lowers the loss is made at once (FasterPAM).
    """
    n, k = len(state.dissimilarity), len(state.medoids)
    if k == n:
        return 0
    removal = state.removal_loss() if k > 1 else np.array([0.0])
    # The gain is a difference of sums of this size; what is below their rounding would be swapped back and forth.
    noise = _ROUNDING * float(state.weights.sum()) * float(state.dissimilarity.max())
    unchanged, passes = 0, 0
    for passes in range(1, _MAX_PASSES + 1):
        is_medoid = set(state.medoids.tolist())
        for candidate in range(n):
            unchanged += 1
            gain, slot = (0.0, 0) if candidate in is_medoid else _best_swap(state, removal, candidate)
            if gain < -max(_TOLERANCE * state.loss, noise):
                medoids = state.medoids.copy()
                is_medoid.remove(int(medoids[slot]))
                is_medoid.add(candidate)
                medoids[slot] = candidate
                state.place(medoids)
                removal = state.removal_loss() if k > 1 else np.array([0.0])
                unchanged = 0
            if unchanged >= n:
                return passes
    return passes


def _best_swap(state: Assignment, removal: DoubleArray, candidate: int) -> tuple[float, int]:
    """Return the change of the loss by the best swap with ``candidate``, and the medoid to give up for it."""
    far = state.dissimilarity[candidate].astype(np.float64)
    if len(state.medoids) == 1:
        return float(state.weights @ (far - state.d1)), 0
    nearer = far < state.d1
    shared = float(state.weights[nearer] @ (far[nearer] - state.d1[nearer]))
    # A point nearer to the candidate loses nothing by its medoid's removal; one between its two nearest
    # loses less than removal assumed.
    saved = np.where(nearer, state.d1, far) - state.d2
    touched = far < state.d2
    change = removal + _sums(state.nearest[touched], (state.weights * saved)[touched], len(state.medoids))
    slot = int(change.argmin())
    return shared + float(change[slot]), slot


def _sums(labels: IntArray, values: DoubleArray, count: int) -> DoubleArray:
    """Return the sum of ``values`` per label."""
    return np.bincount(labels, weights=values, minlength=count).astype(np.float64)


def build(dissimilarity: FloatArray, weights: DoubleArray, k: int) -> IntArray:
    """Seed greedily: each next medoid is the point that lowers the loss most (PAM's BUILD)."""
    nearest = np.full(len(dissimilarity), np.inf)
    medoids: list[int] = []
    for _ in range(k):
        best = best_addition(dissimilarity, weights, nearest)[0]
        if best in medoids:  # every point is at distance 0 of a medoid: any other will do
            best = next(point for point in range(len(dissimilarity)) if point not in medoids)
        medoids.append(best)
        nearest = np.minimum(nearest, dissimilarity[best])
    return np.array(medoids, dtype=np.int64)


def best_addition(dissimilarity: FloatArray, weights: DoubleArray, nearest: DoubleArray) -> tuple[int, float]:
    """Return the point whose addition as a medoid leaves the smallest loss, and that loss.

    Parameters
    ----------
    nearest : DoubleArray, shape (n,)
        Distance of each point to its nearest medoid so far; inf before the first.
    """
    best, least = 0, np.inf
    step = max(1, 4_000_000 // max(len(weights), 1))
    for start in range(0, len(weights), step):
        losses = np.minimum(dissimilarity[start : start + step], nearest[None, :]) @ weights
        at = int(losses.argmin())
        if losses[at] < least:
            best, least = start + at, float(losses[at])
    return best, least


def _lab(dissimilarity: FloatArray, weights: DoubleArray, k: int, rng: np.random.Generator) -> IntArray:
    """Seed like BUILD, but try only a small random sample of candidates for each medoid (LAB)."""
    n = len(dissimilarity)
    nearest = np.full(n, np.inf)
    medoids: list[int] = []
    for _ in range(k):
        free = np.setdiff1d(np.arange(n), medoids)
        sample = np.sort(rng.choice(free, size=min(len(free), _LAB_SAMPLE + int(np.sqrt(n))), replace=False))
        losses = np.minimum(dissimilarity[sample], nearest[None, :]) @ weights
        medoids.append(int(sample[losses.argmin()]))
        nearest = np.minimum(nearest, dissimilarity[medoids[-1]])
    return np.array(medoids, dtype=np.int64)


def _plus_plus(dissimilarity: FloatArray, weights: DoubleArray, k: int, rng: np.random.Generator) -> IntArray:
    """Seed by drawing each next medoid with a probability proportional to weight times distance."""
    n = len(dissimilarity)
    medoids = [int(rng.choice(n, p=weights / weights.sum()))]
    nearest = dissimilarity[medoids[0]].astype(np.float64)
    for _ in range(k - 1):
        chance = weights * nearest
        chance[medoids] = 0.0
        if chance.sum() <= 0:
            chance = weights.copy()
            chance[medoids] = 0.0
        medoids.append(int(rng.choice(n, p=chance / chance.sum())))
        nearest = np.minimum(nearest, dissimilarity[medoids[-1]])
    return np.array(medoids, dtype=np.int64)


_SEEDINGS: dict[str, Callable[[FloatArray, DoubleArray, int, np.random.Generator], IntArray]] = {
    "k-medoids++": _plus_plus,
    "lab": _lab,
    "build": lambda dissimilarity, weights, k, _: build(dissimilarity, weights, k),
}
