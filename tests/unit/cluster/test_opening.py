from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster.opening import cluster_by_opening_cost
from tests.unit.cluster.points import Points, assert_consistent, points, random_points, swaps

PRICES = [0.005, 0.03, 0.07, 0.15, 0.3]


@given(points(), st.one_of(st.sampled_from([0.0, *PRICES]), st.floats(0, 1)), st.integers(1, 8))
def test_no_single_add_drop_or_swap_improves(given_points: Points, price: float, max_k: int) -> None:
    n = len(given_points.far)
    found = cluster_by_opening_cost(given_points.far, given_points.weights, opening_cost=price, max_k=max_k)
    assert_consistent(found, given_points)
    medoids = set(found.medoids.tolist())
    assert len(medoids) <= max_k
    near = list(swaps(medoids, n))
    if len(medoids) < max_k:
        near += [medoids | {point} for point in set(range(n)) - medoids]
    if len(medoids) > 1:
        near += [medoids - {point} for point in medoids]
    cost = given_points.cost(medoids, price)
    assert cost <= min((given_points.cost(other, price) for other in near), default=np.inf) + 1e-6


@pytest.mark.parametrize("price", PRICES)
def test_mostly_finds_the_global_optimum(price: float) -> None:
    rng = np.random.default_rng(11)
    problems = [random_points(rng, 8) for _ in range(40)]
    hits = 0
    for problem in problems:
        optimum = min(problem.cost(medoids, price) for medoids in problem.subsets(8))
        found = cluster_by_opening_cost(problem.far, problem.weights, opening_cost=price, max_k=8)
        cost = problem.cost(found.medoids.tolist(), price)
        assert optimum - 1e-6 <= cost <= 1.2 * optimum
        hits += cost <= optimum + 1e-6
    assert hits >= 32


@given(points(), st.integers(1, 8))
def test_free_medoids_open_while_that_helps(given_points: Points, max_k: int) -> None:
    found = cluster_by_opening_cost(given_points.far, given_points.weights, opening_cost=0, max_k=max_k)
    assert found.loss == 0 or len(found.medoids) == max_k


def test_free_medoids_open_every_distinct_point_once() -> None:
    places = np.array([0, 1, 1, 3, 3, 3, 9.0])
    far = np.abs(places[:, None] - places[None, :]).astype(np.float32)
    found = cluster_by_opening_cost(far, np.ones(7), opening_cost=0, max_k=40)
    assert places[found.medoids].tolist() == [0, 1, 3, 9]


@given(points())
def test_a_huge_cost_gives_one_group_around_the_best_point(given_points: Points) -> None:
    found = cluster_by_opening_cost(given_points.far, given_points.weights, opening_cost=10, max_k=8)
    assert len(found.medoids) == 1
    best = min(given_points.loss([point]) for point in range(len(given_points.far)))
    assert found.loss == pytest.approx(best, abs=1e-6)


def test_one_point() -> None:
    alone = Points(np.zeros((1, 1), dtype=np.float32), np.ones(1))
    assert_consistent(cluster_by_opening_cost(alone.far, alone.weights, opening_cost=0, max_k=40), alone)


def test_finds_heaps_without_being_told_how_many() -> None:
    places = np.concatenate([np.linspace(0, 0.1, 20), np.linspace(0.5, 0.6, 10), np.linspace(0.9, 1, 5)])
    far = np.abs(places[:, None] - places[None, :]).astype(np.float32)
    found = cluster_by_opening_cost(far, np.ones(35), opening_cost=0.02, max_k=40)
    assert np.array_equal(found.labels, np.repeat([0, 1, 2], [20, 10, 5]))


def test_dearer_medoids_are_fewer() -> None:
    problem = random_points(np.random.default_rng(0), 80)
    numbers = [
        len(cluster_by_opening_cost(problem.far, problem.weights, opening_cost=price, max_k=80).medoids)
        for price in PRICES
    ]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > numbers[-1]


def test_nothing_is_drawn_at_random() -> None:
    problem = random_points(np.random.default_rng(6), 100)
    one, other = (
        cluster_by_opening_cost(problem.far, problem.weights, opening_cost=0.05, max_k=40) for _ in range(2)
    )
    assert np.array_equal(one.labels, other.labels)


def test_a_medoid_in_the_middle_gives_way_to_two() -> None:
    # One more medoid gains too little as long as the first stays where it is.
    places = np.concatenate([np.zeros(50), np.ones(50), [0.5]])
    far = np.abs(np.subtract.outer(places, places)).astype(np.float32)
    found = cluster_by_opening_cost(far, np.ones(101), opening_cost=0.3, max_k=10)
    assert sorted(places[found.medoids].tolist()) == [0, 1]
