"""Groups on their way out: what is to be handed to which exporter, until it was.

Every revision goes at least once, and revisions of one group in their order: the next is due only when the one
before was handed over or given up. A revision that waits and has not been tried yet gives way to the next one of
its group, which tells all that it told, unless their statuses differ: no change of status is passed over.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.store import codec
from stormcell.store.codec import from_key, to_key
from stormcell.store.transactions import Connected
from stormcell.store.writing import write_learned
from stormcell.types import Group

MOST_DEAD: Final = 1000
"""Of each exporter so many that were given up are kept: each holds a group whole."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A revision of a group that is to be handed to an exporter.

    Attributes
    ----------
    number : int
        Ascending in the order in which they were put.
    exporter : str
    group : Group
        As it was then, members and all.
    put, due : int
        Wall clock, ns.
    attempts : int
        Made so far.
    problem : str
        Why the last of them failed.
    """

    number: int
    exporter: str
    group: Group
    put: int
    due: int
    attempts: int
    problem: str


@dataclass(frozen=True, slots=True)
class OutboxCount:
    """What waits for an exporter.

    Attributes
    ----------
    pending, dead : int
    oldest : int or None
        When the oldest of those that are pending was put, ns; None where none is.
    """

    pending: int
    dead: int
    oldest: int | None


class Outbox(Connected):
    """The part of a store that keeps what is on its way out; see the module."""

    def put_outbox(self, outbox: Sequence[tuple[str, Group]], now: int | None = None) -> None:
        """Put groups, each with the name of an exporter, without a grouping (else see ``SqliteStore.save``)."""
        with self._writing() as connection:
            put(connection, outbox, now)

    def put_out(
        self, outbox: Sequence[tuple[str, Group]], learned: Mapping[str, Mapping[str, object]], now: int
    ) -> None:
        """Put groups, and what was learned, in one transaction."""
        with self._writing() as connection:
            write_learned(connection, learned)
            put(connection, outbox, now)

    def outbox_due(self, now: int, limit: int, exporter: str | None = None) -> list[Letter]:
        """Return what is to be handed over, at most one of each exporter and group.

        What was tried least often comes first, and of that the oldest: one that is never taken holds up no other.

        Parameters
        ----------
        now : int
            Wall clock, ns.
        limit : int
            Most of them.
        exporter : str, optional
            Only what is for this one.
        """
        name = None if exporter is None else to_key(exporter)
        return self._letters(
            "SELECT * FROM outbox_heads WHERE due <= ? AND (? IS NULL OR exporter = ?)"
            " ORDER BY attempts, number LIMIT ?",
            (now, name, name, limit),
        )

    def outbox_next(self, exporter: str) -> int | None:
        """Return when something for an exporter is due next, ns; None where nothing is pending."""
        with self._reading() as connection:
            if connection is None:
                return None
            [due] = connection.execute(
                "SELECT min(due) FROM outbox_heads WHERE exporter = ?", (to_key(exporter),)
            ).fetchone()
            return None if due is None else int(due)

    def outbox_pending(self, limit: int = -1) -> list[Letter]:
        """Return what is still to be handed over, due or not, oldest first; all of it by default."""
        return self._letters("SELECT * FROM outbox WHERE dead = 0 ORDER BY number LIMIT ?", (limit,))

    def dead_letters(self) -> list[Letter]:
        """Return what was given up, oldest first."""
        return self._letters("SELECT * FROM outbox WHERE dead = 1 ORDER BY number", ())

    def outbox_done(self, numbers: Collection[int]) -> None:
        """Take out what was handed over, by number."""
        with self._writing() as connection:
            connection.executemany("DELETE FROM outbox WHERE number = ?", ((number,) for number in numbers))

    def outbox_failed(self, number: int, problem: str, due: int, dead: bool) -> None:
        """Note that an attempt failed, and when the next is due, or that there is to be none.

        Of what was given up the latest MOST_DEAD of an exporter stay.
        """
        with self._writing() as connection:
            connection.execute(
                "UPDATE outbox SET attempts = attempts + 1, problem = ?, due = ?, dead = ? WHERE number = ?",
                (to_key(problem), due, int(dead), number),
            )
            if dead:
                _bound_dead(connection)

    def outbox_abandoned(self, exporters: Collection[str]) -> int:
        """Give up what waits for other exporters than these; return how much that is."""
        known = {to_key(name) for name in exporters}
        with self._writing() as connection:
            found = connection.execute("SELECT DISTINCT exporter FROM outbox WHERE dead = 0").fetchall()
            count = 0
            for (name,) in found:
                if name not in known:
                    count += connection.execute(
                        "UPDATE outbox SET dead = 1, problem = ? WHERE dead = 0 AND exporter = ?",
                        ("nothing of this name is set up any more", name),
                    ).rowcount
            _bound_dead(connection)
            return count

    def outbox_counts(self) -> dict[str, OutboxCount]:
        """Return by exporter what waits and what was given up."""
        with self._reading() as connection:
            if connection is None:
                return {}
            found = connection.execute(
                "SELECT exporter, sum(dead = 0), sum(dead), min(CASE dead WHEN 0 THEN put END)"
                " FROM outbox GROUP BY exporter ORDER BY exporter"
            ).fetchall()
            return {from_key(name): OutboxCount(*counted) for name, *counted in found}

    def retry_dead(self, numbers: Collection[int] | None = None, now: int | None = None) -> int:
        """Let what was given up be tried again at once, by number or all of it; return how many were found.

        One whose group went out in a later revision meanwhile comes late: its revision says so.
        """
        at = time.time_ns() if now is None else now
        return self._dead("UPDATE outbox SET dead = 0, attempts = 0, put = ?, due = ?", numbers, at, at)

    def drop_dead(self, numbers: Collection[int] | None = None) -> int:
        """Take out what was given up, by number or all of it; return how many were found."""
        return self._dead("DELETE FROM outbox", numbers)

    def _dead(self, change: str, numbers: Collection[int] | None, *values: int) -> int:
        with self._writing() as connection:
            if numbers is None:
                return connection.execute(f"{change} WHERE dead = 1", values).rowcount
            return sum(
                connection.execute(f"{change} WHERE dead = 1 AND number = ?", (*values, number)).rowcount
                for number in sorted(set(numbers))
            )

    def _letters(self, query: str, values: tuple[object, ...]) -> list[Letter]:
        with self._reading() as connection:
            found = [] if connection is None else connection.execute(query, values).fetchall()
            return [
                Letter(
                    number, from_key(name), codec.load_whole_group(document), put, due, attempts, from_key(problem)
                )
                for number, name, _, _, _, document, put, due, attempts, problem, _ in found
            ]


def _bound_dead(connection: sqlite3.Connection) -> None:
    connection.execute(
        "DELETE FROM outbox WHERE number IN (SELECT number FROM (SELECT number, row_number() OVER"
        " (PARTITION BY exporter ORDER BY number DESC) AS place FROM outbox WHERE dead = 1) WHERE place > ?)",
        (MOST_DEAD,),
    )


def put(connection: sqlite3.Connection, outbox: Iterable[tuple[str, Group]], now: int | None = None) -> None:
    """Put groups, each with the name of an exporter; the caller holds the transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
    outbox : iterable of (str, Group)
    now : int, optional
        Wall clock, ns; asked for if it is not given.
    """
    at = time.time_ns() if now is None else now
    for exporter, group in outbox:
        name, id, status = to_key(exporter), to_key(group.id), to_key(group.status)
        last = connection.execute(
            "SELECT number, status, attempts, put FROM outbox WHERE exporter = ? AND group_id = ? AND dead = 0"
            " ORDER BY number DESC LIMIT 1",
            (name, id),
        ).fetchone()
        since = at
        if last is not None and last[1] == status and last[2] == 0:
            # Under a new number: whoever is handing the old one over takes out only that.
            connection.execute("DELETE FROM outbox WHERE number = ?", (last[0],))
            since = last[3]
        connection.execute(
            "INSERT INTO outbox (exporter, group_id, revision, status, document, put, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (name, id, group.revision, status, codec.dump_whole_group(group), since, at),
        )
