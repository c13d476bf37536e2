"""What groups are known again by, and their families, in the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from stormcell.store import codec
from stormcell.store.codec import from_key, to_key
from stormcell.types import Family, Past, Profile, Similar


def past(connection: sqlite3.Connection) -> list[Past]:
    """Return every group with its profile, ascending by id."""
    found = connection.execute(
        "SELECT id, status, first_seen, profiles.document FROM groups LEFT JOIN profiles ON group_id = id"
    )
    known = [
        Past(from_key(id), from_key(status), first_seen, None if stored is None else codec.load_profile(stored))
        for id, status, first_seen, stored in found
    ]
    return sorted(known, key=lambda each: each.id)


def put_profiles(connection: sqlite3.Connection, profiles: Mapping[str, Profile | None]) -> None:
    """Replace the profiles of groups, by id; None takes one away. Of groups that are not there nothing is kept."""
    keys = {to_key(group): profile for group, profile in profiles.items()}
    connection.executemany("DELETE FROM profiles WHERE group_id = ?", ((key,) for key in keys))
    connection.executemany(
        "INSERT INTO profiles (group_id, document) SELECT id, ? FROM groups WHERE id = ?",
        ((codec.dump_profile(profile), key) for key, profile in keys.items() if profile is not None),
    )


def families(connection: sqlite3.Connection) -> list[Family]:
    """Return all families that have members, ascending by id."""
    members: dict[str | bytes, list[Similar]] = {}
    for family, group, shares in connection.execute("SELECT family_id, group_id, document FROM family_members"):
        members.setdefault(family, []).append(Similar(from_key(group), codec.load_shares(shares)))
    found = [
        Family(
            from_key(id),
            from_key(exemplar),
            tuple(sorted(members[id], key=lambda each: (each.dissimilarity, each.group))),
        )
        for id, exemplar in connection.execute("SELECT id, exemplar FROM families")
        if id in members
    ]
    return sorted(found, key=lambda family: family.id)


def put_families(connection: sqlite3.Connection, families: Iterable[Family]) -> None:
    """Replace all families."""
    every = [(to_key(family.id), family) for family in families]
    connection.execute("DELETE FROM families")
    connection.executemany(
        "INSERT INTO families (id, exemplar) VALUES (?, ?)",
        ((key, to_key(family.exemplar)) for key, family in every),
    )
    connection.executemany(
        "INSERT INTO family_members (group_id, family_id, document) SELECT id, ?, ? FROM groups WHERE id = ?",
        (
            (key, codec.dump_shares(member.shares), to_key(member.group))
            for key, family in every
            for member in family.members
        ),
    )
