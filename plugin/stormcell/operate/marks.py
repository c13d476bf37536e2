"""By what the events and groups of which something is said are known again."""

from __future__ import annotations

from stormcell.errors import ConflictError
from stormcell.store import SqliteStore
from stormcell.types import Group, Mark, Membership, Row


def group_mark(store: SqliteStore, group: Group, *, every: bool = False) -> Mark:
    """Return the mark of a group: its exemplar, and an event of every other atom where that matters."""
    atoms = store.memberships(group.id)
    own = next(atom for atom in atoms if _holds(atom, group.medoid.uid))
    rest = (atom.rows[0].event.uid for atom in atoms if atom is not own) if every else ()
    return voice_mark(own, (group.medoid.uid, *rest))


def leaver_mark(atom: Membership, group: Group, uid: str) -> Mark:
    """Return the mark of an event that is not of its group.

    Raises
    ------
    ConflictError
        If it cannot leave it.
    """
    if _holds(atom, group.medoid.uid):
        raise ConflictError(
            f"event {uid} is one atom with the exemplar of {group.id} (`stormcell explain {uid}` says why); "
            "split off the others instead, or pin another exemplar first"
        )
    return voice_mark(atom, (uid,))


def voice_mark(atom: Membership, uids: tuple[str, ...]) -> Mark:
    """Return the mark by which an atom is known again: its voice.

    Raises
    ------
    ConflictError
        If the store is of before voices were kept.
    """
    row = next((row for row in atom.rows if row.fingerprint == atom.voice), atom.rows[0])
    return row_mark(row, uids)


def row_mark(row: Row, uids: tuple[str, ...]) -> Mark:
    """Return the mark of a row's fingerprint.

    Raises
    ------
    ConflictError
        If the store is of before fingerprints were kept.
    """
    if not row.fingerprint:
        raise ConflictError(
            "the store was written by an earlier Stormcell; run `stormcell group` into it again first"
        )
    return Mark(uids, row.fingerprint, row.event.signal.value, row.event.service, row.template)


def _holds(atom: Membership, uid: str) -> bool:
    return any(uid in row.members for row in atom.rows)
