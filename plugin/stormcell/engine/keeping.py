"""What of a tick goes into the store, in one transaction."""

from __future__ import annotations

from stormcell.config import Settings
from stormcell.engine import state
from stormcell.engine.live import Live
from stormcell.engine.tick import Tick
from stormcell.features.knowledge import Knowledge
from stormcell.render import Drafter
from stormcell.store import SqliteStore
from stormcell.types import Draft, Event, Grouping, Membership, Row


def keep(store: SqliteStore, found: Tick, knowledge: Knowledge, live: Live, settings: Settings, wall: int) -> None:
    """Store what changed: groups and their members, the background that is settled, who lives, what was learned.

    Raises
    ------
    StoreError
        If it cannot be stored; nothing of it is.
    """
    settled = found.released > live.memory.released
    told = {group.id for group in found.told}
    changed = [one.group for id, one in found.living.items() if id in told and not _was_final(live, id)]
    ids = {group.id for group in changed}
    inside = [one for one in found.memberships if one.group in ids]
    unknown = store.unknown([event.uid for event in found.stragglers])
    apart = {event.uid: event for event in found.stragglers if event.uid in unknown}
    grouping = Grouping(
        events=0,
        duplicates=0,
        groups=tuple(sorted(changed, key=lambda group: (group.first_seen, group.id))),
        memberships=(*inside, *found.settled, *map(_alone, apart.values())),
    )
    learned = {state.LIVE: state.dump(found), **(knowledge.snapshot() if settled else {})}
    statuses = {group.id: group.status for group in found.told}
    store.save(grouping, _drafts(found, live, settings), learned, statuses=statuses)


def _was_final(live: Live, id: str) -> bool:
    before = live.memory.living.get(id)
    return before is not None and before.final


def _drafts(found: Tick, live: Live, settings: Settings) -> list[Draft]:
    """Return drafts of the groups that are complete now."""
    complete = [one.group for id, one in found.living.items() if one.final and not _was_final(live, id)]
    if not complete:
        return []
    drafter = Drafter(settings.drafts.templates)
    members: dict[str | None, list[Membership]] = {}
    for one in found.memberships:
        members.setdefault(one.group, []).append(one)
    return [drafter.draft(group, members[group.id]) for group in complete]


def _alone(event: Event) -> Membership:
    """Return the membership of an event that was not grouped."""
    return Membership(rows=(Row(event, (event.uid,), "", event.text),), links=(), surprise=0.0)
