"""The local search: rectangular matrices, fixed medoids, compiled and interpreted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster import fasterpam
from stormcell.cluster.fasterpam import Assignment, swap
from stormcell.cluster.solve import kmedoids
from tests.unit.cluster.points import random_points

COMPILED = 320  # rows, enough for the compiled search


def loss(far: np.ndarray, weights: np.ndarray, medoids: list[int]) -> float:
    return float(weights @ far[medoids].astype(float).min(axis=0))


@given(st.integers(2, 7), st.integers(1, 9), st.integers(0, 10_000), st.data())
def test_candidates_and_points_need_not_be_the_same(m: int, n: int, seed: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    far = rng.random((m, n)).astype(np.float32)
    weights = rng.integers(1, 9, n).astype(float)
    k = data.draw(st.integers(1, m))
    fixed = data.draw(st.integers(0, k))
    start = rng.permutation(m)[:k]
    state = Assignment(far, weights, start)
    before = state.loss
    swap(state, fixed=fixed)
    medoids = state.medoids.tolist()
    assert medoids[:fixed] == start[:fixed].tolist()
    assert len(set(medoids)) == k
    assert state.loss == pytest.approx(loss(far, weights, medoids))
    assert state.loss <= before + 1e-9
    for slot in range(fixed, k):
        for candidate in set(range(m)) - set(medoids):
            other = [*medoids[:slot], candidate, *medoids[slot + 1 :]]
            assert loss(far, weights, other) >= state.loss * (1 - 1e-5) - 1e-9


@pytest.mark.parametrize("k", [2, 7, 40])
@pytest.mark.parametrize("fixed", [0, 2])
def test_the_compiled_search_makes_the_same_swaps(k: int, fixed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(k)
    given_points = random_points(rng, COMPILED)
    start = rng.permutation(COMPILED)[:k]
    compiled = Assignment(given_points.far, given_points.weights, start)
    passes = swap(compiled, fixed=fixed)
    monkeypatch.setattr(fasterpam, "COMPILED_FROM", 10**9)
    interpreted = Assignment(given_points.far, given_points.weights, start)
    assert swap(interpreted, fixed=fixed) == passes
    assert interpreted.medoids.tolist() == compiled.medoids.tolist()
    assert compiled.medoids[:fixed].tolist() == start[:fixed].tolist()


@pytest.mark.parametrize("n", [320, 383, 384, 400])
def test_the_compiled_search_ends_where_no_swap_gains(n: int) -> None:
    far = random_points(np.random.default_rng(n), n).far
    weights = np.random.default_rng(0).integers(1, 6, n).astype(np.float64)
    found = kmedoids(far, 4, weights=weights, init="random")
    own = found.medoids.tolist()
    best = min(
        loss(far, weights, [*own[:slot], candidate, *own[slot + 1 :]])
        for slot in range(4)
        for candidate in range(n)
        if candidate not in own
    )
    assert found.loss <= best * (1 + 1e-6)


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf])
@pytest.mark.parametrize("place", [(3, 300), (319, 2)])
@pytest.mark.parametrize("init", ["k-medoids++", "lab", "build", "random", "given"])
def test_large_matrices_are_looked_through_as_well(value: float, place: tuple[int, int], init: str) -> None:
    far = random_points(np.random.default_rng(0), COMPILED).far.copy()
    far[place] = far[place[::-1]] = value
    start = np.arange(10, 15) if init == "given" else init
    with pytest.raises(ValueError, match=r"row \d+, column \d+ of the dissimilarity is"):
        kmedoids(far, 5, init=start)  # type: ignore[arg-type]  # a string that is one of the seedings


@pytest.mark.parametrize("k", [1, COMPILED])
def test_and_where_there_is_nothing_to_search(k: int) -> None:
    far = random_points(np.random.default_rng(0), COMPILED).far.copy()
    far[7, 9] = far[9, 7] = np.nan
    with pytest.raises(ValueError, match=r"row 7, column 9 of the dissimilarity is nan"):
        kmedoids(far, k)


def test_losses_do_not_exceed_the_limit_of_passes() -> None:
    far = random_points(np.random.default_rng(0), COMPILED).far
    assert kmedoids(far, 9, init="random", max_passes=1).iterations == 1


def test_all_points_equal_in_a_large_matrix() -> None:
    found = kmedoids(np.zeros((COMPILED, COMPILED), dtype=np.float32), 5)
    assert (len(set(found.medoids.tolist())), found.loss, found.iterations) == (5, 0, 1)
    assert found.margin.tolist() == [0] * COMPILED
