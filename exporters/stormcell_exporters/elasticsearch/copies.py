"""Reading what is in Elasticsearch of our groups, members and history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stormcell.errors import DeliveryError
from stormcell.wire.said import shorten
from stormcell_exporters.elasticsearch.bulk import Caller, Version
from stormcell_exporters.elasticsearch.documents import GROUP_FIELDS

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

PAGE: Final = 5_000
"""Most documents in an answer: servers give 10,000 and no more."""

_ALIVE: Final = "5m"
_MOST_BUCKETS: Final = 1_000
_INCIDENT: Final = "incident_group"
_NOT_READ: Final = sorted(
    {name for name in GROUP_FIELDS if name != _INCIDENT}
    | {
        f"{_INCIDENT}.{name}"
        for name in ("embedding", "profile", "runbook", "member_ids", "exemplar", "fields", "services", "title")
    }
)
"""What there is no use in reading of a group: ours, and large."""


class Held(NamedTuple):
    """A group's document that is there.

    Attributes
    ----------
    digest, members_digest : str
        "" where it does not claim to be complete.
    revision : int
    version : Version
    others : mapping
        What somebody else put into it.
    """

    digest: str
    members_digest: str
    revision: int
    version: Version
    others: Mapping[str, Any]


class Hit(NamedTuple):
    """A document that was found: its ``_id``, which writing of it, and what was asked for of it."""

    id: str
    version: Version
    source: Mapping[str, Any]


class Copies:
    """What is in some indices, or behind some aliases.

    Parameters
    ----------
    client : Elasticsearch
    caller : Caller
    groups, members, history : str
        Names of indices, aliases or data streams.
    """

    def __init__(self, client: Elasticsearch, caller: Caller, groups: str, members: str, history: str) -> None:
        self.client, self.caller = client, caller
        self.groups, self.members, self.history = groups, members, history

    def group_documents(self, ids: Sequence[str]) -> dict[str, Held]:
        """Return those of some groups' documents that are there, as they are at this moment."""
        return {id: _held(found) for id, found in self._many(ids, _NOT_READ)}

    def whole_groups(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return those of some groups' documents that are there, all of them."""
        return {id: found["_source"] for id, found in self._many(ids, None)}

    def _many(self, ids: Sequence[str], without: Sequence[str] | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
        answer = self.caller.call(
            lambda: self.client.mget(index=self.groups, ids=list(ids), source_excludes=without)
        )
        for found in answer["docs"]:
            if "error" in found:
                raise not_there(self.groups, found["error"])
            if found["found"]:
                yield found["_id"], found

    def refresh(self, *names: str) -> None:
        """Let searches find all that was written."""
        self.caller.call(lambda: self.client.indices.refresh(index=list(names)))

    def found(self, index: str, query: Mapping[str, Any], fields: Iterable[str] | bool) -> Iterator[Hit]:
        """Yield the documents that a query finds, with some fields of them.

        As many as there are: where they do not fit into an answer, all as of one moment.
        """
        wanted: dict[str, Any] = {
            "query": query,
            "size": PAGE,
            "source": fields if isinstance(fields, bool) else list(fields),
            "seq_no_primary_term": True,
            "track_total_hits": False,
        }
        first = self.caller.call(lambda: self.client.search(index=index, sort=["_doc"], **wanted))["hits"]["hits"]
        if len(first) < PAGE:
            yield from map(_hit, first)
            return
        opened = self.caller.call(lambda: self.client.open_point_in_time(index=index, keep_alive=_ALIVE))["id"]
        try:
            after = None
            while True:
                pit = {"id": opened, "keep_alive": _ALIVE}
                answer = self._page(pit, after, wanted)
                opened, hits = answer["pit_id"], answer["hits"]["hits"]
                yield from map(_hit, hits)
                if len(hits) < PAGE:
                    return
                after = hits[-1]["sort"]
        finally:
            last = opened
            self.caller.call(lambda: self.client.close_point_in_time(id=last))

    def _page(self, pit: Mapping[str, Any], after: Any, wanted: Mapping[str, Any]) -> Any:
        return self.caller.call(
            lambda: self.client.search(pit=pit, sort=["_shard_doc"], search_after=after, **wanted)
        )

    def of_groups(self, index: str, ids: Iterable[str], fields: Iterable[str] | bool) -> Iterator[Hit]:
        """Yield the documents of an index that belong to some groups."""
        return self.found(index, {"terms": {f"{_INCIDENT}.id": list(ids)}}, fields)

    def counts(self, index: str) -> dict[str, int]:
        """Return how many documents of an index belong to each group that any does."""
        counts: dict[str, int] = {}
        by = {"size": _MOST_BUCKETS, "sources": [{"group": {"terms": {"field": f"{_INCIDENT}.id"}}}]}
        after: Mapping[str, Any] = {}
        while True:
            asked = {"groups": {"composite": {**by, **after}}}
            found = self._aggregated(index, asked)["groups"]
            counts.update((bucket["key"]["group"], bucket["doc_count"]) for bucket in found["buckets"])
            if "after_key" not in found:
                return counts
            after = {"after": found["after_key"]}

    def _aggregated(self, index: str, asked: Mapping[str, Any]) -> Any:
        return self.caller.call(lambda: self.client.search(index=index, size=0, aggregations=asked))[
            "aggregations"
        ]


def not_there(index: str, error: Mapping[str, Any]) -> DeliveryError:
    """Return what to raise for what a server says of an index."""
    if error.get("type") == "index_not_found_exception":
        return DeliveryError(f"there is no {index}; run `stormcell elasticsearch setup`", retryable=True)
    said = shorten(f"{error.get('type')}: {error.get('reason')}")
    return DeliveryError(f"{index} cannot be read: {said}", retryable=True)


def _held(found: Mapping[str, Any]) -> Held:
    source = found["_source"]
    incident = source.get(_INCIDENT, {})
    revision = incident.get("revision")
    return Held(
        str(incident.get("digest", "")),
        str(incident.get("members_digest", "")),
        revision if isinstance(revision, int) else 0,
        Version(found["_seq_no"], found["_primary_term"]),
        {name: value for name, value in source.items() if name not in GROUP_FIELDS},
    )


def _hit(found: Mapping[str, Any]) -> Hit:
    return Hit(found["_id"], Version(found["_seq_no"], found["_primary_term"]), found.get("_source", {}))
