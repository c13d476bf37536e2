"""One feedback on the groups of a store: how it is told, and what it does to them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stormcell.cli import options
from stormcell.errors import StoreError
from stormcell.escape import terminal
from stormcell.groups.feedback import judge, review
from stormcell.groups.sessions import cut_sessions
from stormcell.groups.stored import regroup, scene_of
from stormcell.store import SqliteStore
from stormcell.text.shorten import shorten
from stormcell.times import readable
from stormcell.types import Feedback, Group, Kind, Mark, Membership, Row, State

_TEMPLATE = 80
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Change:
    """What a feedback did to the store: groups as they are now, those that are gone, feedback it contradicts."""

    groups: Sequence[Group]
    gone: Sequence[str]
    contradicted: Sequence[str]


def apply(opened: SqliteStore, said: Feedback) -> Change:
    """Apply a feedback to the stored groups and keep it.

    Raises
    ------
    StoreError
        If it speaks of what is not in one session, or cannot be done.
    """
    groups, atoms = _session(opened, said)
    scene = scene_of(groups, atoms)
    earlier = [one for one in opened.feedback() if not one.undone and one.id != said.id]
    # Other pins go on: each is for whatever group holds its event.
    pins = [one for one in earlier if one.kind is Kind.PIN and one.marks[0].uids[0] in scene.holders]
    verdict = judge([*pins, said], scene)
    outcome = verdict.outcomes[-1]
    if outcome.state is not State.HONOURED:
        raise StoreError(f"it cannot be done: {outcome.why}")
    changed, placed = regroup(groups, atoms, verdict)
    opened.add_feedback(said, changed, placed)
    left = {origin for origin in verdict.origins if origin >= 0}
    after = replace(scene, labels=verdict.labels, medoids=verdict.medoids)
    broken = [
        one.id
        for one, before, now in zip(earlier, review(earlier, scene), review(earlier, after), strict=True)
        if one.kind is not Kind.PIN and before is State.HONOURED and now not in (State.HONOURED, State.ABSENT)
    ]
    broken += [outcome.feedback for outcome in verdict.outcomes if outcome.state is State.OVERRULED]
    return Change(changed, [group.id for at, group in enumerate(groups) if at not in left], broken)


def _session(opened: SqliteStore, said: Feedback) -> tuple[list[Group], list[Membership]]:
    """Return the groups of the session of which it is said, and their atoms ascending by time."""
    ids = set()
    for mark in said.marks:
        atom = opened.membership_of(mark.uids[0])
        if atom is None or atom.group is None:
            raise StoreError(f"event {mark.uids[0]} is in no group any more")
        ids.add(atom.group)
    every = opened.groups()
    silence = options.settings(None).grouping.silence_seconds
    first, last = (np.array([getattr(g, name) for g in every]) for name in ("first_seen", "last_seen"))
    for session in cut_sessions(first, last, int(silence * 1e9)):
        groups = [every[at] for at in session.tolist()]
        if ids <= {group.id for group in groups}:
            atoms = [atom for group in groups for atom in opened.memberships(group.id)]
            return groups, sorted(atoms, key=lambda atom: (atom.rows[0].event.time, atom.rows[0].event.uid))
    raise StoreError(
        f"{' and '.join(sorted(ids))} are of different sessions: between them nothing happened for more than "
        f"{silence:g} s (grouping.silence_seconds), and no group spans that"
    )


def new_id(kind: Kind, marks: Sequence[Mark], number: int) -> str:
    """Return the id of what is said as the ``number``-th thing, from 0."""
    text = repr((number, kind.value, [(mark.uids, mark.fingerprint) for mark in marks]))
    return "f-" + hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=5).hexdigest()


def voice_mark(atom: Membership, uids: tuple[str, ...]) -> Mark:
    """Return the mark by which an atom is known again: its voice.

    Raises
    ------
    StoreError
        If the store is of before voices were kept.
    """
    row = next((row for row in atom.rows if row.fingerprint == atom.voice), atom.rows[0])
    return mark_of(row, uids)


def mark_of(row: Row, uids: tuple[str, ...]) -> Mark:
    """Return the mark of a row's fingerprint.

    Raises
    ------
    StoreError
        If the store is of before fingerprints were kept.
    """
    if not row.fingerprint:
        raise StoreError(
            "the store was written by an earlier Stormcell; run `stormcell group` into it again first"
        )
    return Mark(uids, row.fingerprint, row.event.signal.value, row.event.service, row.template)


def spelled(one: Feedback) -> str:
    """Return a feedback in words, in one line that is harmless on a terminal."""
    names = [f"{mark.uids[0]} ({_told(mark)})" for mark in one.marks]
    match one.kind:
        case Kind.MERGE:
            words = f"merge {_listed(names, ' with ')}"
        case Kind.SPLIT:
            words = f"split {_listed(names[1:], ' and ')} from {names[0]}"
        case Kind.MOVE:
            words = f"move {names[1]} from {names[0]} to {names[2]}"
        case Kind.PIN:
            words = f"pin {names[0]}"
    told = f" by {one.author}" if one.author else ""
    when = f" on {readable(one.time)}" if one.time else ""
    return terminal(f"{one.id}  {'(undone) ' if one.undone else ''}{words}{told}{when}")


def _told(mark: Mark) -> str:
    where = f" of {mark.service}" if mark.service else ""
    return f"{mark.signal}{where}: {shorten(mark.template, _TEMPLATE) or '(no text)'}"


def _listed(names: Sequence[str], between: str) -> str:
    more = f"{between}{len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return between.join(names[:_SHOWN]) + more
