"""What people look through, page by page: the members of a group, a line for each row.

Every query reads what it shows and little more: a group may have tens of thousands of members.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from stormcell.store import codec
from stormcell.store.codec import from_key, to_key
from stormcell.store.transactions import Connected
from stormcell.types import Group, Membership, Row


class Sort(StrEnum):
    """What lines are sorted by, the first named first."""

    EARLIEST = "earliest"
    LATEST = "latest"
    SEVEREST = "severest"
    FARTHEST = "farthest"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which lines are wanted; "" does not restrict.

    Attributes
    ----------
    text : str
        In the text of the event in any case, or the uid of a member.
    service, signal : str
    """

    text: str = ""
    service: str = ""
    signal: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a group.

    Attributes
    ----------
    row : Row
        With its first event's uid alone as a member.
    count : int
        How many events it stands for.
    atom : Membership
        Its atom, without rows.
    number : int
        That of the atom; another grouping gives another.
    """

    row: Row
    count: int
    atom: Membership
    number: int


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of lines.

    Attributes
    ----------
    page : tuple of Line
    rows, events : int
        How many lines are wanted in all, and how many events they stand for; 0 where the page is empty.
    """

    page: tuple[Line, ...]
    rows: int
    events: int


@dataclass(frozen=True, slots=True)
class CallSpan:
    """What of a row of spans tells who called whom: of its first one, and how many there are.

    Lone surrogates of the service are replaced.
    """

    id: str
    trace: str
    parent: str
    service: str
    failed: bool
    count: int


def _told(query: str) -> str:
    """Return a query in which ``$document.name`` stands for what a JSON document tells by a name.

    SQLite ends a text at NUL, and knows no infinite numbers: such documents are read by ``parsed``.
    """
    plain = r"json_valid(\1) AND NOT instr(\1, '\\u0000')"
    return re.sub(
        r"\$(\w+)\.(\w+)",
        rf"CASE WHEN {plain} THEN json_extract(\1, '$.\2') ELSE parsed(\1, '\2') END",
        query,
    )


def _parsed(document: str, name: str) -> bytes | int | float | None:
    value = json.loads(document).get(name)
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


# Texts are compared and returned as bytes: they may hold lone surrogates.
_LINES: Final = _told("""
    WITH near AS MATERIALIZED (
        SELECT id, coalesce($document.dissimilarity, 0) AS far, $document.runner_up_dissimilarity AS second
        FROM atoms WHERE group_id = :group
    ), lines AS MATERIALIZED (
        SELECT rows.id AS id, near.id AS atom, far, second - far AS margin,
            $event.time AS time, $event.severity AS severity,
            (SELECT count(*) FROM members WHERE row_id = rows.id) AS size
        FROM near JOIN rows ON atom_id = near.id
        WHERE (:signal = '' OR CAST($event.signal AS TEXT) = :signal)
        AND (:service = '' OR CAST($event.service AS BLOB) = CAST(:service AS BLOB))
        AND (:text = '' OR holds(CAST($event.text AS BLOB))
            OR EXISTS (SELECT 1 FROM members WHERE row_id = rows.id AND uid = :text))
    )
""")
_ORDERS: Final = {
    Sort.EARLIEST: "lines.time, lines.id",
    Sort.LATEST: "lines.time DESC, lines.id DESC",
    Sort.SEVEREST: "lines.severity DESC, lines.time, lines.id",
    Sort.FARTHEST: "lines.far DESC, lines.time, lines.id",
    Sort.DOUBTFUL: "lines.margin IS NULL, lines.margin, lines.time, lines.id",
}
# First the few that are wanted, then what they tell.
_SHOWN: Final = """
    SELECT event, fingerprint, template, size, atom, document, all_rows, all_events FROM (
        SELECT *, count(*) OVER () AS all_rows, sum(size) OVER () AS all_events
        FROM lines ORDER BY :order LIMIT :limit OFFSET :offset
    ) AS lines
    JOIN rows ON rows.id = lines.id JOIN atoms ON atoms.id = lines.atom ORDER BY :order
"""
_SERVICES: Final = _told("""
    SELECT CAST($event.service AS BLOB) AS service, count(*) AS size
    FROM atoms JOIN rows ON atom_id = atoms.id JOIN members ON row_id = rows.id
    WHERE group_id = ? GROUP BY service ORDER BY size DESC, service
""")
_LINE: Final = """
    SELECT event, fingerprint, template, rows.id, atoms.id, group_id, document
    FROM members JOIN rows ON rows.id = row_id JOIN atoms ON atoms.id = atom_id WHERE uid = ?
"""
_SPANS: Final = _told("""
    SELECT (SELECT count(*) FROM members WHERE row_id = rows.id), CAST($event.status AS TEXT) = 'error',
        CAST($event.span_id AS BLOB), CAST($event.trace_id AS BLOB), CAST($event.parent_id AS BLOB),
        CAST($event.service AS BLOB)
    FROM atoms JOIN rows ON atom_id = atoms.id
    WHERE group_id = ? AND CAST($event.signal AS TEXT) = 'span' ORDER BY rows.id
""")
_EVENTS: Final = "SELECT count(*) FROM members JOIN rows ON rows.id = row_id"
_MEMBERS: Final = """
    SELECT uid, event, fingerprint, template, atoms.id, document
    FROM atoms JOIN rows ON atom_id = atoms.id JOIN members ON row_id = rows.id WHERE group_id = ? ORDER BY uid
"""


class Browsing(Connected):
    """The part of a store that people look through; see the module."""

    def head_of(self, group_id: str) -> Group | None:
        """Return a group by its whole id, without its members and its profile; None if there is none."""
        with self._reading() as connection:
            if connection is None:
                return None
            columns = connection.execute(
                "SELECT status, first_seen, document FROM groups WHERE id = ?", (to_key(group_id),)
            ).fetchone()
            if columns is None:
                return None
            status, first_seen, document = columns
            return codec.load_group(document, group_id, from_key(status), first_seen, (), None)

    def lines(self, group_id: str, wanted: Narrowed, sort: Sort, *, limit: int, offset: int = 0) -> Lines:
        """Return a page of the lines of a group, by its whole id.

        Parameters
        ----------
        group_id : str
        wanted : Narrowed
        sort : Sort
        limit : int
            Most on the page.
        offset : int
            How many are before it.
        """
        with self._reading() as connection:
            return (
                Lines((), 0, 0)
                if connection is None
                else _lines(connection, group_id, wanted, sort, limit, offset)
            )

    def services_of(self, group_id: str) -> dict[str, int]:
        """Return how many events of a group are of each service, the most frequent first."""
        with self._reading() as connection:
            if connection is None:
                return {}
            _prepare(connection)
            found = connection.execute(_SERVICES, (to_key(group_id),)).fetchall()
            return {(service or b"").decode("utf-8", "surrogatepass"): size for service, size in found}

    def spans_of(self, group_id: str) -> list[CallSpan]:
        """Return the spans of a group, one for each row."""
        with self._reading() as connection:
            if connection is None:
                return []
            _prepare(connection)
            found = []
            for count, failed, *columns in connection.execute(_SPANS, (to_key(group_id),)):
                id, trace, parent, service = ((column or b"").decode("utf-8", "replace") for column in columns)
                found.append(CallSpan(id, trace, parent, service, bool(failed), count))
            return found

    def line_of(self, uid: str) -> tuple[Line, int] | None:
        """Return the line that holds an event, by its whole uid, and how many events are of its atom."""
        with self._reading() as connection:
            if connection is None:
                return None
            found = connection.execute(_LINE, (to_key(uid),)).fetchone()
            if found is None:
                return None
            event, fingerprint, template, row, atom, group, document = found
            [size] = connection.execute(f"{_EVENTS} WHERE rows.id = ?", (row,)).fetchone()
            [whole] = connection.execute(f"{_EVENTS} WHERE atom_id = ?", (atom,)).fetchone()
            held = codec.load_atom(document, None if group is None else from_key(group), ())
            return Line(_row(event, fingerprint, template), size, held, atom), whole

    def every_member(self, group_id: str) -> Iterator[tuple[str, Row, Membership]]:
        """Yield the members of a group ascending by uid: each uid, its row and its atom, as of ``Line``."""
        with self._reading() as connection:
            if connection is None:
                return
            atoms: dict[int, Membership] = {}
            for uid, event, fingerprint, template, atom, document in connection.execute(
                _MEMBERS, (to_key(group_id),)
            ):
                if atom not in atoms:
                    atoms[atom] = replace(codec.load_atom(document, group_id, ()), links=())
                yield from_key(uid), _row(event, fingerprint, template), atoms[atom]


def _prepare(connection: sqlite3.Connection) -> None:
    connection.create_function("parsed", 2, _parsed, deterministic=True)


def _lines(
    connection: sqlite3.Connection, group: str, wanted: Narrowed, sort: Sort, limit: int, offset: int
) -> Lines:
    text = wanted.text.casefold()

    def holds(found: bytes | None) -> bool:
        return found is not None and text in found.decode("utf-8", "surrogatepass").casefold()

    _prepare(connection)
    connection.create_function("holds", 1, holds, deterministic=True)
    asked = {
        "group": to_key(group),
        "signal": wanted.signal,
        "service": to_key(wanted.service),
        "text": to_key(wanted.text),
    }
    found = connection.execute(
        _LINES + _SHOWN.replace(":order", _ORDERS[sort]), {**asked, "limit": limit, "offset": offset}
    )
    atoms: dict[int, Membership] = {}  # one may hold the whole page, and thousands of links
    page = []
    rows = events = 0
    for event, fingerprint, template, size, atom, document, rows, events in found:  # noqa: B007  of all lines
        if atom not in atoms:
            atoms[atom] = codec.load_atom(document, group, ())
        page.append(Line(_row(event, fingerprint, template), size, atoms[atom], atom))
    return Lines(tuple(page), rows, events)


def _row(document: str, fingerprint: str | bytes, template: str | bytes | None) -> Row:
    event = codec.load_event(document)
    text = event.text if template is None else from_key(template)
    return Row(event, (event.uid,), from_key(fingerprint), text)
