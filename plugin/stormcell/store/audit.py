"""The audit log in the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from stormcell.store import codec, seals
from stormcell.store.codec import from_key, to_key
from stormcell.store.transactions import Connected
from stormcell.types import AuditCheck, AuditEntry, Seal

_ALL: Final = """
    SELECT number, time, who, action, target, document FROM audit
    WHERE number > :after ORDER BY number LIMIT :limit
"""
_OF_A_GROUP: Final = """
    SELECT number, time, who, action, target, document FROM audit_groups JOIN audit USING (number)
    WHERE group_id = :group AND number > :after ORDER BY number LIMIT :limit
"""
_NEWEST: Final = """
    SELECT number, time, who, action, target, document FROM audit
    WHERE (:before IS NULL OR number < :before)
    AND (:who = '' OR who = :who) AND (:action = '' OR action = :action)
    AND (:group = '' OR number IN (SELECT number FROM audit_groups WHERE group_id = :group))
    ORDER BY number DESC LIMIT :limit
"""
_ADD: Final = "INSERT INTO audit (number, time, who, action, target, document, seal) VALUES (?, ?, ?, ?, ?, ?, ?)"


class AuditLog(Connected):
    """The part of a store that keeps who changed what."""

    def audit(self, *entries: AuditEntry) -> None:
        """Put entries at the end of the audit log."""
        with self._writing() as connection:
            add(connection, entries)

    def audit_log(self, group: str | None = None, *, limit: int | None = None, after: int = 0) -> list[AuditEntry]:
        """Return who changed what, oldest first.

        Parameters
        ----------
        group : str, optional
            Only what belongs to the history of this group, by its whole id; it may be gone.
        limit : int, optional
            At most so many.
        after : int
            Only those with a higher number.
        """
        with self._reading() as connection:
            return [] if connection is None else load(connection, group, limit, after)

    def newest_entries(
        self, *, who: str = "", action: str = "", group: str = "", limit: int, before: int | None = None
    ) -> list[AuditEntry]:
        """Return who changed what, newest first.

        Parameters
        ----------
        who, action, group : str
            Only entries of this one, a group by its whole id; "" for all.
        limit : int
            At most so many.
        before : int, optional
            Only those with a lower number.
        """
        with self._reading() as connection:
            return [] if connection is None else newest(connection, who, action, group, limit, before)

    def audit_counts(self) -> dict[tuple[str, str], int]:
        """Return how many entries the audit log has, by who and action."""
        with self._reading() as connection:
            return {} if connection is None else counts(connection)

    def audit_seal(self) -> Seal:
        """Return the seal of the newest entry of the audit log, by which it and all before it can be checked."""
        with self._reading() as connection:
            return Seal(0, "") if connection is None else seals.head(connection)

    def verify_audit(self, since: Seal | None = None) -> AuditCheck:
        """Return whether the audit log is what was written: no entry altered, taken out, put in or moved.

        Parameters
        ----------
        since : Seal, optional
            One that was kept elsewhere. Without it whoever may write the file may have made all seals anew.
        """
        with self._reading() as connection:
            if connection is None:
                return AuditCheck(0, 0, Seal(0, ""), Seal(0, ""))
            return seals.verify(connection, since)


def add(connection: sqlite3.Connection, entries: Iterable[AuditEntry]) -> None:
    """Put entries at the end of the log; their numbers and seals are given here, within the transaction."""
    rows: list[tuple[int, int, str | bytes, str | bytes, str | bytes, str, str]] = []
    listed: list[tuple[str | bytes, int]] = []
    head = seals.head(connection)
    for entry in entries:
        number = head.number + 1
        who, action, target = (to_key(text) for text in (entry.who, entry.action, entry.target))
        document = codec.dump_learned({"groups": list(entry.groups), "detail": dict(entry.detail)})
        head = Seal(number, seals.sealed(head.seal, number, entry.time, who, action, target, document))
        rows.append((number, entry.time, who, action, target, document, head.seal))
        listed += ((to_key(group), number) for group in dict.fromkeys(entry.groups))
    if rows:
        connection.executemany(_ADD, rows)
        connection.executemany("INSERT INTO audit_groups (group_id, number) VALUES (?, ?)", listed)
        seals.move_head(connection, head)


def load(connection: sqlite3.Connection, group: str | None, limit: int | None, after: int) -> list[AuditEntry]:
    """Return entries, oldest first (see ``SqliteStore.audit_log``)."""
    wanted = {
        "group": None if group is None else to_key(group),
        "after": after,
        "limit": -1 if limit is None else limit,
    }
    return [_entry(*columns) for columns in connection.execute(_ALL if group is None else _OF_A_GROUP, wanted)]


def newest(
    connection: sqlite3.Connection, who: str, action: str, group: str, limit: int, before: int | None
) -> list[AuditEntry]:
    """Return entries, newest first (see ``SqliteStore.newest_entries``)."""
    wanted = {
        **{"who": to_key(who), "action": to_key(action), "group": to_key(group)},
        **{"before": before, "limit": limit},
    }
    return [_entry(*columns) for columns in connection.execute(_NEWEST, wanted)]


def counts(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """Return how many entries there are by who and action."""
    found = connection.execute("SELECT who, action, count(*) FROM audit GROUP BY who, action")
    return {(from_key(who), from_key(action)): count for who, action, count in found}


def _entry(
    number: int, time: int, who: str | bytes, action: str | bytes, target: str | bytes, document: str
) -> AuditEntry:
    stored = codec.load_learned(document)
    return AuditEntry(
        time=time,
        who=from_key(who),
        action=from_key(action),
        target=from_key(target),
        groups=tuple(stored["groups"]),
        detail=stored["detail"],
        number=number,
    )
