"""Groups are known again by the events that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from stormcell.groups.identity import match, renamed
from stormcell.types import Group, Membership, Row, UidSet
from tests.unit.features.build import log

UIDS = [f"e{number}" for number in range(12)]


def group(id: str, members: str | list[str], first_seen: int = 0) -> Group:
    event = log(uid=next(iter(members)))
    return Group(
        id=id,
        title=id,
        status="open",
        medoid=event,
        earliest=event,
        latest=event,
        most_severe=event,
        count=len(members),
        signals={"log": len(members)},
        services=(),
        first_seen=first_seen,
        last_seen=first_seen,
        radius=0.0,
        margin=None,
        fields=(),
        members=tuple(sorted(members)),
        template="",
    )


def lived(**groups: str) -> dict[str, tuple[str, ...]]:
    return {id: tuple(members) for id, members in groups.items()}


def test_a_group_that_grows_stays_who_it_is() -> None:
    matching = match([group("found", "abcd")], lived(old="ab"))
    assert matching.ids == {"found": "old"}
    assert matching.merged == {}


def test_a_new_group_has_a_new_id() -> None:
    assert match([group("found", "xy")], lived(old="ab")).ids == {"found": "found"}


def test_an_id_is_never_given_twice() -> None:
    """Two clusters can be found with the id that a third goes by, or that one in the store had."""
    matching = match([group("a", "xy"), group("b", "12")], lived(b="xy"), taken=["a"])
    assert matching.ids["a"] == "b"
    assert matching.ids["b"] not in ("a", "b")
    assert match([group("b", "12")], {}, ["b"]).ids["b"] == matching.ids["b"]


def test_of_two_parts_the_larger_keeps_the_id() -> None:
    matching = match([group("one", "ab"), group("two", "cde")], lived(old="abcde"))
    assert matching.ids == {"one": "one", "two": "old"}
    assert matching.merged == {}


def test_of_two_equal_parts_the_one_seen_first_keeps_the_id() -> None:
    matching = match([group("one", "cd", first_seen=5), group("two", "ab", first_seen=4)], lived(old="abcd"))
    assert matching.ids == {"one": "one", "two": "old"}


def test_of_merged_groups_the_one_with_most_events_goes_on() -> None:
    matching = match([group("found", "abcde")], lived(small="ab", large="cde"))
    assert matching.ids == {"found": "large"}
    assert matching.merged == {"small": "large"}


def test_what_became_background_is_merged_into_nothing() -> None:
    assert match([group("found", "ab")], lived(old="ab", gone="cd")).merged == {}


def partitioned(labels: list[int]) -> dict[str, list[str]]:
    return {f"old{at}": [uid for uid, own in zip(UIDS, labels, strict=True) if own == at] for at in set(labels)}


partitions = st.lists(st.integers(0, 3), min_size=len(UIDS), max_size=len(UIDS))


@given(partitions, partitions)
def test_every_group_has_one_id_and_none_has_two(now: list[int], before: list[int]) -> None:
    groups = [
        group(f"found{label}", [uid for uid, own in zip(UIDS, now, strict=True) if own == label], first_seen=label)
        for label in sorted(set(now))
    ]
    old = partitioned(before)
    matching = match(groups, old)
    assert set(matching.ids) == {one.id for one in groups}
    assert len(set(matching.ids.values())) == len(groups)
    # Whoever lived is somebody now, or gone into somebody.
    going = set(matching.ids.values())
    for id in old:
        assert (id in going) != (id in matching.merged)
    assert set(matching.merged.values()) <= going
    assert match(list(reversed(groups)), old) == matching


@given(partitions)
def test_what_is_found_again_is_who_it_was(labels: list[int]) -> None:
    old = partitioned(labels)
    groups = [group(id, members) for id, members in sorted(old.items())]
    renumbered = [replace(one, id=f"found{number}") for number, one in enumerate(groups)]
    matching = match(renumbered, old)
    assert [matching.ids[one.id] for one in renumbered] == [one.id for one in groups]


@given(partitions, partitions, st.lists(st.integers(1, 3), min_size=2, max_size=2))
def test_it_does_not_matter_in_which_parts_events_are_told(
    now: list[int], before: list[int], sizes: list[int]
) -> None:
    def parts(uids: Sequence[str], size: int) -> UidSet:
        cut = [uids[at : at + size] for at in range(0, len(uids), size)]
        return UidSet.union([UidSet(len(part), sum(map(hash, part)), partial(tuple, part)) for part in cut])

    groups = [group(id.replace("old", "found"), members) for id, members in sorted(partitioned(now).items())]
    known = [replace(one, members=parts(one.members, sizes[0])) for one in groups]
    old = partitioned(before)
    wanted = match(groups, old)
    assert match(known, {id: parts(members, sizes[1]) for id, members in old.items()}) == wanted
    assert match(known, old) == wanted
    assert match(groups, {id: parts(members, sizes[1]) for id, members in old.items()}) == wanted


def test_members_follow_their_group_to_its_id() -> None:
    row = Row(log(uid="a"), ("a",))
    groups, memberships = renamed(
        [group("b", "a", first_seen=2), group("c", "d", first_seen=1)],
        [Membership((row,), (), 1.0, group="b", runner_up="c"), Membership((row,), (), 0.0)],
        {"b": "x", "c": "y"},
    )
    assert [one.id for one in groups] == ["y", "x"]
    assert [(one.group, one.runner_up) for one in memberships] == [("x", "y"), (None, None)]
