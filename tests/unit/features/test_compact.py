from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import eq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.features.compact import Members, Numbers, Uids, pack_uid, united
from stormcell.types import UidSet, union

KEYS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5)


@given(st.lists(st.tuples(KEYS, st.integers(0, 3)), max_size=50))
def test_numbers_are_those_of_a_dict(things: list[tuple[int, int]]) -> None:
    numbers, known = Numbers(), dict[tuple[int, int], int]()
    for number, thing in enumerate(things):
        found = numbers.setdefault(thing[0], number, partial(is_at, things), thing)
        assert found == known.setdefault(thing, number)


@pytest.mark.parametrize(
    "key", [hash, lambda at: hash((at // 7,)), lambda at: at % 500], ids=["apart", "near", "alike"]
)
def test_numbers_are_kept_when_there_are_more_and_more(key: Callable[[int], int]) -> None:
    numbers = Numbers()
    for number in [*range(3000), *range(3000)]:
        assert numbers.setdefault(key(number), number, eq, number) == number
    assert numbers.setdefault(key(17), 9999, eq, 17) == 17


def is_at(things: list[tuple[int, int]], at: int, thing: tuple[int, int]) -> bool:
    return things[at] == thing


UIDS = (
    st.text(max_size=40)
    | st.binary(min_size=8, max_size=8).map(bytes.hex)
    | st.sampled_from(["0123456789ABCDEF", "0123456789abcdeg", "01 23 45 67 89 ab", "\ud800", "\0"])
)


@given(st.lists(UIDS, unique=True))
def test_uids_come_back_and_tell_each_other_apart(made: list[str]) -> None:
    uids = Uids()
    for uid in made:
        uids.append(pack_uid(uid), hash(uid))
    assert [uids[at] for at in range(len(uids))] == made
    assert len(set(map(pack_uid, made))) == len(made)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=6), st.data())
def test_members_of_some_rows_are_their_union(sizes: list[int], data: st.DataObject) -> None:
    uids = Uids()
    for at in range(sum(sizes)):
        packed = pack_uid(f"event-{at}")
        uids.append(packed, hash(packed))
    order = data.draw(st.permutations(range(sum(sizes))))
    number, ends = np.array(order), np.cumsum(sizes)
    members = Members(uids, number, np.array(uids.hashes)[number], ends)
    rows = data.draw(st.lists(st.sampled_from(range(len(sizes))), min_size=1, unique=True).map(sorted))
    found = united(members, np.array(rows))
    assert isinstance(found, UidSet)
    expected = union([members[row] for row in rows])
    assert (list(found), len(found)) == (list(expected), len(expected))
    assert found == expected == found.alone()
    assert list(map(list, found.parts)) == [list(members[row]) for row in rows] == [
        sorted(f"event-{at}" for at in order[ends[row] - sizes[row] : ends[row]]) for row in rows
    ]  # fmt: skip
