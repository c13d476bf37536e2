"""Putting a grouping into the tables, and taking out what it supersedes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path

from stormcell.store import codec
from stormcell.store.codec import from_key, to_key
from stormcell.store.connection import contents_trusted
from stormcell.store.recurring import put_profiles
from stormcell.store.texts import EventTexts
from stormcell.types import Draft, Grouping, Membership


def check(grouping: Grouping) -> None:
    """Make sure that a grouping does not contradict itself.

    Raises
    ------
    ValueError
        If it does; it would not read back as it is.
    """
    holds: dict[str | None, list[str]] = {group.id: [] for group in grouping.groups}
    holds[None] = []
    for atom in grouping.memberships:
        if atom.group not in holds:
            raise ValueError(f"an atom is of group {atom.group!r}, which the grouping does not have")
        if not atom.rows or not all(row.members for row in atom.rows):
            raise ValueError(f"an atom of group {atom.group!r} has no rows, or a row no members")
        for row in atom.rows:
            holds[atom.group] += row.members
    if len(holds) != len(grouping.groups) + 1:
        raise ValueError("two groups of the grouping have the same id")
    for group in grouping.groups:
        if not group.members or sorted(holds[group.id]) != list(group.members):
            raise ValueError(f"the members of group {group.id!r} are not those of its atoms, ascending")
    uids = Counter(uid for held in holds.values() for uid in held)
    if uids and max(uids.values()) > 1:
        raise ValueError(f"event {uids.most_common(1)[0][0]!r} is in more than one place")


def replace(
    connection: sqlite3.Connection,
    path: Path,
    grouping: Grouping,
    drafts: Sequence[Draft],
    learned: Mapping[str, Mapping[str, object]],
    texts: EventTexts,
) -> None:
    """Put in a grouping and drafts, having taken out what they supersede (see ``SqliteStore.save``).

    The caller holds the transaction. ``path`` is for messages.
    """
    write_learned(connection, learned)
    _make_room(connection, path, grouping)
    # What was before feedback is no longer what would be without it.
    connection.execute("UPDATE feedback SET before = NULL")
    # Not INSERT OR REPLACE: that deletes first, and a group's drafts would go with it. The status is people's.
    connection.executemany(
        "INSERT INTO groups (id, status, first_seen, document) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET first_seen = excluded.first_seen, document = excluded.document",
        (
            (to_key(group.id), to_key(group.status), group.first_seen, codec.dump_group(group))
            for group in grouping.groups
        ),
    )
    put_profiles(connection, {group.id: group.profile for group in grouping.groups})
    _insert_atoms(connection, grouping.memberships, texts)
    replace_drafts(connection, drafts)


def write_learned(connection: sqlite3.Connection, learned: Mapping[str, Mapping[str, object]]) -> None:
    """Put in what was learned, by name."""
    connection.executemany(
        "INSERT OR REPLACE INTO learned (name, document) VALUES (?, ?)",
        ((name, codec.dump_learned(document)) for name, document in learned.items()),
    )


def put_statuses(
    connection: sqlite3.Connection, statuses: Mapping[str, str], before: Mapping[str, str] | None = None
) -> None:
    """Set the statuses of groups, by their ids; not of those that are no longer what they were ``before``."""
    known = before or {}
    connection.executemany(
        "UPDATE groups SET status = :new WHERE id = :id AND (:old IS NULL OR status = :old)",
        (
            {"new": to_key(status), "id": to_key(id), "old": to_key(known[id]) if id in known else None}
            for id, status in statuses.items()
        ),
    )


def _insert_atoms(connection: sqlite3.Connection, atoms: Iterable[Membership], texts: EventTexts) -> None:
    [last_atom] = connection.execute("SELECT coalesce(max(id), 0) FROM atoms").fetchone()
    [last_row] = connection.execute("SELECT coalesce(max(id), 0) FROM rows").fetchone()
    numbered = list(enumerate(atoms, last_atom + 1))
    connection.executemany(
        "INSERT INTO atoms (id, group_id, document) VALUES (?, ?, ?)",
        ((id, None if atom.group is None else to_key(atom.group), codec.dump_atom(atom)) for id, atom in numbered),
    )
    ids = count(last_row + 1)
    rows = [(next(ids), id, row) for id, atom in numbered for row in atom.rows]
    connection.executemany(
        "INSERT INTO rows (id, atom_id, event, fingerprint, template) VALUES (?, ?, ?, ?, ?)",
        (
            (
                id,
                atom,
                texts.text(row.event),
                to_key(row.fingerprint),
                None if row.template == row.event.text else to_key(row.template),
            )
            for id, atom, row in rows
        ),
    )
    # In the order of the table, which fills its pages one after another.
    members = sorted((uid, id) for id, _, row in rows for uid in row.members)
    connection.executemany(
        "INSERT INTO members (uid, row_id) VALUES (?, ?)", ((to_key(uid), id) for uid, id in members)
    )


def replace_drafts(connection: sqlite3.Connection, drafts: Sequence[Draft]) -> None:
    """Put in drafts instead of those of the same groups and kinds."""
    kinds = {(to_key(draft.group), to_key(draft.kind)) for draft in drafts}
    for group, kind in kinds:
        if connection.execute("SELECT 1 FROM groups WHERE id = ?", (group,)).fetchone() is None:
            raise ValueError(f"a draft is for group {group!r}, which is not stored")
        connection.execute("DELETE FROM drafts WHERE group_id = ? AND kind = ?", (group, kind))
    connection.executemany(
        "INSERT INTO drafts (group_id, kind, document) VALUES (?, ?, ?)",
        ((to_key(draft.group), to_key(draft.kind), codec.dump_draft(draft)) for draft in drafts),
    )


def _make_room(connection: sqlite3.Connection, path: Path, grouping: Grouping) -> None:
    """Take out the atoms of the groups that come anew, and the events from wherever else they are."""
    if connection.execute("SELECT 1 FROM atoms LIMIT 1").fetchone() is None:
        return
    # One table after the other: a cascade goes from row to row.
    for delete in (
        "DELETE FROM members WHERE row_id IN"
        " (SELECT rows.id FROM atoms JOIN rows ON atom_id = atoms.id WHERE group_id = ?)",
        "DELETE FROM rows WHERE atom_id IN (SELECT id FROM atoms WHERE group_id = ?)",
        "DELETE FROM atoms WHERE group_id = ?",
    ):
        connection.executemany(delete, ((to_key(group.id),) for group in grouping.groups))
    connection.execute("CREATE TEMP TABLE incoming (uid TEXT PRIMARY KEY) WITHOUT ROWID")
    uids = sorted(uid for atom in grouping.memberships for row in atom.rows for uid in row.members)
    connection.executemany("INSERT INTO incoming VALUES (?)", ((to_key(uid),) for uid in uids))
    touched = connection.execute(
        "SELECT DISTINCT rows.id, atoms.id, group_id FROM incoming JOIN members USING (uid)"
        " JOIN rows ON rows.id = row_id JOIN atoms ON atoms.id = atom_id"
    ).fetchall()
    connection.execute("DELETE FROM members WHERE uid IN (SELECT uid FROM incoming)")
    connection.execute("DROP TABLE incoming")
    rows = {(row,) for row, _, _ in touched}
    atoms = {(atom,) for _, atom, _ in touched}
    groups = {(group,) for _, _, group in touched if group is not None}
    connection.executemany(
        "DELETE FROM rows WHERE id = ? AND NOT EXISTS (SELECT 1 FROM members WHERE row_id = rows.id)", rows
    )
    connection.executemany(
        "DELETE FROM atoms WHERE id = ? AND NOT EXISTS (SELECT 1 FROM rows WHERE atom_id = atoms.id)", atoms
    )
    connection.executemany(
        "DELETE FROM groups WHERE id = ? AND NOT EXISTS (SELECT 1 FROM atoms WHERE group_id = groups.id)",
        groups,
    )
    with contents_trusted(path):
        for (atom,) in atoms:
            _prune(connection, atom)
        for (group,) in groups:
            _recount(connection, group)


def _prune(connection: sqlite3.Connection, atom: int) -> None:
    """Take the links of events that an atom has lost out of it, if it is still there."""
    found = connection.execute("SELECT document FROM atoms WHERE id = ?", (atom,)).fetchone()
    if found is None:
        return
    uids: set[str] = set()
    for event, uid in connection.execute(
        "SELECT event, uid FROM rows JOIN members ON row_id = rows.id WHERE atom_id = ?", (atom,)
    ):
        uids.update((codec.load_event(event).uid, from_key(uid)))
    connection.execute("UPDATE atoms SET document = ? WHERE id = ?", (codec.prune_atom(found[0], uids), atom))


def _recount(connection: sqlite3.Connection, group: str | bytes) -> None:
    """Count a group that has lost events anew, if it is still there."""
    found = connection.execute("SELECT document FROM groups WHERE id = ?", (group,)).fetchone()
    if found is None:
        return
    signals: Counter[str] = Counter()
    for event, weight in connection.execute(
        "SELECT event, count(*) FROM atoms JOIN rows ON atom_id = atoms.id"
        " JOIN members ON row_id = rows.id WHERE group_id = ? GROUP BY rows.id",
        (group,),
    ):
        signals[codec.load_event(event).signal.value] += weight
    connection.execute(
        "UPDATE groups SET document = ? WHERE id = ?", (codec.recount_group(found[0], signals), group)
    )
    # It told of the events that are gone, too: one is computed of the others when it is needed.
    put_profiles(connection, {from_key(group): None})
