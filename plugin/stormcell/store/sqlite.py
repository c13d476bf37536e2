"""The default store: one SQLite file, the truth for groups, their members and drafts, and for the model."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stormcell.store import audit as log
from stormcell.store import codec, forgetting, recurring, writing
from stormcell.store import feedback as said
from stormcell.store import outbox as out
from stormcell.store.atoms import Known, Standing
from stormcell.store.audit import AuditLog
from stormcell.store.browsing import Browsing
from stormcell.store.codebooks import Codebooks
from stormcell.store.connection import BUSY_TIMEOUT
from stormcell.store.forgetting import Forgotten
from stormcell.store.grouped import Grouped
from stormcell.store.model import MODEL, ModelRecord
from stormcell.store.outbox import Outbox
from stormcell.store.reviews import Reviews
from stormcell.store.writing import check, replace, write_learned
from stormcell.types import AuditEntry, Draft, Family, Feedback, Group, Grouping, Membership, Profile


class SqliteStore(AuditLog, Browsing, Codebooks, Grouped, ModelRecord, Outbox, Reviews):
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

    def save_drafts(self, drafts: Sequence[Draft]) -> None:
        """Replace drafts of groups that are stored."""
        with self._writing() as connection:
            writing.replace_drafts(connection, drafts)

    def save_families(self, families: Sequence[Family], profiles: Mapping[str, Profile]) -> None:
        """Replace all families, and store profiles of groups, by id; members that are no groups are left out."""
        with self._writing() as connection:
            recurring.put_profiles(connection, profiles)
            recurring.put_families(connection, families)

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
