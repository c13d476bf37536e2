"""Which medoid every point belongs to, and which would be next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray, FloatArray, IntArray

# Values of a block of dissimilarities: 16 MB, whatever the number of points.
_BLOCK = 4_000_000
# From here on compiling pays, and not before: numba alone takes .4 s to import.
COMPILED_FROM = 300**2
# Where fewer than one medoid in so many is new, most points keep their two nearest.
_FEW = 3
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """Each point's two nearest medoids; ties go to the earlier one.

    Attributes
    ----------
    nearest, second : IntArray, shape (n,)
        Places in the list of medoids; ``second`` is -1 where there is only one.
    d1, d2 : FloatArray, shape (n,)
        Their dissimilarities; ``d2`` is inf where there is only one.
    """

    nearest: IntArray
    d1: FloatArray
    second: IntArray
    d2: FloatArray

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """Return the points of all parts, one after the other."""
        columns = zip(*((part.nearest, part.d1, part.second, part.d2) for part in parts), strict=True)
        return cls(*map(np.concatenate, columns))

    def loss(self, weights: DoubleArray) -> float:
        """Return the weighted sum of the distances to the nearest medoid."""
        return float(weights @ self.d1.astype(np.float64))


def two_nearest(far: FloatArray) -> Nearest:
    """Return each point's nearest and second nearest medoid.

    Parameters
    ----------
    far : FloatArray, shape (k, n)
        Dissimilarities of the medoids and the points.
    """
    k, n = far.shape
    points = np.arange(n)
    if k == 1:
        none = np.full(n, np.inf, dtype=np.float32)
        return Nearest(np.zeros_like(points), far[0], np.full_like(points, -1), none)
    if far.size >= COMPILED_FROM:
        from stormcell.cluster import kernels

        found = Nearest(
            np.empty_like(points), np.empty(n, np.float32), np.empty_like(points), np.empty(n, np.float32)
        )
        far = np.ascontiguousarray(far, dtype=np.float32)
        kernels.two_nearest(far, found.nearest, found.d1, found.second, found.d2)
        return found
    nearest = far.argmin(axis=0)
    rest = far.copy()
    rest[nearest, points] = np.inf
    second = rest.argmin(axis=0)
    return Nearest(nearest, far[nearest, points], second, rest[second, points])


def assign(points: Points, medoids: Points) -> Nearest:
    """Return each point's two nearest medoids, computed in blocks.

    Parameters
    ----------
    points : Points, n of them
    medoids : Points, k of them
    """
    step = max(1, _BLOCK // max(len(medoids), 1))
    if len(points) <= step:
        return two_nearest(medoids.cross(points))
    blocks = (points.take(np.arange(at, min(at + step, len(points)))) for at in range(0, len(points), step))
    return Nearest.joined(assign_blocks(blocks, medoids))


def reassign(points: Points, medoids: Points, found: Nearest, changed: IntArray) -> Nearest:
    """Return what assign does where only some medoids are new since, and save the distances to the others.

    Parameters
    ----------
    points : Points, n of them
    medoids : Points, k of them
    found : Nearest
        Of the points among the medoids before.
    changed : IntArray, shape (c,)
        Ascending places in the list of medoids, those that are new.
    """
    if _FEW * len(changed) > len(medoids):
        return assign(points, medoids)
    is_new = np.zeros(len(medoids), dtype=bool)
    is_new[changed] = True
    # Blocks of other shapes may round differently.
    stale = assign(points, medoids.take(changed)).d1 <= found.d2 * np.float32(1 + _ROUNDING)
    stale |= is_new[found.nearest] | is_new[found.second]
    rows = np.flatnonzero(stale)
    again = assign(points.take(rows), medoids)
    nearest, d1, second, d2 = found.nearest.copy(), found.d1.copy(), found.second.copy(), found.d2.copy()
    nearest[rows], d1[rows], second[rows], d2[rows] = again.nearest, again.d1, again.second, again.d2
    return Nearest(nearest, d1, second, d2)


def assign_blocks(blocks: Iterable[Points], medoids: Points) -> Iterator[Nearest]:
    """Assign points that come block by block, of which only one is held at a time.

    Parameters
    ----------
    blocks : iterable of Points
        Of any number; blocks of some 10,000 are quick.
    medoids : Points, k of them

    Yields
    ------
    Nearest
        Of each block.
    """
    for block in blocks:
        yield two_nearest(medoids.cross(block))


def settle(found: Nearest, weights: DoubleArray, medoids: IntArray, iterations: int) -> Clustering:
    """Return the solution with given medoids (ascending), each in its own cluster.

    Parameters
    ----------
    found : Nearest
        Of all points, among ``medoids``.
    weights : DoubleArray, shape (n,)
    medoids : IntArray, shape (k,)
        Points.
    iterations : int
        Passes it took.
    """
    labels = found.nearest.copy()
    labels[medoids] = np.arange(len(medoids))
    return Clustering(
        medoids=medoids,
        labels=labels,
        nearest=found.d1,
        runner_up=found.d2,
        # Where a medoid has a twin at distance 0 the two nearest change places.
        second=np.where(labels == found.nearest, found.second, found.nearest),
        loss=found.loss(weights),
        iterations=iterations,
    )
