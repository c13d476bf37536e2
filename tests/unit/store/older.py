"""Makes a store one of an earlier version."""

from __future__ import annotations

import sqlite3

_UNDO = {
    10: ("DROP TABLE model_tallies",),
    9: (
        "DROP TABLE codebooks",
        "DROP TABLE model_windows",
        "DROP TABLE model_notes",
        "DROP TABLE audit_ends",
        "ALTER TABLE audit DROP COLUMN seal",
    ),
    8: ("DROP TABLE reviews",),
    7: ("DROP INDEX atoms_apart", "ALTER TABLE atoms DROP COLUMN last"),
}


def take_back(connection: sqlite3.Connection, version: int) -> None:
    """Undo the migrations after a version."""
    for undone in sorted((number for number in _UNDO if number > version), reverse=True):
        for statement in _UNDO[undone]:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version}")
