from __future__ import annotations

from itertools import combinations
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster.seeding import Init
from stormcell.cluster.solve import kmedoids
from tests.unit.cluster.points import Points, assert_consistent, points, random_points, swaps

INITS: tuple[Init, ...] = get_args(Init)
every_init = pytest.mark.parametrize("init", INITS)


@every_init
@given(given_points=points(), data=st.data())
def test_solution_is_consistent_and_no_swap_improves_it(
    init: Init, given_points: Points, data: st.DataObject
) -> None:
    n = len(given_points.far)
    k = data.draw(st.integers(1, n))
    found = kmedoids(
        given_points.far, k, weights=given_points.weights, init=init, seed=data.draw(st.integers(0, 9))
    )
    assert len(found.medoids) == k
    assert_consistent(found, given_points)
    least = min((given_points.loss(medoids) for medoids in swaps(found.medoids.tolist(), n)), default=np.inf)
    assert found.loss <= least + 1e-5 * found.loss + 1e-9


@given(given_points=points(most=7), data=st.data())
def test_loss_is_never_below_the_optimum(given_points: Points, data: st.DataObject) -> None:
    n = len(given_points.far)
    k = data.draw(st.integers(1, n))
    optimum = min(given_points.loss(medoids) for medoids in combinations(range(n), k))
    found = kmedoids(given_points.far, k, weights=given_points.weights)
    assert found.loss >= optimum - 1e-6
    if k in (1, n):
        assert found.loss == pytest.approx(optimum, abs=1e-6)


def test_finds_the_optimum_of_most_small_problems() -> None:
    rng = np.random.default_rng(5)
    problems = [random_points(rng, 8) for _ in range(100)]
    optima = [min(p.loss(medoids) for medoids in combinations(range(8), 3)) for p in problems]
    found = [kmedoids(p.far, 3, weights=p.weights).loss for p in problems]
    assert sum(np.isclose(found, optima)) >= 90


@given(points(most=5), st.data())
def test_a_weight_counts_as_so_many_points(given_points: Points, data: st.DataObject) -> None:
    n = len(given_points.far)
    repeats = np.array(data.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n)))
    k = data.draw(st.integers(1, n))
    weighted = kmedoids(given_points.far, k, weights=repeats.astype(float))
    rows = np.repeat(np.arange(n), repeats)
    start = np.searchsorted(rows, weighted.medoids)
    repeated = kmedoids(given_points.far[np.ix_(rows, rows)], k, init=start)
    # What no swap improves for weighted points, none improves for repeated ones.
    assert repeated.loss == pytest.approx(weighted.loss, abs=1e-6)
    assert repeated.iterations <= 1


def test_heavy_points_draw_the_medoid() -> None:
    far = np.abs(np.arange(5.0)[:, None] - np.arange(5.0)[None, :]).astype(np.float32)
    assert kmedoids(far, 1).medoids.tolist() == [2]
    assert kmedoids(far, 1, weights=np.array([1, 1, 1, 1, 9.0])).medoids.tolist() == [4]


@every_init
def test_the_same_seed_gives_the_same_solution(init: Init) -> None:
    given_points = random_points(np.random.default_rng(1), 60)
    one, other = (kmedoids(given_points.far, 5, weights=given_points.weights, init=init, seed=3) for _ in range(2))
    for name in ("medoids", "labels", "nearest", "second", "runner_up"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert (one.loss, one.iterations) == (other.loss, other.iterations)


def test_a_random_seeding_depends_on_the_seed() -> None:
    far = np.ones((40, 40), dtype=np.float32) - np.eye(40, dtype=np.float32)
    found = {tuple(kmedoids(far, 3, init="k-medoids++", seed=seed).medoids.tolist()) for seed in range(10)}
    assert len(found) > 1


@every_init
@pytest.mark.parametrize("k", [1, 3, 6])
def test_equal_points(init: Init, k: int) -> None:
    equal = Points(np.zeros((6, 6), dtype=np.float32), np.ones(6))
    found = kmedoids(equal.far, k, init=init)
    assert_consistent(found, equal)
    assert (len(found.medoids), found.loss) == (k, 0)


def test_every_point_a_medoid() -> None:
    given_points = random_points(np.random.default_rng(2), 9)
    found = kmedoids(given_points.far, 9)
    assert found.medoids.tolist() == found.labels.tolist() == list(range(9))
    assert (found.loss, found.iterations) == (0, 0)


def test_one_pass_suffices_where_nothing_improves() -> None:
    given_points = random_points(np.random.default_rng(3), 30)
    best = kmedoids(given_points.far, 4)
    again = kmedoids(given_points.far, 4, init=best.medoids)
    assert again.medoids.tolist() == best.medoids.tolist()
    assert again.iterations == 1


def test_starts_from_given_points() -> None:
    given_points = random_points(np.random.default_rng(4), 30)
    assert_consistent(kmedoids(given_points.far, 2, init=np.array([29, 0])), Points(given_points.far, np.ones(30)))


def square(n: int, value: float = 1.0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.full((n, n), value, dtype=np.float32) * (1 - np.eye(n, dtype=np.float32))


@pytest.mark.parametrize("k", [0, -1, 4])
def test_refuses_a_wrong_k(k: int) -> None:
    with pytest.raises(ValueError, match=rf"k must be 1 to the number of points \(3\), found {k}"):
        kmedoids(square(3), k)


def test_refuses_no_points() -> None:
    with pytest.raises(ValueError, match="there is no point to cluster"):
        kmedoids(square(0), 1)


@pytest.mark.parametrize("shape", [(3,), (3, 2), (2, 3), (2, 2, 2)])
def test_refuses_a_matrix_that_is_not_square(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be square"):
        kmedoids(np.zeros(shape, dtype=np.float32), 1)


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf])
def test_refuses_values_that_are_no_dissimilarity(value: float) -> None:
    far = square(3)
    far[0, 1] = far[1, 0] = value
    with pytest.raises(ValueError, match="no negative, infinite or missing value"):
        kmedoids(far, 2)


@pytest.mark.parametrize(
    "weights", [[1, 1], [1, 1, 0], [1, 1, -1], [1, 1, np.nan], [1, 1, np.inf], [[1], [1], [1]]]
)
def test_refuses_wrong_weights(weights: list[float]) -> None:
    with pytest.raises(
        ValueError, match=r"expected 3 weights, one a point|weights must be positive numbers, found .* at point 2"
    ):
        kmedoids(square(3), 2, weights=np.array(weights, dtype=float))


@pytest.mark.parametrize("init", [[0], [0, 0], [0, 0, 1], [0, 3], [-1, 0], [[0, 1]]])
def test_refuses_wrong_starting_points(init: list[int]) -> None:
    with pytest.raises(ValueError, match=r"init must (name|be a list of)"):
        kmedoids(square(3), 2, init=np.array(init))


def test_refuses_an_unknown_seeding() -> None:
    with pytest.raises(ValueError, match=r"init must be one of k-medoids\+\+, lab, build, random, found 'best'"):
        kmedoids(square(3), 2, init="best")  # type: ignore[arg-type]  # as an untyped caller may
