"""The local search of k-medoids: FasterPAM, over candidates and points.

Schubert & Rousseeuw, "Fast and eager k-medoids clustering", Information Systems 101 (2021),
doi:10.1016/j.is.2021.101804. The weights stand inside the objective: a point of weight w counts as w points. The
matrix need not be square: medoids are chosen among m candidates, the loss is summed over n points.
"""

from __future__ import annotations

import numpy as np

from stormcell.cluster.assignment import COMPILED_FROM, Nearest, two_nearest
from stormcell.cluster.checks import refuse
from stormcell.types import DoubleArray, FloatArray, IntArray

MAX_PASSES = 100
# An improvement below this share of the loss is rounding, not a better solution.
_TOLERANCE = 1e-7
# So is one below this share of all weights at the largest dissimilarity.
ROUNDING = 1e-12


class Assignment:
    """Medoids and, for every point, its nearest and second nearest one.

    Parameters
    ----------
    dissimilarity : FloatArray, shape (m, n)
        Of candidates and points.
    weights : DoubleArray, shape (n,)
    medoids : IntArray, shape (k,)
        Candidates.
    """

    def __init__(self, dissimilarity: FloatArray, weights: DoubleArray, medoids: IntArray) -> None:
        self.dissimilarity = dissimilarity
        self.weights = weights
        self.place(medoids)

    def place(self, medoids: IntArray) -> None:
        """Take ``medoids``."""
        self.medoids = medoids
        self._found: Nearest | None = None

    @property
    def found(self) -> Nearest:
        """Every point's two nearest medoids, looked for when first asked."""
        if self._found is None:
            # Rows, as everywhere: rounding can leave the two halves of the matrix a little different.
            self._found = two_nearest(self.dissimilarity[self.medoids])
        return self._found

    @property
    def loss(self) -> float:
        """The weighted sum of the distances to the nearest medoid."""
        return float(self.weights @ self.dissimilarity[self.medoids].min(axis=0).astype(np.float64))

    def removal_loss(self) -> DoubleArray:
        """Return what each medoid's removal would add to the loss; inf for the only one."""
        found = self.found
        added = self.weights * (found.d2.astype(np.float64) - found.d1)
        return _sums(found.nearest, added, len(self.medoids))


def swap(state: Assignment, *, fixed: int = 0, max_passes: int = MAX_PASSES) -> int:
    """Swap medoids with other candidates, eagerly, until none lowers the loss.

    Each candidate's gain is computed for all k medoids at once from the two nearest distances, and the first
    swap that lowers the loss is made at once.

    Parameters
    ----------
    state : Assignment
        Changed in place.
    fixed : int
        The first ``fixed`` medoids stay.
    max_passes : int
        Over the candidates.

    Returns
    -------
    int
        Passes made.

    Raises
    ------
    ValueError
        If a dissimilarity is negative, infinite or missing (looked for only where the search is compiled; below
        that the caller has looked).
    """
    k = len(state.medoids)
    if fixed >= k or k == len(state.dissimilarity):
        return 0
    if k == 1:
        best, loss = best_addition(state.dissimilarity, state.weights, np.full(len(state.weights), np.inf))
        if loss < state.loss - _least_gain(state):
            state.place(np.array([best]))
        return 1
    if state.dissimilarity.size >= COMPILED_FROM:
        return _compiled(state, fixed, max_passes)
    return _interpreted(state, fixed, max_passes)


def _least_gain(state: Assignment) -> float:
    # The gain is a difference of sums of this size; what is below their rounding would be swapped back and forth.
    most = float(state.dissimilarity[state.medoids].max())
    return max(_TOLERANCE * state.loss, ROUNDING * float(state.weights.sum()) * most)


def _compiled(state: Assignment, fixed: int, max_passes: int) -> int:
    from stormcell.cluster import kernels

    medoids = state.medoids.copy()
    far = np.ascontiguousarray(state.dissimilarity, dtype=np.float32)
    passes = kernels.swap(far, state.weights, medoids, fixed, max_passes, _TOLERANCE, ROUNDING)
    if passes < 0:
        refuse(state.dissimilarity, -1 - passes)
    state.place(medoids)
    return passes


def _interpreted(state: Assignment, fixed: int, max_passes: int) -> int:
    m = len(state.dissimilarity)
    removal = state.removal_loss()
    least = _least_gain(state)
    unchanged, passes = 0, 0
    for passes in range(1, max_passes + 1):
        is_medoid = set(state.medoids.tolist())
        for candidate in range(m):
            if unchanged >= m:
                return passes if candidate else passes - 1
            unchanged += 1
            gain, slot = (0.0, 0) if candidate in is_medoid else _best_swap(state, removal, candidate, fixed)
            if gain < -least:
                medoids = state.medoids.copy()
                is_medoid.remove(int(medoids[slot]))
                is_medoid.add(candidate)
                medoids[slot] = candidate
                state.place(medoids)
                removal = state.removal_loss()
                least = _least_gain(state)
                unchanged = 0
    return passes


def _best_swap(state: Assignment, removal: DoubleArray, candidate: int, fixed: int) -> tuple[float, int]:
    """Return the change of the loss by the best swap with ``candidate``, and the medoid to give up for it."""
    far = state.dissimilarity[candidate].astype(np.float64)
    found = state.found
    nearer = far < found.d1
    shared = float(state.weights[nearer] @ (far[nearer] - found.d1[nearer]))
    # A point nearer to the candidate loses nothing by its medoid's removal; one between its two nearest
    # loses less than removal assumed.
    saved = np.where(nearer, found.d1, far) - found.d2
    touched = far < found.d2
    change = removal + _sums(found.nearest[touched], (state.weights * saved)[touched], len(state.medoids))
    slot = fixed + int(change[fixed:].argmin())
    return shared + float(change[slot]), slot


def _sums(labels: IntArray, values: DoubleArray, count: int) -> DoubleArray:
    """Return the sum of ``values`` per label."""
    return np.bincount(labels, weights=values, minlength=count).astype(np.float64)


def best_addition(dissimilarity: FloatArray, weights: DoubleArray, nearest: DoubleArray) -> tuple[int, float]:
    """Return the candidate whose addition as a medoid leaves the smallest loss, and that loss.

    Parameters
    ----------
    dissimilarity : FloatArray, shape (m, n)
    weights : DoubleArray, shape (n,)
    nearest : DoubleArray, shape (n,)
        Distance of each point to its nearest medoid so far; inf before the first.
    """
    if dissimilarity.size >= COMPILED_FROM:
        from stormcell.cluster import kernels

        return kernels.best_addition(np.ascontiguousarray(dissimilarity, dtype=np.float32), weights, nearest)
    losses = np.minimum(dissimilarity, nearest) @ weights
    best = int(losses.argmin())
    return best, float(losses[best])
