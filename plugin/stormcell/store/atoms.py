"""Putting atoms with their rows and members into the tables, and taking out what they supersede.

Members are by far the most of what is stored. A group that goes on mostly holds the rows that it held: where a row
is as this connection put it, only what is said of it is written anew.
"""

from __future__ import annotations

import sqlite3
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, Self

from stormcell.store import codec
from stormcell.store.codec import from_key, to_key
from stormcell.store.connection import contents_trusted
from stormcell.store.recurring import put_profiles
from stormcell.types import Grouping, Row, Signal, UidSet

_MOST: Final = 100_000
"""Rows that are remembered."""
_BATCH: Final = 20_000
"""Members that are put in at once."""

_NUMBERS: Final = struct.Struct("<qqQ")
Standing = dict[str, bytes]
"""The rows of a group as they were put, each packed, by the uids of the events that stand for them."""


class Stood(NamedTuple):
    """A row as it was put into the table.

    Attributes
    ----------
    id : int
        Its number there.
    size, mark : int
        Of its members (see UidSet).
    group : str
    """

    id: int
    size: int
    mark: int
    group: str

    def packed(self) -> bytes:
        """Return it in half the memory: a group may have tens of thousands."""
        return _NUMBERS.pack(*self[:3]) + self.group.encode("utf-8", "surrogatepass")

    @classmethod
    def of(cls, packed: bytes | None) -> Self | None:
        """Return what was packed."""
        if packed is None:
            return None
        id, size, mark = _NUMBERS.unpack_from(packed)
        return cls(id, size, mark, packed[_NUMBERS.size :].decode("utf-8", "surrogatepass"))


class Known:
    """How the rows stand that one connection put into the tables; it may be wrong once others changed them."""

    def __init__(self) -> None:
        self._groups: dict[str, Standing] = {}
        self._connection: sqlite3.Connection | None = None
        self._version = -1

    def take(self, connection: sqlite3.Connection) -> tuple[Standing, bool]:
        """Return all rows, and whether they stand for sure: nobody else has written anything meanwhile.

        If not, they are forgotten.
        """
        [version] = connection.execute("PRAGMA data_version").fetchone()
        # Versions of two connections tell nothing of each other: there may be another file behind the name.
        sure = connection is self._connection and version == self._version
        groups = list(self._groups.values())
        taken = groups[0] if len(groups) == 1 else {uid: row for rows in groups for uid, row in rows.items()}
        if not sure:
            self._groups.clear()
            self._connection, self._version = connection, version
        return taken, sure

    def doubt(self) -> None:
        """Rely on nothing without a look at the tables."""
        self._version = -1

    def drop(self, group: str, uid: str) -> None:
        """Forget a row that a group has no longer: what becomes of it elsewhere is not looked for here."""
        self._groups.get(group, {}).pop(uid, None)

    def add(self, stands: Mapping[str, Standing]) -> None:
        """Take note of what was put and committed; forget groups that were not put for long."""
        for id, rows in stands.items():
            self._groups.pop(id, None)
            self._groups[id] = rows
        over = sum(map(len, self._groups.values())) - _MOST
        while over > 0:
            over -= len(self._groups.pop(next(iter(self._groups))))

    def leave(self, groups: Iterable[str]) -> None:
        """Forget the rows of some groups; they are looked for in the tables where they are put again."""
        for id in groups:
            self._groups.pop(id, None)


class _Holder(NamedTuple):
    """An atom, and the key of its group if it has one."""

    atom: int
    group: str | bytes | None


class _Placed(NamedTuple):
    """A row, the number of the atom that holds it now, and its own where it stands in the table."""

    row: Row
    atom: int
    id: int


def put_atoms(
    connection: sqlite3.Connection, path: Path, grouping: Grouping, before: Known
) -> dict[str, Standing]:
    """Put in the atoms of a grouping, whose groups are there; their events leave wherever else they are.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction.
    path : Path
        For messages.
    grouping : Grouping
    before : Known

    Returns
    -------
    dict of str to Standing
        Of the groups of the grouping, for ``before`` once it is committed.
    """
    known, sure = before.take(connection)
    [last_atom] = connection.execute("SELECT coalesce(max(id), 0) FROM atoms").fetchone()
    [last_row] = connection.execute("SELECT coalesce(max(id), 0) FROM rows").fetchone()
    numbered = list(enumerate(grouping.memberships, last_atom + 1))
    connection.executemany(
        "INSERT INTO atoms (id, group_id, document, last) VALUES (?, ?, ?, ?)",
        (
            (
                id,
                None if atom.group is None else to_key(atom.group),
                codec.dump_atom(atom),
                max(row.event.time for row in atom.rows),
            )
            for id, atom in numbered
        ),
    )
    own = {group.id for group in grouping.groups}
    placed: list[_Placed] = []
    lost: set[_Holder] = set()
    fresh = last_row
    for number, atom in numbered:
        last = 0
        for row in atom.rows:
            stood = Stood.of(known.get(row.event.uid))
            if stood is not None and stood.group != atom.group:
                before.drop(stood.group, row.event.uid)
            id = _standing(connection, row, stood, sure=sure)
            # An atom's rows are read in the order of their numbers: behind a new one all are.
            if id <= last:
                fresh += 1
                id = fresh
            elif stood is not None and stood.group not in own:
                lost.add(_holder(connection, id))
            placed.append(_Placed(row, number, id))
            last = id
    new = [one for one in placed if one.id > last_row]
    _move(connection, [one for one in placed if one.id <= last_row])
    for name in own:
        _take_out(connection, to_key(name), last_atom)
    _insert_rows(connection, new)
    elsewhere = _insert_members(connection, ((uid, one.id) for one in new for uid in one.row.members))
    if elsewhere:
        before.doubt()
        lost |= _make_room(connection, [uid for uid, _ in elsewhere], last_row)
        _insert_members(connection, iter(elsewhere))
    with contents_trusted(path):
        _tidy(connection, lost)
    group_of = {number: atom.group for number, atom in numbered}
    stands: dict[str, Standing] = {group.id: {} for group in grouping.groups}
    for row, number, id in placed:
        group, members = group_of[number], row.members
        if group is not None and isinstance(members, UidSet):
            stands[group][row.event.uid] = Stood(id, members.size, members.mark, group).packed()
    return stands


def _standing(connection: sqlite3.Connection, row: Row, stood: Stood | None, *, sure: bool) -> int:
    """Return the number of a row that stands in its group's table with all its members; 0 for others."""
    members = row.members
    if stood is None or not isinstance(members, UidSet) or (members.size, members.mark) != stood[1:3]:
        return 0
    if sure:
        return stood.id
    found = connection.execute(
        "SELECT row_id, group_id, (SELECT count(*) FROM members WHERE row_id = :id) FROM members"
        " JOIN rows ON rows.id = row_id JOIN atoms ON atoms.id = atom_id WHERE uid = :uid",
        {"id": stood.id, "uid": to_key(row.event.uid)},
    ).fetchone()
    return stood.id if found == (stood.id, to_key(stood.group), stood.size) else 0


def _move(connection: sqlite3.Connection, rows: Sequence[_Placed]) -> None:
    """Give rows that stand to the atoms that hold them now."""
    connection.executemany(
        "UPDATE rows SET atom_id = ?, fingerprint = ?, template = ? WHERE id = ?",
        ((one.atom, *_said(one.row), one.id) for one in rows),
    )
    # Of an alert more may be known by now; whatever else has one uid is one event.
    connection.executemany(
        "UPDATE rows SET event = ? WHERE id = ?",
        ((codec.dump_event(one.row.event), one.id) for one in rows if one.row.event.signal is Signal.ALERT),
    )


def _take_out(connection: sqlite3.Connection, group: str | bytes, last: int) -> None:
    """Take out the atoms of a group up to a number, with all that they still hold."""
    # One table after the other: a cascade goes from row to row, which takes longer.
    for delete in (
        "DELETE FROM members WHERE row_id IN"
        " (SELECT rows.id FROM atoms JOIN rows ON atom_id = atoms.id WHERE group_id = ? AND atoms.id <= ?)",
        "DELETE FROM rows WHERE atom_id IN (SELECT id FROM atoms WHERE group_id = ? AND id <= ?)",
        "DELETE FROM atoms WHERE group_id = ? AND id <= ?",
    ):
        connection.execute(delete, (group, last))


def _insert_rows(connection: sqlite3.Connection, rows: Iterable[_Placed]) -> None:
    connection.executemany(
        "INSERT INTO rows (id, atom_id, event, fingerprint, template) VALUES (?, ?, ?, ?, ?)",
        ((one.id, one.atom, codec.dump_event(one.row.event), *_said(one.row)) for one in rows),
    )


def _insert_members(connection: sqlite3.Connection, left: Iterator[tuple[str, int]]) -> list[tuple[str, int]]:
    """Put in members, each with its row; return those among which some were elsewhere already, where they stay."""
    elsewhere: list[tuple[str, int]] = []
    # In the order of the table, which fills its pages one after another.
    while members := sorted(islice(left, _BATCH)):
        put = connection.executemany(
            "INSERT OR IGNORE INTO members (uid, row_id) VALUES (?, ?)",
            ((to_key(uid), id) for uid, id in members),
        )
        if put.rowcount < len(members):
            elsewhere += members
    return elsewhere


def _said(row: Row) -> tuple[str | bytes, str | bytes | None]:
    """Return the columns of what is said of a row."""
    return to_key(row.fingerprint), None if row.template == row.event.text else to_key(row.template)


def _make_room(connection: sqlite3.Connection, uids: Sequence[str], last: int) -> set[_Holder]:
    """Take events out of the rows up to a number; return the atoms that lost some."""
    connection.execute("CREATE TEMP TABLE incoming (uid TEXT PRIMARY KEY) WITHOUT ROWID")
    connection.executemany("INSERT INTO incoming VALUES (?)", ((to_key(uid),) for uid in sorted(uids)))
    touched = connection.execute(
        "SELECT DISTINCT rows.id, atoms.id, group_id FROM incoming JOIN members USING (uid)"
        " JOIN rows ON rows.id = row_id JOIN atoms ON atoms.id = atom_id WHERE row_id <= ?",
        (last,),
    ).fetchall()
    connection.execute("DELETE FROM members WHERE uid IN (SELECT uid FROM incoming) AND row_id <= ?", (last,))
    connection.execute("DROP TABLE incoming")
    connection.executemany(
        "DELETE FROM rows WHERE id = ? AND NOT EXISTS (SELECT 1 FROM members WHERE row_id = rows.id)",
        {(row,) for row, _, _ in touched},
    )
    return {_Holder(atom, group) for _, atom, group in touched}


def _holder(connection: sqlite3.Connection, row: int) -> _Holder:
    """Return the atom that holds a row."""
    return _Holder(
        *connection.execute(
            "SELECT atom_id, group_id FROM rows JOIN atoms ON atoms.id = atom_id WHERE rows.id = ?", (row,)
        ).fetchone()
    )


def _tidy(connection: sqlite3.Connection, lost: Iterable[_Holder]) -> None:
    """Mend atoms that lost events, and their groups; those without any go."""
    atoms = {one.atom for one in lost}
    groups = {one.group for one in lost if one.group is not None}
    connection.executemany(
        "DELETE FROM atoms WHERE id = ? AND NOT EXISTS (SELECT 1 FROM rows WHERE atom_id = atoms.id)",
        ((atom,) for atom in atoms),
    )
    connection.executemany(
        "DELETE FROM groups WHERE id = ? AND NOT EXISTS (SELECT 1 FROM atoms WHERE group_id = groups.id)",
        ((group,) for group in groups),
    )
    for atom in atoms:
        _prune(connection, atom)
    for group in groups:
        _recount(connection, group)


def _prune(connection: sqlite3.Connection, atom: int) -> None:
    """Take the links of events that an atom has lost out of it, if it is still there."""
    found = connection.execute("SELECT document FROM atoms WHERE id = ?", (atom,)).fetchone()
    if found is None:
        return
    uids: set[str] = set()
    for id, event in connection.execute("SELECT id, event FROM rows WHERE atom_id = ?", (atom,)).fetchall():
        uids.add(codec.load_event(event).uid)
        uids.update(
            from_key(uid) for (uid,) in connection.execute("SELECT uid FROM members WHERE row_id = ?", (id,))
        )
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
