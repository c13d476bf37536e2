from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stormcell.groups.sessions import cut_sessions

intervals = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8)), max_size=15)


def cut(spans: list[tuple[int, int]], silence: int) -> list[list[int]]:
    first = np.array([start for start, _ in spans], dtype=np.int64)
    last = np.array([start + length for start, length in spans], dtype=np.int64)
    return [session.tolist() for session in cut_sessions(first, last, silence)]


def naive(spans: list[tuple[int, int]], silence: int) -> set[frozenset[int]]:
    """Merge sessions that are not further apart than the silence until none is left."""
    found = [({at}, start, start + length) for at, (start, length) in enumerate(spans)]
    merged = True
    while merged:
        merged = False
        for one in found:
            for other in found:
                if one is not other and max(one[1], other[1]) - min(one[2], other[2]) <= silence:
                    found = [session for session in found if session not in (one, other)]
                    found.append((one[0] | other[0], min(one[1], other[1]), max(one[2], other[2])))
                    merged = True
                    break
            if merged:
                break
    return {frozenset(session[0]) for session in found}


@given(intervals, st.integers(0, 10))
def test_sessions_are_those_of_the_naive_way(spans: list[tuple[int, int]], silence: int) -> None:
    found = cut(spans, silence)
    assert {frozenset(session) for session in found} == naive(spans, silence)
    starts = [[spans[at][0] for at in session] for session in found]
    assert [start for session in starts for start in session] == sorted(start for start, _ in spans)


def test_a_silence_of_just_the_length_does_not_cut() -> None:
    assert cut([(0, 5), (15, 0)], 10) == [[0, 1]]
    assert cut([(0, 5), (16, 0)], 10) == [[0], [1]]


def test_a_long_interval_bridges_the_silence_beside_it() -> None:
    assert cut([(0, 100), (10, 0), (105, 0)], 10) == [[0, 1, 2]]


def test_nothing() -> None:
    assert cut([], 10) == []
