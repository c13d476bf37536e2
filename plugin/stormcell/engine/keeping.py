"""What of a tick goes into the store, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stormcell.config import Settings
from stormcell.engine import state
from stormcell.engine.live import Live
from stormcell.engine.notifying import NOTIFIED, Told, dump, notify
from stormcell.engine.pausing import without_collecting
from stormcell.engine.tick import Change, Tick
from stormcell.features.knowledge import Knowledge
from stormcell.groups.lifecycle import Status
from stormcell.render import RUNBOOK, Drafter
from stormcell.store import SqliteStore
from stormcell.types import (
    EXEMPLAR,
    SIDECAR,
    AuditEntry,
    Draft,
    Event,
    Group,
    Grouping,
    Material,
    Membership,
    Row,
    Value,
)

_ACTIONS: Final = {Status.OPEN: "open", Status.RESOLVED: "resolve", Status.ACKNOWLEDGED: "ack"}


@without_collecting()
def keep(
    store: SqliteStore,
    found: Tick,
    knowledge: Knowledge,
    live: Live,
    settings: Settings,
    wall: int,
    told: Told | None = None,
    more: Callable[[SqliteStore], None] | None = None,
) -> Told | None:
    """Store what changed: groups and members, the background that is settled, who lives, and what goes out.

    Parameters
    ----------
    store : SqliteStore
    found : Tick
        That is yet to be committed.
    knowledge : Knowledge
        What is known for good by it.
    live : Live
    settings : Settings
    wall : int
        Wall clock, ns.
    told : Told, optional
        What exporters know; without it nothing goes out.
    more : callable, optional
        Writes what else goes with it.

    Returns
    -------
    Told or None
        What they know once they have what goes out.

    Raises
    ------
    StoreError
        If it cannot be stored; nothing of it is.
    """
    names = {group.id for group in found.told}
    changed = [one.group for id, one in found.living.items() if id in names and not _was_final(live, id)]
    ids = {group.id for group in changed}
    unknown = store.unknown([event.uid for event in found.stragglers])
    apart = {event.uid: event for event in found.stragglers if event.uid in unknown}
    grouping = Grouping(
        events=0,
        duplicates=0,
        groups=tuple(sorted(changed, key=lambda group: (group.first_seen, group.id))),
        memberships=(
            *(one for one in found.memberships if one.group in ids),
            *found.settled,
            *map(_alone, apart.values()),
        ),
    )
    learned = {state.LIVE: state.dump(found)}
    if found.released > live.memory.released:
        learned.update(knowledge.snapshot())
    outbox: list[tuple[str, Group]] = []
    if told is not None:
        living = [one.group for one in found.living.values()]
        ended = [group for group in found.told if group.id not in found.living]
        outbox, told = notify(told, living, settings.notifications, wall, ended)
        learned[NOTIFIED] = dump(told)
    with store.changing():
        store.save(
            grouping,
            _drafts(found, live, settings),
            learned,
            statuses={group.id: group.status for group in found.told},
            before=found.said,
            audit=[_entry(change, wall) for change in found.changes if not _by_person(change)],
            outbox=outbox,
            now=wall,
        )
        if more is not None:
            more(store)
    return told


def _by_person(change: Change) -> bool:
    return change.transition is not None and change.transition.why == "person"


def _entry(change: Change, wall: int) -> AuditEntry:
    """Return what the audit log says of a change."""
    if change.transition is None:
        detail: dict[str, Value] = {"exemplar": change.exemplar, "before": change.before}
        return AuditEntry(wall, SIDECAR, EXEMPLAR, change.group, (change.group,), detail)
    status, why = change.transition.status, change.transition.why
    action = "reopen" if why == "new events" else _ACTIONS[status]
    groups = (change.group, change.into) if change.into else (change.group,)
    into: dict[str, Value] = {"into": change.into} if change.into else {}
    return AuditEntry(wall, SIDECAR, action, change.group, groups, {"why": why, **into})


def _was_final(live: Live, id: str) -> bool:
    before = live.memory.living.get(id)
    return before is not None and before.final


def _drafts(found: Tick, live: Live, settings: Settings) -> list[Draft]:
    """Return drafts of the groups that are complete now."""
    complete = [one.group for id, one in found.living.items() if one.final and not _was_final(live, id)]
    if not complete:
        return []
    drafter = Drafter(settings.drafts)
    members: dict[str | None, list[Membership]] = {}
    for one in found.memberships:
        members.setdefault(one.group, []).append(one)
    return [drafter.draft(RUNBOOK, Material(group, members[group.id])) for group in complete]


def _alone(event: Event) -> Membership:
    """Return the membership of an event that was not grouped."""
    return Membership(rows=(Row(event, (event.uid,), "", event.text),), links=(), surprise=0.0)
