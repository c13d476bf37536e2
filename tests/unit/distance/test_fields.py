from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.distance.fields import AsymmetricBinary, Categorical, Cosine, Cyclic, Gap, Lookup, Numeric, Partial
from stormcell.distance.sets import Sets
from stormcell.types import FloatArray
from tests.unit.distance.columns import KINDS

NAN = np.nan
SECOND = 1_000_000_000


def square(partial: Partial, n: int) -> FloatArray:
    assert len(partial) == n
    return partial.cross(partial)


every_kind = pytest.mark.parametrize("kind", sorted(KINDS))


@every_kind
@given(data=st.data())
def test_is_a_dissimilarity_and_nan_where_missing(kind: str, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 8))
    column = data.draw(KINDS[kind](n))
    far = square(column.partial, n)
    assert far.dtype == np.float32
    assert far.shape == (n, n)
    absent = column.missing[:, None] | column.missing[None, :]
    if isinstance(column.partial, AsymmetricBinary):  # two falses say nothing
        false = column.partial.values == 0
        absent |= false[:, None] & false[None, :]
    assert np.array_equal(np.isnan(far), absent)
    assert ((far >= 0) & (far <= 1) | absent).all()
    assert np.allclose(far, far.T, atol=1e-6, equal_nan=True)
    assert (np.isnan(far.diagonal()) | (far.diagonal() == 0)).all()


@every_kind
@given(data=st.data())
def test_a_block_is_a_part_of_the_whole(kind: str, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 6))
    partial = data.draw(KINDS[kind](n)).partial
    some = st.lists(st.integers(0, n - 1), max_size=4).map(lambda rows: np.array(rows, dtype=np.int64))
    a, b = data.draw(some), data.draw(some)
    block = partial.take(a).cross(partial.take(b))
    assert block.shape == (len(a), len(b))
    assert block.dtype == np.float32
    assert np.allclose(block, square(partial, n)[np.ix_(a, b)], atol=1e-6, equal_nan=True)


def test_numeric_is_scaled_by_the_range() -> None:
    assert square(Numeric(np.array([0.0, 1.0, 4.0]), 4.0), 3).tolist() == [
        [0, 0.25, 1],
        [0.25, 0, 0.75],
        [1, 0.75, 0],
    ]


def test_numeric_beyond_the_range_counts_as_one() -> None:
    assert square(Numeric(np.array([0.0, 9.0]), 4.0), 2).tolist() == [[0, 1], [1, 0]]


def test_numeric_constant_column_says_equal() -> None:
    assert square(Numeric(np.array([3.0, 3.0]), 0.0), 2).tolist() == [[0, 0], [0, 0]]


def test_categorical() -> None:
    assert square(Categorical(np.array([0, 1, 0])), 3).tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


def test_asymmetric_binary() -> None:
    far = square(AsymmetricBinary(np.array([1.0, 1.0, 0.0, 0.0])), 4)
    assert far[0].tolist() == [0, 0, 1, 1]
    assert np.isnan(far[2:, 2:]).all()


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_cosine_of_equal_orthogonal_and_opposite_vectors(scale: float) -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    expected = np.minimum(np.array([0, 0, 1, 2]) * scale, 1)
    assert square(Cosine(vectors, scale), 4)[0].tolist() == expected.tolist()


def test_gap_counts_only_the_time_between() -> None:
    gap = Gap(np.array([0, 5, 130]) * SECOND, np.array([10, 20, 140]) * SECOND, 120.0 * SECOND)
    far = square(gap, 3)
    assert far[0, 1] == 0  # they overlap
    assert far[0, 2] == pytest.approx(1 - np.exp(-1))
    assert far[1, 2] == pytest.approx(1 - np.exp(-110 / 120))


def test_gap_of_the_first_and_the_last_possible_time() -> None:
    ends = np.array([0, 2**63 - 1])
    assert square(Gap(ends, ends, 120.0 * SECOND), 2).tolist() == [[0, 1], [1, 0]]


def test_lookup() -> None:
    table = np.array([[0, 0.5], [0.5, NAN]], dtype=np.float32)
    far = square(Lookup(np.array([0, 1, -1]), table), 3)
    assert np.array_equal(far, np.array([[0, 0.5, NAN], [0.5, NAN, NAN], [NAN] * 3]), equal_nan=True)


def test_lookup_without_categories() -> None:
    assert np.isnan(square(Lookup(np.array([-1, -1]), np.zeros((0, 0), dtype=np.float32)), 2)).all()


def test_rounding_leaves_no_vector_away_from_itself() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 384)).astype(np.float32)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    twice = np.concatenate([unit, unit])
    far = square(Cosine(twice, 0.5), 100)
    assert (far.diagonal() == 0).all()
    assert (far[:50, 50:].diagonal() == 0).all()
    assert (far[np.triu_indices(50, 1)] > 0.1).all()


def test_cyclic_goes_the_shorter_way() -> None:
    far = square(Cyclic(np.array([0.0, 0.25, 0.5, 0.75, 1.0])), 5)
    assert far[0].tolist() == [0, 0.5, 1, 0.5, 0]


def sets_of(*cells: set[int] | None) -> Sets:
    items = [item for cell in cells for item in sorted(cell or ())]
    return Sets(np.array(items, dtype=np.int64), np.array([-1 if cell is None else len(cell) for cell in cells]))


def test_sets_by_what_they_share() -> None:
    far = square(sets_of({1, 2, 3}, {2, 3, 4}, {9}, set(), None), 5)
    assert far[0].tolist()[:4] == [0, 0.5, 1, 1]
    assert far[3, 3] == 0
    assert np.isnan(far[4]).all()


def test_sets_without_any_item() -> None:
    assert square(sets_of(set(), set()), 2).tolist() == [[0, 0], [0, 0]]


@given(st.lists(st.one_of(st.none(), st.sets(st.integers(0, 20), max_size=8)), min_size=1, max_size=8))
def test_sets_in_large_blocks_are_the_same(cells: list[set[int] | None]) -> None:
    sets = sets_of(*cells)
    rows = np.resize(np.arange(len(cells)), 310)
    assert np.array_equal(
        sets.take(rows).cross(sets.take(rows[5:])),
        square(sets, len(cells))[np.ix_(rows, rows[5:])],
        equal_nan=True,
    )


def test_sets_of_very_many_items() -> None:
    left, right = set(range(0, 30000, 2)), set(range(0, 30000, 3))
    far = square(sets_of(left, right), 2)
    assert far[0, 1] == np.float32(1 - len(left & right) / len(left | right))
