"""Feedback through the whole pipeline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stormcell.config import Settings
from stormcell.pipeline import group
from stormcell.render import groups_json
from stormcell.types import Feedback, Group, Grouping, Kind, Mark, Membership, State
from tests.unit.features.build import alert
from tests.unit.groups.build import storm


@pytest.fixture(scope="module")
def plain() -> Grouping:
    return group(storm())


def atoms_of(found: Grouping, of: Group) -> list[Membership]:
    return [atom for atom in found.memberships if atom.group == of.id]


def holding(found: Grouping, uid: str) -> Membership:
    return next(atom for atom in found.memberships for row in atom.rows if uid in row.members)


def mark(found: Grouping, *uids: str) -> Mark:
    return Mark(uids, holding(found, uids[0]).voice, "", "", "")


def whole(found: Grouping, of: Group) -> Mark:
    own = (of.medoid.uid, *(atom.rows[0].event.uid for atom in atoms_of(found, of)))
    return mark(found, *dict.fromkeys(own))


def elsewhere(one: Feedback) -> Feedback:
    """The same, of events that are not there."""
    marks = (replace(mark, uids=tuple(f"gone-{uid}" for uid in mark.uids)) for mark in one.marks)
    return replace(one, marks=tuple(marks))


def test_the_storm_is_two_groups(plain: Grouping) -> None:
    assert len(plain.groups) == 2


def test_no_feedback_is_the_same_to_the_byte(plain: Grouping) -> None:
    undone = Feedback("f-1", Kind.MERGE, tuple(whole(plain, one) for one in plain.groups), undone=True)
    for said in ((), (undone,)):
        found = group(storm(), feedback=said)
        assert groups_json(found) == groups_json(plain)
        assert found == plain


def test_feedback_on_what_is_not_there_changes_nothing(plain: Grouping) -> None:
    nobody = Feedback("f-1", Kind.SPLIT, (Mark(("x",), "no", "", "", ""), Mark(("y",), "none", "", "", "")))
    found = group(storm(), feedback=[nobody])
    assert groups_json(found) == groups_json(plain)
    assert [outcome.state for outcome in found.outcomes] == [State.ABSENT]


def test_a_merge_keeps_the_larger_group_and_explains_every_atom_exactly(plain: Grouping) -> None:
    said = Feedback("f-1", Kind.MERGE, tuple(whole(plain, one) for one in plain.groups))
    found = group(storm(), feedback=[said])
    larger = max(plain.groups, key=lambda one: one.count)
    [one] = found.groups
    assert (one.id, one.medoid) == (larger.id, larger.medoid)
    assert one.members == tuple(sorted(uid for before in plain.groups for uid in before.members))
    assert one.services != larger.services
    [outcome] = found.outcomes
    assert (outcome.state, outcome.needed) == (State.HONOURED, True)
    for atom in atoms_of(found, one):
        assert atom.dissimilarity == pytest.approx(sum(share.share for share in atom.shares))
        moved = holding(plain, atom.rows[0].event.uid).group != larger.id
        assert atom.feedback == (("f-1",) if moved else ())


def test_it_is_judged_so_again_in_another_storm(plain: Grouping) -> None:
    said = Feedback("f-1", Kind.MERGE, tuple(whole(plain, one) for one in plain.groups))
    renamed = [replace(event, uid=f"new-{event.uid}") for event in storm()]
    assert len(group(renamed).groups) == 2
    found = group(renamed, feedback=[said])
    assert len(found.groups) == 1
    assert [outcome.state for outcome in found.outcomes] == [State.HONOURED]


def test_never_across_a_silence(plain: Grouping) -> None:
    late = 10**6
    events = [*storm(), alert(late, text="PaymentErrors", service="payment", uid="late")]
    before = group(events)
    card = next(one for one in before.groups if "card-0" in one.members)
    other = next(one for one in before.groups if "late" in one.members)
    assert card.id != other.id
    found = group(events, feedback=[Feedback("f-1", Kind.MERGE, (whole(before, card), whole(before, other)))])
    assert groups_json(found) == groups_json(before)
    assert [outcome.state for outcome in found.outcomes] == [State.IMPOSSIBLE]


def test_a_split_makes_a_group_of_the_events(plain: Grouping) -> None:
    cart = next(one for one in plain.groups if "refused-0" in one.members)
    stranger = next(
        atom for atom in atoms_of(plain, cart) if all(cart.medoid.uid not in row.members for row in atom.rows)
        and atom.voice != holding(plain, cart.medoid.uid).voice
    )  # fmt: skip
    uid = stranger.rows[0].event.uid
    said = Feedback("f-1", Kind.SPLIT, (mark(plain, cart.medoid.uid), mark(plain, uid)))
    found = group(storm(), feedback=[said])
    by_id = {one.id: one for one in found.groups}
    assert len(by_id) == 3
    assert by_id[cart.id].medoid == cart.medoid
    [new] = (one for one in found.groups if one.medoid.uid == uid)
    assert set(new.members) | set(by_id[cart.id].members) == set(cart.members)
    assert holding(found, uid).feedback == ("f-1",)
    # Nobody of that storm is here: the group finds its exemplar itself.
    again = group(storm(), feedback=[elsewhere(said)])
    assert sorted(tuple(one.members) for one in again.groups) == sorted(tuple(one.members) for one in found.groups)


def test_a_pin_names_the_exemplar_and_all_distances_are_to_it(plain: Grouping) -> None:
    cart = next(one for one in plain.groups if "refused-0" in one.members)
    wanted = "refused-3" if cart.medoid.uid != "refused-3" else "refused-2"
    fingerprint = next(r.fingerprint for r in holding(plain, wanted).rows if wanted in r.members)
    said = Feedback("f-1", Kind.PIN, (Mark((wanted,), fingerprint, "", "", ""),))
    found = group(storm(), feedback=[said])
    pinned = next(one for one in found.groups if wanted in one.members)
    assert (pinned.id, pinned.medoid.uid, pinned.members) == (cart.id, wanted, cart.members)
    assert holding(found, wanted).dissimilarity == 0
    for atom in atoms_of(found, pinned):
        assert atom.dissimilarity == pytest.approx(sum(share.share for share in atom.shares))
    again = group(storm(), feedback=[elsewhere(said)])
    assert next(one for one in again.groups if wanted in one.members).medoid.text.startswith("connection")


def test_the_order_of_events_does_not_matter(plain: Grouping) -> None:
    said = [Feedback("f-1", Kind.MERGE, tuple(whole(plain, one) for one in plain.groups))]
    forwards, backwards = group(storm(), feedback=said), group(reversed(storm()), feedback=said)
    assert groups_json(forwards) == groups_json(backwards)


def test_what_the_gate_sets_apart_is_told(plain: Grouping) -> None:
    said = Feedback("f-1", Kind.PIN, (Mark(("beat-00",), "", "", "", ""),))
    found = group(storm(), Settings(), feedback=[said])
    [outcome] = found.outcomes
    assert (outcome.state, "background" in outcome.why) == (State.IMPOSSIBLE, True)
