"""Groups and atoms out of the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from stormcell.errors import ConflictError
from stormcell.store import codec
from stormcell.store.codec import from_key, to_key
from stormcell.types import Event, Group, Membership, Row, Signal

_LISTED: Final = 10  # how many candidates an error message names at most


def group(
    connection: sqlite3.Connection, key: str | bytes, status: str | bytes, first_seen: int, document: str
) -> Group:
    """Return a group, with its members and its profile."""
    members = connection.execute(
        "SELECT uid FROM atoms JOIN rows ON atom_id = atoms.id JOIN members ON row_id = rows.id"
        " WHERE group_id = ?",
        (key,),
    )
    uids = sorted(from_key(uid) for (uid,) in members)
    profile = connection.execute("SELECT document FROM profiles WHERE group_id = ?", (key,)).fetchone()
    return codec.load_group(
        document, from_key(key), from_key(status), first_seen, uids, None if profile is None else profile[0]
    )


def membership(connection: sqlite3.Connection, atom: int) -> Membership:
    """Return an atom, with its rows."""
    group_id, document = connection.execute(
        "SELECT group_id, document FROM atoms WHERE id = ?", (atom,)
    ).fetchone()
    found: dict[int, tuple[Event, str, str]] = {}
    uids: dict[int, list[str]] = {}
    for row, event, fingerprint, template, uid in connection.execute(
        "SELECT rows.id, event, fingerprint, template, uid FROM rows JOIN members ON row_id = rows.id"
        " WHERE atom_id = ? ORDER BY rows.id",
        (atom,),
    ):
        if row not in found:
            first = codec.load_event(event)
            of_before = first.text if fingerprint else ""
            found[row] = (first, from_key(fingerprint), of_before if template is None else from_key(template))
        uids.setdefault(row, []).append(from_key(uid))
    rows = [
        Row(event, tuple(sorted(uids[row])), fingerprint, template)
        for row, (event, fingerprint, template) in found.items()
    ]
    return codec.load_atom(document, None if group_id is None else from_key(group_id), rows)


def membership_of(connection: sqlite3.Connection, uid: str) -> Membership | None:
    """Return the atom that holds an event (see ``SqliteStore.membership_of``)."""
    query = "SELECT uid, atom_id, event FROM members JOIN rows ON rows.id = row_id"
    exact = connection.execute(f"{query} WHERE uid = ?", (to_key(uid),)).fetchone()
    if exact is not None:
        return membership(connection, exact[1])
    alerts = {
        from_key(key): atom
        for key, atom, event in connection.execute(
            # All that starts with "uid@": "A" is the character after "@".
            f"{query} WHERE uid >= ? AND uid < ? ORDER BY uid",
            (to_key(f"{uid}@"), to_key(f"{uid}A")),
        )
        if codec.load_event(event).signal is Signal.ALERT
    }
    atoms = set(alerts.values())
    if len(atoms) > 1:
        raise ConflictError(f"{len(alerts)} alerts are {uid}: {listed(list(alerts))}; write one of these")
    return membership(connection, atoms.pop()) if atoms else None


def listed(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def background(connection: sqlite3.Connection, text: str, service: str) -> list[Membership]:
    """Return the atoms in no group, the most surprising first (see ``SqliteStore.background``)."""
    wanted, found = text.casefold(), set()
    for atom, event in connection.execute(
        "SELECT atom_id, event FROM rows JOIN atoms ON atoms.id = atom_id WHERE group_id IS NULL"
    ):
        if atom not in found:
            held = codec.load_event(event)
            if wanted in held.text.casefold() and service in ("", held.service):
                found.add(atom)
    atoms = [membership(connection, atom) for atom in sorted(found)]
    return sorted(atoms, key=lambda atom: -atom.surprise)
