"""Clustering by the medoid silhouette: FasterMSC, and DynMSC, which also chooses the number of medoids.

Lenssen & Schubert, "Clustering by direct optimization of the medoid silhouette", SISAP 2022,
doi:10.1007/978-3-031-17849-8_15, and "Medoid silhouette clustering with automatic cluster number selection",
Information Systems 120 (2024), doi:10.1016/j.is.2023.102290. Weighted: a row of weight w counts as w rows.

The loss of a row is d1 / d2, the distance to its nearest medoid over that to its second nearest, and 0 where
d1 = 0; the average medoid silhouette is 1 less the weighted mean loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stormcell.types import DoubleArray, FloatArray, IntArray

_COMPILE_ABOVE = 300
_MAX_PASSES = 100
# A smaller change of the mean is rounding, not a better solution.
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Medoids that no swap improves.

    Attributes
    ----------
    medoids : IntArray, shape (k,)
        Ascending.
    score : float
        The average medoid silhouette, in [0, 1].
    passes : int
        Passes over the rows.
    """

    medoids: IntArray
    score: float
    passes: int


class ThreeNearest:
    """The three medoids nearest to each row, as far as the loss needs them, and what follows from them.

    Parameters
    ----------
    dissimilarity : FloatArray, shape (n, n)
    weights : DoubleArray, shape (n,)
    medoids : IntArray, shape (k,)
        At least two. Ties go to the earlier one.

    Attributes
    ----------
    first, second : IntArray, shape (n,)
        Index into ``medoids`` of the nearest and second nearest.
    d1, d2, d3 : DoubleArray, shape (n,)
        The three least distances; d3 is inf where there are two medoids.
    """

    def __init__(self, dissimilarity: FloatArray, weights: DoubleArray, medoids: IntArray) -> None:
        # Rows, as everywhere: rounding can leave the two halves of the matrix a little different.
        far = dissimilarity[medoids].astype(np.float64)
        order = np.argsort(far, axis=0, kind="stable")[:3]
        least = np.take_along_axis(far, order, axis=0)
        self.weights = weights
        self.count = len(medoids)
        self.first, self.second = order[0], order[1]
        self.d1, self.d2 = least[0], least[1]
        self.d3 = least[2] if self.count > 2 else np.full(len(weights), np.inf)
        self.loss = _loss(self.d1, self.d2)
        self._without_first = _loss(self.d2, self.d3)
        self._without_second = _loss(self.d1, self.d3)
        self.removal = self._by_slot(
            slice(None), weights * (self._without_first - self.loss), weights * (self._without_second - self.loss)
        )

    def best_swap(self, far: DoubleArray) -> tuple[float, int]:
        """Return the change of the loss by the best swap with a row, and the slot to give up for it.

        Parameters
        ----------
        far : DoubleArray, shape (n,)
            Distances from the row that comes.
        """
        # Elsewhere the row that comes is not among the three nearest: ``removal`` tells the whole change.
        near = np.flatnonzero(far < self.d3)
        weights, d, d1, d2 = self.weights[near], far[near], self.d1[near], self.d2[near]
        added = _loss(np.minimum(d1, d), np.minimum(d2, np.maximum(d1, d))) - self.loss[near]
        no_first = _loss(np.minimum(d2, d), np.maximum(d2, d)) - self._without_first[near]
        no_second = _loss(np.minimum(d1, d), np.maximum(d1, d)) - self._without_second[near]
        shared = np.bincount(np.zeros(len(near), dtype=np.int64), weights=weights * added, minlength=1)[0]
        corrections = self._by_slot(near, weights * (no_first - added), weights * (no_second - added))
        change = shared + self.removal + corrections
        slot = int(change.argmin())
        return float(change[slot]), slot

    def _by_slot(self, rows: IntArray | slice, first: DoubleArray, second: DoubleArray) -> DoubleArray:
        """Return, per medoid, the sum of what rows say of their first and of their second nearest.

        Summed row by row, as the compiled loop does: both then make the same swaps, to the last bit.
        """
        slots = np.stack([self.first[rows], self.second[rows]], axis=1).ravel()
        values = np.stack([first, second], axis=1).ravel()
        return np.bincount(slots, weights=values, minlength=self.count).astype(np.float64)


def fastermsc(dissimilarity: FloatArray, weights: DoubleArray, medoids: IntArray) -> Solution:
    """Swap medoids with other rows, eagerly, until no swap raises the average medoid silhouette.

    Each row is tried in turn, its swaps with all k medoids are scored at once from the three least distances of
    every row, and the first that raises the average is made at once. A pass takes O(n²).

    Parameters
    ----------
    dissimilarity : FloatArray, shape (n, n)
        Finite, at least 0, 0 on the diagonal.
    weights : DoubleArray, shape (n,)
        Positive.
    medoids : IntArray, shape (k,)
        Where to start: different rows, at least two.

    Returns
    -------
    Solution
    """
    least = _TOLERANCE * float(weights.sum())
    if len(dissimilarity) > _COMPILE_ABOVE:
        from stormcell.cluster.choice.msc_kernels import swap as swap_compiled

        far = np.ascontiguousarray(dissimilarity, dtype=np.float32)
        found, passes = swap_compiled(far, weights, medoids.astype(np.int64), least, _MAX_PASSES)
    else:
        found, passes = swap(dissimilarity, weights, medoids, least, _MAX_PASSES)
    state = ThreeNearest(dissimilarity, weights, found)
    return Solution(np.sort(found), 1.0 - float(weights @ state.loss / weights.sum()), passes)


def dynmsc(dissimilarity: FloatArray, weights: DoubleArray, medoids: IntArray, least: int) -> list[Solution]:
    """Solve for every number of medoids from that of ``medoids`` down to ``least``, each from the one before.

    From a solution the medoid is removed whose removal costs least, then the rest are swapped (DynMSC).

    Parameters
    ----------
    dissimilarity, weights, medoids
        See `fastermsc`.
    least : int
        At least 2, at most ``len(medoids)``.

    Returns
    -------
    list of Solution
        The number of medoids falls.
    """
    solutions = [fastermsc(dissimilarity, weights, medoids)]
    while len(solutions[-1].medoids) > least:
        medoids = solutions[-1].medoids
        removal = ThreeNearest(dissimilarity, weights, medoids).removal
        solutions.append(fastermsc(dissimilarity, weights, np.delete(medoids, removal.argmin())))
    return solutions


def swap(
    dissimilarity: FloatArray, weights: DoubleArray, medoids: IntArray, least: float, max_passes: int
) -> tuple[IntArray, int]:
    """Return the medoids after the swaps, and the passes made; the compiled one in msc_kernels does the same.

    Parameters
    ----------
    least : float
        A swap must lower the weighted sum of the losses by more.
    """
    medoids = medoids.copy()
    n = len(dissimilarity)
    state = ThreeNearest(dissimilarity, weights, medoids)
    unchanged, passes = 0, 0
    for passes in range(1, max_passes + 1):
        for row in range(n):
            unchanged += 1
            if row not in medoids:
                change, slot = state.best_swap(dissimilarity[row].astype(np.float64))
                if change < -least:
                    medoids[slot] = row
                    state = ThreeNearest(dissimilarity, weights, medoids)
                    unchanged = 0
            if unchanged >= n:
                return medoids, passes
    return medoids, passes


def _loss(near: DoubleArray, farther: DoubleArray) -> DoubleArray:
    """Return ``near / farther``, 0 where ``near`` is 0 or ``farther`` inf."""
    return np.divide(near, farther, out=np.zeros_like(near), where=near > 0)
