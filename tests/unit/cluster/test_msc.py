from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stormcell.cluster.choice import msc
from stormcell.cluster.choice.msc import ThreeNearest, dynmsc, fastermsc
from stormcell.cluster.quality.silhouette import medoid_silhouette
from stormcell.cluster.solve import label
from stormcell.distance.points import Precomputed
from stormcell.types import IntArray
from tests.unit.cluster.points import Points, points, random_points, swaps


def average(given_points: Points, medoids: Collection[int]) -> float:
    """Return the average medoid silhouette by its definition."""
    far = np.sort(given_points.far[sorted(medoids)].astype(np.float64), axis=0)
    values = [1 - d1 / d2 if d1 > 0 else 1.0 for d1, d2 in far[:2].T]
    return float(np.average(values, weights=given_points.weights))


@st.composite
def starts(draw: st.DrawFn, most: int = 8) -> tuple[Points, IntArray]:
    """Draw points and at least two of them as medoids."""
    given_points = draw(points(most=most))
    n = len(given_points.far)
    assume(n > 1)
    return given_points, np.array(draw(st.lists(st.integers(0, n - 1), min_size=2, max_size=n, unique=True)))


@given(starts())
def test_scores_of_swaps_and_removals_are_exact(drawn: tuple[Points, IntArray]) -> None:
    given_points, medoids = drawn
    far, weights, n, k = given_points.far, given_points.weights, len(given_points.far), len(medoids)
    state = ThreeNearest(far, weights, medoids)
    before = average(given_points, medoids.tolist())
    for row in set(range(n)) - set(medoids.tolist()):
        after = [average(given_points, [*np.delete(medoids, slot).tolist(), row]) for slot in range(k)]
        change, slot = state.best_swap(far[row].astype(np.float64))
        assert change / weights.sum() == pytest.approx(before - max(after), abs=1e-9)
        assert after[slot] == pytest.approx(max(after), abs=1e-9)
    if k > 2:
        after = [average(given_points, np.delete(medoids, slot).tolist()) for slot in range(k)]
        assert state.removal / weights.sum() == pytest.approx(before - np.array(after), abs=1e-9)


@given(starts())
def test_swaps_never_lower_the_average_and_none_is_left_that_raises_it(drawn: tuple[Points, IntArray]) -> None:
    given_points, medoids = drawn
    found = fastermsc(given_points.far, given_points.weights, medoids)
    assert found.medoids.tolist() == sorted(set(found.medoids.tolist()))
    assert len(found.medoids) == len(medoids)
    assert found.score == pytest.approx(average(given_points, found.medoids.tolist()), abs=1e-9)
    assert found.score >= average(given_points, medoids.tolist()) - 1e-9
    near = swaps(found.medoids.tolist(), len(given_points.far))
    assert found.score >= max((average(given_points, other) for other in near), default=0) - 1e-8


def test_mostly_finds_the_global_optimum() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(50):
        given_points = random_points(rng, 8)
        optimum = max(average(given_points, some) for some in given_points.subsets(3) if len(some) == 3)
        found = fastermsc(given_points.far, given_points.weights, np.arange(3)).score
        assert found <= optimum + 1e-9
        hits += found >= optimum - 1e-9
    assert hits >= 35


@given(starts(most=5), st.data())
def test_a_weight_counts_as_so_many_rows(drawn: tuple[Points, IntArray], data: st.DataObject) -> None:
    given_points, medoids = drawn
    n = len(given_points.far)
    repeats = np.array(data.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n)))
    rows = np.repeat(np.arange(n), repeats)
    weighted = fastermsc(given_points.far, repeats.astype(float), medoids)
    far = given_points.far[np.ix_(rows, rows)]
    repeated = ThreeNearest(far, np.ones(len(rows)), np.searchsorted(rows, weighted.medoids))
    assert 1 - repeated.loss.mean() == pytest.approx(weighted.score)
    # To take a medoid's twin for another medoid is a swap that weights do not offer: where only rows of other
    # places may come, none helps.
    firsts = np.setdiff1d(np.searchsorted(rows, np.arange(n)), np.searchsorted(rows, weighted.medoids))
    changes = [repeated.best_swap(far[row].astype(np.float64))[0] for row in firsts]
    assert min(changes, default=0) >= -1e-8 * len(rows)


@settings(deadline=None)  # the first example compiles
@given(starts())
def test_compiled_swaps_are_the_same(drawn: tuple[Points, IntArray]) -> None:
    from stormcell.cluster.choice import msc_kernels

    given_points, medoids = drawn
    ours = msc.swap(given_points.far, given_points.weights, medoids, 1e-9, 100)
    compiled = msc_kernels.swap(given_points.far, given_points.weights, medoids, 1e-9, 100)
    assert (ours[0].tolist(), ours[1]) == (compiled[0].tolist(), compiled[1])


@pytest.mark.parametrize("k", [2, 3, 12])
def test_compiled_swaps_are_the_same_for_more_rows(monkeypatch: pytest.MonkeyPatch, k: int) -> None:
    given_points = random_points(np.random.default_rng(k), 320)
    compiled = fastermsc(given_points.far, given_points.weights, np.arange(k))
    monkeypatch.setattr(msc, "_COMPILE_ABOVE", 1000)
    ours = fastermsc(given_points.far, given_points.weights, np.arange(k))
    assert ours.medoids.tolist() == compiled.medoids.tolist() != list(range(k))
    assert (ours.score, ours.passes) == (compiled.score, compiled.passes)


def test_dynmsc_solves_for_every_number() -> None:
    # Distances without structure: where a search starts decides where it ends.
    rng = np.random.default_rng(7)
    far = np.triu(rng.uniform(0.5, 1, size=(40, 40)), 1).astype(np.float32)
    given_points = Points(far + far.T, rng.uniform(1, 5, size=40))
    far, weights = given_points.far, given_points.weights
    solutions = dynmsc(far, weights, np.arange(9), 2)
    assert [len(each.medoids) for each in solutions] == [9, 8, 7, 6, 5, 4, 3, 2]
    for more, fewer in pairwise(solutions):
        one_less = [np.delete(more.medoids, slot) for slot in range(len(more.medoids))]
        best = max(one_less, key=lambda medoids: average(given_points, medoids.tolist()))
        assert fewer.medoids.tolist() == fastermsc(far, weights, best).medoids.tolist()
    for each in solutions:
        clustering = label(Precomputed.of(far), each.medoids)
        assert each.score == pytest.approx(medoid_silhouette(clustering, weights=weights).mean)


def test_stops_where_nothing_improves_and_leaves_its_input_alone() -> None:
    given_points = random_points(np.random.default_rng(8), 40)
    start = np.array([3, 1, 2])
    best = fastermsc(given_points.far, given_points.weights, start)
    assert start.tolist() == [3, 1, 2]
    again = fastermsc(given_points.far, given_points.weights, best.medoids)
    assert (again.medoids.tolist(), again.passes) == (best.medoids.tolist(), 1)
    every = fastermsc(given_points.far, given_points.weights, np.arange(40))
    assert (every.medoids.tolist(), every.score) == (list(range(40)), 1)
