"""The shape of the store's tables, version by version.

The version of a file is its ``PRAGMA user_version``: how many entries of ``MIGRATIONS`` it has been through.
An entry is never edited once released; a change of shape is a new entry at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from stormcell.errors import StoreError

APPLICATION_ID: Final = 0x53544D43
"""What SQLite's header says of our files ("STMC"), so that no other program's database is taken for ours."""

MIGRATIONS: Final[tuple[str, ...]] = (
    # 1. What look-ups and the life of a group need is in columns; the rest of each thing is one JSON
    # document. Members of a group are not written twice: they are the members of its atoms' rows.
    """
    CREATE TABLE groups (
        id TEXT PRIMARY KEY,
        status TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        document TEXT NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE atoms (
        id INTEGER PRIMARY KEY,
        group_id TEXT REFERENCES groups (id) ON DELETE CASCADE,
        document TEXT NOT NULL
    );
    CREATE INDEX atoms_by_group ON atoms (group_id);

    CREATE TABLE rows (
        id INTEGER PRIMARY KEY,
        atom_id INTEGER NOT NULL REFERENCES atoms (id) ON DELETE CASCADE,
        event TEXT NOT NULL
    );
    CREATE INDEX rows_by_atom ON rows (atom_id);

    CREATE TABLE members (
        uid TEXT PRIMARY KEY,
        row_id INTEGER NOT NULL REFERENCES rows (id) ON DELETE CASCADE
    ) WITHOUT ROWID;
    CREATE INDEX members_by_row ON members (row_id);

    CREATE TABLE drafts (
        id INTEGER PRIMARY KEY,
        group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        document TEXT NOT NULL
    );
    CREATE INDEX drafts_by_group ON drafts (group_id, kind);
    """,
    # 2. What was learned and is gone on with, a JSON document each: "templates".
    """
    CREATE TABLE learned (
        name TEXT PRIMARY KEY,
        document TEXT NOT NULL
    ) WITHOUT ROWID;
    """,
    # 3. By what groups are known again, and the families of those that came again. An exemplar's group may go
    # while its family stays: the next run gives it another.
    """
    CREATE TABLE profiles (
        group_id TEXT PRIMARY KEY REFERENCES groups (id) ON DELETE CASCADE,
        document TEXT NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE families (
        id TEXT PRIMARY KEY,
        exemplar TEXT NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE family_members (
        group_id TEXT PRIMARY KEY REFERENCES groups (id) ON DELETE CASCADE,
        family_id TEXT NOT NULL REFERENCES families (id) ON DELETE CASCADE,
        document TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX family_members_by_family ON family_members (family_id);
    """,
    # 4. What people said of groups, in the order they said it. ``before`` is what was stored of the groups that it
    # changed, as long as that can be put back. Rows keep what tells them again; a template of NULL is the text.
    """
    CREATE TABLE feedback (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        undone INTEGER NOT NULL DEFAULT 0,
        document TEXT NOT NULL,
        before TEXT
    );
    ALTER TABLE rows ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
    ALTER TABLE rows ADD COLUMN template TEXT;
    """,
    # 5. Who changed what: it outlives the groups it is of. Listing pages through groups by when they began.
    """
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,
        who TEXT NOT NULL,
        action TEXT NOT NULL,
        target TEXT NOT NULL,
        document TEXT NOT NULL
    );
    CREATE TABLE audit_groups (
        group_id TEXT NOT NULL,
        number INTEGER NOT NULL REFERENCES audit (number) ON DELETE CASCADE,
        PRIMARY KEY (group_id, number)
    ) WITHOUT ROWID;
    CREATE INDEX groups_by_first_seen ON groups (first_seen);
    """,
    # 6. Groups on their way out, a revision a row. A number is never given twice: who hands a revision over and
    # then takes it out must not take out another that came meanwhile. Of a group only the first may go.
    """
    CREATE TABLE outbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        exporter TEXT NOT NULL,
        group_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        status TEXT NOT NULL,
        document TEXT NOT NULL,
        put INTEGER NOT NULL,
        due INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        problem TEXT NOT NULL DEFAULT '',
        dead INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX outbox_by_group ON outbox (exporter, dead, group_id, number);

    CREATE VIEW outbox_heads AS
    SELECT * FROM outbox AS this WHERE dead = 0 AND NOT EXISTS (
        SELECT 1 FROM outbox AS other WHERE other.exporter = this.exporter AND other.dead = 0
        AND other.group_id = this.group_id AND other.number < this.number
    );
    """,
    # 7. When the last event of an atom happened, by which background is forgotten. Where that cannot be told of
    # what is there already, it is as if it were now.
    """
    ALTER TABLE atoms ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
    UPDATE atoms SET last = coalesce(
        (SELECT max(CASE WHEN json_valid(event) THEN json_extract(event, '$.time') END)
        FROM rows WHERE atom_id = atoms.id),
        CAST(strftime('%s', 'now') AS INTEGER) * 1000000000
    );
    CREATE INDEX atoms_apart ON atoms (last) WHERE group_id IS NULL;
    """,
    # 8. Drafts in the hands of people: they outlive their groups. What they are found by is in columns.
    """
    CREATE TABLE reviews (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        group_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        version INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        document TEXT NOT NULL
    );
    CREATE INDEX reviews_by_group ON reviews (group_id, kind, number);
    CREATE INDEX reviews_by_change ON reviews (changed, id);
    """,
    # 9. Codebooks: which of them is what; each is a file beside the store. What they saw by window,
    # and what happened to them. Entries of the audit log are sealed, each with the seal of the one before: from
    # which on ("start", itself not among them), and which is the newest ("head").
    """
    CREATE TABLE codebooks (
        version TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        made INTEGER NOT NULL,
        document TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX codebook_live ON codebooks (state) WHERE state = 'live';
    CREATE UNIQUE INDEX codebook_canary ON codebooks (state) WHERE state = 'canary';

    CREATE TABLE model_windows (
        codebook TEXT NOT NULL,
        start INTEGER NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (codebook, start)
    ) WITHOUT ROWID;

    CREATE TABLE model_notes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        time INTEGER NOT NULL,
        kind TEXT NOT NULL,
        version TEXT NOT NULL,
        document TEXT NOT NULL
    );
    CREATE INDEX model_notes_by_kind ON model_notes (kind, number);

    ALTER TABLE audit ADD COLUMN seal TEXT NOT NULL DEFAULT '';
    CREATE TABLE audit_ends (
        place TEXT PRIMARY KEY,
        number INTEGER NOT NULL,
        seal TEXT NOT NULL
    ) WITHOUT ROWID;
    INSERT INTO audit_ends SELECT 'start', coalesce(max(number), 0), '' FROM audit;
    INSERT INTO audit_ends SELECT 'head', number, seal FROM audit_ends;
    """,
    # 10. How often each kind of thing happened to the model, of runs by job and outcome, and the last note of it.
    # That note stays; others are forgotten in time, and what is counted must never fall.
    """
    CREATE TABLE model_tallies (
        kind TEXT NOT NULL,
        job TEXT NOT NULL,
        outcome TEXT NOT NULL,
        times INTEGER NOT NULL,
        last INTEGER NOT NULL,
        PRIMARY KEY (kind, job, outcome)
    ) WITHOUT ROWID;
    INSERT INTO model_tallies
    SELECT kind, job, outcome, count(*), max(number) FROM (
        SELECT kind, number,
        CASE WHEN kind = 'job' THEN coalesce(json_extract(document, '$.job'), '') ELSE '' END AS job,
        CASE WHEN kind = 'job' THEN coalesce(json_extract(document, '$.outcome'), '') ELSE '' END AS outcome
        FROM model_notes
    ) GROUP BY kind, job, outcome;
    """,
)


def migrate(connection: sqlite3.Connection, path: Path, *, empty_is_new: bool) -> None:
    """Bring the store behind ``connection`` to the newest version, or refuse it untouched.

    Parameters
    ----------
    connection : sqlite3.Connection
        In autocommit mode (``isolation_level=None``).
    path : Path
        For the messages.
    empty_is_new : bool
        Whether a database without any table is to become a store; else it is refused.

    Raises
    ------
    StoreError
        If it is a newer store than this code knows, or no store at all.
    sqlite3.Error
        If it cannot be read or written; each migration happens whole or not at all.
    """
    if _version(connection, path, empty_is_new=empty_is_new) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another process may have migrated it meanwhile.
        version = _version(connection, path, empty_is_new=empty_is_new)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for statement in _statements(MIGRATIONS[version:]):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # some errors (a full disk) have rolled it back already
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: Path, *, empty_is_new: bool) -> int:
    """Return the version of the store, having made sure that it is one that this code may write."""
    [version] = connection.execute("PRAGMA user_version").fetchone()
    [owner] = connection.execute("PRAGMA application_id").fetchone()
    if owner != APPLICATION_ID:
        [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if empty_is_new and version == tables == owner == 0:
            return 0
        raise StoreError(f"{path} is an SQLite database but not a Stormcell store; name another file")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} is a store of version {version} and this Stormcell knows versions up to "
            f"{len(MIGRATIONS)}; upgrade Stormcell, or name another file"
        )
    return int(version)


def _statements(scripts: Sequence[str]) -> Iterator[str]:
    """Split scripts into statements; ``executescript`` would commit the transaction around it."""
    for script in scripts:
        statement = ""
        for line in script.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""
        if statement.strip():
            yield statement  # unfinished: SQLite will say what is wrong with it
