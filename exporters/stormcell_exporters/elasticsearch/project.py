"""Bringing copies up to date: what is the same is passed over, what differs is written, what is gone taken out.

Members and history are written before the group's own document: its digest says that all of it is there.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from stormcell.errors import DeliveryError
from stormcell.types import Dossier, Group, Projected
from stormcell_exporters.elasticsearch.bulk import Action, Outcome, Told, Version, send
from stormcell_exporters.elasticsearch.copies import Copies, Held
from stormcell_exporters.elasticsearch.documents import Documents, documents

ROUNDS: Final = 5
"""How often a group is tried that somebody else is writing, too."""

_MEMBERS_DIGEST: Final = b'"members_digest":"'
_MEMBER_DIGEST: Final = "incident_group.member.digest"


class Wanted(NamedTuple):
    """A group as its copy is to be.

    Attributes
    ----------
    revision : int
    documents : Documents
    members_digest : str
        As the group's document has it.
    alone : bool
        Whether only the group's own document is known, and is not to claim that there are others.
    """

    revision: int
    documents: Documents
    members_digest: str
    alone: bool = False

    @property
    def id(self) -> str:
        """The group's."""
        return self.documents.group.id


def wanted(dossier: Dossier, since: int = 0) -> Wanted:
    """Return how the copy of a group is to be, with its history from a time on, ns."""
    made = documents(dossier)
    kept = [one for one, entry in zip(made.history, dossier.history, strict=True) if entry.time >= since]
    made = made._replace(history=kept)
    return Wanted(dossier.group.revision, made, _members_digest(made.group.source))


def wanted_alone(group: Group) -> Wanted:
    """Return how a group's own document is to be, of which nothing else is known."""
    made = documents(Dossier(group))
    return Wanted(group.revision, made, _members_digest(made.group.source), alone=True)


def _members_digest(source: bytes) -> str:
    """Return what a group's document knows its members by, without reading all of the document."""
    at = source.rindex(_MEMBERS_DIGEST) + len(_MEMBERS_DIGEST)
    return source[at : source.index(b'"', at)].decode()


@dataclass(slots=True)
class Counts:
    """What came of it so far; see Projected."""

    groups: int = 0
    unchanged: int = 0
    removed: int = 0
    written: int = 0
    deleted: int = 0
    refused: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Count what another counted, too."""
        self.groups += other.groups
        self.unchanged += other.unchanged
        self.removed += other.removed
        self.written += other.written
        self.deleted += other.deleted
        self.refused += other.refused

    def projected(self, old: int) -> Projected:
        """Return the whole; ``old`` are the groups that ended too long ago."""
        return Projected(
            self.groups,
            self.unchanged,
            self.removed,
            old,
            self.written,
            self.deleted,
            tuple(self.refused),
        )


class Bringing:
    """Brings the copies of some groups up to date; for one thread.

    Parameters
    ----------
    copies : Copies
        Whose searches find all that was written before.
    known : collection of str, optional
        The ids of all groups of which there was anything, where that is known.
    """

    def __init__(self, copies: Copies, known: Collection[str] | None = None) -> None:
        self._copies, self._known = copies, known
        self._counts = Counts()
        self._touched: set[str] = set()

    def bring(self, page: Sequence[Wanted]) -> Counts:
        """Bring these up to date.

        Raises
        ------
        DeliveryError
            If others were writing the same groups all the time, or have written newer ones in between.
        StormcellError
            If the server takes no more.
        """
        overtaken: list[str] = []
        for again in range(ROUNDS):
            held = self._copies.group_documents([one.id for one in page])
            newer = [one for one in page if one.id in held and held[one.id].revision > one.revision]
            overtaken += self._give_way(newer, held)
            later = {one.id for one in newer}
            page = [one for one in page if one.id not in later and not self._is_there(one, held.get(one.id))]
            if not page:
                break
            if again or any(one.id in held for one in page):
                # Whoever wrote what we have just read wrote its members before: searches are to find them.
                self._copies.refresh(self._copies.members, self._copies.history)
            page = self._write(page, held)
            if not page:
                break
        lost = [*overtaken, *(one.id for one in page)]
        if lost:
            raise DeliveryError(
                f"{len(lost):,} groups were written by somebody else at the same time, {ascii(lost[0])[:80]} among"
                " them; another try finds out what is missing",
                retryable=True,
            )
        return self._counts

    def _is_there(self, one: Wanted, held: Held | None) -> bool:
        if held is None or held.digest != one.documents.group.digest:
            return False
        # It may be what was written here, and the answer was lost.
        if one.id in self._touched:
            self._counts.groups += 1
        else:
            self._counts.unchanged += 1
        return True

    def _give_way(self, newer: Sequence[Wanted], held: Mapping[str, Held]) -> list[str]:
        """Leave what is newer there; where members were written over, let it be found incomplete."""
        ours = [one.id for one in newer if one.id in self._touched]
        self._counts.unchanged += len(newer) - len(ours)
        doubt = json.dumps({"doc": {"incident_group": {"digest": "", "members_digest": ""}}}).encode()
        for _ in send(
            self._copies.client,
            [Action("update", self._copies.groups, id, doubt, held[id].version) for id in ours],
            self._copies.caller,
        ):
            pass  # Whoever wrote it meanwhile has looked at the members since.
        return ours

    def _write(self, page: Sequence[Wanted], held: Mapping[str, Held]) -> list[Wanted]:
        """Write what differs; return those that somebody else has written meanwhile."""
        known = self._known
        old = {one.id for one in page if known is None or one.id in known or one.id in held} | self._touched
        self._touched.update(one.id for one in page)
        incomplete = self._refused(self._send(self._others(page, held, old)), page)
        conflicts: set[str] = set()
        refused: set[str] = set()
        for told in self._send([self._own(one, held.get(one.id), one.id in incomplete) for one in page]):
            (conflicts if told.outcome is Outcome.CONFLICT else refused).add(told.action.id)
        again = [one for one in page if one.id in conflicts]
        self._counts.groups += len(page) - len(again) - len(refused)
        return again

    def _send(self, actions: Iterable[Action]) -> list[Told]:
        """Send actions and count them; return what came of those that were not simply done."""
        sent = {"index": 0, "create": 0, "delete": 0}

        def counted() -> Iterator[Action]:
            for action in actions:
                sent[action.what] += 1
                yield action

        found = list(send(self._copies.client, counted(), self._copies.caller))
        for told in found:
            sent[told.action.what] -= 1
            if told.outcome is Outcome.DEAD:
                self._counts.refused.append(told.reason)
        self._counts.written += sent["index"] + sent["create"]
        self._counts.deleted += sent["delete"]
        return found

    def _others(self, page: Sequence[Wanted], held: Mapping[str, Held], old: Collection[str]) -> Iterator[Action]:
        """Yield what is to be done with members and history; ``old`` are groups of which there may be some."""
        whole = [one for one in page if not one.alone]
        members, history = self._copies.members, self._copies.history
        yield from self._members(
            [one for one in whole if one.id not in held or held[one.id].members_digest != one.members_digest],
            members,
            old,
        )
        entries = {entry.id: entry for one in whole for entry in one.documents.history}
        asked = [one.id for one in whole if one.id in old and one.documents.history]
        there = {hit.id for hit in self._copies.of_groups(history, asked, False)} if asked else set()
        for id, entry in entries.items():
            if id not in there:
                yield Action("create", history, id, entry.source)

    def _members(self, differing: Sequence[Wanted], index: str, old: Collection[str]) -> Iterator[Action]:
        there: dict[str, tuple[str, Version]] = {}
        asked = [one.id for one in differing if one.id in old]
        for hit in self._copies.of_groups(index, asked, [_MEMBER_DIGEST]) if asked else ():
            there[hit.id] = str(_deep(hit.source, _MEMBER_DIGEST)), hit.version
        for one in differing:
            for member in one.documents.members:
                before = there.pop(member.id, None)
                if before is None or before[0] != member.digest:
                    yield Action("index", index, member.id, member.source)
        for id, (_, version) in there.items():
            # One that another group has written since is that group's.
            yield Action("delete", index, id, at=version)

    def _own(self, one: Wanted, held: Held | None, incomplete: bool) -> Action:
        source = one.documents.group.source
        if incomplete or one.alone:
            source = in_doubt(one)
        if held is None:
            return Action("create", self._copies.groups, one.id, source)
        if held.others:
            others = json.dumps(held.others, ensure_ascii=False, separators=(",", ":")).encode()
            source = b"%b,%b" % (source.removesuffix(b"}"), others[1:])
        return Action("index", self._copies.groups, one.id, source, held.version)

    def _refused(self, told: Iterable[Told], page: Sequence[Wanted]) -> set[str]:
        """Return the groups of whose documents some were refused."""
        dead = {one.action.id for one in told if one.outcome is Outcome.DEAD}
        if not dead:
            return set()
        return {
            one.id
            for one in page
            if any(other.id in dead for other in (*one.documents.members, *one.documents.history))
        }


def in_doubt(one: Wanted) -> bytes:
    """Return a group's document that does not claim that all of the group is there."""
    source = one.documents.group.source
    for name, digest in (("digest", one.documents.group.digest), ("members_digest", one.members_digest)):
        said = f'"{name}":"{digest}"'.encode()
        at = source.rindex(said)
        source = source[:at] + f'"{name}":""'.encode() + source[at + len(said) :]
    return source


def _deep(source: Mapping[str, object], path: str) -> object:
    found: object = source
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
