"""Of many members those are listed that say most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.render.report.members import Members, members
from stormcell.render.report.room import FEW, MOST_ROWS, fair, room_for
from stormcell.types import Event, Group, Material, Membership, Row, Share
from tests.unit.render.samples import event, group, row, s


def of(made: Group, *atoms: Membership) -> Material:
    return Material(made, [replace(atom, group=made.id) for atom in atoms])


def many(texts: Sequence[str]) -> tuple[Material, list[Event]]:
    events = [event(f"u{at:03}", text, time=s(at)) for at, text in enumerate(texts)]
    made, _ = group(map(row, events), events[-1], most_severe=events[0])
    atoms = [Membership((row(one),), (), surprise=float(at), group=made.id) for at, one in enumerate(events)]
    return Material(made, atoms), events


def uids(found: Members) -> list[str]:
    return [one.uid for one in found.shown]


def test_all_where_there_is_room() -> None:
    material, events = many(["a", "b"] * 3)
    found = members(material, 6)
    assert (uids(found), found.rows, found.events) == ([one.uid for one in events], 6, 6)


def test_those_the_group_is_told_by_then_one_of_each_kind_the_most_unusual_first() -> None:
    material, _ = many([*"aaaaaa", "b", "c", *"aaaa"])
    # First and last speak for the group; then the later, more surprising of the kinds b and c.
    assert uids(members(material, 2)) == ["u000", "u011"]
    assert uids(members(material, 3)) == ["u000", "u007", "u011"]
    assert uids(members(material, 4)) == ["u000", "u006", "u007", "u011"]
    assert members(material, 4).rows == 12


def test_the_template_says_of_what_kind_a_row_is() -> None:
    material, events = many([f"took {n} ms" for n in range(9)] + ["lost"])
    atoms = [
        replace(atom, rows=(Row(atom.rows[0].event, (atom.rows[0].event.uid,), "", "took <num> ms"),))
        for atom in material.atoms[:-1]
    ]
    told = replace(material.group, medoid=events[0], earliest=events[0])
    found = members(replace(material, group=told, atoms=[*atoms, material.atoms[-1]]), 2)
    assert uids(found) == ["u000", "u009"]


def test_what_is_not_known_is_left_empty() -> None:
    first, second = event("a", time=s(0)), event("b", time=s(1))
    made, _ = group([row(first), row(second)], first)
    known = Membership((row(second),), (), 1.0, made.id, 0.5, (Share("text", 0.5, 1.0, 0.5),), "g-2", 0.75)
    own, other = members(of(made, Membership((row(first),), (), 1.0), known), 9).shown
    assert (own.role, own.distance, own.runner_up, own.margin) == ("exemplar", "0.000", "", "")
    assert (other.role, other.distance, other.runner_up, other.margin) == ("", "0.500", "g-2", "0.250")
    moved = replace(known, dissimilarity=0.0, shares=(), runner_up=None, runner_up_dissimilarity=None)
    [unknown] = [one for one in members(of(made, moved), 9).shown if one.uid == "b"]
    assert unknown.distance == ""
    [far] = members(of(made, replace(known, runner_up_dissimilarity=float("inf"))), 9).shown
    assert far.margin == ""


def test_a_long_text_is_cut() -> None:
    material, _ = many(["x" * 5000])
    assert len(members(material, 1).shown[0].text) <= 125


@given(st.lists(st.integers(0, 300), max_size=20), st.integers(0, 2000))
def test_rooms_are_given_fairly(wanted: list[int], room: int) -> None:
    given_ = fair(wanted, room)
    assert all(0 <= got <= want for got, want in zip(given_, wanted, strict=True))
    assert sum(given_) <= room
    short = [got for got, want in zip(given_, wanted, strict=True) if got < want]
    if short:
        assert sum(given_) == room
        assert max(given_) - min(short) <= 1  # who got less than wanted got as much as anyone
    else:
        assert given_ == wanted


@pytest.mark.parametrize("name", ["text", "line", "patterns", "entries", "bars"])
def test_there_is_less_room_where_there_are_more_groups(name: str) -> None:
    rooms = [getattr(room_for(groups), name) for groups in (0, 1, FEW, 50, 100, 1000)]
    assert rooms == sorted(rooms, reverse=True)
    assert rooms[2] > rooms[4] > 1


def test_few_groups_list_all_that_a_group_may() -> None:
    assert room_for(20).rows == 20 * MOST_ROWS
