"""Looking for groups whose portraits are like a question: approximate nearest neighbours, with filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from stormcell.times import parse, rfc3339
from stormcell.types import Profile, Remembered, Saying
from stormcell_exporters.elasticsearch.names import GROUPS, Names

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_INCIDENT: Final = "incident_group"
# All that is needed: a document's vector is left out, which newer servers do by themselves.
_READ: Final = [
    f"{_INCIDENT}.{name}"
    for name in ("id", "title", "status", "first_seen", "last_seen", "profile", "runbook.markdown")
]
_LOOKED_AT: Final = 4
"""How many times as many vectors are looked at as are wanted: the graph is walked greedily."""
_MOST_LOOKED_AT: Final = 10_000
"""Of what the server allows."""


def similar(
    client: Elasticsearch,
    names: Names,
    question: Sequence[float],
    *,
    service: str = "",
    since: int | None = None,
    until: int | None = None,
    most: int = 50,
    exclude: str = "",
) -> list[Remembered]:
    """Return the groups whose portraits fit a question best, best first; what the client raises goes through.

    Parameters
    ----------
    client : Elasticsearch
    names : Names
    question : sequence of float
    service, since, until, most, exclude
        See ``protocols.Memory``.
    """
    knn = {
        "field": f"{_INCIDENT}.embedding",
        "query_vector": list(question),
        "k": most,
        "num_candidates": min(_LOOKED_AT * most, _MOST_LOOKED_AT),
        "filter": _filter(service, since, until, exclude),
    }
    found = client.search(index=names.alias(GROUPS), knn=knn, size=most, source={"includes": _READ})
    return [_remembered(hit["_source"][_INCIDENT]) for hit in found["hits"]["hits"]]


def _filter(service: str, since: int | None, until: int | None, exclude: str) -> dict[str, Any]:
    must: list[dict[str, Any]] = []
    if service:
        must.append({"term": {f"{_INCIDENT}.services.name": service}})
    if since is not None:
        must.append({"range": {f"{_INCIDENT}.last_seen": {"gte": rfc3339(since)}}})
    if until is not None:
        must.append({"range": {f"{_INCIDENT}.first_seen": {"lt": rfc3339(until)}}})
    return {"bool": {"filter": must, "must_not": [{"ids": {"values": [exclude]}}] if exclude else []}}


def _remembered(incident: Mapping[str, Any]) -> Remembered:
    profile = incident.get("profile")
    return Remembered(
        id=incident["id"],
        title=incident["title"],
        status=incident["status"],
        first_seen=parse(incident["first_seen"]),
        last_seen=parse(incident["last_seen"]),
        profile=None if profile is None else _profile(profile),
        runbook=incident.get("runbook", {}).get("markdown", ""),
    )


def _profile(found: Mapping[str, Any]) -> Profile:
    return Profile(
        services=_parts(found["services"]),
        sayings=tuple(
            Saying(each["signal"], each["service"], each["text"], each["count"]) for each in found["sayings"]
        ),
        instances=_parts(found["instances"]),
    )


def _parts(found: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {each["name"]: float(each["share"]) for each in found}
