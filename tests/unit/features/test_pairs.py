from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stormcell.features.pairs import distinct_pairs

NUMBERS = st.integers(-5, 5) | st.integers(10**9, 10**9 + 3)


@given(st.lists(st.tuples(NUMBERS, NUMBERS)))
def test_they_are_those_that_numpy_finds(pairs: list[tuple[int, int]]) -> None:
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    expected, where = np.unique(columns, axis=1, return_inverse=True)
    first, second, place = distinct_pairs(*columns)
    assert [first.tolist(), second.tolist()] == expected.tolist()
    assert place.tolist() == where.reshape(-1).tolist()
