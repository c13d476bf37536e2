"""Groups and atoms out of the tables."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Final

from stormcell.errors import ConflictError
from stormcell.store import codec
from stormcell.store.codec import from_key, to_key
from stormcell.types import Group, Membership, Row, Signal, Totals

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


def memberships(connection: sqlite3.Connection, key: str | bytes) -> list[Membership]:
    """Return the atoms of a group, with their rows, in the order of their grouping."""
    inside = "(SELECT id FROM atoms WHERE group_id = ?)"
    return _memberships(connection, inside, key)


def membership(connection: sqlite3.Connection, atom: int) -> Membership:
    """Return an atom, with its rows."""
    [found] = _memberships(connection, "(?)", atom)
    return found


def _memberships(connection: sqlite3.Connection, inside: str, value: str | bytes | int) -> list[Membership]:
    """Return some atoms: those whose numbers are ``inside`` what SQL makes of a value."""
    uids: dict[int, list[str]] = {}
    for row, uid in connection.execute(
        f"SELECT row_id, uid FROM rows JOIN members ON row_id = rows.id WHERE atom_id IN {inside}",  # noqa: S608
        (value,),
    ):
        uids.setdefault(row, []).append(from_key(uid))
    rows: dict[int, list[Row]] = {}
    for atom, row, event, fingerprint, template in connection.execute(
        f"SELECT atom_id, id, event, fingerprint, template FROM rows WHERE atom_id IN {inside} ORDER BY id",  # noqa: S608
        (value,),
    ):
        first = codec.load_event(event)
        of_before = first.text if fingerprint else ""
        text = of_before if template is None else from_key(template)
        made = Row(first, tuple(sorted(uids.get(row, ()))), from_key(fingerprint), text)
        rows.setdefault(atom, []).append(made)
    return [
        codec.load_atom(document, None if key is None else from_key(key), rows.get(atom, ()))
        for atom, key, document in connection.execute(
            f"SELECT id, group_id, document FROM atoms WHERE id IN {inside} ORDER BY id",  # noqa: S608
            (value,),
        )
    ]


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


def totals(connection: sqlite3.Connection, now: int) -> Totals:
    """Return how much there is at a time."""
    [events] = connection.execute("SELECT count(*) FROM members").fetchone()
    [background] = connection.execute(
        "SELECT count(*) FROM atoms JOIN rows ON atom_id = atoms.id JOIN members ON row_id = rows.id"
        " WHERE group_id IS NULL"
    ).fetchone()
    by = Counter(from_key(status) for (status,) in connection.execute("SELECT status FROM groups"))
    return Totals(now, events, background, by["open"], by["acknowledged"], by["resolved"])


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
