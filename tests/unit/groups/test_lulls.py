from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stormcell.groups.lulls import cut_lulls

SECOND = 10**9


def parts(at: list[int], lull: int = 150, lasting: int = 0) -> list[list[int]]:
    first = np.array(at, dtype=np.int64) * SECOND
    return [part.tolist() for part in cut_lulls(first, first + lasting * SECOND, lull * SECOND)]


def test_a_pause_ends_a_group() -> None:
    assert parts([0, 60, 120, 400, 460]) == [[0, 1, 2], [3, 4]]
    assert parts([0, 150, 301]) == [[0, 1], [2]]


def test_what_comes_at_a_steady_pace_goes_on() -> None:
    assert parts([0, 600, 1200, 1800]) == [[0, 1, 2, 3]]
    assert parts([0, 600, 1200, 1800, 9000]) == [[0, 1, 2, 3], [4]]


def test_what_lasts_makes_no_pause() -> None:
    assert parts([0, 200, 400], lasting=60) == [[0, 1, 2]]


def test_nothing_is_cut_where_that_is_wanted() -> None:
    assert parts([0, 99_999], lull=0) == [[0, 1]]


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=30), st.integers(1, 600))
def test_parts_hold_everything_once_and_lie_apart(at: list[int], lull: int) -> None:
    found = parts(at, lull)
    assert sorted(number for part in found for number in part) == list(range(len(at)))
    for before, after in itertools.pairwise(found):
        assert min(at[number] for number in after) - max(at[number] for number in before) > lull
