from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stormcell.distance import tiles
from stormcell.distance.points import MANY as MANY_ROWS
from stormcell.distance.points import Precomputed
from stormcell.distance.vectors import Metric, Vectors
from stormcell.types import DoubleArray

Rows = NDArray[np.floating[Any]]

METRICS = get_args(Metric)
every_metric = pytest.mark.parametrize("metric", METRICS)
every_precision = pytest.mark.parametrize("dtype", [np.float32, np.float64])
# So many rows that a block of them is large, and one more tile than one.
MANY = 600


def slow(left: Rows, right: Rows, metric: Metric) -> DoubleArray:
    """Distances in double precision, from differences alone: nothing cancels."""
    left, right = left.astype(np.float64), right.astype(np.float64)
    if metric == "cosine":
        left, right = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (left, right))
    far = np.empty((len(left), len(right)))
    for at, row in enumerate(left):
        if metric == "manhattan":
            far[at] = np.abs(row - right).sum(axis=1)
        else:
            squared: DoubleArray = ((row - right) ** 2).sum(axis=1)
            far[at] = np.sqrt(squared) if metric == "euclidean" else squared / 2
    return far


def data(shape: str, n: int = MANY, d: int = 7) -> Rows:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(n, d))
    if shape == "far from the origin":
        return rows + 1e6
    if shape == "tight heaps far apart":
        return 1e-3 * rows + 1e4 * rng.normal(size=(5, d))[rng.integers(0, 5, n)]
    if shape == "of all sizes":
        return rows * np.exp(rng.uniform(-18, 18, (n, 1)))
    if shape == "very large":
        return rows * (1e17 / float(np.abs(rows).max()))
    if shape == "very small":
        return 1e-17 * rows
    if shape == "one column":
        return np.abs(rows[:, :1]) + 0.1
    return rows


every_shape = pytest.mark.parametrize(
    "shape",
    [
        "plain", "far from the origin", "tight heaps far apart", "of all sizes", "very large", "very small",
        "one column",
    ],
)  # fmt: skip


@every_metric
@every_precision
@every_shape
def test_every_distance_is_precise_large_and_small(metric: Metric, dtype: type, shape: str) -> None:
    rows: Rows = data(shape).astype(dtype)
    rows[1::50] = rows[0]
    expected = slow(rows, rows, metric)
    # Where directions are all but equal, rounding them to rows is what remains.
    bare = 1e-30 if metric == "cosine" else 0.0
    points = Vectors(rows, metric)
    far = points.cross(points)
    assert far.dtype == np.float32
    assert np.allclose(far, expected, rtol=1e-5, atol=bare)
    assert np.array_equal(far, far.T)
    assert (far.diagonal() == 0).all()
    assert (far[1::50, 1::50] == 0).all()
    few, others = np.arange(100), np.arange(90, 190)
    small = points.take(few).cross(points.take(others))
    assert small.dtype == np.float32
    assert np.allclose(small, expected[np.ix_(few, others)], rtol=1e-5, atol=bare)
    unequal = points.take(np.arange(580)).cross(points.take(np.arange(20, 600)))
    assert np.allclose(unequal, expected[:580, 20:], rtol=1e-5, atol=bare)


@every_metric
@pytest.mark.parametrize("n", [3, 400])
def test_points_made_apart_can_be_compared(metric: Metric, n: int) -> None:
    rows, others = data("plain", n), 5 + data("plain", 500)
    found = Vectors(rows, metric).cross(Vectors(others, metric))
    assert np.allclose(found, slow(rows, others, metric), rtol=1e-5)


def test_cosine_of_equal_orthogonal_and_opposite_rows() -> None:
    rows = np.array([[3, 0], [1, 0], [0, 2], [-1, 0]])
    points = Vectors(rows, "cosine")
    assert points.cross(points)[0].tolist() == [0, 0, 1, 2]


@every_metric
@given(st.data())
def test_is_a_metric_on_small_whole_numbers(metric: Metric, data: st.DataObject) -> None:
    cell = st.integers(-9, 9)
    rows = np.array(
        data.draw(st.lists(st.lists(cell, min_size=2, max_size=2).filter(any), min_size=1, max_size=9))
    )
    points = Vectors(rows, metric)
    far = points.cross(points)
    assert far.shape == (len(rows), len(rows))
    assert np.array_equal(far, far.T)
    assert (far.diagonal() == 0).all()
    assert np.allclose(far, slow(rows, rows, metric), rtol=1e-5, atol=1e-15)
    if metric != "cosine":
        assert (far[:, :, None] <= far[:, None, :] + far.T[None, :, :] + 1e-5).all()


@every_metric
def test_no_rows(metric: Metric) -> None:
    points = Vectors(np.empty((0, 3)), metric)
    assert points.cross(points).shape == (0, 0)
    assert points.cross(Vectors(np.ones((2, 3)), metric)).shape == (0, 2)


@every_metric
def test_rows_in_another_order_of_memory_and_read_only(metric: Metric) -> None:
    rows = data("plain", 400)
    turned = np.asfortranarray(rows)
    turned.flags.writeable = False
    points, strided = Vectors(rows, metric), Vectors(np.repeat(rows, 2, axis=0)[::2], metric)
    expected = points.cross(points)
    other = Vectors(turned, metric)
    assert np.allclose(other.cross(other), expected, rtol=1e-6, atol=1e-12)
    assert np.allclose(strided.cross(points), expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ones(3), r"two dimensions and at least one column, found shape \(3,\)"),
        (np.ones((3, 0)), r"at least one column, found shape \(3, 0\)"),
        (np.array([["a"]]), r"must hold numbers, found <U1; gower\(\) compares columns of other kinds"),
        (np.array([[1, 2], [np.nan, 2]]), "found nan in row 1, column 0"),
        (np.array([[1, np.inf]]), "found inf in row 0, column 1"),
        (np.array([[1, -1e19]]), r"up to 1e\+18, found -1e\+19 in row 0, column 1"),
    ],
)
def test_says_what_is_wrong_with_the_rows(rows: NDArray[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Vectors(rows)


def test_a_row_of_zeros_has_no_direction() -> None:
    with pytest.raises(ValueError, match="row 1 of X is zero"):
        Vectors(np.array([[1, 0], [0, 0]]), "cosine")


def test_an_unknown_metric() -> None:
    with pytest.raises(ValueError, match="one of euclidean, manhattan, cosine, found 'l2'"):
        Vectors(np.ones((2, 2)), "l2")  # type: ignore[arg-type] # the point of the test


def test_points_of_other_columns_or_another_metric_cannot_be_compared() -> None:
    points = Vectors(np.ones((2, 3)))
    for other in (Vectors(np.ones((2, 2))), Vectors(np.ones((2, 3)), "manhattan")):
        with pytest.raises(ValueError, match="cannot be compared"):
            points.cross(other)


def test_points_of_a_matrix() -> None:
    far = np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]], dtype=np.float32)
    points = Precomputed.of(far)
    some = points.take(np.array([2, 0]))
    assert len(some) == 2
    assert np.array_equal(some.cross(points), far[[2, 0]])
    assert some.take(np.array([1])).cross(some).tolist() == [[2, 0]]


@every_metric
@pytest.mark.parametrize("side", [tiles._SIDE, 16])
def test_few_rows_of_a_large_table_and_all_of_it(
    metric: Metric, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A narrow block is cut into longer tiles; 16: into several.
    monkeypatch.setattr(tiles, "_SIDE", side)
    rows = data("plain", MANY_ROWS + 100)
    points, some = Vectors(rows, metric), np.array([3, 2, 3, 2_050, 7])
    expected = slow(rows[some], rows, metric)
    np.testing.assert_allclose(points.take(some).cross(points), expected, atol=2e-6)
    np.testing.assert_allclose(points.cross(points.take(some)), expected.T, atol=2e-6)
    np.testing.assert_allclose(points.take(some).cross(points.take(some)), expected[:, some], atol=2e-6)
    assert points.take(some[:0]).cross(points).shape == (0, len(rows))
