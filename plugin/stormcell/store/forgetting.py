"""Taking out of the tables what is kept no longer."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Final

from stormcell.store import seals
from stormcell.types import NoteKind

RESOLVED = "resolved"
_OLDEST: Final = """
    SELECT max(number) FROM (
        SELECT number FROM audit
        WHERE number < coalesce((SELECT number FROM audit WHERE time >= ? ORDER BY number LIMIT 1), 1 << 62)
        ORDER BY number LIMIT ?
    )
"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was taken out.

    Attributes
    ----------
    atoms : int
        In no group.
    groups : int
    entries : int
        Of the audit log.
    windows, notes : int
        Of the model.
    more : bool
        Whether there is more to take out.
    """

    atoms: int
    groups: int
    entries: int
    windows: int
    notes: int
    more: bool


def forget(connection: sqlite3.Connection, background: int, groups: int, audit: int, most: int) -> Forgotten:
    """Take out what ended before a time each (see ``SqliteStore.forget``)."""
    apart = [
        id
        for (id,) in connection.execute(
            "SELECT id FROM atoms WHERE group_id IS NULL AND last < ? ORDER BY last LIMIT ?", (background, most)
        )
    ]
    connection.executemany("DELETE FROM atoms WHERE id = ?", ((id,) for id in apart))
    ended = _ended(connection, groups, most)
    connection.executemany("DELETE FROM groups WHERE id = ?", ((key,) for key in ended))
    entries = _forget_entries(connection, audit, most)
    windows = forget_windows(connection, groups, most)
    notes = _forget_notes(connection, audit, most)
    counts = (len(apart), len(ended), entries, windows, notes)
    return Forgotten(*counts, more=max(counts) >= most)


def forget_windows(connection: sqlite3.Connection, before: int, most: int) -> int:
    """Take out the model's windows that began before a time; return how many."""
    return connection.execute(
        "DELETE FROM model_windows WHERE (codebook, start) IN"
        " (SELECT codebook, start FROM model_windows WHERE start < ? ORDER BY start LIMIT ?)",
        (before, most),
    ).rowcount


def _forget_notes(connection: sqlite3.Connection, before: int, most: int) -> int:
    """Take out what happened to the model before a time, but for the last of each kind and for what was live when.

    By the latter one goes back.
    """
    return connection.execute(
        "DELETE FROM model_notes WHERE number IN ("
        " SELECT number FROM model_notes WHERE time < ? AND kind NOT IN (?, ?)"
        " AND number NOT IN (SELECT last FROM model_tallies) ORDER BY number LIMIT ?)",
        (before, NoteKind.PROMOTED.value, NoteKind.ROLLED_BACK.value, most),
    ).rowcount


def _forget_entries(connection: sqlite3.Connection, before: int, most: int) -> int:
    """Take out the beginning of the audit log, up to the first entry that is kept: what is left stays a chain."""
    [last] = connection.execute(_OLDEST, (before, most)).fetchone()
    if last is None:
        return 0
    seals.begin_after(connection, last)
    return connection.execute("DELETE FROM audit WHERE number <= ?", (last,)).rowcount


def _ended(connection: sqlite3.Connection, before: int, most: int) -> list[str | bytes]:
    """Return the keys of resolved groups that ended before a time."""
    found: list[str | bytes] = []
    for key, document in connection.execute(
        "SELECT id, document FROM groups WHERE status = ? AND first_seen < ? ORDER BY first_seen",
        (RESOLVED, before),
    ):
        if json.loads(document)["last_seen"] < before:
            found.append(key)
            if len(found) >= most:
                break
    return found
