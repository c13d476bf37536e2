"""Putting a grouping into the tables, and taking out what it supersedes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from stormcell.store import codec
from stormcell.store.atoms import Known, Standing, put_atoms
from stormcell.store.codec import to_key
from stormcell.store.recurring import put_profiles
from stormcell.types import Draft, Grouping, UidSet, union


def check(grouping: Grouping) -> None:
    """Make sure that a grouping does not contradict itself.

    Raises
    ------
    ValueError
        If it does; it would not read back as it is.
    """
    holds: dict[str | None, list[Sequence[str]]] = {group.id: [] for group in grouping.groups}
    holds[None] = []
    for atom in grouping.memberships:
        if atom.group not in holds:
            raise ValueError(f"an atom is of group {atom.group!r}, which the grouping does not have")
        if not atom.rows or not all(row.members for row in atom.rows):
            raise ValueError(f"an atom of group {atom.group!r} has no rows, or a row no members")
        holds[atom.group] += [row.members for row in atom.rows]
    if len(holds) != len(grouping.groups) + 1:
        raise ValueError("two groups of the grouping have the same id")
    for group in grouping.groups:
        if not group.members or union(holds[group.id]) != group.members:
            raise ValueError(f"the members of group {group.id!r} are not those of its atoms, ascending")
    # Whoever counted events saw each once.
    uids = Counter(uid for held in holds.values() for one in held if not isinstance(one, UidSet) for uid in one)
    if uids and max(uids.values()) > 1:
        raise ValueError(f"event {uids.most_common(1)[0][0]!r} is in more than one place")


def replace(
    connection: sqlite3.Connection,
    path: Path,
    grouping: Grouping,
    drafts: Sequence[Draft],
    learned: Mapping[str, Mapping[str, object]],
    before: Known,
) -> dict[str, Standing]:
    """Put in a grouping and drafts, having taken out what they supersede (see ``SqliteStore.save``).

    The caller holds the transaction. ``path`` is for messages. For ``before`` and what is returned see
    ``put_atoms``.
    """
    write_learned(connection, learned)
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
    stands = put_atoms(connection, path, grouping, before)
    replace_drafts(connection, drafts)
    return stands


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
