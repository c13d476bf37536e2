from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster.estimator import distinct
from stormcell.cluster.estimator.distinct import Rows, distinct_rows

cells = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, 1e18])


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    d = draw(st.integers(1, 3))
    rows = draw(st.lists(st.tuples(*[cells] * d), min_size=1, max_size=30))
    return np.array(rows, dtype=draw(st.sampled_from([np.float32, np.float64])))


def check(rows: Rows) -> None:
    first, which = distinct_rows(rows)
    assert len(first) == len({tuple((row + 0.0).tolist()) for row in rows})
    assert np.array_equal(rows[first][which], rows)
    assert all(first[content] == np.flatnonzero(which == content)[0] for content in range(len(first)))


@given(tables())
def test_equal_rows_are_one(rows: Rows) -> None:
    check(rows)


@given(tables())
def test_the_order_comes_from_the_values_alone(rows: Rows) -> None:
    again = np.random.default_rng(len(rows)).permutation(np.concatenate([rows, rows[::2]]))
    one, other = rows[distinct_rows(rows)[0]], again[distinct_rows(again)[0]]
    assert np.array_equal(one, other)
    wide = rows.astype(np.float64)
    assert np.array_equal(wide[distinct_rows(wide)[0]], one)


@given(rows=tables())
def test_rows_of_one_hash_are_told_apart(rows: Rows) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "_keys", lambda rows: np.zeros(len(rows), dtype=np.uint64))
        check(rows)


def test_round_numbers_have_different_hashes() -> None:
    # Only some upper bits of such numbers differ, and a poor hash loses them: then all is sorted by value.
    rows = np.random.default_rng(0).integers(0, 3, size=(20_000, 20)).astype(np.float64)
    assert len(np.unique(distinct._keys(rows))) == len(np.unique(rows, axis=0))
