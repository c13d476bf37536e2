"""When a text does not fit its group any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stormcell.review.stale import basis_of, why_stale
from stormcell.types import Group
from tests.unit.store.strategies import atom_of, grouping_of, row_of

TEN = [f"u{number}" for number in range(10)]


def group(*uids: str) -> Group:
    return grouping_of(atom_of("g", row_of(*uids))).groups[0]


def why(now: Group | None, share: float = 0.2, into: str = "") -> str:
    return why_stale(basis_of(group(*TEN)), now, share, into)


def test_of_the_group_as_it_was_it_holds() -> None:
    assert why(group(*TEN)) == ""
    assert why(group(*TEN), share=0.0) == ""


def test_another_exemplar() -> None:
    other = group("u1", *TEN[2:], "u0")
    assert why(other) == "another event speaks for its group: u1, before u0"
    assert why(replace(other, medoid=group(*TEN).medoid)) == ""


def test_more_came_than_there_were() -> None:
    assert why(group(*TEN, *(f"a{one}" for one in range(14)))).endswith(": 1.4 times as many came or went")


@pytest.mark.parametrize(("now", "part"), [([*TEN, "a"], 0.1), ([*TEN, "a", "b"], 0.2), (["u0"], 0.9)], ids=str)
def test_members_that_are_others(now: list[str], part: float) -> None:
    told = why(group(*now))
    assert (told != "") == (part >= 0.2)
    if told:
        assert told == f"its group has {len(now)} members, before 10: {part:.0%} of them came or went"
    assert why(group(*now), share=part + 0.01) == ""


def test_a_group_that_is_no_more() -> None:
    assert why(None) == "its group is no more"
    assert why(None, into="g-other") == "its group was merged into g-other"
