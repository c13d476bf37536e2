from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster.textbook import clara, pam
from stormcell.distance.points import Precomputed
from stormcell.types import DoubleArray, FloatArray, IntArray
from tests.unit.cluster.points import Points, assert_consistent, points, random_points, swaps

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "pam.json").read_text())["tables"]
every_table = pytest.mark.parametrize("table", GOLDEN.values(), ids=GOLDEN)


def distances(table: dict[str, Any], metric: str = "euclidean") -> FloatArray:
    gaps = (np.subtract.outer(np.array(table[axis]), np.array(table[axis])) for axis in ("x", "y"))
    far = np.hypot(*gaps)
    return np.asarray(far**2 if metric == "squared" else far, dtype=np.float32)


def slow_build(given_points: Points, k: int) -> list[int]:
    medoids: list[int] = []
    for _ in range(k):
        free = [point for point in range(len(given_points.far)) if point not in medoids]
        medoids.append(min(free, key=lambda point: given_points.loss([*medoids, point])))
    return medoids


def slow_pam(given_points: Points, k: int) -> tuple[list[int], int]:
    """PAM word for word: every swap's loss is computed from the start."""
    medoids, made = set(slow_build(given_points, k)), 0
    while True:
        best = min(swaps(medoids, len(given_points.far)), key=given_points.loss)
        if given_points.loss(best) >= given_points.loss(medoids) - 1e-9:
            return sorted(medoids), made
        medoids, made = best, made + 1


@every_table
def test_pam_agrees_with_r(table: dict[str, Any]) -> None:
    assert len(table["pam"]) >= 9
    for case in table["pam"]:
        found = pam(distances(table, case["metric"]), case["k"])
        assert found.medoids.tolist() == case["medoids"]
        assert found.loss == pytest.approx(case["loss"], rel=1e-6)
        assert (found.iterations > 0) == (case["loss"] < case["build"] * (1 - 1e-9))


@every_table
def test_claras_best_sample_of_r_gives_its_solution(table: dict[str, Any]) -> None:
    far = distances(table)
    for case in table["clara"]:
        rows = np.array(case["best_sample"])
        medoids = rows[pam(far[np.ix_(rows, rows)], case["k"]).medoids]
        assert medoids.tolist() == case["medoids"]
        assert far[:, medoids].min(axis=1).sum() == pytest.approx(case["loss"], rel=1e-6)


@every_table
def test_clara_with_all_points_is_claras_of_r(table: dict[str, Any]) -> None:
    (case,) = (case for case in table["clara"] if case["sample_size"] == len(table["x"]))
    found = clara(distances(table), case["k"], sample_size=case["sample_size"])
    assert found.medoids.tolist() == case["medoids"]
    assert found.labels.tolist() == case["labels"]
    assert found.loss == pytest.approx(case["loss"], rel=1e-6)


@every_table
def test_clara_is_about_as_good_as_r(table: dict[str, Any]) -> None:
    for case in table["clara"]:
        found = clara(distances(table), case["k"], sample_size=case["sample_size"], samples=10)
        assert found.loss <= 1.05 * case["loss"]


def test_pam_makes_the_swaps_of_the_textbook() -> None:
    rng = np.random.default_rng(3)
    made = 0
    for k in [1, 2, 3, 5] * 8:
        given_points = random_points(rng, 12)
        found = pam(given_points.far, k, weights=given_points.weights)
        assert (found.medoids.tolist(), found.iterations) == slow_pam(given_points, k)
        made += found.iterations
    assert made >= 10


@given(points(most=10), st.data())
def test_pam_is_consistent_no_swap_improves_it_and_build_is_no_better(
    given_points: Points, data: st.DataObject
) -> None:
    n = len(given_points.far)
    k = data.draw(st.integers(1, n))
    found = pam(given_points.far, k, weights=given_points.weights)
    assert len(found.medoids) == k
    assert_consistent(found, given_points)
    assert found.loss <= given_points.loss(slow_build(given_points, k)) + 1e-6
    least = min((given_points.loss(medoids) for medoids in swaps(found.medoids.tolist(), n)), default=np.inf)
    assert found.loss <= least + 1e-6


@given(points(most=5), st.data())
def test_a_weight_counts_as_so_many_points(given_points: Points, data: st.DataObject) -> None:
    n = len(given_points.far)
    repeats = np.array(data.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n)))
    k = data.draw(st.integers(1, n))
    rows = np.repeat(np.arange(n), repeats)
    weighted = pam(given_points.far, k, weights=repeats.astype(float))
    repeated = Points(given_points.far[np.ix_(rows, rows)], np.ones(len(rows)))
    medoids = np.searchsorted(rows, weighted.medoids).tolist()
    assert repeated.loss(medoids) == pytest.approx(weighted.loss, abs=1e-6)
    assert weighted.loss <= min(map(repeated.loss, swaps(medoids, len(rows))), default=np.inf) + 1e-6


def test_weights_and_repeated_points_have_the_same_solution() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        far, repeats = random_points(rng, 15).far, rng.integers(1, 4, size=15)
        rows = np.repeat(np.arange(15), repeats)
        weighted = pam(far, 3, weights=repeats.astype(float))
        repeated = pam(far[np.ix_(rows, rows)], 3)
        assert rows[repeated.medoids].tolist() == weighted.medoids.tolist()
        assert repeated.loss == pytest.approx(weighted.loss, rel=1e-6)


def test_points_give_the_same_as_their_matrix() -> None:
    far = random_points(np.random.default_rng(2), 150).far
    assert pam(Precomputed.of(far), 4).labels.tolist() == pam(far, 4).labels.tolist()
    assert clara(Precomputed.of(far), 4).labels.tolist() == clara(far, 4).labels.tolist()


class Counted:
    """Points on a line that remember the largest block asked for."""

    def __init__(self, at: DoubleArray, sizes: list[int]) -> None:
        self.at, self.sizes = at, sizes

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: IntArray) -> Counted:
        return Counted(self.at[rows], self.sizes)

    def cross(self, other: Counted) -> FloatArray:
        self.sizes.append(len(self) * len(other))
        return np.abs(np.subtract.outer(self.at, other.at)).astype(np.float32)


def test_clara_never_holds_the_matrix_of_all_points() -> None:
    rng = np.random.default_rng(0)
    line = Counted(rng.normal(size=3000) + 20 * rng.integers(0, 3, size=3000), [])
    found = clara(line, 3)
    assert max(line.sizes) <= 3 * 3000
    assert line.sizes.count(46 * 46) == 5  # the matrices of the samples
    assert len(np.unique(np.round(line.at[found.medoids] / 20))) == 3


@given(points(), st.data())
def test_clara_is_consistent(given_points: Points, data: st.DataObject) -> None:
    n = len(given_points.far)
    k = data.draw(st.integers(1, n))
    size = data.draw(st.integers(min(k + 1, n), n))
    found = clara(
        given_points.far, k, sample_size=size, weights=given_points.weights, seed=data.draw(st.integers(0, 9))
    )
    assert len(found.medoids) == k
    assert_consistent(found, given_points)
    if size == n:
        assert found.medoids.tolist() == pam(given_points.far, k, weights=given_points.weights).medoids.tolist()


def test_more_samples_are_never_worse() -> None:
    far = random_points(np.random.default_rng(4), 200).far
    losses = [clara(far, 5, samples=samples, sample_size=12, seed=1).loss for samples in (1, 2, 4, 8, 16)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > losses[-1]


def test_heavy_points_are_always_in_the_sample() -> None:
    far = np.abs(np.subtract.outer(np.arange(500.0), np.arange(500.0))).astype(np.float32)
    weights = np.ones(500)
    weights[[7, 403]] = 1e6
    for seed, samples in product(range(5), (1, 3)):
        assert clara(far, 2, weights=weights, samples=samples, seed=seed).medoids.tolist() == [7, 403]


def test_clara_depends_on_the_seed_alone() -> None:
    given_points = random_points(np.random.default_rng(1), 200)
    found = [
        clara(given_points.far, 4, weights=given_points.weights, samples=1, seed=seed) for seed in (0, 0, 1, 2, 3)
    ]
    assert found[0].medoids.tolist() == found[1].medoids.tolist()
    assert len({tuple(one.medoids.tolist()) for one in found}) > 1


@pytest.mark.parametrize("solve", [pam, clara])
def test_refuses_a_wrong_k(solve: Any) -> None:
    with pytest.raises(ValueError, match=r"k must be 1 to the number of points \(3\), found 4"):
        solve(np.zeros((3, 3), dtype=np.float32), 4)


def test_refuses_a_missing_dissimilarity() -> None:
    far = np.zeros((3, 3), dtype=np.float32)
    far[0, 1] = far[1, 0] = np.nan
    with pytest.raises(ValueError, match="missing value"):
        pam(far, 2)


def test_refuses_a_sample_without_choice() -> None:
    with pytest.raises(ValueError, match=r"sample_size must be more than k \(3\), found 3"):
        clara(np.zeros((9, 9), dtype=np.float32), 3, sample_size=3)
    with pytest.raises(ValueError, match="samples must be at least 1, found 0"):
        clara(np.zeros((9, 9), dtype=np.float32), 3, samples=0)
