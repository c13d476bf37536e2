"""Small dissimilarity matrices, and answers found by trying everything."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from stormcell.types import Clustering, DoubleArray, FloatArray


@dataclass(frozen=True)
class Points:
    """n weighted points."""

    far: FloatArray
    weights: DoubleArray

    def loss(self, medoids: Collection[int]) -> float:
        nearest = self.far[sorted(medoids)].astype(np.float64).min(axis=0)
        return float(self.weights @ nearest)

    def cost(self, medoids: Collection[int], price: float) -> float:
        return self.loss(medoids) / float(self.weights.sum()) + price * len(medoids)

    def subsets(self, most: int) -> Iterator[tuple[int, ...]]:
        for k in range(1, most + 1):
            yield from combinations(range(len(self.far)), k)


def swaps(medoids: Collection[int], n: int) -> Iterator[set[int]]:
    """Yield every set of medoids one swap away."""
    for leaves in medoids:
        for comes in set(range(n)) - set(medoids):
            yield set(medoids) - {leaves} | {comes}


@st.composite
def points(draw: st.DrawFn, most: int = 8) -> Points:
    """Draw a symmetric matrix in [0, 1]: of points on a plane, or any, often with ties and twins."""
    n = draw(st.integers(1, most))
    cell = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1, width=32))
    if draw(st.booleans()):
        places = np.array(draw(st.lists(st.tuples(cell, cell), min_size=n, max_size=n)))
        far = np.linalg.norm(places[:, None] - places[None, :], axis=2) / np.sqrt(2)
    else:
        upper = iter(draw(st.lists(cell, min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2)))
        far = np.zeros((n, n))
        for a, b in combinations(range(n), 2):
            far[a, b] = far[b, a] = next(upper)
    weights = draw(st.lists(st.floats(0.5, 20), min_size=n, max_size=n))
    return Points(far.astype(np.float32), np.array(weights))


def random_points(rng: np.random.Generator, n: int) -> Points:
    """Return points in a few heaps."""
    places = rng.normal(size=(n, 2)) + 4 * rng.integers(0, 3, size=(n, 1))
    far = np.linalg.norm(places[:, None] - places[None, :], axis=2)
    return Points((far / far.max()).astype(np.float32), 1 + np.log(rng.integers(1, 50, size=n)))


def assert_consistent(found: Clustering, given: Points, rtol: float = 0.0) -> None:
    """Check everything that a solution says of itself against an enumeration.

    A matrix product rounds a distance in a way that depends on the block it is in: ``rtol`` allows for that.
    """
    far, n, k = given.far, len(given.far), len(found.medoids)
    assert found.medoids.tolist() == sorted(set(found.medoids.tolist()))
    assert found.labels[found.medoids].tolist() == list(range(k))
    for point in range(n):
        reach = sorted(float(far[medoid, point]) for medoid in found.medoids)
        own = found.medoids[found.labels[point]]
        assert np.allclose([reach[0], far[own, point]], found.nearest[point], rtol, rtol)
        if k == 1:
            assert (found.second[point], found.runner_up[point]) == (-1, np.inf)
        else:
            assert found.second[point] != found.labels[point]
            runner_up = far[found.medoids[found.second[point]], point]
            assert np.allclose([reach[1], runner_up], found.runner_up[point], rtol, rtol)
    assert np.isclose(found.loss, given.loss(found.medoids.tolist()))
