"""Many points: close to the exact solution, without a matrix of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster.sampled import draw
from stormcell.cluster.solve import kmedoids
from stormcell.types import DoubleArray, FloatArray, IntArray

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Plane:
    """Points on a plane that remember the largest block they were asked for."""

    places: DoubleArray
    asked: list[int] = field(default_factory=lambda: [0])

    def __len__(self) -> int:
        return len(self.places)

    def take(self, rows: IntArray) -> Self:
        return type(self)(self.places[rows], self.asked)

    def cross(self, other: Self) -> FloatArray:
        self.asked[0] = max(self.asked[0], len(self) * len(other))
        apart = self.places[:, None, :] - other.places[None, :, :]
        far: FloatArray = np.sqrt((apart**2).sum(axis=2)).astype(np.float32)
        return far


def heaps(n: int, count: int, seed: int = 0) -> Plane:
    rng = np.random.default_rng(seed)
    return Plane(rng.uniform(0, 100, (count, 2))[rng.integers(count, size=n)] + rng.normal(size=(n, 2)))


@pytest.mark.slow
def test_close_to_the_exact_solution() -> None:
    spread = Plane(np.random.default_rng(1).normal(size=(3_500, 2)))
    exact = kmedoids(spread, 12, method="exact", init="lab").loss
    for seed in range(3):
        assert kmedoids(spread, 12, method="sampled", seed=seed).loss <= 1.02 * exact


@pytest.mark.slow
def test_finds_heaps_exactly() -> None:
    given_points = heaps(5_000, 8)
    exact = kmedoids(given_points, 8, method="exact", init="lab")
    sampled = kmedoids(given_points, 8, method="sampled", init="lab")
    assert sampled.loss <= 1.001 * exact.loss


def test_the_solution_is_consistent() -> None:
    given_points = heaps(5_000, 20)
    weights = np.random.default_rng(2).pareto(1, 5_000) + 0.1
    found = kmedoids(given_points, 10, weights=weights, method="sampled")
    far = given_points.cross(given_points.take(found.medoids))
    assert (np.diff(found.medoids) > 0).all()
    assert found.labels[found.medoids].tolist() == list(range(10))
    ranked = np.sort(far, axis=1)
    assert (found.nearest == ranked[:, 0]).all()
    assert (found.runner_up == ranked[:, 1]).all()
    assert (far[np.arange(5_000), found.labels] == found.nearest).all()
    assert (far[np.arange(5_000), found.second] == found.runner_up).all()
    assert found.loss == pytest.approx(float(weights @ ranked[:, 0].astype(float)))


def test_more_than_ten_thousand_points_are_never_all_compared() -> None:
    given_points = heaps(10_500, 5)
    kmedoids(given_points, 5)
    assert given_points.asked[0] <= 5_100_000


def test_the_same_seed_gives_the_same_solution() -> None:
    given_points = heaps(3_000, 30)
    one, other = (kmedoids(given_points, 9, method="sampled", seed=4) for _ in range(2))
    assert one.medoids.tolist() == other.medoids.tolist()
    assert (one.labels == other.labels).all()


def test_pinned_points_stay() -> None:
    given_points = heaps(3_000, 30)
    found = kmedoids(given_points, 5, method="sampled", pinned=np.array([17, 4]))
    assert {4, 17} <= set(found.medoids.tolist())


def test_a_warm_start_is_only_improved() -> None:
    given_points = heaps(3_000, 30)
    first = kmedoids(given_points, 9, method="sampled")
    again = kmedoids(given_points, 9, method="sampled", init=first.medoids, seed=1)
    assert again.loss <= first.loss


def test_as_many_medoids_as_half_the_points() -> None:
    found = kmedoids(heaps(2_400, 30), 1_200, method="sampled")
    assert len(set(found.medoids.tolist())) == 1_200


def test_heavy_points_draw_the_medoids() -> None:
    given_points = Plane(np.random.default_rng(0).uniform(0, 1, (5_000, 2)))
    weights = np.ones(5_000)
    weights[[7, 4_000]] = 1e6
    assert {7, 4_000} <= set(kmedoids(given_points, 6, weights=weights, method="sampled").medoids.tolist())


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=60), st.integers(1, 70), st.integers(0, 99))
def test_a_sample_stands_for_all(weights: list[float], size: int, seed: int) -> None:
    given_weights = np.array(weights)
    places, stand_for = draw(given_weights, size, np.random.default_rng(seed))
    assert (np.diff(places) > 0).all()
    assert len(places) <= max(size, 1)
    assert stand_for.sum() == pytest.approx(given_weights.sum(), rel=1e-6) or len(places) < size
    # Whatever is heavier than its share is there, as itself.
    heavy = np.flatnonzero(given_weights >= given_weights.sum() / size)
    assert set(heavy.tolist()) <= set(places.tolist())


def test_a_sample_is_unbiased() -> None:
    weights = np.array([1.0, 2, 3, 4, 10])
    rng = np.random.default_rng(0)
    seen = np.zeros(5)
    for _ in range(4_000):
        places, stand_for = draw(weights, 3, rng)
        seen[places] += stand_for
    assert seen / 4_000 == pytest.approx(weights, rel=0.08)


@pytest.mark.slow
def test_fewer_passes_find_less() -> None:
    spread = Plane(np.random.default_rng(1).normal(size=(2_500, 2)))
    losses = [kmedoids(spread, 40, method="sampled", init="random", max_passes=passes).loss for passes in (1, 100)]
    assert losses[1] < losses[0]
