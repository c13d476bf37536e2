"""The default store: one SQLite file, the truth for groups, their members and drafts, and for the model."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stormcell.errors import ConflictError
from stormcell.store import audit as log
from stormcell.store import codec, forgetting, listing, reading, recurring, writing
from stormcell.store import feedback as said
from stormcell.store import outbox as out
from stormcell.store.atoms import Known, Standing
from stormcell.store.audit import AuditLog
from stormcell.store.browsing import Browsing
from stormcell.store.codebooks import Codebooks
from stormcell.store.codec import from_key, to_key
from stormcell.store.connection import BUSY_TIMEOUT
from stormcell.store.forgetting import Forgotten
from stormcell.store.listing import Order, Position, Wanted
from stormcell.store.model import MODEL, ModelRecord
from stormcell.store.outbox import Outbox
from stormcell.store.reviews import Reviews
from stormcell.store.writing import check, replace, write_learned
from stormcell.types import (
    AuditEntry,
    Draft,
    Family,
    Feedback,
    Group,
    Grouping,
    Membership,
    Past,
    Profile,
    Totals,
)


class SqliteStore(AuditLog, Browsing, Codebooks, ModelRecord, Outbox, Reviews):
    """Groups, their members and drafts in one SQLite file.

    An event belongs to one atom at most, and the newest grouping wins: see ``save``. Use it as a context
    manager, or call ``close``; one object is for one thread, one file may be shared by many processes.

    Parameters
    ----------
    path : Path
        The file. It is in WAL mode: while it is open, ``-wal`` and ``-shm`` files stand beside it.
    create : bool
        Whether a file that does not exist is created, with the first ``save``; until then the store reads
        as empty and there is no file.
    busy_timeout : float
        Seconds to wait for another process that is writing.

    Raises
    ------
    StoreError
        If the file does not exist and is not to be created, is no store, is damaged, is of a newer version
        than this code knows, or cannot be read or written. Every method may raise it. The file is never
        removed, and untouched unless it is a store.
    """

    def __init__(self, path: Path, *, create: bool, busy_timeout: float = BUSY_TIMEOUT) -> None:
        super().__init__(path, create=create, busy_timeout=busy_timeout)
        self._known = Known()

    def save(
        self,
        grouping: Grouping,
        drafts: Sequence[Draft],
        learned: Mapping[str, Mapping[str, object]] | None = None,
        *,
        statuses: Mapping[str, str] | None = None,
        before: Mapping[str, str] | None = None,
        audit: Sequence[AuditEntry] = (),
        outbox: Sequence[tuple[str, Group]] = (),
        now: int | None = None,
    ) -> None:
        """Store a grouping and all that goes with it, in one transaction: all of it, or nothing.

        The newest grouping wins. A group whose id is stored already is replaced, members included. Events
        of the grouping leave the atoms that held them; rows, atoms and groups left without any go, with
        their drafts, and a group left with some keeps them, its ``members``, ``count`` and ``signals``
        following. Drafts replace those of the same group and kind. A group that is stored keeps its status, unless
        ``statuses`` gives it another and it is still what it was ``before``. ``outbox`` are groups, each with the
        name of the exporter that is to have it (see ``store.outbox``); ``now`` is when they are put, ns, the wall
        clock by default.

        Raises
        ------
        ValueError
            If the grouping contradicts itself: an event in two places, a group whose members are not those
            of its atoms, an atom without events, an atom or a draft of a group that is not there.
        """
        check(grouping)
        stands: dict[str, Standing] = {}

        def change(connection: sqlite3.Connection) -> None:
            stands.update(replace(connection, self.path, grouping, drafts, learned or {}, self._known))
            writing.put_statuses(connection, statuses or {}, before)
            log.add(connection, audit)
            out.put(connection, outbox, now)

        self._write(change)
        self._known.add(stands)
        # What is complete has a draft, and is hardly ever put again.
        self._known.leave({draft.group for draft in drafts})

    def forget(self, *, background: int, groups: int, audit: int, most: int) -> Forgotten:
        """Take out what is kept no longer, in one transaction.

        Parameters
        ----------
        background, groups, audit : int
            ns since 1970, before which the last event of an atom in no group or of a resolved group happened, or
            an entry of the audit log was made. Windows of the model are kept as long as groups, and what happened
            to it as long as the audit log.
        most : int
            At most so many of each.
        """
        with self._writing() as connection:
            forgotten = forgetting.forget(connection, background, groups, audit, most)
        self._known.doubt()
        return forgotten

    def learn(self, learned: Mapping[str, Mapping[str, object]]) -> None:
        """Store what was learned, by name, and nothing else."""
        self._write(lambda connection: write_learned(connection, learned))

    def learned(self) -> dict[str, dict[str, Any]]:
        """Return what was learned, by name, as JSON types."""
        with self._reading() as connection:
            if connection is None:
                return {}
            # What the model is in the middle of may be large, and nobody groups by it.
            query = "SELECT name, document FROM learned WHERE substr(name, 1, ?) != ?"
            found = connection.execute(query, (len(MODEL), MODEL)).fetchall()
            return {name: codec.load_learned(document) for name, document in found}

    def groups(self, *, status: str | None = None) -> list[Group]:
        """Return the groups, of one status or all, ascending by (first_seen, id)."""
        with self._reading() as connection:
            if connection is None:
                return []
            wanted = None if status is None else to_key(status)
            found = connection.execute(
                "SELECT id, status, first_seen, document FROM groups WHERE ? IS NULL OR status = ?",
                (wanted, wanted),
            )
            groups = [reading.group(connection, *columns) for columns in found.fetchall()]
            return sorted(groups, key=lambda group: (group.first_seen, group.id))

    def group(self, id: str) -> Group | None:
        """Return the group of an id, or of the one id that starts so; None if there is none.

        Raises
        ------
        StoreError
            If several ids start so.
        """
        with self._reading() as connection:
            if connection is None or not id:
                return None
            one = "SELECT id, status, first_seen, document FROM groups WHERE id = ?"
            columns = connection.execute(one, (to_key(id),)).fetchone()
            if columns is None:
                ids = [from_key(key) for (key,) in connection.execute("SELECT id FROM groups")]
                candidates = sorted(other for other in ids if other.startswith(id))
                if len(candidates) > 1:
                    raise ConflictError(
                        f"{len(candidates)} groups start with {id}: {reading.listed(candidates)}; write more"
                    )
                if not candidates:
                    return None
                columns = connection.execute(one, (to_key(candidates[0]),)).fetchone()
            return reading.group(connection, *columns)

    def memberships(self, group_id: str) -> list[Membership]:
        """Return the atoms of a group, by its whole id, in the order of their grouping."""
        with self._reading() as connection:
            if connection is None:
                return []
            return reading.memberships(connection, to_key(group_id))

    def page_of_groups(
        self, wanted: Wanted, order: Order, *, limit: int, after: Position | None = None
    ) -> list[Group]:
        """Return at most ``limit`` of the groups that are wanted, in an order.

        Their members and profiles are left out.

        Parameters
        ----------
        wanted : Wanted
        order : Order
        limit : int
        after : Position, optional
            Only those after where this one stands or stood.
        """
        with self._reading() as connection:
            return [] if connection is None else listing.groups(connection, wanted, order, limit, after)

    def status_counts(self) -> dict[str, int]:
        """Return how many groups there are of each status that there is."""
        with self._reading() as connection:
            return {} if connection is None else listing.status_counts(connection)

    def page_of_members(
        self, group_id: str, *, limit: int, after: str | None = None
    ) -> list[tuple[str, Membership]]:
        """Return at most ``limit`` events of a group, by its whole id, ascending by uid.

        Returns
        -------
        list of (str, Membership)
            The event's uid, and its atom with no more than the event's row, of which no more than this uid.
        """
        with self._reading() as connection:
            return [] if connection is None else listing.members(connection, group_id, limit, after)

    def background(self, *, text: str = "", service: str = "") -> list[Membership]:
        """Return the atoms that are in no group, the most surprising first.

        Parameters
        ----------
        text : str
            Only those with an event whose text holds this, in any case.
        service : str
            Only those with an event of this service, the same event if both are asked for.
        """
        with self._reading() as connection:
            return [] if connection is None else reading.background(connection, text, service)

    def grouping(self) -> Grouping:
        """Return all groups as if one run had found them; of the memberships those of the background only."""
        apart = tuple(self.background())
        groups = tuple(self.groups())
        inside = sum(group.count for group in groups)
        return Grouping(
            events=inside + sum(len(row.members) for atom in apart for row in atom.rows),
            duplicates=0,
            groups=groups,
            memberships=apart,
        )

    def membership_of(self, uid: str) -> Membership | None:
        """Return the atom, background included, that holds an event; None if none does.

        Parameters
        ----------
        uid : str
            The event's; for an alert its fingerprint will do.

        Raises
        ------
        StoreError
            If alerts of that fingerprint are in several atoms.
        """
        with self._reading() as connection:
            return None if connection is None else reading.membership_of(connection, uid)

    def unknown(self, uids: Iterable[str]) -> set[str]:
        """Return which of these events are not stored."""
        wanted = set(uids)
        with self._reading() as connection:
            if connection is None:
                return wanted
            query = "SELECT 1 FROM members WHERE uid = ?"
            return {uid for uid in wanted if connection.execute(query, (to_key(uid),)).fetchone() is None}

    def drafts(self, group_id: str) -> list[Draft]:
        """Return the drafts of a group, by its whole id, in the order they were saved."""
        with self._reading() as connection:
            if connection is None:
                return []
            found = connection.execute(
                "SELECT kind, document FROM drafts WHERE group_id = ? ORDER BY id", (to_key(group_id),)
            )
            return [codec.load_draft(document, group_id, from_key(kind)) for kind, document in found]

    def save_drafts(self, drafts: Sequence[Draft]) -> None:
        """Replace drafts of groups that are stored."""
        with self._writing() as connection:
            writing.replace_drafts(connection, drafts)

    def past(self) -> list[Past]:
        """Return what every group is known again by, ascending by id."""
        with self._reading() as connection:
            return [] if connection is None else recurring.past(connection)

    def families(self) -> list[Family]:
        """Return the families that were saved last, ascending by id."""
        with self._reading() as connection:
            return [] if connection is None else recurring.families(connection)

    def save_families(self, families: Sequence[Family], profiles: Mapping[str, Profile]) -> None:
        """Replace all families, and store profiles of groups, by id; members that are no groups are left out."""
        with self._writing() as connection:
            recurring.put_profiles(connection, profiles)
            recurring.put_families(connection, families)

    def statuses(self) -> dict[str, str]:
        """Return the status of every group by its id."""
        with self._reading() as connection:
            found = [] if connection is None else connection.execute("SELECT id, status FROM groups").fetchall()
            return {from_key(id): from_key(status) for id, status in found}

    def totals(self, time: int) -> Totals:
        """Return how many events and groups there are, as of a time, ns, which is now."""
        with self._reading() as connection:
            return Totals(time, 0, 0, 0, 0, 0) if connection is None else reading.totals(connection, time)

    def set_status(self, group_id: str, status: str) -> None:
        """Set the status of a group, by its whole id; later groupings leave it."""
        with self._writing() as connection:
            writing.put_statuses(connection, {group_id: status})

    def feedback(self) -> list[Feedback]:
        """Return what people said of groups, oldest first, what was undone included."""
        with self._reading() as connection:
            return [] if connection is None else said.load(connection)

    def add_feedback(self, feedback: Feedback, groups: Sequence[Group], memberships: Sequence[Membership]) -> None:
        """Keep a feedback, and what it changes: groups, new ones too, and atoms, known by their events.

        Groups that are left without atoms go, with their drafts.

        Raises
        ------
        StoreError
            If an atom is in no group any more.
        """
        with self._writing() as connection:
            said.add(connection, self.path, feedback, groups, memberships)
        self._known.doubt()

    def undo_feedback(self, id: str) -> list[Feedback] | None:
        """Mark a feedback as undone, by its whole id, and put the groups back to before it was said.

        Returns
        -------
        list of Feedback or None
            What was said later, oldest first: the groups are as before these too, each is to be added again.
            None if there was a grouping since: the groups are as they are, the next grouping will do without it.

        Raises
        ------
        StoreError
            If there is no such feedback, or it is undone already.
        """
        self._known.doubt()
        with self._writing() as connection:
            return said.undo(connection, self.path, id)
