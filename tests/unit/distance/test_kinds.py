"""What each kind of column says of two cells, through gower() of one column."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.distance import Mixed, gower, kinds
from stormcell.types import FloatArray

NAN = np.nan


class NAType:
    """As the NA of pandas: neither equal nor unequal to anything."""

    def __ne__(self, other: object) -> Any:
        return self

    __hash__ = None  # type: ignore[assignment] # not to be used as a category

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")


def one(cells: Any, kind: Any = None) -> FloatArray:
    """Compare the cells of a column with the first one."""
    first: FloatArray = gower({"x": cells}, kinds={"x": kind})[0]
    return first


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        ("numeric", [1, 3, 5.0], [0, 0.5, 1]),
        ("numeric", [Decimal("0.5"), np.float32(1), True], [0, 1, 1]),
        ("numeric", [7, 7], [0, 0]),
        ("log", [1, 10, 100], [0, 0.5, 1]),
        ("ordinal", [10, 20, 1000], [0, 0.5, 1]),
        ("ordinal", ["a", "c", "b"], [0, 1, 0.5]),
        (kinds.Ordinal(("low", "mid", "high", "never")), ["low", "high", "mid"], [0, 1, 0.5]),
        ("categorical", ["a", "b", "a", ""], [0, 1, 0, 1]),
        ("categorical", ["1", 1, True, 1.0], [0, 1, 1, 1]),
        ("categorical", [2.5, 2, 2.5], [0, 1, 0]),
        ("asymmetric", [True, False, 1], [0, 1, 0]),
        (kinds.Cyclic(24), [23.5, 0.5, 11.5, 47.5], [0, 1 / 12, 1, 0]),
        (kinds.Cyclic(360), [-10, 350, 80], [0, 0, 0.5]),
        ("set", [{"a", "b"}, ["b", "a", "a"], ("a",), set()], [0, 0, 0.5, 1]),
        ("vector", [[1, 0], [0, 2], [-3, 0], (5, 0)], [0, 0.5, 1, 0]),
        (kinds.Vector(scale=1), np.array([[1, 0], [0, 2], [-3, 0]]), [0, 1, 1]),
        (kinds.Vector(), np.array([[1e-200, 0], [1e200, 0]]), [0, 0]),
    ],
)
def test_kinds(kind: Any, cells: Any, expected: list[float]) -> None:
    assert one(cells, kind).tolist() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (np.array([1, 3, 5], dtype=np.uint8), [0, 0.5, 1]),
        ([1, None, 2.0, 5], [0, 1, 0.25, 1]),
        (np.array(["2020-01-01", "2020-01-02", "2020-01-05"], dtype="datetime64[ns]"), [0, 0.25, 1]),
        (np.array([0, 1, 4], dtype="timedelta64[h]"), [0, 0.25, 1]),
        ([datetime(2020, 1, 1), datetime(2020, 1, 2, tzinfo=UTC), datetime(2020, 1, 5)], [0, 0.25, 1]),
        (np.array(["a", "b", "a"]), [0, 1, 0]),
        (["a", 1, "a", None], [0, 1, 0, 1]),
        (np.array([True, False, True]), [0, 1, 0]),
        ([True, False, False], [0, 1, 1]),
        ([{1, 2}, frozenset({2}), None], [0, 0.5, 1]),
        (np.array([[1, 0], [0, 1], [1, 1]]), [0, 0.5, 0.5 * (1 - np.sqrt(0.5))]),
        ([None, None], [0, 1]),
    ],
)
def test_kinds_of_columns_of_which_nothing_is_said(cells: Any, expected: list[float]) -> None:
    assert one(cells).tolist() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("numeric", 1.0),
        ("log", 1.0),
        ("ordinal", "a"),
        ("categorical", "a"),
        ("asymmetric", True),
        (kinds.Cyclic(2), 1.0),
        ("set", {"a"}),
        ("vector", [1.0, 2.0]),
    ],
)
@pytest.mark.parametrize("missing", [None, NAN, np.datetime64("NaT"), NAType()])
def test_missing_cells(kind: Any, cell: Any, missing: Any) -> None:
    far = gower({"x": [cell, missing, cell], "y": [0, 0, 1]}, kinds=[kind, "numeric"])
    # The missing cell leaves the other column alone to say something.
    assert far.tolist() == [[0, 0, 0.5], [0, 0, 1], [0.5, 1, 0]]


def test_missing_cells_of_arrays() -> None:
    masked = np.ma.MaskedArray([1, 2, 3], mask=[False, True, False])
    times = np.array(["2020-01-01", "NaT", "2020-01-03"], dtype="datetime64[s]")
    vectors = np.array([[1, 0], [NAN, 1], [0, 1]])
    for column in (masked, times, times.astype(object), vectors, np.array([1, NAN, 3], dtype=np.float16)):
        far = gower({"x": column})
        assert far[1].tolist() == [1, 0, 1]
        assert far[0, 2] > 0


def test_a_vector_of_zeros_is_missing() -> None:
    far = gower({"x": [[0, 0], [1, 0], [1, 0]], "y": [0, 1, 1]}, kinds={"x": "vector"})
    assert far[0].tolist() == [0, 1, 1]
    assert far[1, 2] == 0


class Ordered:
    """A column of a data frame whose categories have an order."""

    class dtype:  # noqa: N801 - as it is called there
        ordered = True
        categories = ("low", "mid", "high")

    def __init__(self, cells: Sequence[str]) -> None:
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.cells, dtype=object)


def test_an_ordered_column_of_a_data_frame_is_ordinal() -> None:
    assert one(Ordered(["low", "high", "mid"])).tolist() == [0, 1, 0.5]


@pytest.mark.parametrize(
    ("kind", "cells", "error", "message"),
    [
        ("numeric", [1, "a"], TypeError, "column 'x', row 1: expected a number, found 'a'"),
        ("numeric", ["1", "2"], TypeError, "column 'x', row 0: expected a number, found '1'"),
        ("numeric", [1, np.inf], ValueError, "column 'x', row 1: expected a number, found inf; use None"),
        ("numeric", np.array([-np.inf, 1]), ValueError, "column 'x', row 0: .*found .*-inf"),
        ("numeric", np.ones((2, 2)), TypeError, r"column 'x': expected a number a row, found shape \(2, 2\)"),
        ("numeric", [-1.7e308, 1.7e308], ValueError, "column 'x': its range is too large"),
        ("log", [1, 0], ValueError, r"column 'x', row 1: a log column needs numbers above 0, found 0\.0"),
        ("ordinal", ["a", 1], TypeError, r"column 'x': its cells have no order, give kinds\.Ordinal\(levels\)"),
        (kinds.Ordinal(("a",)), ["a", "b"], ValueError, r"column 'x', row 1: expected one of the levels \['a'\]"),
        (kinds.Ordinal(("a", "a")), ["a"], ValueError, "every level must be there once"),
        ("categorical", ["a", ["b"]], TypeError, r"column 'x', row 1: expected a category, found \['b'\]"),
        ("asymmetric", [0, 2], ValueError, "column 'x', row 1: expected 0, 1, true or false, found 2"),
        ("asymmetric", [0, "no"], TypeError, "column 'x', row 1: expected 0, 1, true or false, found 'no'"),
        ("set", [{1}, "ab"], TypeError, "column 'x', row 1: expected a set, a list or a tuple, found 'ab'"),
        ("set", [[{1}]], TypeError, "column 'x', row 0: the items of a set must be hashable"),
        ("vector", [[1, 2], [1]], ValueError, r"column 'x': expected vectors of one length, found \[1, 2\]"),
        ("vector", [[1], "a"], TypeError, "column 'x', row 1: expected a vector of numbers, found 'a'"),
        ("vector", [[1], 2], TypeError, "column 'x', row 1: expected a vector of numbers, found 2"),
        ("vector", [[1], [np.inf]], ValueError, "column 'x', row 1: expected finite numbers"),
        ("number", [1], ValueError, "column 'x': the kind must be one of numeric, .*, found 'number'"),
        ("cyclic", [1], ValueError, r"an object such as kinds\.Cyclic\(24\), found 'cyclic'"),
        (kinds.Cyclic, [1], ValueError, r"an object such as kinds\.Cyclic\(24\)"),
    ],
)
def test_says_which_cell_is_not_of_the_kind(kind: Any, cells: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        one(cells, kind)


@pytest.mark.parametrize("period", [0, -1, np.inf, NAN])
def test_a_period_is_above_0(period: float) -> None:
    with pytest.raises(ValueError, match="the period must be a number above 0"):
        kinds.Cyclic(period)


@pytest.mark.parametrize("scale", [0, 1.1, NAN])
def test_a_scale_is_above_0_and_at_most_1(scale: float) -> None:
    with pytest.raises(ValueError, match="the scale must be above 0 and at most 1"):
        kinds.Vector(scale)


@pytest.mark.parametrize("kind", ["categorical", "asymmetric", kinds.Cyclic(2), "set", "vector"])
def test_kinds_without_a_range(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"column 'x' is .* and has no range"):
        gower({"x": [1]}, kinds=[kind], ranges=[(0, 1)])


def test_ranges_of_numbers_logarithms_times_and_levels() -> None:
    assert gower({"x": [0, 1]}, ranges={"x": (0, 4)})[0, 1] == 0.25
    assert gower({"x": [1, 10]}, kinds=["log"], ranges=[(1, 10000)])[0, 1] == 0.25
    days = [datetime(2020, 1, day, tzinfo=UTC) for day in (1, 2, 5)]
    assert gower({"x": days[:2]}, ranges={"x": (days[0], days[2])})[0, 1] == 0.25
    levels = kinds.Ordinal(("a", "b", "c"))
    assert gower({"x": ["a", "b"]}, kinds=[levels], ranges=[("a", "c")])[0, 1] == 0.5


@pytest.mark.parametrize("span", [(1, 0), (0, NAN), (0,)])
def test_a_range_is_low_and_high(span: Any) -> None:
    with pytest.raises(ValueError, match=r"range of column 'x' must be \(low, high\)"):
        gower({"x": [0, 1]}, ranges={"x": span})


def test_categories_unseen_when_fitted_equal_only_themselves() -> None:
    fitted = Mixed(["categorical"]).fit({"x": ["a", "b"]})
    first, then = fitted.points({"x": ["a", "new", "newer"]}), fitted.points({"x": ["newest", "new", "b"]})
    assert first.cross(then).tolist() == [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    assert first.cross(first).tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]


def test_items_of_sets_unseen_when_fitted() -> None:
    fitted = Mixed(["set"]).fit({"x": [{1}]})
    assert fitted.points({"x": [{2, 3}]}).cross(fitted.points({"x": [{3}, {1}]})).tolist() == [[0.5, 1]]


def test_vectors_of_another_length_than_the_fitted_ones() -> None:
    fitted = Mixed().fit({"x": np.ones((2, 3))})
    with pytest.raises(ValueError, match="column 'x': expected vectors of length 3, found 2"):
        fitted.points({"x": np.ones((2, 2))})


def test_what_is_fitted_can_be_sent_to_another_process() -> None:
    table = {"a": [1, 2], "b": ["x", "y"], "c": [{1}, {2}], "d": [[1.0], [2.0]], "e": [0, 1], "f": [1, 3]}
    fitted = Mixed({"d": "vector", "c": "set", "e": "asymmetric", "f": kinds.Cyclic(4)}).fit(table)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(
        fitted.points(table).cross(fitted.points(table)), again.points(table).cross(again.points(table))
    )


texts = st.one_of(st.none(), st.text(max_size=2))


@given(st.lists(texts, min_size=1, max_size=6), st.lists(texts, min_size=1, max_size=6))
def test_cells_are_equal_or_not_whatever_was_fitted(fitted: list[str | None], cells: list[str | None]) -> None:
    points = Mixed(["categorical"]).fit({"x": fitted}).points({"x": cells})
    far = points.cross(points)
    for a, one_cell in enumerate(cells):
        for b, other in enumerate(cells):
            assert far[a, b] == (a != b and (one_cell != other or one_cell is None))
