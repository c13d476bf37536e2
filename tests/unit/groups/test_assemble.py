from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from stormcell.config import Settings
from stormcell.features.knowledge import Knowledge
from stormcell.features.table import fields, tabulate
from stormcell.groups.assemble import assemble
from stormcell.groups.solution import Solution
from stormcell.pipeline import group, solve
from stormcell.types import Event, Group, Membership
from tests.unit.features.build import log
from tests.unit.groups.build import storm

SETTINGS = Settings()


def solved(events: list[Event], *, gate: bool = True) -> Solution:
    knowledge = Knowledge(SETTINGS)
    return solve(knowledge.learn(events), knowledge, SETTINGS, gate=gate)


@pytest.fixture(scope="module")
def solution() -> Solution:
    return solved(storm())


@pytest.fixture(scope="module")
def made(solution: Solution) -> tuple[list[Group], list[Membership]]:
    return assemble(solution, SETTINGS)


def by_uid() -> dict[str, Event]:
    return {event.uid: event for event in storm()}


def test_finds_the_two_incidents(made: tuple[list[Group], list[Membership]]) -> None:
    for prefix, service in (("refused-", "redis"), ("card-", "payment")):
        (found,) = (found for found in made[0] if any(uid.startswith(prefix) for uid in found.members))
        assert sum(uid.startswith(prefix) for uid in found.members) == 6
        assert found.services[0].name == service


def test_every_event_is_in_one_place(made: tuple[list[Group], list[Membership]]) -> None:
    groups, memberships = made
    grouped = [uid for found in groups for uid in found.members]
    background = [uid for m in memberships if m.group is None for row in m.rows for uid in row.members]
    assert sorted(grouped + background) == sorted(by_uid())
    assert background
    assert all(uid.startswith("beat-") for uid in background)
    for found in groups:
        own = [uid for m in memberships if m.group == found.id for row in m.rows for uid in row.members]
        assert sorted(own) == list(found.members)


def test_ids_are_distinct_and_stable(made: tuple[list[Group], list[Membership]]) -> None:
    ids = [found.id for found in made[0]]
    assert len(set(ids)) == len(ids)
    again, _ = assemble(solved(storm()), SETTINGS)
    assert [found.id for found in again] == ids


def test_an_id_survives_a_new_event_in_the_group(made: tuple[list[Group], list[Membership]]) -> None:
    later = log(6126, text="card 9 declined", severity=17, service="payment", uid="late")
    groups, _ = assemble(solved([*storm(), later]), SETTINGS)
    assert {found.id for found in groups} == {found.id for found in made[0]}


def test_what_is_said_of_the_whole(made: tuple[list[Group], list[Membership]]) -> None:
    known = by_uid()
    for found in made[0]:
        members = [known[uid] for uid in found.members]
        assert found.count == len(members)
        assert sum(found.signals.values()) == found.count
        assert found.first_seen == min(event.time for event in members)
        assert found.last_seen == max(event.time for event in members)
        assert found.earliest == min(members, key=lambda event: (event.time, event.uid))
        assert found.latest.uid in found.members
        assert found.most_severe.severity == max(event.severity for event in members)
        assert {found.medoid.uid, found.earliest.uid, found.most_severe.uid} <= set(found.members)
        assert found.title.endswith(found.services[0].name)
        assert sum(blame.blame for blame in found.services) == pytest.approx(1)
        amounts = [blame.blame for blame in found.services]
        assert amounts == sorted(amounts, reverse=True)


def test_memberships_explain_themselves(made: tuple[list[Group], list[Membership]]) -> None:
    groups, memberships = made
    radius = {found.id: found.radius for found in groups}
    for m in memberships:
        if m.group is None:
            assert (m.shares, m.runner_up, m.margin) == ((), None, None)
            continue
        assert m.dissimilarity == pytest.approx(sum(share.share for share in m.shares))
        assert m.dissimilarity <= radius[m.group]
        assert m.runner_up in radius
        assert m.runner_up != m.group
        assert m.margin is not None
        assert m.margin >= -1e-6
    for found in groups:
        own = [m for m in memberships if m.group == found.id]
        assert found.radius == max(m.dissimilarity for m in own)
        assert found.margin is not None
        assert found.margin > 0
        assert any(m.dissimilarity == 0 for m in own)  # the exemplar's atom
        assert sum(share.share for share in found.fields) <= found.radius


def test_the_exemplar_minimises_the_sum_of_dissimilarities(
    solution: Solution, made: tuple[list[Group], list[Membership]]
) -> None:
    """Of the events of the medoid's atom, each judged as an atom of one row."""
    rows = solution.rows
    found = {known.id: known for known in made[0]}
    checked = 0
    for session, clustering in zip(solution.sessions, solution.clusterings, strict=True):
        for label, medoid in enumerate(clustering.medoids.tolist()):
            atoms = session[clustering.labels == label]
            candidates = np.flatnonzero(solution.atom_of == session[medoid]).tolist()
            sums = []
            for row in candidates:
                member_rows = np.concatenate([np.flatnonzero(solution.atom_of == atom) for atom in atoms])
                units = [*np.searchsorted(atoms, solution.atom_of[member_rows]).tolist(), len(atoms)]
                table = tabulate(rows, solution.features, np.array(units), np.append(member_rows, row))
                compared = fields(table, SETTINGS.weights, SETTINGS.grouping)
                alone = compared.take(np.array([len(atoms)]))
                far = alone.cross(compared.take(np.arange(len(atoms))))
                sums.append(float(far[0].astype(float) @ solution.weights[atoms]))
            uid = rows.events[candidates[int(np.argmin(np.round(sums, 9)))]].uid
            checked += any(known.medoid.uid == uid for known in found.values())
    assert checked == len(found)


def test_members_carry_their_links(made: tuple[list[Group], list[Membership]]) -> None:
    _, memberships = made
    reasons = {link.reason for m in memberships for link in m.links}
    assert {"trace", "alike"} <= reasons
    for m in memberships:
        own = {uid for row in m.rows for uid in row.members}
        assert all({link.a, link.b} <= own for link in m.links)
        if len(m.rows) > 1:
            assert len(m.links) >= len(m.rows) - 1


def test_one_group_has_no_runner_up() -> None:
    found = group([log(0, text="only")])
    assert [(g.margin, g.radius) for g in found.groups] == [(None, 0)]
    assert found.memberships[0].margin is None


def test_groups_with_the_same_exemplar_at_the_same_time_have_different_ids() -> None:
    twins = [log(at, text="same", service="", resource={"k8s.pod.name": f"p{at}"}) for at in (0, 200)]
    settings = Settings.model_validate({"grouping": {"opening_cost": 0}})
    ids = [found.id for found in group(twins, settings).groups]
    assert len(set(ids)) == len(ids) == 2


def test_atoms_without_a_field_in_common_are_as_far_as_can_be() -> None:
    settings = Settings.model_validate(
        {"weights": {"time": 0, "novelty": 0, "text": 0}, "grouping": {"opening_cost": 0.1, "lull_seconds": 0}}
    )
    events = [log(0, service="", text="a"), log(100, service="", text="b"), log(200, service="shop", text="c")]
    found = group(events, settings)
    assert [(m.dissimilarity, m.margin) for m in found.memberships] == [(0, 1)] * 3


def test_each_signal_has_one_that_speaks_and_the_exemplar_speaks_for_its_own(
    made: tuple[list[Group], list[Membership]],
) -> None:
    for found in made[0]:
        speaking = {event.signal.value: event for event in found.exemplars}
        assert set(speaking) == set(found.signals)
        assert speaking[found.medoid.signal.value] == found.medoid
        assert {event.uid for event in found.exemplars} <= set(found.members)


def test_the_trace_is_the_one_with_most_of_its_events(made: tuple[list[Group], list[Membership]]) -> None:
    traced = {uid: event.trace_id for uid, event in by_uid().items()}
    for found in made[0]:
        counts = Counter(traced[uid] for uid in found.members if traced[uid])
        assert counts[found.trace] == max(counts.values(), default=0)
