"""Sets of uids are equal to any sequence of the same, whatever they are made of."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.types import UidSet, union

UIDS = st.lists(st.text(max_size=5) | st.sampled_from(["a\nb", "\n", ""]), unique=True, max_size=6)


def made(uids: list[str]) -> UidSet:
    return UidSet(len(uids), sum(map(hash, uids)), partial(tuple, uids))


@given(UIDS, UIDS)
def test_a_set_is_the_sequence_of_its_uids(uids: list[str], others: list[str]) -> None:
    found, plain = made(uids), tuple(sorted(uids))
    assert found == plain == tuple(found) == tuple(found.alone())
    assert plain == found
    assert found.alone() == found
    assert len(found) == len(found.alone()) == len(plain)
    assert hash(found) == hash(plain)
    assert (made(others) == found) == (sorted(others) == sorted(uids)) == (found == tuple(sorted(others)))
    assert all(uid in found for uid in uids)
    assert [uid in found for uid in others] == [uid in uids for uid in others]


@given(st.lists(UIDS, max_size=4))
def test_a_union_holds_what_its_parts_hold(many: list[list[str]]) -> None:
    apart = [[f"{at}-{uid}" for uid in uids] for at, uids in enumerate(many)]
    whole = sorted(uid for uids in apart for uid in uids)
    found = union([made(uids) for uids in apart])
    assert isinstance(found, UidSet)
    assert list(found) == list(union(apart)) == whole
    assert found == made(whole)
    assert union([found, made(["x"])]) == sorted([*whole, "x"])


def test_one_is_found_by_its_place() -> None:
    found = made(["b", "a", "c"])
    assert (found[0], found[-1], found[1:]) == ("a", "c", ("b", "c"))
    with pytest.raises(IndexError):
        found[3]
