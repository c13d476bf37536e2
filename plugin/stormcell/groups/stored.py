"""Feedback on groups that are stored, of which the distances are no longer known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np

from stormcell.groups.assemble import group_id, mean_shares, title_of
from stormcell.groups.feedback import Scene, Verdict
from stormcell.groups.parameters import MOST
from stormcell.text.slots import slots
from stormcell.types import Blame, Event, Group, GroupTemplate, Membership, Parameter, Row


def scene_of(groups: Sequence[Group], atoms: Sequence[Membership]) -> Scene:
    """Return the scene of a session's groups and their atoms, ascending by time."""
    number = {group.id: at for at, group in enumerate(groups)}
    holders = {uid: at for at, atom in enumerate(atoms) for row in atom.rows for uid in row.members}
    carriers: dict[str, list[int]] = {}
    for at, atom in enumerate(atoms):
        for name in {row.fingerprint for row in atom.rows} - {""}:
            carriers.setdefault(name, []).append(at)
    return Scene(
        labels=np.array([number[atom.group or ""] for atom in atoms]),
        medoids=np.array([holders[group.medoid.uid] for group in groups]),
        items=np.array([_count(atom) for atom in atoms]),
        voices=[atom.voice for atom in atoms],
        holders=holders,
        carriers=carriers,
    )


def regroup(
    groups: Sequence[Group], atoms: Sequence[Membership], verdict: Verdict
) -> tuple[list[Group], list[Membership]]:
    """Return the groups and atoms of a session that a verdict changes, as they are then.

    What only a grouping knows is left open until the next one: the dissimilarities of atoms to an exemplar that is
    new to them, and with them their runners-up; the blame of a new group. The blame of merged ones is the mean by
    events.

    Parameters
    ----------
    groups : sequence of Group
        All of the session.
    atoms : sequence of Membership
        All of theirs, ascending by time.
    verdict : Verdict
        On their scene.
    """
    start = min(group.first_seen for group in groups)
    ids = {group.id for group in groups}
    kept: list[Group] = []
    changed: list[Membership] = []
    for label in range(len(verdict.medoids)):
        inside = np.flatnonzero(verdict.labels == label).tolist()
        held = [atoms[at] for at in inside]
        origin = groups[verdict.origins[label]] if verdict.origins[label] >= 0 else None
        atom, row = _exemplar(verdict, label, held, origin, atoms)
        if origin is not None and row.event.uid == origin.medoid.uid and sum(map(_count, held)) == origin.count:
            continue
        same_atom = origin is not None and any(origin.medoid.uid in row.members for row in atom.rows)
        id = _new_id(_founder(held, verdict.founders[label]) or row, start, ids) if origin is None else origin.id
        ids.add(id)
        placed: list[Membership] = []
        for at, one in zip(inside, held, strict=True):
            if one.group != id or not same_atom:
                one = replace(
                    one,
                    group=id,
                    dissimilarity=0.0,
                    shares=(),
                    runner_up=None,
                    runner_up_dissimilarity=None,
                    feedback=(*one.feedback, *verdict.placed.get(at, ())),
                    rules=() if at in verdict.placed else one.rules,
                )
                changed.append(one)
            placed.append(one)
        before = [group for group in groups if any(one.group == group.id for one in held)]
        kept.append(_group(id, row, placed, before, origin))
    return kept, changed


def _founder(atoms: Sequence[Membership], uid: str) -> Row | None:
    return next((row for atom in atoms for row in atom.rows if uid in row.members), None)


def _new_id(exemplar: Row, start: int, taken: set[str]) -> str:
    return next(id for n in count() if (id := group_id(exemplar.fingerprint, start, n)) not in taken)


def _exemplar(
    verdict: Verdict, label: int, held: Sequence[Membership], origin: Group | None, atoms: Sequence[Membership]
) -> tuple[Membership, Row]:
    """Return the exemplar's atom and row: the one that is wanted, or the one of before, or the nearest to that."""
    at, name = int(verdict.medoids[label]), verdict.exemplars[label]
    atom = atoms[at] if at >= 0 else min(held, key=lambda one: (not one.shares, one.dissimilarity))
    wanted = name or (origin.medoid.uid if origin else "")
    for row in atom.rows:
        if wanted and wanted in (row.event.uid, *row.members, row.fingerprint):
            return atom, row
    return atom, next((row for row in atom.rows if row.fingerprint == atom.voice), atom.rows[0])


def _group(
    id: str, exemplar: Row, atoms: Sequence[Membership], before: Sequence[Group], origin: Group | None
) -> Group:
    rows = sorted((row for atom in atoms for row in atom.rows), key=lambda row: (row.event.time, row.event.uid))
    events = [row.event for row in rows]
    signals: Counter[str] = Counter()
    for row in rows:
        signals[row.event.signal.value] += len(row.members)
    uids = {event.uid for event in events}
    latest = events[-1]
    members = sorted(uid for row in rows for uid in row.members)
    whole = [group for group in before if set(group.members) <= set(members)]
    if origin is None:
        services: tuple[Blame, ...] = ()
    else:
        services = _services([origin, *(group for group in whole if group is not origin)])
    known = [atom for atom in atoms if atom.shares]
    weights = np.array([1.0 + math.log(_count(atom)) for atom in known])
    weights /= weights.sum() if known else 1.0
    margins = [
        (weight, atom.margin) for weight, atom in zip(weights, known, strict=True) if atom.margin is not None
    ]
    return Group(
        id=id,
        title=title_of(exemplar.event, services),
        status="open" if origin is None else origin.status,
        medoid=exemplar.event,
        earliest=events[0],
        latest=latest,
        most_severe=_most_severe(events, [group.most_severe for group in before if group.most_severe.uid in uids]),
        count=sum(signals.values()),
        signals=dict(sorted(signals.items())),
        services=services,
        first_seen=events[0].time,
        # A row lasts longer than its first event, which is known of the latest of a group.
        last_seen=max([latest.time, *(group.last_seen for group in before if group.latest.uid in uids)]),
        radius=max(atom.dissimilarity for atom in atoms),
        margin=sum(weight * margin for weight, margin in margins) / sum(w for w, _ in margins)
        if margins
        else None,
        fields=tuple(mean_shares(known, weights)) if known else (),
        members=tuple(members),
        template=exemplar.template,
        templates=_templates(rows, exemplar, before),
    )


def _count(atom: Membership) -> int:
    return sum(len(row.members) for row in atom.rows)


def _services(before: Sequence[Group]) -> tuple[Blame, ...]:
    """Return the mean of the groups' blame by events."""
    if len(before) == 1:
        return before[0].services
    parts: dict[str, float] = {}
    for group in before:
        for part in group.services:
            parts[part.name] = parts.get(part.name, 0.0) + part.blame * group.count
    total = sum(parts.values())
    ranked = sorted(parts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Blame(name, amount / total) for name, amount in ranked if amount > 0)


def _most_severe(events: Sequence[Event], known: Sequence[Event]) -> Event:
    """Return the most severe event, of equals one that was the most severe of a group, else the earliest."""
    most = max(event.severity for event in events)
    candidates = [event for event in known if event.severity == most] or [
        event for event in events if event.severity == most
    ]
    return min(candidates, key=lambda event: (event.time, event.uid))


def _templates(rows: Sequence[Row], exemplar: Row, before: Sequence[Group]) -> tuple[GroupTemplate, ...]:
    """Return the templates of the groups of before that are still there; their events are counted anew."""
    held: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        held.setdefault((row.template, row.event.signal.value, row.event.service), []).append(row)
    known: dict[tuple[str, str, str], list[GroupTemplate]] = {}
    for group in before:
        for template in group.templates:
            known.setdefault((template.text, template.signal, template.service), []).append(template)
    first = (exemplar.template, exemplar.event.signal.value, exemplar.event.service)
    counts = {key: sum(len(row.members) for row in own) for key, own in held.items() if key in known}
    ranked = sorted(counts, key=lambda key: (key != first, -counts[key], key))
    return tuple(
        _template(key, counts[key], exemplar.event if key == first else held[key][0].event, known[key])
        for key in ranked[:MOST]
    )


def _template(
    key: tuple[str, str, str], events: int, shown: Event, before: Sequence[GroupTemplate]
) -> GroupTemplate:
    """Return a template with the values of an event; constant is what was so, and the same, in all the groups."""
    text, signal, service = key
    parameters = []
    for at, slot in enumerate(slots(text, shown.text)):
        known = [template.parameters[at] if at < len(template.parameters) else None for template in before]
        constant = all(one is not None and one.constant and one.value == slot.value for one in known)
        parameters.append(Parameter(slot.name, slot.kind, slot.value, constant))
    return GroupTemplate(text, signal, service, events, shown.uid, tuple(parameters))
