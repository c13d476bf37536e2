"""A group's life in the hands of people: open, acknowledged, resolved, and open again."""

from __future__ import annotations

from dataclasses import replace

from stormcell.groups.lifecycle import Status
from stormcell.operate.find import group_of
from stormcell.operate.people import Person, StatusSet
from stormcell.store import SqliteStore

_ACTIONS = {Status.OPEN: "reopen", Status.ACKNOWLEDGED: "ack", Status.RESOLVED: "resolve"}


def set_status(store: SqliteStore, group: str, status: Status, person: Person) -> StatusSet:
    """Set the status of a group, by its id or the start of it; setting it again does nothing.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such group, or there are several.
    """
    with store.changing():
        found = group_of(store, group)
        if found.status != status:
            store.set_status(found.id, status)
            store.audit(person.did(_ACTIONS[status], found.id, [found.id], {"before": found.status}))
    return StatusSet(replace(found, status=status.value), found.status)
