"""What people said of groups in the tables, and what it changes of the groups that are stored."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stormcell.errors import ConflictError, NotFoundError
from stormcell.store import codec
from stormcell.store.codec import from_key, to_key
from stormcell.store.recurring import put_profiles
from stormcell.types import Feedback, Group, Membership


def load(connection: sqlite3.Connection) -> list[Feedback]:
    """Return all feedback, oldest first, what was undone included."""
    found = connection.execute("SELECT id, undone, document FROM feedback ORDER BY number")
    return [codec.load_feedback(document, from_key(id), undone=bool(undone)) for id, undone, document in found]


def add(
    connection: sqlite3.Connection,
    path: Path,
    feedback: Feedback,
    groups: Sequence[Group],
    atoms: Sequence[Membership],
) -> None:
    """Put in a feedback (one that is there keeps its place) and the groups and atoms that it changes."""
    before = json.dumps(_changed(connection, path, groups, atoms))
    connection.execute(
        "INSERT INTO feedback (id, document, before) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET before = excluded.before",
        (to_key(feedback.id), codec.dump_feedback(feedback), before),
    )


def undo(connection: sqlite3.Connection, path: Path, id: str) -> list[Feedback] | None:
    """Mark a feedback as undone, and put back what was stored before it (see ``SqliteStore.undo_feedback``)."""
    found = connection.execute(
        "SELECT number, undone, before FROM feedback WHERE id = ?", (to_key(id),)
    ).fetchone()
    if found is None:
        raise NotFoundError(f"no feedback {id!r} in {path}; `stormcell groups feedback` lists it all")
    number, undone, before = found
    if undone:
        raise ConflictError(f"feedback {id} is undone already")
    connection.execute("UPDATE feedback SET undone = 1 WHERE number = ?", (number,))
    if before is None:
        return None
    last_first = connection.execute(
        "SELECT number, id, undone, document, before FROM feedback WHERE number >= ? AND before IS NOT NULL"
        " ORDER BY number DESC",
        (number,),
    ).fetchall()
    for *_, snapshot in last_first:
        _restore(connection, json.loads(snapshot))
    connection.execute("UPDATE feedback SET before = NULL WHERE number >= ?", (number,))
    return [
        codec.load_feedback(document, from_key(key), undone=False)
        for at, key, gone, document, _ in reversed(last_first)
        if at > number and not gone
    ]


def _changed(
    connection: sqlite3.Connection, path: Path, groups: Sequence[Group], atoms: Sequence[Membership]
) -> dict[str, Any]:
    """Change groups and the atoms' places; return what was there."""
    places = [_place(connection, path, atom) for atom in atoms]
    touched = sorted({from_key(group) for _, group, _ in places} | {group.id for group in groups})
    before: dict[str, Any] = {"groups": [], "drafts": [], "profiles": [], "atoms": places, "touched": touched}
    for id in touched:
        key = (to_key(id),)
        before["groups"] += connection.execute(
            "SELECT ?, status, first_seen, document FROM groups WHERE id = ?", key * 2
        ).fetchall()
        before["drafts"] += connection.execute(
            "SELECT ?, kind, document FROM drafts WHERE group_id = ? ORDER BY id", key * 2
        ).fetchall()
        before["profiles"] += connection.execute(
            "SELECT group_id, document FROM profiles WHERE group_id = ?", key
        ).fetchall()
    # A group of other events is known again by something else; its profile is computed when it is asked for.
    put_profiles(connection, dict.fromkeys(touched))
    _put_groups(connection, [(g.id, g.status, g.first_seen, codec.dump_group(g)) for g in groups])
    connection.executemany(
        "UPDATE atoms SET group_id = ?, document = ? WHERE id = ?",
        (
            (None if atom.group is None else to_key(atom.group), codec.dump_atom(atom), id)
            for atom, (id, _, _) in zip(atoms, places, strict=True)
        ),
    )
    _drop_empty(connection, touched)
    return {
        name: [[from_key(v) if isinstance(v, str | bytes) else v for v in row] for row in rows]
        if name != "touched"
        else rows
        for name, rows in before.items()
    }


def _place(connection: sqlite3.Connection, path: Path, atom: Membership) -> tuple[int, str | bytes, str]:
    """Return the number, the group and the document of an atom that is stored."""
    found = connection.execute(
        "SELECT atoms.id, group_id, document FROM members JOIN rows ON rows.id = row_id"
        " JOIN atoms ON atoms.id = atom_id WHERE uid = ? AND group_id IS NOT NULL",
        (to_key(atom.rows[0].members[0]),),
    ).fetchone()
    if found is None:
        raise ConflictError(f"{path} was written by another process meanwhile; try again")
    place: tuple[int, str | bytes, str] = found
    return place


def _restore(connection: sqlite3.Connection, before: dict[str, Any]) -> None:
    _put_groups(connection, before["groups"])
    connection.executemany(
        "UPDATE atoms SET group_id = ?, document = ? WHERE id = ?",
        ((to_key(group), document, id) for id, group, document in before["atoms"]),
    )
    _drop_empty(connection, before["touched"])
    for group, kind, document in before["drafts"]:
        connection.execute(
            "INSERT INTO drafts (group_id, kind, document) SELECT ?1, ?2, ?3"
            " WHERE NOT EXISTS (SELECT 1 FROM drafts WHERE group_id = ?1 AND kind = ?2)",
            (to_key(group), to_key(kind), document),
        )
    connection.executemany(
        "INSERT OR REPLACE INTO profiles (group_id, document) VALUES (?, ?)",
        ((to_key(group), document) for group, document in before["profiles"]),
    )


def _put_groups(connection: sqlite3.Connection, groups: Sequence[Sequence[Any]]) -> None:
    """Insert or change groups; one that is there keeps its status."""
    connection.executemany(
        "INSERT INTO groups (id, status, first_seen, document) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET first_seen = excluded.first_seen, document = excluded.document",
        ((to_key(id), to_key(status), first_seen, document) for id, status, first_seen, document in groups),
    )


def _drop_empty(connection: sqlite3.Connection, groups: Sequence[str]) -> None:
    connection.executemany(
        "DELETE FROM groups WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM atoms WHERE group_id = ?1)",
        ((to_key(id),) for id in groups),
    )
