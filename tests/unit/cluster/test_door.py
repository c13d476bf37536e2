"""What k-medoids takes and refuses, besides what test_kmedoids shows of its solutions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster import (
    choose_k,
    clara,
    constrained_kmedoids,
    davies_bouldin,
    kmedoids,
    label,
    pam,
    silhouette,
)
from stormcell.distance.points import Precomputed
from tests.unit.cluster.points import Points, assert_consistent, points, random_points


@given(points(), st.data())
def test_pinned_points_are_medoids(given_points: Points, data: st.DataObject) -> None:
    n = len(given_points.far)
    k = data.draw(st.integers(1, n))
    pinned = data.draw(st.lists(st.integers(0, n - 1), unique=True, max_size=k))
    found = kmedoids(given_points.far, k, weights=given_points.weights, pinned=np.array(pinned))
    assert set(pinned) <= set(found.medoids.tolist())
    assert_consistent(found, given_points)


def test_points_give_what_their_matrix_gives() -> None:
    far = random_points(np.random.default_rng(0), 80).far
    one, other = kmedoids(far, 6), kmedoids(Precomputed.of(far), 6)
    assert one.medoids.tolist() == other.medoids.tolist()
    assert one.loss == other.loss


def test_label_assigns_without_a_search() -> None:
    given_points = random_points(np.random.default_rng(0), 40)
    found = label(Precomputed.of(given_points.far), np.array([30, 2]), weights=given_points.weights)
    assert found.medoids.tolist() == [2, 30]
    assert_consistent(found, given_points)


def test_the_margin_says_how_much_farther_the_second_is() -> None:
    far = np.abs(np.subtract.outer([0.0, 1, 8, 9], [0.0, 1, 8, 9]))
    found = kmedoids(far, 2, init=np.array([0, 3]))
    assert found.margin.tolist() == [9, 7, 7, 9] or found.margin.tolist() == [8, 8, 6, 9]
    assert kmedoids(far, 1).margin.tolist() == [np.inf] * 4


@pytest.mark.parametrize("change", ["float64", "fortran", "slice", "read-only", "integers"])
def test_any_layout_of_numbers_will_do(change: str) -> None:
    far = np.round(random_points(np.random.default_rng(3), 340).far * 64)
    layouts: dict[str, Any] = {
        "float64": lambda: far.astype(np.float64),
        "fortran": lambda: np.asfortranarray(far),
        "slice": lambda: np.repeat(np.repeat(far, 2, axis=0), 2, axis=1)[::2, ::2],
        "read-only": lambda: np.frombuffer(far.tobytes(), dtype=far.dtype).reshape(far.shape),
        "integers": lambda: far.astype(np.int16),
    }
    assert kmedoids(layouts[change](), 4).medoids.tolist() == kmedoids(far, 4).medoids.tolist()


def test_the_input_is_left_as_it_was() -> None:
    far = random_points(np.random.default_rng(3), 340).far
    before = far.copy()
    start = np.array([5, 3, 1])
    kmedoids(far, 3, init=start)
    assert (far == before).all()
    assert start.tolist() == [5, 3, 1]


def test_refuses_objects() -> None:
    with pytest.raises(TypeError, match="holds Python objects: convert it"):
        kmedoids(np.zeros((2, 2), dtype=object), 1)


@pytest.mark.parametrize("k", [1.5, "2", None])
def test_refuses_a_k_that_is_no_whole_number(k: Any) -> None:
    with pytest.raises(TypeError, match="k must be a whole number"):
        kmedoids(np.zeros((3, 3), dtype=np.float32), k)


@pytest.mark.parametrize("n", [4, 400])
def test_refuses_a_matrix_that_is_not_symmetric(n: int) -> None:
    far = np.triu(np.ones((n, n), dtype=np.float32), 1)
    with pytest.raises(ValueError, match=r"not symmetric: row \d+, column \d+ is .* \(take the mean"):
        kmedoids(far, 2)


def test_refuses_a_similarity() -> None:
    with pytest.raises(ValueError, match=r"point 0 with itself is 1.0: expected 0 \(is this a similarity\?\)"):
        kmedoids(np.eye(5, dtype=np.float32), 2)


def test_rounding_on_the_diagonal_and_between_the_halves_is_no_error() -> None:
    far = random_points(np.random.default_rng(3), 20).far.copy()
    far[np.diag_indices(20)] = 1e-6
    far[3, 4] *= 1 + 1e-6
    assert len(kmedoids(far, 3).medoids) == 3


@pytest.mark.parametrize(
    ("pinned", "said"),
    [
        ([0, 0], "pinned must name different points, 0 to 2"),
        ([3], "pinned must name different points, 0 to 2"),
        ([-1], "pinned must name different points"),
        ([0.5], "pinned must be a list of points"),
        ([0, 1, 2], "3 points are pinned as medoids but k is 2: raise k or unpin some"),
    ],
)
def test_refuses_wrong_pins(pinned: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kmedoids(np.zeros((3, 3), dtype=np.float32), 2, pinned=np.array(pinned))


def test_pins_must_be_among_the_given_start() -> None:
    with pytest.raises(ValueError, match=r"init must hold all pinned points, \[2\] are not among them"):
        kmedoids(np.zeros((3, 3), dtype=np.float32), 2, init=np.array([0, 1]), pinned=np.array([2]))


def test_refuses_a_method_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="method must be one of auto, exact, sampled, found 'sampel'"):
        kmedoids(np.zeros((3, 3), dtype=np.float32), 1, method="sampel")  # type: ignore[arg-type]  # as an untyped caller may


class InDouble(Precomputed):
    """Points whose dissimilarities are in double precision, as those of scipy are."""

    def cross(self, other: Any) -> Any:
        return super().cross(other).astype(np.float64)


@pytest.mark.parametrize("n", [40, 340])
def test_double_precision_changes_nothing(n: int) -> None:
    far = np.round(random_points(np.random.default_rng(3), n).far * 64)
    expected = kmedoids(far, 4)
    in_double: Any = far.astype(np.float64)
    for data in (Precomputed.of(in_double), InDouble.of(far), in_double.tolist()):
        assert kmedoids(data, 4).medoids.tolist() == expected.medoids.tolist()
        assert kmedoids(data, 4, init="build").loss == kmedoids(far, 4, init="build").loss
        assert pam(data, 4).loss == pam(far, 4).loss
    sampled = [kmedoids(points, 4, method="sampled").loss for points in (Precomputed.of(far), InDouble.of(far))]
    assert sampled[0] == sampled[1]


@pytest.mark.parametrize("n", [40, 340])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1])
def test_refuses_a_cell_that_is_no_dissimilarity_wherever_it_is_looked_at(n: int, value: float) -> None:
    far = random_points(np.random.default_rng(3), n).far.copy()
    found = kmedoids(far, 2)
    far[5, 7] = far[7, 5] = value
    for call in (
        lambda: kmedoids(Precomputed.of(far), 2),
        lambda: pam(far, 2),
        lambda: clara(far, 2),
        lambda: label(far, np.array([0, 1])),
        lambda: silhouette(far, found.labels),
        lambda: davies_bouldin(far, found),
        lambda: choose_k(far, k_max=3),
    ):
        with pytest.raises(ValueError, match=r"row \d, column \d of the dissimilarity is (nan|inf|-1)"):
            call()


def test_takes_a_matrix_as_lists_and_says_what_else_it_cannot_take() -> None:
    far: Any = [[0, 1, 5], [1, 0, 5], [5, 5, 0]]
    none: Any = []
    assert kmedoids(far, 2).labels.tolist() == [0, 0, 1]
    assert label(far, np.array([0, 2])).labels.tolist() == [0, 0, 1]
    assert constrained_kmedoids(far, 2, pinned=none).loss == 1
    assert silhouette(far, np.array([0, 0, 1])).mean > 0
    with pytest.raises(TypeError, match="masked array: give every pair a value"):
        kmedoids(np.ma.masked_equal(far, 5), 2)
    with pytest.raises(TypeError, match="must hold numbers, found <U1"):
        kmedoids(np.array([["0", "1"], ["1", "0"]]), 1)
    with pytest.raises(ValueError, match="at least one point, found none"):
        label(far, none)
    with pytest.raises(ValueError, match="max_passes must be at least 1, found 0"):
        kmedoids(far, 2, max_passes=0)
    with pytest.raises(ValueError, match="the weights sum to 3e\\+300, expected less"):
        kmedoids(far, 2, weights=np.full(3, 1e300))
    with pytest.raises(ValueError, match="lost in single precision: choose a smaller unit"):
        kmedoids(np.multiply(far, 1e-50), 2)
