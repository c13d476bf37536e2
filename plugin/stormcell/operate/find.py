"""What a person names: groups and events of a store."""

from __future__ import annotations

from stormcell.errors import ConflictError, NotFoundError
from stormcell.store import SqliteStore
from stormcell.types import Group, Membership, Row


def group_of(store: SqliteStore, id: str) -> Group:
    """Return the group of an id, or of the one id that starts so.

    Raises
    ------
    NotFoundError
        If there is none.
    ConflictError
        If several ids start so.
    """
    found = store.group(id)
    if found is None:
        raise NotFoundError(f"no group {id!r} in the store; `stormcell groups list` shows them all")
    return found


def event_of(store: SqliteStore, event: str) -> tuple[Membership, Row, str]:
    """Return the atom of an event, the row and its whole uid; for an alert its fingerprint will do.

    Raises
    ------
    NotFoundError
        If there is no such event.
    ConflictError
        If alerts of that fingerprint are in several atoms.
    """
    atom = store.membership_of(event)
    if atom is None:
        raise NotFoundError(f"no event {event!r} in the store; was its file among those that were grouped?")
    return (atom, *_find(atom, event))


def grouped_event_of(store: SqliteStore, event: str) -> tuple[Membership, Row, str, str]:
    """Return the same as ``event_of``, and the id of the event's group.

    Raises
    ------
    ConflictError
        If it is in no group, too.
    """
    atom, row, uid = event_of(store, event)
    if atom.group is None:
        raise ConflictError(
            f"event {event} is background and in no group; what is said of groups leaves the gate alone"
        )
    return atom, row, uid, atom.group


def _find(atom: Membership, asked: str) -> tuple[Row, str]:
    members = [(row, uid) for row in atom.rows for uid in row.members]
    exact = (found for found in members if found[1] == asked)
    alerts = (found for found in members if found[1].partition("@")[0] == asked)
    return next(exact, None) or next(alerts)
