"""What one feedback does to the groups of a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from stormcell.config import Settings
from stormcell.errors import ConflictError
from stormcell.features.traits import labels_of
from stormcell.groups.feedback import judge, review
from stormcell.groups.sessions import cut_sessions
from stormcell.groups.stored import regroup, scene_of
from stormcell.store import SqliteStore
from stormcell.store.listing import Order, Wanted
from stormcell.types import Feedback, Group, Kind, Membership, State

_ALL: Final = 2**62


@dataclass(frozen=True, slots=True)
class Change:
    """What a feedback did to the store: groups as they are now, those that are gone, feedback it contradicts."""

    groups: Sequence[Group]
    gone: Sequence[str]
    contradicted: Sequence[str]


def apply(store: SqliteStore, said: Feedback, settings: Settings) -> Change:
    """Apply a feedback to the stored groups and keep it.

    Parameters
    ----------
    store : SqliteStore
        Changing (see ``SqliteStore.changing``).
    said : Feedback
    settings : Settings
        Its grouping and its rules.

    Raises
    ------
    ConflictError
        If it speaks of what is not in one session or must not be in one group, or cannot be done.
    """
    groups, atoms = _session(store, said, settings.grouping.silence_seconds)
    _check_same(groups, said, settings)
    scene = scene_of(groups, atoms)
    earlier = [one for one in store.feedback() if not one.undone and one.id != said.id]
    # Other pins go on: each is for whatever group holds its event.
    pins = [one for one in earlier if one.kind is Kind.PIN and one.marks[0].uids[0] in scene.holders]
    verdict = judge([*pins, said], scene)
    outcome = verdict.outcomes[-1]
    if outcome.state is not State.HONOURED:
        raise ConflictError(f"it cannot be done: {outcome.why}")
    changed, placed = regroup(groups, atoms, verdict)
    store.add_feedback(said, changed, placed)
    left = {origin for origin in verdict.origins if origin >= 0}
    after = replace(scene, labels=verdict.labels, medoids=verdict.medoids)
    broken = [
        one.id
        for one, before, now in zip(earlier, review(earlier, scene), review(earlier, after), strict=True)
        if one.kind is not Kind.PIN and before is State.HONOURED and now not in (State.HONOURED, State.ABSENT)
    ]
    broken += [outcome.feedback for outcome in verdict.outcomes if outcome.state is State.OVERRULED]
    return Change(changed, [group.id for at, group in enumerate(groups) if at not in left], broken)


def _check_same(groups: Sequence[Group], said: Feedback, settings: Settings) -> None:
    """Make sure that groups that are said to be one may be: the next grouping would part them again."""
    rules = settings.rules.same
    if not rules or said.kind not in (Kind.MERGE, Kind.MOVE):
        return
    spoken = {uid for mark in said.marks for uid in mark.uids}
    held = [group for group in groups if not spoken.isdisjoint(group.members)]
    labels = [labels_of(group.medoid, rules, settings) for group in held]
    for group, found in zip(held, labels, strict=True):
        for rule, one, other in zip(rules, labels[0], found, strict=True):
            if one != other:
                two = f"{held[0].id} and {group.id}"
                raise ConflictError(f"{two} are not of the same {rule.name}, as rules.same wants of a group")


def _session(store: SqliteStore, said: Feedback, silence: float) -> tuple[list[Group], list[Membership]]:
    """Return the groups of the session of which it is said, and their atoms ascending by time."""
    ids = set()
    for mark in said.marks:
        atom = store.membership_of(mark.uids[0])
        if atom is None or atom.group is None:
            raise ConflictError(f"event {mark.uids[0]} is in no group any more")
        ids.add(atom.group)
    # Without their members: a store may hold years of groups, of which one session is looked at.
    every = store.page_of_groups(Wanted(), Order(descending=False), limit=_ALL)
    first, last = (np.array([getattr(g, name) for g in every]) for name in ("first_seen", "last_seen"))
    for session in cut_sessions(first, last, int(silence * 1e9)):
        found = [every[at].id for at in session.tolist()]
        if ids <= set(found):
            groups = [group for id in found if (group := store.group(id)) is not None]
            atoms = [atom for group in groups for atom in store.memberships(group.id)]
            return groups, sorted(atoms, key=lambda atom: (atom.rows[0].event.time, atom.rows[0].event.uid))
    raise ConflictError(
        f"{' and '.join(sorted(ids))} are of different sessions: between them nothing happened for more than "
        f"{silence:g} s (grouping.silence_seconds), and no group spans that"
    )
