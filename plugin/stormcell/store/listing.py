"""Groups and members page by page: a page begins after a position, which stays good whatever changes meanwhile."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from stormcell.store import codec
from stormcell.store.codec import from_key, to_key
from stormcell.types import Group, Membership, Row

FOLDED: Final = re.compile(r"\\u(?:00df|01(?:30|49|7f|f0)|1e9[6-9ae]|212a|fb0[0-6])")
"""What JSON writes for letters that are ASCII, in part, in another case."""


class By(StrEnum):
    """What groups are ordered by."""

    FIRST_SEEN = "first_seen"
    LAST_SEEN = "last_seen"
    COUNT = "count"
    SEVERITY = "severity"


@dataclass(frozen=True, slots=True)
class Order:
    """By what groups are ordered, then by their ids, and in which direction."""

    by: By = By.FIRST_SEEN
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which groups are wanted; what is left at its default does not restrict.

    Attributes
    ----------
    status : str
    statuses : tuple of str
        Any of them.
    service : str
        One that the group accuses, or that an event which speaks for it is of.
    signal : str
        One of its events is.
    severity : int
        Its most severe event has this OpenTelemetry severity number at least.
    since, until : int or None
        It lived at some time from the one to the other, ns.
    text : str
        In its title, a template or the text of its exemplar, in any case.
    """

    status: str = ""
    statuses: tuple[str, ...] = ()
    service: str = ""
    signal: str = ""
    severity: int = 0
    since: int | None = None
    until: int | None = None
    text: str = ""

    def has_status(self, status: str) -> bool:
        """Whether groups of a status are wanted."""
        return self.status in ("", status) and (not self.statuses or status in self.statuses)

    def may_be(self, document: str) -> bool:
        """Whether a group may be wanted, as far as its JSON tells without being taken apart."""
        if self.service and json.dumps(self.service)[1:-1] not in document:
            return False
        plain = self.text.isascii() and self.text.isprintable() and not {'"', "\\"} & set(self.text)
        return not plain or self.text.lower() in document.lower() or FOLDED.search(document) is not None

    def matches(self, group: Group) -> bool:
        """Whether a group is wanted."""
        speakers = (group.medoid, group.earliest, group.most_severe, *group.exemplars)
        services = {*(part.name for part in group.services), *(event.service for event in speakers)}
        texts = (group.title, group.medoid.text, *(template.text for template in group.templates))
        return (
            self.has_status(group.status)
            and (not self.service or self.service in services)
            and (not self.signal or group.signals.get(self.signal, 0) > 0)
            and group.most_severe.severity >= self.severity
            and (self.since is None or group.last_seen >= self.since)
            and (self.until is None or group.first_seen <= self.until)
            and any(self.text.casefold() in text.casefold() for text in texts)
        )


Position = tuple[int, str]
"""Where a group stands: what the groups are ordered by, and its id."""

# A page of all groups that is ordered by when they began reads no more of them than it must. Another first looks
# where each group stands, which SQLite finds in a document in a tenth of the time that it takes to read it.
_ASCENDING: Final = (
    "SELECT id, status, first_seen, document FROM groups WHERE first_seen >= ? ORDER BY first_seen, id"
)
_DESCENDING: Final = (
    "SELECT id, status, first_seen, document FROM groups WHERE first_seen <= ? ORDER BY first_seen DESC, id DESC"
)
# SQLite knows no infinite numbers and no NaN: documents that hold one are read as a whole.
_STANDING: Final = (
    "SELECT id, status, first_seen, CASE WHEN json_valid(document) THEN"
    " json_extract(document, '$.last_seen', '$.count', '$.most_severe.severity') END,"
    " CASE WHEN json_valid(document) THEN NULL ELSE document END FROM groups"
)
_ONE: Final = "SELECT id, status, first_seen, document FROM groups WHERE id = ?"
_FIRST, _LAST = -(2**63), 2**63 - 1


def position(group: Group, order: Order) -> Position:
    """Return where a group stands in an order."""
    keys = {
        By.FIRST_SEEN: group.first_seen,
        By.LAST_SEEN: group.last_seen,
        By.COUNT: group.count,
        By.SEVERITY: group.most_severe.severity,
    }
    return keys[order.by], group.id


def groups(
    connection: sqlite3.Connection, wanted: Wanted, order: Order, limit: int, after: Position | None
) -> list[Group]:
    """Return a page of groups (see ``SqliteStore.page_of_groups``)."""
    beyond = (
        group
        for group in _candidates(connection, wanted, order, after)
        if _is_beyond(position(group, order), order, after) and wanted.matches(group)
    )
    return list(islice(beyond, limit))


def status_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many groups there are of each status."""
    found = connection.execute("SELECT status, count(*) FROM groups GROUP BY status")
    return {from_key(status): count for status, count in found}


def _candidates(
    connection: sqlite3.Connection, wanted: Wanted, order: Order, after: Position | None
) -> Iterator[Group]:
    """Yield groups in their order, those that are wanted among them."""
    if order.by is By.FIRST_SEEN and wanted == Wanted():
        bound = _LAST if order.descending else _FIRST
        if after is not None:
            bound = min(max(after[0], _FIRST), _LAST)
        found: Iterator[Any] = connection.execute(_DESCENDING if order.descending else _ASCENDING, (bound,))
    else:
        standing = [place for place in _standing(connection, wanted, order) if _is_beyond(place, order, after)]
        standing.sort(reverse=order.descending)
        found = (connection.execute(_ONE, (to_key(id),)).fetchone() for _, id in standing)
    for id, status, first_seen, document in found:
        if wanted.may_be(document):
            yield codec.load_group(document, from_key(id), from_key(status), first_seen, (), None)


def _standing(connection: sqlite3.Connection, wanted: Wanted, order: Order) -> Iterator[Position]:
    """Yield where the groups stand that are wanted by what is quickly known of them."""
    for id, status, first_seen, told, document in connection.execute(_STANDING):
        last_seen, count, severity = json.loads(told) if told else _told(document)
        if (
            (not (wanted.status or wanted.statuses) or wanted.has_status(from_key(status)))
            and severity >= wanted.severity
            and (wanted.since is None or last_seen >= wanted.since)
            and (wanted.until is None or first_seen <= wanted.until)
        ):
            places = {
                By.FIRST_SEEN: first_seen,
                By.LAST_SEEN: last_seen,
                By.COUNT: count,
                By.SEVERITY: severity,
            }
            yield places[order.by], from_key(id)


def _told(document: str) -> tuple[int, int, int]:
    stored = json.loads(document)
    return stored["last_seen"], stored["count"], stored["most_severe"]["severity"]


def _is_beyond(here: Position, order: Order, after: Position | None) -> bool:
    if after is None:
        return True
    return here < after if order.descending else here > after


def members(
    connection: sqlite3.Connection, group_id: str, limit: int, after: str | None
) -> list[tuple[str, Membership]]:
    """Return a page of members (see ``SqliteStore.page_of_members``)."""
    found = connection.execute(
        "SELECT uid, event, fingerprint, template, atoms.id, atoms.document FROM atoms"
        " JOIN rows ON atom_id = atoms.id JOIN members ON row_id = rows.id"
        " WHERE group_id = ?1 AND (?2 IS NULL OR uid > ?2) ORDER BY uid LIMIT ?3",
        (to_key(group_id), None if after is None else to_key(after), limit),
    )
    page = []
    atoms: dict[int, Membership] = {}  # one may hold many of the page, and thousands of links
    for key, document, fingerprint, template, id, atom in found:
        if id not in atoms:
            atoms[id] = codec.load_atom(atom, group_id, ())
        uid, event = from_key(key), codec.load_event(document)
        text = event.text if template is None else from_key(template)
        page.append((uid, replace(atoms[id], rows=(Row(event, (uid,), from_key(fingerprint), text),))))
    return page
