"""What people say of groups: merge, split, move, pin, and undo.

Each is one transaction with its entry in the audit log. Saying again what was said and holds changes nothing, so
that a request may be repeated by whoever did not hear the answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from stormcell.config import Settings
from stormcell.errors import ConflictError, InputError, NotFoundError, StoreError
from stormcell.operate.apply import apply
from stormcell.operate.find import group_of, grouped_event_of
from stormcell.operate.marks import group_mark, leaver_mark, row_mark
from stormcell.operate.people import Person, Said, Undone
from stormcell.store import SqliteStore
from stormcell.types import Feedback, Group, Kind, Mark, Value

_LISTED = 10


def merge(store: SqliteStore, groups: Sequence[str], person: Person, settings: Settings) -> Said:
    """Say that groups, by their ids or their starts, are one incident; the one with the most events stays.

    Raises
    ------
    InputError
        If they are not two or more, each named once.
    NotFoundError, ConflictError
        If one is not there, or it cannot be done.
    """
    with store.changing():
        if (merged := _merged_before(store, groups)) is not None:
            return merged
        found = [group_of(store, id) for id in groups]
        if len({group.id for group in found}) < max(len(found), 2):
            raise InputError("merging takes two groups or more, each named once")
        marks = [group_mark(store, group, every=True) for group in found]
        return _say(store, Kind.MERGE, marks, person, settings, found)


def split(store: SqliteStore, group: str, events: Sequence[str], person: Person, settings: Settings) -> Said:
    """Say that events, with all that say the same, are not of a group but a group of their own.

    Raises
    ------
    InputError
        If no event is named, or one of another group.
    NotFoundError, ConflictError
        If a group or event is not there, or it cannot be done.
    """
    with store.changing():
        found = group_of(store, group)
        if not events:
            raise InputError("splitting takes an event or more of the group; name their uids")
        leavers = [grouped_event_of(store, event) for event in dict.fromkeys(events)]
        said = _split_before(store, found, [uid for _, _, uid, _ in leavers])
        if said is not None and all(holder != found.id for *_, holder in leavers):
            now = [group_of(store, id) for id in dict.fromkeys((found.id, *(holder for *_, holder in leavers)))]
            return Said(said, False, now)
        marks = [group_mark(store, found)]
        for atom, _, uid, holder in leavers:
            if holder != found.id:
                raise InputError(f"event {uid} is not in {found.id} but in {holder}; name events of one group")
            marks.append(leaver_mark(atom, found, uid))
        return _say(store, Kind.SPLIT, marks, person, settings, [found])


def move(store: SqliteStore, event: str, group: str, person: Person, settings: Settings) -> Said:
    """Say that an event, with all that say the same in its group, is of another group.

    Raises
    ------
    NotFoundError, ConflictError
        If the group or event is not there, or it cannot be done.
    """
    with store.changing():
        atom, _, uid, holder = grouped_event_of(store, event)
        old, new = group_of(store, holder), group_of(store, group)
        if old.id == new.id:
            return Said(None, False, [new])
        marks = [group_mark(store, old), leaver_mark(atom, old, uid), group_mark(store, new)]
        return _say(store, Kind.MOVE, marks, person, settings, [old, new])


def pin(store: SqliteStore, event: str, person: Person, settings: Settings) -> Said:
    """Say that an event, or else one of its fingerprint, is the exemplar of whatever group holds it.

    Raises
    ------
    NotFoundError, ConflictError
        If the event is not there or in no group, or it cannot be done.
    """
    with store.changing():
        _, row, uid, holder = grouped_event_of(store, event)
        found = group_of(store, holder)
        live = (one for one in reversed(store.feedback()) if not one.undone and one.kind is Kind.PIN)
        pinned = next((one for one in live if one.marks[0].uids[0] == uid), None)
        if pinned is not None and found.medoid.uid == uid:
            return Said(pinned, False, [found])
        return _say(store, Kind.PIN, [row_mark(row, (uid,))], person, settings, [found])


def undo(store: SqliteStore, feedback: str, person: Person, settings: Settings) -> Undone:
    """Take back what was said, by its id or the start of it; it stays in the list, marked.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such feedback, or several ids start so.
    """
    with store.changing():
        known = {one.id: one for one in store.feedback()}
        ids = [feedback] if feedback in known else [id for id in known if feedback and id.startswith(feedback)]
        if not ids:
            raise NotFoundError(f"no feedback {feedback!r} in the store; `stormcell groups feedback` lists it all")
        if len(ids) > 1:
            raise ConflictError(
                f"{len(ids)} feedback ids start with {feedback}: {', '.join(ids[:_LISTED])}; write more"
            )
        one = known[ids[0]]
        if one.undone:
            return Undone(one.id, False, False)
        touched = _holders(store, one)
        later = store.undo_feedback(one.id)
        lost = []
        for again in later or ():
            try:
                apply(store, again, settings)
            except StoreError as error:
                lost.append((again.id, str(error)))
        groups = dict.fromkeys((*touched, *_holders(store, one)))
        store.audit(person.did("undo", one.id, list(groups), {"restored": later is not None}))
        return Undone(one.id, True, later is not None, lost)


def _say(
    store: SqliteStore,
    kind: Kind,
    marks: Sequence[Mark],
    person: Person,
    settings: Settings,
    groups: Sequence[Group],
) -> Said:
    """Say something of groups as a person, and tell the audit log."""
    said = Feedback(_new_id(kind, marks, len(store.feedback())), kind, tuple(marks), person.author, person.now)
    change = apply(store, said, settings)
    touched = dict.fromkeys((*(group.id for group in (*groups, *change.groups)), *change.gone))
    target = marks[0].uids[0] if kind is Kind.PIN else marks[1].uids[0] if kind is Kind.MOVE else groups[0].id
    if kind is Kind.MERGE:
        target = next(group.id for group in change.groups if marks[0].uids[0] in group.members)
    detail: dict[str, Value] = {"feedback": said.id, "gone": [*change.gone]}
    store.audit(person.did(kind.value, target, list(touched), detail))
    # Where it was so already, for now nothing changes.
    return Said(said, True, change.groups or list(groups), change.gone, change.contradicted)


def _new_id(kind: Kind, marks: Sequence[Mark], number: int) -> str:
    """Return the id of what is said as the ``number``-th thing, from 0."""
    text = repr((number, kind.value, [(mark.uids, mark.fingerprint) for mark in marks]))
    return "f-" + hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=5).hexdigest()


def _merged_before(store: SqliteStore, groups: Sequence[str]) -> Said | None:
    """Return what merged these groups before, if it did: all but one are gone, into that one."""
    statuses = store.statuses()
    here, gone = [id for id in groups if id in statuses], [id for id in groups if id not in statuses]
    if len(here) != 1 or not gone:
        return None
    live = {one.id: one for one in store.feedback() if not one.undone}
    said = None
    for id in gone:
        merges = [entry for entry in store.audit_log(id) if entry.action == Kind.MERGE.value]
        if not merges or merges[-1].target != here[0]:
            return None
        said = live.get(str(merges[-1].detail.get("feedback")))
        if said is None:
            return None
    return Said(said, False, [group_of(store, here[0])], gone)


def _split_before(store: SqliteStore, group: Group, uids: Sequence[str]) -> Feedback | None:
    """Return what split these events off this group before, if anything did that was not undone."""
    for one in reversed(store.feedback()):
        if one.undone or one.kind is not Kind.SPLIT or one.marks[0].uids[0] not in group.members:
            continue
        if {mark.uids[0] for mark in one.marks[1:]} == set(uids):
            return one
    return None


def _holders(store: SqliteStore, one: Feedback) -> list[str]:
    """Return the ids of the groups that hold what a feedback speaks of."""
    atoms = (store.membership_of(uid) for mark in one.marks for uid in mark.uids[:1])
    return list(dict.fromkeys(atom.group for atom in atoms if atom is not None and atom.group is not None))
