from __future__ import annotations

import warnings
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster.choice import choose
from stormcell.cluster.choice.choose import CeilingWarning, ChoiceMethod, choose_k
from stormcell.cluster.opening import cluster_by_opening_cost
from stormcell.cluster.quality.silhouette import medoid_silhouette, silhouette
from stormcell.distance.points import Precomputed
from stormcell.types import FloatArray
from tests.unit.cluster.points import Points, assert_consistent, points

METHODS: tuple[ChoiceMethod, ...] = get_args(ChoiceMethod)
SILHOUETTES: tuple[ChoiceMethod, ...] = ("medoid_silhouette", "silhouette")
every_method = pytest.mark.parametrize("method", METHODS)


def price(method: ChoiceMethod, value: float = 0.5) -> float | None:
    return value if method == "opening_cost" else None


def blobs(k: int, each: int = 12, seed: int = 0) -> FloatArray:
    """Return the distances of k heaps, as far from each other."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(k * each, k), scale=0.5) + np.repeat(20 * np.eye(k), each, axis=0)
    far: FloatArray = np.linalg.norm(places[:, None] - places[None, :], axis=2).astype(np.float32)
    return far


def alike(n: int) -> FloatArray:
    """Return n rows, each as far from every other."""
    return np.ones((n, n), dtype=np.float32) - np.eye(n, dtype=np.float32)


@every_method
@pytest.mark.parametrize("k", [2, 3, 6])
def test_planted_clusters_are_found(method: ChoiceMethod, k: int) -> None:
    far = blobs(k)
    found = choose_k(far, k_max=12, method=method, opening_cost=price(method))
    assert found.k == len(found.clustering.medoids) == k
    # Up to the names, which are ascending like the rows.
    assert np.array_equal(found.clustering.labels, np.repeat(np.arange(k), 12))
    assert_consistent(found.clustering, Points(far, np.ones(len(far))))
    assert (found.method, found.k_max, found.at_ceiling) == (method, 12, False)


@every_method
def test_planted_clusters_are_found_by_the_compiled_loops_and_in_points(method: ChoiceMethod) -> None:
    far = blobs(4, each=100)
    found = choose_k(Precomputed.of(far), k_max=10, method=method, opening_cost=price(method))
    assert np.array_equal(found.clustering.labels, np.repeat(np.arange(4), 100))


@every_method
def test_order_of_the_rows_does_not_matter(method: ChoiceMethod) -> None:
    far = blobs(4)
    order = np.random.default_rng(5).permutation(len(far))
    one = choose_k(far, k_max=9, method=method, opening_cost=price(method))
    other = choose_k(far[np.ix_(order, order)], k_max=9, method=method, opening_cost=price(method))
    assert one.k == other.k == 4
    assert sorted(order[other.clustering.medoids]) == one.clustering.medoids.tolist()
    # The elbow's score depends on the loss at k_max too, where the order decides between local optima.
    assert other.scores[4] == pytest.approx(one.scores[4], abs=0.01 if method == "elbow" else 1e-6)


@every_method
def test_a_weight_counts_as_so_many_rows(method: ChoiceMethod) -> None:
    far = blobs(3)
    repeats = np.random.default_rng(1).integers(1, 4, size=len(far))
    rows = np.repeat(np.arange(len(far)), repeats)
    weighted = choose_k(far, k_max=8, method=method, weights=repeats.astype(float), opening_cost=price(method))
    repeated = choose_k(far[np.ix_(rows, rows)], k_max=8, method=method, opening_cost=price(method))
    assert weighted.k == repeated.k == 3
    assert weighted.clustering.medoids.tolist() == rows[repeated.clustering.medoids].tolist()
    # Other than the elbow's, a score of three clusters depends on these three alone.
    if method != "elbow":
        assert weighted.scores[3] == pytest.approx(repeated.scores[3])


@every_method
def test_too_low_a_ceiling_warns(method: ChoiceMethod) -> None:
    # Of six heaps each costs as much to leave out, so the elbow sees a straight line.
    with pytest.warns(CeilingWarning, match=r"the chosen k is k_max \(4\).*raise k_max"):
        found = choose_k(blobs(6), k_max=4, method=method, opening_cost=price(method))
    assert (found.k, found.k_max, found.at_ceiling) == (4, 4, True)


@pytest.mark.parametrize("method", ["medoid_silhouette", "elbow", "opening_cost"])
def test_rows_without_structure_meet_the_ceiling(method: ChoiceMethod) -> None:
    with pytest.warns(CeilingWarning):
        found = choose_k(alike(30), k_max=7, method=method, opening_cost=price(method, 0.01))
    assert (found.k, found.at_ceiling) == (7, True)


def test_rows_without_structure_have_no_silhouette() -> None:
    found = choose_k(alike(30), k_max=7, method="silhouette")
    assert found.k == 2
    assert found.scores == dict.fromkeys(range(2, 8), 0.0)


@given(points(), st.sampled_from(METHODS), st.data())
def test_a_choice_is_consistent_and_the_best_of_its_scores(
    given_points: Points, method: ChoiceMethod, data: st.DataObject
) -> None:
    n = len(given_points.far)
    least = 2 if method in SILHOUETTES else 1
    k_min = data.draw(st.none() | st.integers(least, max(least, n - 1)))
    k_max = data.draw(st.integers(k_min or least, 10))
    top = min(k_max, n - 1 if method in SILHOUETTES else n)
    low = k_min or least
    if given_points.far.any() and low > top:
        return  # refused, see below
    if not given_points.far.any() and low > n:
        return
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        found = choose_k(
            given_points.far,
            k_max=k_max,
            k_min=k_min,
            method=method,
            weights=given_points.weights,
            opening_cost=price(method, 0.1),
        )
    assert_consistent(found.clustering, given_points)
    assert found.k == len(found.clustering.medoids)
    assert [each.category for each in warned] == [CeilingWarning] * found.at_ceiling
    if not given_points.far.any():
        assert (found.k, found.scores, found.at_ceiling) == (k_min or 1, {}, False)
        return
    assert low <= found.k <= found.k_max == top
    assert found.at_ceiling == (low < found.k == top < n)
    if method == "opening_cost":
        medoids = found.clustering.medoids.tolist()
        assert found.scores == {found.k: pytest.approx(given_points.cost(medoids, 0.1), abs=1e-6)}
        return
    assert list(found.scores) == list(range(low, top + 1))
    if method == "elbow":
        assert found.scores[low] == pytest.approx(0, abs=1e-9)
        return
    assert found.scores[found.k] == pytest.approx(max(found.scores.values()), abs=1e-8)
    if method == "medoid_silhouette":
        expected = medoid_silhouette(found.clustering, weights=given_points.weights).mean
    else:
        expected = silhouette(given_points.far, found.clustering.labels, weights=given_points.weights).mean
    assert found.scores[found.k] == pytest.approx(expected)


@every_method
@pytest.mark.parametrize("n", [1, 5])
def test_rows_that_are_all_alike_are_one_cluster(method: ChoiceMethod, n: int) -> None:
    far = np.zeros((n, n), dtype=np.float32)
    found = choose_k(far, k_max=4, method=method, opening_cost=price(method))
    assert (found.k, found.scores, found.at_ceiling) == (1, {}, False)
    assert found.clustering.labels.tolist() == [0] * n


@every_method
def test_rows_that_are_all_alike_are_as_many_clusters_as_one_insists_on(method: ChoiceMethod) -> None:
    far = np.zeros((5, 5), dtype=np.float32)
    assert choose_k(far, k_min=3, k_max=4, method=method, opening_cost=price(method)).k == 3


@every_method
def test_copies_of_a_few_rows_are_that_many_clusters(method: ChoiceMethod) -> None:
    places = np.repeat(np.arange(3), 4)
    far = alike(3)[np.ix_(places, places)]
    found = choose_k(far, k_max=8, method=method, opening_cost=price(method, 0.1))
    assert found.k == 3
    assert np.array_equal(found.clustering.labels, places)


def line(*places: float) -> FloatArray:
    far: FloatArray = np.abs(np.subtract.outer(places, places)).astype(np.float32)
    return far


@pytest.mark.parametrize(("method", "most"), [("medoid_silhouette", 5), ("silhouette", 5), ("elbow", 6)])
def test_fewer_rows_than_k_max(method: ChoiceMethod, most: int) -> None:
    far = line(0, 0.1, 0.2, 9, 9.1, 9.2)
    found = choose_k(far, k_max=40, method=method)
    assert (found.k_max, max(found.scores)) == (most, most)
    # Every medoid scores 1: with room for it, the rows of one heap become medoids.
    assert found.k == (4 if method == "medoid_silhouette" else 2)
    assert choose_k(far, k_max=3, method=method).k == 2


def test_too_few_rows_to_tell_clusters_from_single_rows() -> None:
    with pytest.warns(CeilingWarning, match="the chosen k is 4, the most that 5 rows allow"):
        assert choose_k(alike(5), k_max=40).k == 4


def test_every_row_for_itself_is_no_ceiling() -> None:
    found = choose_k(alike(5), k_max=40, method="opening_cost", opening_cost=0.01)
    assert (found.k, found.k_max, found.at_ceiling) == (5, 5, False)


def test_opening_cost_is_that_of_opening_unless_k_min_asks_for_more() -> None:
    far = blobs(3)
    given = cluster_by_opening_cost(far, np.ones(len(far)), opening_cost=0.5, max_k=9)
    found = choose_k(far, k_max=9, method="opening_cost", opening_cost=0.5)
    assert np.array_equal(found.clustering.medoids, given.medoids)
    assert choose_k(far, k_min=5, k_max=9, method="opening_cost", opening_cost=0.5).k == 5


def test_elbow_scores_are_depths_below_the_chord() -> None:
    # The losses of 1, 2 and 3 medoids are 12, 2 and 0.
    found = choose_k(line(0, 2, 10), k_max=3, method="elbow")
    assert found.k == 2
    assert found.scores == pytest.approx({1: 0, 2: 0.5 - 2 / 10, 3: 0})


@every_method
def test_the_same_call_gives_the_same_choice(method: ChoiceMethod) -> None:
    one, other = (choose_k(blobs(5), k_max=9, method=method, seed=4, opening_cost=price(method)) for _ in range(2))
    assert one.scores == other.scores
    assert np.array_equal(one.clustering.labels, other.clustering.labels)


@pytest.mark.parametrize(
    ("method", "k_min", "k_max", "message"),
    [
        ("elbow", 0, 3, "k_min must be at least 1 for this method, found 0"),
        ("silhouette", 1, 3, "k_min must be at least 2 for this method, found 1"),
        ("medoid_silhouette", None, 1, r"k_max must be at least k_min \(2\), found 1"),
        ("elbow", None, 0, r"k_max must be at least k_min \(1\), found 0"),
        ("elbow", 4, 3, r"k_max must be at least k_min \(4\), found 3"),
        ("elbow", 7, 9, "elbow can tell 7 to n clusters apart, found n = 6 rows"),
        ("silhouette", 6, 9, "silhouette can tell 6 to n - 1 clusters apart, found n = 6 rows"),
    ],
)
def test_refuses_a_wrong_range(method: ChoiceMethod, k_min: int | None, k_max: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        choose_k(alike(6), k_min=k_min, k_max=k_max, method=method)


@pytest.mark.parametrize("method", SILHOUETTES)
def test_two_rows_are_too_few_for_a_silhouette(method: ChoiceMethod) -> None:
    with pytest.raises(ValueError, match="found n = 2 rows"):
        choose_k(alike(2), k_max=5, method=method)


def test_refuses_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match=r"method must be one of opening_cost, .*, found 'gap'"):
        choose_k(alike(5), k_max=3, method="gap")  # type: ignore[arg-type]  # as an untyped caller may
    with pytest.raises(TypeError, match=r"k_max must be a whole number, found 2\.5"):
        choose_k(alike(5), k_max=2.5)  # type: ignore[arg-type]  # as an untyped caller may
    for cost in (None, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="needs an opening_cost of at least 0"):
            choose_k(alike(5), k_max=3, method="opening_cost", opening_cost=cost)
    with pytest.raises(ValueError, match="for the method of that name, found the method elbow"):
        choose_k(alike(5), k_max=3, method="elbow", opening_cost=0.5)
    with pytest.raises(ValueError, match="input is empty"):
        choose_k(alike(0), k_max=3)
    with pytest.raises(ValueError, match="expected 5 weights"):
        choose_k(alike(5), k_max=3, weights=np.ones(4))
    broken = alike(5)
    broken[0, 1] = broken[1, 0] = np.nan
    with pytest.raises(ValueError, match="no negative, infinite or missing value"):
        choose_k(broken, k_max=3, method="opening_cost", opening_cost=0.5)


@every_method
def test_rounding_of_a_row_s_distance_to_itself_does_not_count(method: ChoiceMethod) -> None:
    far = blobs(3)
    rounded = Precomputed(far + 0.01 * np.eye(len(far), dtype=np.float32), np.arange(len(far)))
    one, other = (choose_k(data, k_max=7, method=method, opening_cost=price(method)) for data in (far, rounded))
    assert one.scores == other.scores


def test_points_that_are_too_many_for_a_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "MATRIX_UP_TO", 4)
    with pytest.raises(ValueError, match="found 5 rows, expected at most 4: choose k on a sample"):
        choose_k(Precomputed.of(alike(5)), k_max=3)
