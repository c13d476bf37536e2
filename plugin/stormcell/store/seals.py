"""Seals of the audit log: each entry's is made of its own columns and of the seal of the entry before.

So no entry can be altered, taken out, put in or moved without the seals of all later ones having to be made anew.
Who may write the file can do that as well: a seal that was kept elsewhere tells.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Final

from stormcell.store import codec
from stormcell.store.codec import to_key
from stormcell.types import AuditCheck, Seal

Column = int | float | str | bytes | None

_START: Final = "start"
_HEAD: Final = "head"
_NONE: Final = Seal(0, "")
_END: Final[tuple[int, Iterator[tuple[int, Column]]]] = (1 << 63, iter(()))  # beyond all numbers
_ENTRIES: Final = "SELECT seal, number, time, who, action, target, document FROM audit ORDER BY number"
_LISTED: Final = "SELECT number, group_id FROM audit_groups ORDER BY number"


def sealed(before: str, *columns: Column) -> str:
    """Return the seal of an entry.

    Parameters
    ----------
    before : str
        The seal of the entry before.
    *columns
        The entry's number, time, who, action, target and document, as they are stored.
    """
    told = [
        column if isinstance(column, int | str) else {type(column).__name__: repr(column)} for column in columns
    ]
    return hashlib.sha256(json.dumps([before, *told], separators=(",", ":")).encode("ascii")).hexdigest()


def head(connection: sqlite3.Connection) -> Seal:
    """Return the end of the log: the seal of the newest entry, and the highest number that there is."""
    known = _end(connection, _HEAD) or _NONE
    [highest] = connection.execute("SELECT max(number) FROM audit").fetchone()
    return replace(known, number=max(known.number, highest or 0))


def move_head(connection: sqlite3.Connection, seal: Seal) -> None:
    """Note which entry is the newest."""
    _put(connection, _HEAD, seal)


def begin_after(connection: sqlite3.Connection, number: int) -> None:
    """Note that all entries up to a number are about to be taken out, as they are kept no longer."""
    start = _end(connection, _START) or _NONE
    if number > start.number:
        [seal] = connection.execute("SELECT seal FROM audit WHERE number = ?", (number,)).fetchone()
        _put(connection, _START, Seal(number, seal))


def verify(connection: sqlite3.Connection, since: Seal | None = None) -> AuditCheck:
    """Return whether the log is what was written (see ``AuditLog.verify_audit``)."""
    start, newest = _end(connection, _START), _end(connection, _HEAD)
    found = AuditCheck(0, 0, start or _NONE, newest or _NONE)
    if start is None or newest is None:
        return replace(found, problem="where the log begins and ends is no longer noted")
    before, checked, unsealed = start, 0, 0
    number, problem = 0, ""
    for number, problem, seal in _walk(connection, start, newest, since):
        if problem:
            break
        if number > start.number:
            before, checked = Seal(number, seal), checked + 1
        else:
            unsealed += 1
    if not problem:
        number, problem = _wrong_end(before, start, newest, since)
    if not problem:
        number, problem = _wrong_listing(connection)
    return replace(found, sealed=checked, unsealed=unsealed, number=number, problem=problem)


def _walk(
    connection: sqlite3.Connection, start: Seal, newest: Seal, since: Seal | None
) -> Iterator[tuple[int, str, str]]:
    """Yield the number of each entry, what is wrong with it, and its seal."""
    before = start
    for seal, number, *columns in connection.execute(_ENTRIES):
        if number <= start.number:
            # What retention took out does not come back, and what was never sealed has no seal.
            yield number, f"entry {number} was put in" if start.seal or seal else "", seal
            continue
        if number > newest.number:
            yield number, f"entry {number} was put in, after the newest, {newest.number}", seal
        elif number != before.number + 1:
            yield before.number + 1, _missing(before.number + 1, number - 1), seal
        elif seal != sealed(before.seal, number, *columns):
            told = f"entry {number} does not fit its seal: it, or the one before, was altered or is another"
            yield number, told, seal
        elif since is not None and number == since.number and seal != since.seal:
            yield number, f"entry {number} has another seal than the one you kept: the log was written anew", seal
        else:
            yield number, "", seal
        before = Seal(number, seal)


def _wrong_end(last: Seal, start: Seal, newest: Seal, since: Seal | None) -> tuple[int, str]:
    """Return what is wrong with where the log ends, as its entries are right."""
    if last.number < newest.number:
        return last.number + 1, _missing(last.number + 1, newest.number)
    if last != newest:
        return newest.number, f"the seal that is noted of entry {newest.number}, the newest, is another"
    if since is None or start.number < since.number <= newest.number or since == start:
        return 0, ""
    if since.number > newest.number:
        told = f"the log ends at entry {newest.number}, before {since.number}, whose seal you kept"
        return newest.number + 1, told
    told = f"entry {since.number}, whose seal you kept, is no longer there to compare: the log begins after"
    return since.number, f"{told} {start.number}"


def _wrong_listing(connection: sqlite3.Connection) -> tuple[int, str]:
    """Return which entry is listed under other groups than it names, as the entries themselves are right."""
    listing = groupby(connection.execute(_LISTED), itemgetter(0))
    listed, rows = next(listing, _END)
    for number, seal, document in connection.execute("SELECT number, seal, document FROM audit ORDER BY number"):
        if listed < number:
            break
        groups = set()
        if listed == number:
            groups = {group for _, group in rows}
            listed, rows = next(listing, _END)
        # Of what was never sealed nothing can be told.
        if seal and groups != {to_key(group) for group in codec.load_learned(document)["groups"]}:
            return number, f"entry {number} is listed under other groups than it names"
    if listed < _END[0]:
        return listed, f"entry {listed} is listed under a group and is not there"
    return 0, ""


def _missing(first: int, last: int) -> str:
    return f"entry {first} was taken out" if first == last else f"entries {first} to {last} were taken out"


def _end(connection: sqlite3.Connection, place: str) -> Seal | None:
    found = connection.execute("SELECT number, seal FROM audit_ends WHERE place = ?", (place,)).fetchone()
    return None if found is None else Seal(*found)


def _put(connection: sqlite3.Connection, place: str, seal: Seal) -> None:
    connection.execute("INSERT OR REPLACE INTO audit_ends VALUES (?, ?, ?)", (place, seal.number, seal.seal))
