from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.distance.fields import AsymmetricBinary, Categorical, Cosine, Gap, Lookup, Numeric, Partial
from stormcell.types import FloatArray
from tests.unit.distance.columns import KINDS

NAN = np.nan
SECOND = 1_000_000_000


def square(partial: Partial, n: int) -> FloatArray:
    return partial.block(np.arange(n), np.arange(n))


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
    block = partial.block(a, b)
    assert block.shape == (len(a), len(b))
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
