from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.distance import tiles
from stormcell.distance.fields import (
    AsymmetricBinary,
    Categorical,
    Cosine,
    Cyclic,
    Gap,
    Lookup,
    Numeric,
    Partial,
)
from stormcell.distance.mixed import Field, MixedPoints, explain
from stormcell.distance.points import MANY as MANY_ROWS
from stormcell.types import IntArray
from tests.unit.distance.columns import Column, tables

Table = tuple[int, tuple[Field, ...], list[Column]]

# So many rows that a block of them is large.
MANY = 310


def gower(fields: tuple[Field, ...], a: int, b: int) -> float:
    """Gower's coefficient, field by field."""
    total = weights = 0.0
    for field in fields:
        one, other = (field.partial.take(np.array([row])) for row in (a, b))
        part = float(one.cross(other)[0, 0])
        delta = 0.0 if math.isnan(part) else 1.0
        total += field.weight * delta * (part if delta else 0.0)
        weights += field.weight * delta
    if a == b:
        return 0.0
    return total / weights if weights else 1.0


@given(tables())
def test_mixed_is_gowers_coefficient(table: Table) -> None:
    n, fields, _ = table
    points = MixedPoints(fields)
    far = points.cross(points)
    slow = [[gower(fields, a, b) for b in range(n)] for a in range(n)]
    assert far.dtype == np.float32
    assert np.allclose(far, slow, atol=1e-6)
    assert ((far >= 0) & (far <= 1)).all()


def repeated(points: MixedPoints) -> IntArray:
    return np.resize(np.arange(len(points)), MANY)


@given(tables())
def test_large_blocks_are_the_same(table: Table) -> None:
    points = MixedPoints(table[1])
    far = points.cross(points)
    rows = repeated(points)
    some = points.take(rows)
    square = some.cross(some)
    assert square.dtype == np.float32
    assert np.allclose(square, far[np.ix_(rows, rows)], atol=1e-6)
    assert np.array_equal(square, square.T)
    assert ((square >= 0) & (square <= 1)).all()
    other = points.take(rows[3:])
    assert np.allclose(some.cross(other), far[np.ix_(rows, rows[3:])], atol=1e-6)


def every_kind(n: int, *, missing: bool) -> tuple[Field, ...]:
    rng = np.random.default_rng(1)
    lacks = rng.random((n, 6)) < (0.2 if missing else 0)
    vectors = rng.normal(size=(n, 5))
    vectors[lacks[:, 0]] = 0
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    numbers = [np.where(lacks[:, at % 6], np.nan, 1e6 + rng.random(n)) for at in range(7)]
    codes = [
        np.where(lacks[:, at % 6], -1, rng.integers(0, top, n)) for at, top in enumerate([3, 4, 5, 6, 7, 999])
    ]
    flags = np.where(lacks[:, 5], np.nan, rng.integers(0, 2, n))
    times = rng.integers(0, 10**12, n)
    partials: list[tuple[str, float, Partial]] = [
        *((f"number {at}", 1.0 + at, Numeric(values, 0.9)) for at, values in enumerate(numbers)),
        *((f"code {at}", 2.0 + at // 5, Categorical(values)) for at, values in enumerate(codes)),
        ("constant", 0.5, Numeric(np.full(n, 3.0), 0.0)),
        ("flag", 1.5, AsymmetricBinary(flags)),
        ("hour", 1.0, Cyclic(np.where(lacks[:, 4], np.nan, rng.random(n)))),
        ("text", 3.0, Cosine(vectors.astype(np.float32), 0.5)),
        ("time", 1.0, Gap(times, times + 10**9, 1e12)),
        (
            "hops",
            1.0,
            Lookup(codes[0], np.array([[0, 0.5, 1], [0.5, 0, np.nan], [1, np.nan, 0]], dtype=np.float32)),
        ),
    ]
    return tuple(Field(*part) for part in partials)


@pytest.mark.parametrize("missing", [False, True])
def test_blocks_of_several_tiles_are_the_same_as_small_ones(missing: bool) -> None:
    points = MixedPoints(every_kind(1200, missing=missing))
    whole = points.cross(points)
    assert np.array_equal(whole, whole.T)
    assert (whole.diagonal() == 0).all()
    shuffled = np.random.default_rng(2).permutation(1200)
    large = points.take(shuffled[:700]).cross(points.take(shuffled[100:]))
    assert np.allclose(large, whole[np.ix_(shuffled[:700], shuffled[100:])], atol=1e-6)
    for start in (0, 500, 1100):
        a, b = np.arange(start, start + 100), np.arange(400, 1200)
        small = points.take(a).cross(points.take(b))
        assert np.allclose(whole[np.ix_(a, b)], small, atol=1e-6)


@pytest.mark.parametrize("place", [1e9, 1e300])
def test_values_far_beyond_the_range_keep_their_digits(place: float) -> None:
    values = np.concatenate([np.linspace(0, 1, 200), place + np.linspace(0, 1, 200)])
    points = MixedPoints((Field("number", 1.0, Numeric(values, 1.0)),))
    small = np.minimum(np.abs(np.subtract.outer(values, values)), 1)
    assert np.allclose(points.cross(points), small, atol=1e-6)


@pytest.mark.parametrize("most", [255, 256, 2**16, 2**24, 2**40])
def test_codes_of_every_size_are_told_apart(most: int) -> None:
    codes = np.resize(np.array([most - 1, most, most + 1, 0, -1]), MANY)
    points = MixedPoints((Field("code", 1.0, Categorical(codes)), Field("same", 1.0, Categorical(0 * codes))))
    expected = np.where((codes[:, None] < 0) | (codes < 0), 0, (codes[:, None] != codes) / 2)
    assert np.array_equal(points.cross(points), expected)


def test_many_categories_of_equal_weight_all_count() -> None:
    n, count = 301, 600
    codes = np.zeros((count, n), dtype=np.int64)
    codes[:, 0] = 1
    codes[: count // 4, 1] = 2
    points = MixedPoints(tuple(Field(str(at), 1.0, Categorical(column)) for at, column in enumerate(codes)))
    far = points.cross(points)
    assert far[0].tolist() == [0, 1, *[1] * (n - 2)]
    assert far[1, 2] == np.float32(0.25)


@given(tables())
def test_shares_sum_to_the_mixed_dissimilarity(table: Table) -> None:
    n, fields, _ = table
    points = MixedPoints(fields)
    a, b = (side.ravel() for side in np.indices((n, n)))
    far = points.cross(points).ravel()
    for shares, whole, same in zip(explain(points, a, b), far.tolist(), (a == b).tolist(), strict=True):
        common = any(share.weight for share in shares)
        expected = whole if common else 0.0
        assert same or common or whole == 1
        assert sum(share.share for share in shares) == pytest.approx(expected, abs=1e-6)
        assert [share.name for share in shares] == [field.name for field in fields if field.weight > 0]
        for share in shares:
            assert 0 <= share.share <= share.dissimilarity + 1e-12 <= 1 + 1e-9


@given(tables())
def test_a_missing_field_has_no_weight(table: Table) -> None:
    n, fields, columns = table
    used = [(field, column) for field, column in zip(fields, columns, strict=True) if field.weight > 0]
    a, b = (side.ravel() for side in np.indices((n, n)))
    for x, y, shares in zip(a.tolist(), b.tolist(), explain(MixedPoints(fields), a, b), strict=True):
        for (field, column), share in zip(used, shares, strict=True):
            if column.missing[x] or column.missing[y]:
                assert (share.weight, share.share, share.dissimilarity) == (0, 0, 0)
            elif field.name != "binary":
                assert share.weight == field.weight


@given(tables(), st.data())
def test_taken_points_are_a_part_of_the_whole(table: Table, data: st.DataObject) -> None:
    points = MixedPoints(table[1])
    some = st.lists(st.integers(0, len(points) - 1), max_size=4).map(lambda rows: np.array(rows, dtype=np.int64))
    a, b = data.draw(some), data.draw(some)
    one, other = points.take(a), points.take(b)
    assert (len(one), len(other)) == (len(a), len(b))
    assert np.allclose(one.cross(other), points.cross(points)[np.ix_(a, b)], atol=1e-6)
    again = np.arange(len(a))[::-1]
    assert np.allclose(one.take(again).cross(other), points.cross(points)[np.ix_(a[::-1], b)], atol=1e-6)


def test_a_field_of_weight_zero_is_left_out() -> None:
    points = MixedPoints(
        (Field("a", 1.0, Categorical(np.array([0, 1]))), Field("b", 0.0, Categorical(np.array([0, 0]))))
    )
    assert points.cross(points).tolist() == [[0, 1], [1, 0]]
    rows = repeated(points)
    assert np.array_equal(points.take(rows).cross(points.take(rows)), np.not_equal.outer(rows, rows))


@pytest.mark.parametrize("times", [1, 200])
def test_nothing_in_common_is_as_far_as_can_be_but_not_from_oneself(times: int) -> None:
    codes, places = np.array([0, -1, -1]), np.array([np.nan, 1, np.nan])
    points = MixedPoints(
        (Field("a", 1.0, Categorical(codes)), Field("b", 1.0, Numeric(places, 1.0)))
    ).take(np.tile(np.arange(3), times))  # fmt: skip
    expected = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    assert np.array_equal(points.cross(points), np.tile(expected, (times, times)))


def test_fields_must_be_of_as_many_rows() -> None:
    with pytest.raises(ValueError, match=r"one or more of as many rows each, found \{\}"):
        MixedPoints(())
    with pytest.raises(ValueError, match=r"found \{'a': 1, 'b': 2\}"):
        MixedPoints((Field("a", 1.0, Categorical(np.array([0]))), Field("b", 1.0, Categorical(np.array([0, 0])))))


@pytest.mark.parametrize("side", [tiles._SIDE, 16])
def test_few_rows_of_a_large_table_and_all_of_it(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # A narrow block is cut into longer tiles; 16: into several.
    monkeypatch.setattr(tiles, "_SIDE", side)
    n, rng = MANY_ROWS + 100, np.random.default_rng(5)
    numbers, codes = rng.random((2, n)), rng.integers(-1, 4, n)
    vectors = rng.normal(size=(n, 3)).astype(np.float32)
    fields = (
        Field("whole", 1.0, Numeric(numbers[0], 1.0)),
        Field("lacking", 2.0, Numeric(np.where(numbers[1] < 0.2, np.nan, numbers[1]), 1.0)),
        Field("code", 0.5, Categorical(codes)),
        Field("vector", 3.0, Cosine(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), 0.5)),
    )
    points, some = MixedPoints(fields), np.array([3, 2, 3, 2_050, 7])
    # Points of two tables have nothing to do with how large theirs are: a small block is computed by numpy.
    left, right = (MixedPoints(tuple(field.take(rows) for field in fields)) for rows in (some, np.arange(n)))
    expected = left.cross(right)
    expected[np.arange(len(some)), some] = 0.0
    np.testing.assert_allclose(points.take(some).cross(points), expected, atol=1e-6)
    np.testing.assert_allclose(points.cross(points.take(some)), expected.T, atol=1e-6)
    np.testing.assert_allclose(points.take(some).cross(points.take(some)), expected[:, some], atol=1e-6)
