from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.codebook import beside
from stormcell.codebook.assigning import AssignedRows
from stormcell.codebook.beside import Comparison, compare, together
from tests.unit.codebook.books import codebook, codeword

LIVE = codebook([codeword("k-a"), codeword("k-b"), codeword("k-c")])
OTHER = codebook([codeword("k-b"), codeword("k-c"), codeword("k-d")])


def assigned(nearest: list[int], new: list[bool] | None = None, far: float = 0.05) -> AssignedRows:
    n = len(nearest)
    return AssignedRows(
        np.array(nearest, dtype=np.int64),
        np.full(n, far),
        np.zeros(n, dtype=np.int64),
        np.full(n, 0.5),
        np.array(new or [False] * n, dtype=bool),
    )


def test_events_agree_where_the_ids_do_and_where_both_call_them_new() -> None:
    live = assigned([0, 1, 2, 0, 1], [False, False, False, True, True])
    other = assigned([2, 0, 1, 0, 0], [False, False, False, True, False])
    found = compare(LIVE, OTHER, live, other, np.array([1.0, 2.0, 4.0, 8.0, 16.0]))
    # a is d, b is b, c is c, new is new, and new is b.
    assert (found.events, found.agreed, found.moved) == (31, 14, 1)
    assert found.agreement == 14 / 31
    assert found.churn == 1 / 7
    assert (found.live.new, found.other.new) == (24, 8)
    assert found.live.distance == pytest.approx(31 * 0.05)
    assert found.live.silhouette == pytest.approx(31 * 0.9)


_COUNTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans(), st.booleans()), max_size=30)


@given(_COUNTS, st.integers(0, 30))
def test_what_is_seen_in_parts_is_what_is_seen_at_once(rows: list[tuple[int, int, bool, bool]], cut: int) -> None:
    def part(some: list[tuple[int, int, bool, bool]]) -> Comparison:
        live = assigned([one[0] for one in some], [one[2] for one in some])
        other = assigned([one[1] for one in some], [one[3] for one in some])
        return compare(LIVE, OTHER, live, other, np.arange(1.0, len(some) + 1))

    whole = part(rows)
    # Weights count on in the second part as well.
    first, second = part(rows[:cut]), rows[cut:]
    live = assigned([one[0] for one in second], [one[2] for one in second])
    other = assigned([one[1] for one in second], [one[3] for one in second])
    then = compare(LIVE, OTHER, live, other, np.arange(len(rows[:cut]) + 1.0, len(rows) + 1))
    sum_ = together([first, then])
    assert (sum_.events, sum_.agreed, sum_.moved) == (whole.events, whole.agreed, whole.moved)
    assert sum_.live.distance == pytest.approx(whole.live.distance)
    assert beside.load(beside.dump(sum_)) == sum_
    assert 0 <= sum_.agreement <= 1
    assert 0 <= sum_.churn <= 1
