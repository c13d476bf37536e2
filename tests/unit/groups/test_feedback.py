from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.groups.feedback import Scene, Verdict, judge, review
from stormcell.types import Feedback, Kind, Mark, State


def scene(
    labels: Sequence[int], voices: Sequence[str], medoids: Sequence[int], items: Sequence[int] = ()
) -> Scene:
    """Return atoms that hold one event each, u0, u1, ..., and carry their voice alone."""
    return Scene(
        labels=np.array(labels),
        medoids=np.array(medoids),
        items=np.array(items or [1] * len(labels)),
        voices=list(voices),
        holders={f"u{at}": at for at in range(len(labels))},
        carriers={
            voice: [at for at, other in enumerate(voices) if other == voice] for voice in set(voices) - {""}
        },
    )


def mark(voice: str, *uids: str) -> Mark:
    return Mark(uids or ("elsewhere",), voice, "log", "shop", "text")


def said(kind: str, *marks: Mark, id: str = "f-1", undone: bool = False) -> Feedback:
    return Feedback(id, Kind(kind), marks, undone=undone)


def partition(verdict: Verdict) -> list[list[int]]:
    return [np.flatnonzero(verdict.labels == label).tolist() for label in range(len(verdict.medoids))]


def states(verdict: Verdict) -> list[str]:
    return [outcome.state.value for outcome in verdict.outcomes]


def test_merging_joins_the_smaller_group_to_the_larger() -> None:
    here = scene([0, 0, 1, 1, 1, 2], "aabbbc", [0, 2, 5])
    found = judge([said("merge", mark("a", "u0", "u1"), mark("b", "u2", "u3", "u4"))], here)
    assert partition(found) == [[0, 1, 2, 3, 4], [5]]
    assert found.origins == (1, 2)
    assert found.medoids.tolist() == [2, 5]
    assert found.placed == {0: ("f-1",), 1: ("f-1",)}
    assert states(found) == ["honoured"]


def test_merging_elsewhere_goes_by_voices() -> None:
    # The first two groups are spoken for by a and b; c only holds an atom of voice b.
    here = scene([0, 0, 1, 1, 2, 2], "axbycb", [0, 2, 4])
    found = judge([said("merge", mark("a"), mark("b"))], here)
    assert partition(found) == [[0, 1, 2, 3, 5], [4]]
    assert states(found) == ["honoured"]


def test_merging_holds_while_a_group_grows_and_another_comes_to_speak_for_it() -> None:
    # It was said of u0 and u2; u3 says what u2 says, and is the exemplar by now.
    here = scene([0, 0, 1, 1, 1], "aabbc", [0, 3])
    found = judge([said("merge", mark("a", "u0"), mark("b", "u2"))], here)
    assert partition(found) == [[0, 1, 2, 3, 4]]
    # A group for which something else speaks loses what was spoken of alone.
    here = scene([0, 0, 1, 1, 1], "aabbc", [0, 4])
    found = judge([said("merge", mark("a", "u0"), mark("b", "u2"))], here)
    assert partition(found) == [[0, 1, 2], [3, 4]]


def test_splitting_takes_out_all_that_says_the_same() -> None:
    here = scene([0, 0, 0, 0, 1], "abbcb", [0, 4])
    found = judge([said("split", mark("a", "u0"), mark("b", "u1"))], here)
    assert partition(found) == [[0, 3], [4], [1, 2]]
    assert found.exemplars == ("", "", "u1")
    assert found.medoids.tolist() == [0, 4, 1]


def test_splitting_what_sounds_like_the_exemplar_takes_out_that_event_alone() -> None:
    here = scene([0, 0, 0], "aaa", [0])
    found = judge([said("split", mark("a", "u0"), mark("a", "u1"))], here)
    assert partition(found) == [[0, 2], [1]]
    # Elsewhere nothing tells the two apart.
    assert states(judge([said("split", mark("a"), mark("a"))], here)) == ["absent"]


def test_moving_brings_the_like_to_the_other_group() -> None:
    here = scene([0, 0, 0, 1, 1], "abbcd", [0, 3])
    for marks in ((mark("a", "u0"), mark("b", "u1"), mark("c", "u3")), (mark("a"), mark("b"), mark("c"))):
        found = judge([said("move", *marks)], here)
        assert partition(found) == [[0], [1, 2, 3, 4]]
        assert states(found) == ["honoured"]


def test_moving_where_the_other_group_is_not_there_opens_one() -> None:
    found = judge([said("move", mark("a"), mark("b"), mark("z"))], scene([0, 0, 0], "abb", [0]))
    assert partition(found) == [[0], [1, 2]]
    assert found.medoids.tolist() == [0, -1]


def test_what_belongs_together_leaves_together() -> None:
    found = judge([said("move", mark("a"), mark("b"), mark("c"))], scene([0, 0, 0], "abc", [0]))
    assert partition(found) == [[0], [1, 2]]
    assert states(found) == ["honoured"]


def test_a_pin_makes_the_exemplar_of_whatever_group_holds_it() -> None:
    here = scene([0, 0, 1, 1], "abcb", [0, 2])
    found = judge([said("pin", mark("b", "u1"))], here)
    assert (found.medoids.tolist(), found.exemplars) == ([1, 2], ("u1", ""))
    found = judge([said("pin", mark("b"))], here)
    assert (found.medoids.tolist(), found.exemplars) == ([1, 3], ("b", "b"))
    both = [said("pin", mark("b", "u1")), said("merge", mark("a", "u0", "u1"), mark("c", "u2", "u3"), id="f-2")]
    found = judge(both, here)
    assert (found.medoids.tolist(), found.exemplars) == ([1], ("u1",))


def test_one_atom_cannot_be_split() -> None:
    alone = scene([0, 0], "ab", [0])
    here = replace(alone, holders={**alone.holders, "other": 0})
    found = judge([said("split", mark("a", "u0"), mark("x", "other"))], here)
    assert partition(found) == [[0, 1]]
    assert states(found) == ["impossible"]
    assert "same trace" in found.outcomes[0].why


def test_the_latest_wins_and_what_it_contradicts_is_told() -> None:
    here = scene([0, 0, 1], "abc", [0, 2])
    split = said("split", mark("a", "u0"), mark("b", "u1"))
    merge = said("merge", mark("a", "u0"), mark("b", "u1"), id="f-2")
    found = judge([split, merge], here)
    assert partition(found) == [[0, 1], [2]]
    assert states(found) == ["overruled", "honoured"]
    assert found.outcomes[0].why == "f-2 was said later and contradicts it"
    found = judge([merge, split], here)
    assert partition(found) == [[0], [2], [1]]
    assert states(found) == ["overruled", "honoured"]
    pins = [said("pin", mark("a", "u0")), said("pin", mark("b", "u1"), id="f-2")]
    assert states(judge(pins, here)) == ["overruled", "honoured"]


def test_what_holds_without_it_is_not_needed() -> None:
    here = scene([0, 0, 1], "abc", [0, 2])
    for one, needed in (
        (said("merge", mark("a"), mark("b")), False),
        (said("merge", mark("a"), mark("c")), True),
        (said("split", mark("a"), mark("c")), False),
        (said("split", mark("a"), mark("z")), False),
    ):
        assert [outcome.needed for outcome in judge([one], here).outcomes] == [needed]


def test_undone_feedback_does_not_count() -> None:
    here = scene([0, 0], "ab", [0])
    found = judge([said("split", mark("a"), mark("b"), undone=True)], here)
    assert (partition(found), found.outcomes) == ([[0, 1]], ())


@pytest.mark.parametrize("kind", ["merge", "split", "move", "pin"])
def test_atoms_without_a_voice_are_known_by_their_events_alone(kind: str) -> None:
    marks = [mark("", f"gone{at}") for at in range({"pin": 1, "move": 3}.get(kind, 2))]
    assert states(judge([said(kind, *marks)], scene([0, 1], ["", ""], [0, 1]))) == ["absent"]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    p = draw(st.integers(1, 8))
    raw = draw(st.lists(st.integers(0, 3), min_size=p, max_size=p))
    labels = np.unique(raw, return_inverse=True)[1].reshape(p)
    medoids = [
        draw(st.sampled_from(np.flatnonzero(labels == label).tolist())) for label in range(labels.max() + 1)
    ]
    items = draw(st.lists(st.integers(1, 3), min_size=p, max_size=p))
    voices = "".join(draw(st.lists(st.sampled_from("abcd"), min_size=p, max_size=p)))
    return scene(labels.tolist(), voices, medoids, items)


@st.composite
def feedback(draw: st.DrawFn, id: str = "f-0") -> Feedback:
    kind = draw(st.sampled_from(list(Kind)))
    uids = st.lists(st.sampled_from([f"u{at}" for at in range(10)]), min_size=1, max_size=2).map(tuple)
    count = {Kind.PIN: 1, Kind.MOVE: 3}.get(kind) or draw(st.integers(2, 3))
    marks = tuple(Mark(draw(uids), draw(st.sampled_from("abcdz")), "", "", "") for _ in range(count))
    return Feedback(id, kind, marks)


several = st.lists(st.none(), max_size=4).flatmap(
    lambda slots: st.tuples(*(feedback(f"f-{at}") for at in range(len(slots))))
)


def atoms(here: Scene, one: Mark) -> set[int]:
    exact = {here.holders[uid] for uid in one.uids if uid in here.holders}
    return exact or {at for at, voice in enumerate(here.voices) if voice == one.fingerprint}


def violated(here: Scene, found: Verdict, one: Feedback) -> bool:
    """Whether the result contradicts a feedback, written down anew from what it means."""
    where = [{int(found.labels[at]) for at in atoms(here, mark)} for mark in one.marks]
    first = [replace(mark, uids=mark.uids[:1]) if mark.uids[0] in here.holders else mark for mark in one.marks]
    match one.kind:
        case Kind.MERGE:
            return len({int(found.labels[at]) for mark in first for at in atoms(here, mark)}) > 1
        case Kind.SPLIT:
            return bool(where[0] & set().union(*where[1:]))
        case Kind.MOVE:
            return bool(where[0] & where[1]) or bool(where[2] and not where[1] <= where[2])
        case Kind.PIN:
            return any(found.medoids[label] not in atoms(here, one.marks[0]) for label in where[0])


def checkable(here: Scene, one: Feedback) -> bool:
    """Whether no voice stands for both sides, of which the whole cannot be kept apart."""
    first = atoms(here, one.marks[0])
    return one.kind in (Kind.MERGE, Kind.PIN) or not any(first & atoms(here, other) for other in one.marks[1:])


def sound(here: Scene, one: Feedback) -> Feedback:
    """Return the feedback with the voices that its events have, as whoever said it would have heard them."""

    def heard(mark: Mark) -> Mark:
        held = [uid for uid in mark.uids if uid in here.holders]
        if not held:
            return mark
        voice = here.voices[here.holders[held[0]]]
        return replace(
            mark, fingerprint=voice, uids=tuple(u for u in held if here.voices[here.holders[u]] == voice)
        )

    return replace(one, marks=tuple(map(heard, one.marks)))


@given(scenes(), several)
def test_a_constraint_is_kept_or_it_is_told(here: Scene, all_said: tuple[Feedback, ...]) -> None:
    all_said = tuple(sound(here, one) for one in all_said)
    found = judge(all_said, here)
    assert [outcome.feedback for outcome in found.outcomes] == [one.id for one in all_said]
    for one, outcome in zip(all_said, found.outcomes, strict=True):
        if outcome.state is State.HONOURED and checkable(here, one):
            assert not violated(here, found, one)
        assert bool(outcome.why) == (outcome.state is not State.HONOURED)
    if all_said:
        assert found.outcomes[-1].state is not State.OVERRULED


@given(scenes(), feedback())
def test_one_feedback_is_honoured_unless_atoms_forbid_it(here: Scene, one: Feedback) -> None:
    one = sound(here, one)
    [outcome] = judge([one], here).outcomes
    assert outcome.state is not State.OVERRULED
    if outcome.state is State.IMPOSSIBLE:
        assert one.kind in (Kind.SPLIT, Kind.MOVE)
        assert any(atoms(here, one.marks[0]) & atoms(here, other) for other in one.marks[1:])


@given(scenes(), several)
def test_the_result_is_groups(here: Scene, all_said: tuple[Feedback, ...]) -> None:
    found = judge(all_said, here)
    assert sorted(set(found.labels.tolist())) == list(range(len(found.medoids)))
    assert len(found.origins) == len(found.exemplars) == len(found.medoids)
    kept = [origin for origin in found.origins if origin >= 0]
    assert kept == sorted(set(kept))
    for label, medoid in enumerate(found.medoids.tolist()):
        assert medoid == -1 or found.labels[medoid] == label
    for at, label in enumerate(found.labels.tolist()):
        moved = found.origins[label] != here.labels[at]
        assert bool(found.placed.get(at)) == moved


@given(scenes(), feedback())
def test_saying_it_again_changes_nothing(here: Scene, one: Feedback) -> None:
    one = sound(here, one)
    once = judge([one], here)
    again = Scene(once.labels, once.medoids, here.items, here.voices, here.holders, here.carriers)
    assert partition(judge([one], again)) == partition(once)


@given(scenes(), feedback())
def test_what_holds_already_changes_nothing(here: Scene, one: Feedback) -> None:
    one = sound(here, one)
    one = replace(one, marks=tuple(replace(mark, uids=mark.uids[:1]) for mark in one.marks))
    if review([one], here)[0] in (State.HONOURED, State.ABSENT):
        assert not judge([one], here).placed


@given(scenes())
def test_without_feedback_all_stays(here: Scene) -> None:
    found = judge([], here)
    assert found.labels.tolist() == here.labels.tolist()
    assert found.medoids.tolist() == here.medoids.tolist()
    assert not found.placed
    assert not any(found.exemplars)
