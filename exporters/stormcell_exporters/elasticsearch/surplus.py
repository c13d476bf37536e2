"""Taking out copies: of groups that are no more, and of what ended too long ago."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from stormcell.times import rfc3339
from stormcell.types import Group
from stormcell_exporters.elasticsearch.bulk import Action, send
from stormcell_exporters.elasticsearch.copies import Copies
from stormcell_exporters.elasticsearch.project import Counts

RESOLVED: Final = "resolved"

_BATCH: Final = 500
_STATUS: Final = "incident_group.status"
_LAST_SEEN: Final = "incident_group.last_seen"


@dataclass(slots=True)
class Seen:
    """What a store holds, as far as it was read.

    Parameters
    ----------
    cutoff : int
        Resolved groups whose last event happened before are not copied, ns; 0 for none.

    Attributes
    ----------
    ids : set of str
        The groups that are to be copied.
    old : int
        How many are not.
    oldest : int or None
        When the resolved group ended that ended first, ns.
    """

    cutoff: int = 0
    ids: set[str] = field(default_factory=set)
    old: int = 0
    oldest: int | None = None

    def add(self, group: Group) -> bool:
        """Take note of a group; return whether it is to be copied."""
        if group.status == RESOLVED:
            self.oldest = group.last_seen if self.oldest is None else min(self.oldest, group.last_seen)
            if group.last_seen < self.cutoff:
                self.old += 1
                return False
        self.ids.add(group.id)
        return True

    def stays(self) -> dict[str, Any]:
        """Return a query for copies that stay though the store has no such group.

        A store forgets the resolved groups that ended first.
        """
        limits: dict[str, str] = {"gte": rfc3339(self.cutoff)}
        if self.oldest is not None:
            limits["lt"] = rfc3339(self.oldest)
        return {"bool": {"filter": [{"term": {_STATUS: RESOLVED}}, {"range": {_LAST_SEEN: limits}}]}}


def ended(cutoff: int) -> dict[str, Any]:
    """Return a query for resolved groups whose last event happened before a time, ns."""
    limits = {"lt": rfc3339(cutoff)}
    return {"bool": {"filter": [{"term": {_STATUS: RESOLVED}}, {"range": {_LAST_SEEN: limits}}]}}


def there(copies: Copies) -> set[str]:
    """Return the ids of all groups of which there is a document, be it a member's."""
    copies.refresh(copies.groups, copies.members)
    groups = {hit.id for hit in copies.found(copies.groups, {"match_all": {}}, False)}
    return groups | copies.counts(copies.members).keys()


def surplus(copies: Copies, candidates: Collection[str], seen: Seen) -> set[str]:
    """Return those of the groups that are there which are to be taken out."""
    odd = set(candidates) - seen.ids
    return odd - {hit.id for hit in copies.found(copies.groups, seen.stays(), False)} if odd else odd


def take_out(copies: Copies, ids: Iterable[str]) -> Counts:
    """Take out the documents of groups and their members; their history stays.

    What somebody writes at the same time stays, too.
    """
    counts = Counts()
    ordered = sorted(ids)
    copies.refresh(copies.members)  # also those that were written just now are found
    for first in range(0, len(ordered), _BATCH):
        some = ordered[first : first + _BATCH]
        held = copies.group_documents(some)
        counts.removed += len(some)
        counts.deleted += _delete(
            copies, (Action("delete", copies.groups, id, at=held[id].version) for id in held)
        )
        counts.deleted += _delete(copies, _all_of(copies, copies.members, {"terms": {"incident_group.id": some}}))
    return counts


def forget_history(copies: Copies, cutoff: int) -> int:
    """Take out the history from before a time, ns; return how many documents that were."""
    return _delete(copies, _all_of(copies, copies.history, {"range": {"@timestamp": {"lt": rfc3339(cutoff)}}}))


def _all_of(copies: Copies, index: str, query: Mapping[str, Any]) -> Iterator[Action]:
    for hit in copies.found(index, query, False):
        yield Action("delete", index, hit.id, at=hit.version)


def _delete(copies: Copies, actions: Iterable[Action]) -> int:
    asked = 0

    def counted() -> Iterator[Action]:
        nonlocal asked
        for action in actions:
            asked += 1
            yield action

    return -sum(1 for _ in send(copies.client, counted(), copies.caller)) + asked
