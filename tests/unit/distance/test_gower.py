from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.distance import Cyclic, Mixed, Ordinal, explain, gower
from stormcell.types import FloatArray, IntArray

DAISY = json.loads((Path(__file__).parents[2] / "golden" / "daisy.json").read_text())
# So many rows that a block of them is large.
MANY = 310

KINDS: dict[str, Any] = {
    "number": "numeric",
    "log": "log",
    "grade": Ordinal(("low", "mid", "high")),
    "kind": "categorical",
    "flag": "asymmetric",
    "hour": Cyclic(24),
    "tags": "set",
    "text": "vector",
}
_coarse = st.integers(-40, 40).map(lambda value: value / 4)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "number": _coarse,
    "log": st.sampled_from([0.1, 1.0, 2.0, 300.0]),
    "grade": st.sampled_from(["low", "mid", "high"]),
    "kind": st.sampled_from(["a", "b", "c"]),
    "flag": st.booleans(),
    "hour": st.integers(0, 47).map(lambda value: value / 2),
    "tags": st.frozensets(st.sampled_from("abcd"), max_size=3),
    "text": st.lists(st.integers(-2, 2), min_size=3, max_size=3).filter(any),
}

Columns = dict[str, list[Any]]


@st.composite
def tables(draw: st.DrawFn, *, missing: bool = True, names: Sequence[str] = tuple(CELLS)) -> Columns:
    n = draw(st.integers(1, 7))
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    table = {}
    for name in chosen:
        cell = st.one_of(st.none(), CELLS[name]) if missing else CELLS[name]
        table[name] = draw(st.lists(cell, min_size=n, max_size=n))
    return table


def kinds_of(table: Columns) -> dict[str, Any]:
    return {name: KINDS[name] for name in table}


def rows_of(table: Columns, rows: IntArray | Sequence[int]) -> Columns:
    return {name: [cells[row] for row in rows] for name, cells in table.items()}


@given(tables())
def test_is_a_dissimilarity(table: Columns) -> None:
    far = gower(table, kinds=kinds_of(table))
    n = len(next(iter(table.values())))
    assert far.shape == (n, n)
    assert far.dtype == np.float32
    assert ((far >= 0) & (far <= 1)).all()
    assert np.allclose(far, far.T, atol=1e-6)
    assert (far.diagonal() == 0).all()


@given(tables(missing=False, names=["number", "log", "kind", "grade"]))
def test_the_triangle_inequality_without_missing_cells(table: Columns) -> None:
    far = gower(table, kinds=kinds_of(table))
    assert (far[:, :, None] <= far[:, None, :] + far.T[None, :, :] + 1e-6).all()


@given(tables(), st.data())
def test_the_order_of_rows_and_columns_does_not_matter(table: Columns, data: st.DataObject) -> None:
    far = gower(table, kinds=kinds_of(table))
    names = data.draw(st.permutations(list(table)))
    order = data.draw(st.permutations(range(len(far))))
    turned = rows_of({name: table[name] for name in names}, order)
    assert np.allclose(gower(turned, kinds=kinds_of(table)), far[np.ix_(order, order)], atol=1e-6)


@given(tables(), st.sampled_from([-1e6, -0.5, 1e-3, 7.0]), st.sampled_from([-1e3, 0.0, 0.3]))
def test_the_unit_and_the_origin_of_numbers_do_not_matter(table: Columns, factor: float, shift: float) -> None:
    numbers = table.setdefault("number", [0.0] * len(next(iter(table.values()))))
    moved = table | {"number": [None if value is None else factor * value + shift for value in numbers]}
    assert np.allclose(gower(moved, kinds=kinds_of(table)), gower(table, kinds=kinds_of(table)), atol=1e-6)


@given(tables(), st.data())
def test_two_tables_give_a_corner_of_both_together(table: Columns, data: st.DataObject) -> None:
    far = gower(table, kinds=kinds_of(table))
    cut = data.draw(st.integers(0, len(far)))
    x, y = rows_of(table, range(cut)), rows_of(table, range(cut, len(far)))
    assert np.allclose(gower(x, y, kinds=kinds_of(table)), far[:cut, cut:], atol=1e-6)


@given(tables())
def test_large_blocks_are_the_same(table: Columns) -> None:
    far = gower(table, kinds=kinds_of(table))
    rows = np.resize(np.arange(len(far)), MANY)
    points = Mixed(kinds_of(table)).fit(table).points(table).take(rows)
    assert np.allclose(points.cross(points), far[np.ix_(rows, rows)], atol=1e-6)
    # As rows of their own: two that lack the same cells say nothing of each other.
    apart = gower(rows_of(table, rows), kinds=kinds_of(table))
    few = gower(rows_of(table, rows[:20]), rows_of(table, rows), kinds=kinds_of(table))
    off = ~np.eye(20, MANY, dtype=bool)
    assert np.allclose(apart[:20][off], few[off], atol=1e-6)
    assert np.array_equal(apart, apart.T)


@given(tables())
def test_shares_sum_to_the_dissimilarity(table: Columns) -> None:
    points = Mixed(kinds_of(table)).fit(table).points(table)
    far = points.cross(points)
    a, b = np.triu_indices(len(points), 1)
    for i, j, shares in zip(a.tolist(), b.tolist(), explain(points, a, b), strict=True):
        assert [share.name for share in shares] == list(table)
        total = sum(share.share for share in shares)
        assert total == pytest.approx(float(far[i, j]) if any(s.weight for s in shares) else 0, abs=1e-6)


@pytest.mark.parametrize("case", [name for name in DAISY if name not in ("by", "levels")])
def test_agrees_with_daisy_of_r(case: str) -> None:
    golden = DAISY[case]
    table = golden["columns"]
    given: dict[str, Any] = {
        "category": "categorical",
        "grade": Ordinal(tuple(DAISY["levels"])),
        "flag": "asymmetric",
        "rare": "asymmetric",
    }
    named = {name: kind for name, kind in given.items() if name in table}
    expected = np.nan_to_num(np.array(golden["dissimilarity"], dtype=float), nan=1.0)
    far = gower(table, kinds=named, weights=golden["weights"])
    assert np.allclose(far, expected, atol=1e-6)
    fitted = Mixed(named, golden["weights"]).fit(table)
    rows = np.resize(np.arange(len(far)), MANY)
    points = fitted.points(table).take(rows)
    assert np.allclose(points.cross(points), expected[np.ix_(rows, rows)], atol=1e-6)
    pairs = np.triu_indices(len(far), 1)
    sums = [sum(share.share for share in shares) for shares in explain(fitted.points(table), *pairs)]
    common = ~np.isnan(np.array(golden["dissimilarity"], dtype=float)[pairs])
    assert np.allclose(np.array(sums)[common], expected[pairs][common], atol=1e-6)


class Frame:
    """As a data frame: columns, each by its name."""

    def __init__(self, columns: Columns) -> None:
        self.cells = columns
        self.columns = list(columns)

    def __getitem__(self, name: str) -> Any:
        return np.array(self.cells[name], dtype=object)


def test_tables_of_every_shape_are_the_same() -> None:
    expected = gower({"a": [1.0, 2.0, 5.0], "b": [3, 3, 1]})
    array = np.array([[1.0, 3], [2, 3], [5, 1]])
    structured = np.array([(1.0, 3), (2, 3), (5, 1)], dtype=[("a", "f8"), ("b", "i4")])
    shapes = [
        array,
        np.asfortranarray(array),
        np.repeat(array, 2, axis=0)[::2],
        array.astype(object),
        structured,
        {"a": (1.0, 2.0, 5.0), "b": np.array([3, 3, 1], dtype=np.int8)},
        Frame({"a": [1.0, 2.0, 5.0], "b": [3, 3, 1]}),
    ]
    for table in shapes:
        if isinstance(table, np.ndarray):
            table.flags.writeable = False
        assert np.array_equal(gower(table), expected)


def test_columns_of_a_second_table_may_be_in_another_order() -> None:
    far = gower({"a": [0, 1], "b": ["x", "y"]}, {"b": ["y"], "a": [0]})
    assert far.tolist() == [[0.5], [0.5]]


def test_ranges_and_categories_are_those_of_both_tables() -> None:
    assert gower({"a": [0, 1]}, {"a": [4]}).tolist() == [[1], [0.75]]
    assert gower({"a": [0, 1]}, {"a": [4]}, ranges={"a": (0, 2)}).tolist() == [[1], [1]]


def test_fitted_ranges_hold_for_other_rows() -> None:
    fitted = Mixed().fit({"a": [0, 4]})
    new = fitted.points({"a": [1, 99]})
    assert new.cross(fitted.points({"a": [0, 2]})).tolist() == [[0.25, 0.25], [1, 1]]


def test_a_constant_column_counts() -> None:
    assert gower({"a": [0, 1], "b": [7, 7]})[0, 1] == 0.5


def test_weights_by_name_and_by_place() -> None:
    table = {"a": [0, 1], "b": ["x", "x"]}
    assert gower(table, weights={"a": 3})[0, 1] == 0.75
    assert gower(table, weights=np.array([3, 1]))[0, 1] == 0.75
    assert gower(table, weights=[0, 1])[0, 1] == 0


@pytest.mark.parametrize("x", [{"a": [], "b": []}, np.empty((0, 2))])
def test_no_rows(x: Any) -> None:
    assert gower(x).shape == (0, 0)
    y = np.ones((2, 2)) if isinstance(x, np.ndarray) else {"a": ["x", "y"], "b": [1, 2]}
    assert gower(x, y).shape == (0, 2)
    assert gower(y, x).shape == (2, 0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gower(np.ones(3)), ValueError, r"two dimensions \(rows, columns\), found shape \(3,\)"),
        (lambda: gower(np.ones((2, 0))), ValueError, "no column"),
        (lambda: gower({}), ValueError, "no column"),
        (lambda: gower([[1, 2]]), TypeError, "expected an array of two dimensions, .* found <class 'list'>"),
        (lambda: gower({"a": [1], "b": [1, 2]}), ValueError, r"found lengths \{'a': 1, 'b': 2\}"),
        (lambda: gower({"a": "text"}), TypeError, "column 'a': expected a sequence of cells, found 'text'"),
        (lambda: gower({"a": 1}), TypeError, "column 'a': expected a sequence of cells, found 1"),
        (lambda: gower({"a": np.ones((1, 1, 1))}), ValueError, "column 'a': expected one dimension, or two"),
        (lambda: gower({"a": [1]}, {"b": [1]}), ValueError, r"expected the columns \['a'\], found \['b'\]"),
        (lambda: gower(np.ones((1, 2)), np.ones((1, 3))), ValueError, r"expected the columns \[0, 1\]"),
        (lambda: gower({"a": [1]}, kinds={"b": "set"}), ValueError, r"kinds names columns .*\['b'\]; there are"),
        (
            lambda: gower({"a": [1]}, kinds=["set", "set"]),
            ValueError,
            "kinds must have one entry for each of the 1",
        ),
        (lambda: gower({"a": [1]}, kinds="numeric"), ValueError, "kinds must have one entry for each of the 1"),
        (lambda: gower({"a": [1]}, ranges=[]), ValueError, "ranges must have one entry"),
        (lambda: gower({"a": [1]}, weights=[-1]), ValueError, r"at least 0, and not all 0, found \[-1\.0\]"),
        (lambda: gower({"a": [1]}, weights=[0]), ValueError, "not all 0"),
        (lambda: gower({"a": [1]}, weights=[np.inf]), ValueError, "the weights must be numbers"),
        (lambda: gower({"a": [1]}, weights=[np.nan]), ValueError, "the weights must be numbers"),
    ],
)
def test_says_what_is_wrong(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_columns_of_one_name() -> None:
    frame = Frame({"a": [1]})
    frame.columns = ["a", "a"]
    with pytest.raises(ValueError, match="different names"):
        gower(frame)


def test_the_room_is_light_to_import_and_small_blocks_stay_so() -> None:
    program = """
import sys
from stormcell.distance import Vectors, gower
import numpy as np
gower(np.ones((9, 2))); points = Vectors(np.ones((9, 2))); points.cross(points)
print(sorted({"numba", "scipy", "sklearn", "pandas"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_large_tables_of_columns_of_numbers_and_codes() -> None:
    rng = np.random.default_rng(5)
    table: FloatArray = np.column_stack([rng.random((700, 3)), rng.integers(0, 400, (700, 2))]).astype(np.float32)
    table[rng.random(table.shape) < 0.1] = np.nan
    given = ["numeric"] * 3 + ["categorical"] * 2
    far = gower(table, kinds=given)
    span = np.nanmax(table[:, :3].astype(float), axis=0) - np.nanmin(table[:, :3].astype(float), axis=0)
    for row in (0, 350, 699):
        apart = np.abs(table[row].astype(float) - table)
        apart[:, :3] /= span
        apart[:, 3:] = np.where(np.isnan(apart[:, 3:]), np.nan, apart[:, 3:] != 0)
        present = ~np.isnan(apart)
        mean = np.nansum(apart, axis=1) / np.maximum(present.sum(axis=1), 1)
        expected = np.where(present.any(axis=1), mean, 1.0)
        expected[row] = 0.0
        assert np.allclose(far[row], expected, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-300, 1e-46, 1e39, 1e308])
def test_weights_of_any_size_count_by_their_shares(scale: float) -> None:
    rng = np.random.default_rng(0)
    for n in (20, MANY):
        table = rng.random((n, 3))
        expected = gower(table, weights=[1, 0.5, 0.25])
        assert np.allclose(gower(table, weights=[scale, scale / 2, scale / 4]), expected, atol=1e-6)
    with pytest.raises(ValueError, match="0 or at least 1e-30 of the largest"):
        gower(table, weights=[1, 1e-50, 1])


def test_days_and_spans_of_time_are_numbers() -> None:
    days = [date(2020, 1, 1), date(2020, 1, 2), None, date(2020, 1, 31)]
    spans = [timedelta(0), timedelta(days=1), None, timedelta(days=30)]
    for cells in (days, spans):
        assert np.allclose(gower({"t": cells, "x": [0, 0, 0, 0]})[0], [0, 1 / 60, 0, 0.5])


def test_refuses_a_range_of_levels_that_is_upside_down() -> None:
    spans: list[Any] = [("c", "a"), ("a",)]
    for span in spans:
        with pytest.raises(ValueError, match=r"the range of column 'x' must be \(low, high\)"):
            gower({"x": ["a", "b", "c"]}, kinds={"x": "ordinal"}, ranges={"x": span})


def test_refuses_to_explain_pairs_from_lists_of_different_lengths() -> None:
    points = Mixed().fit({"x": [0, 1, 4]}).points({"x": [0, 1, 4]})
    assert explain(points, np.array([0]), np.array([1]))[0][0].share == 0.25
    with pytest.raises(ValueError, match="two lists of as many rows each"):
        explain(points, np.array([0, 1]), np.array([1]))
