"""Who changed what."""

from __future__ import annotations

from typing import Any

from stormcell.errors import NotFoundError
from stormcell.operate.find import group_of
from stormcell.store import SqliteStore
from stormcell.times import rfc3339
from stormcell.types import AuditEntry


def history_of(
    store: SqliteStore, group: str, *, limit: int | None = None, after: int = 0
) -> tuple[str, list[AuditEntry]]:
    """Return a group's whole id and its history, oldest first (see ``SqliteStore.audit_log``).

    Raises
    ------
    NotFoundError, ConflictError
        If nothing is known of such a group, or several ids start so. One that is gone is known by its whole id.
    """
    if store.group(group) is None and not store.audit_log(group, limit=1):
        raise NotFoundError(
            f"no group {group!r} in the store, nor anything known of it; name one that is no more by its whole id"
        )
    id = group if store.group(group) is None else group_of(store, group).id
    return id, store.audit_log(id, limit=limit, after=after)


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry of the audit log as JSON types."""
    return {
        "number": entry.number,
        "time": rfc3339(entry.time),
        "who": entry.who,
        "action": entry.action,
        "target": entry.target,
        "groups": list(entry.groups),
        "detail": dict(entry.detail),
    }
