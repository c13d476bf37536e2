"""The fields of our documents, and the templates that Elasticsearch makes indices by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from stormcell_exporters.elasticsearch.capabilities import Capabilities
from stormcell_exporters.elasticsearch.fitting import MOST_KEYWORD
from stormcell_exporters.elasticsearch.names import GROUPS, HISTORY, KINDS, MEMBERS, SCHEMA_VERSION, Names

MANAGED_BY: Final = "stormcell"
"""What ``_meta.managed_by`` says of all that is ours."""
PRIORITY: Final = 500
"""Of our index templates: above those that come with Elasticsearch."""
DIMENSIONS: Final = 512
"""Of ``incident_group.embedding``."""


class Field(NamedTuple):
    """A field of a document.

    Attributes
    ----------
    name : str
    type : str
        ``prose`` is ``match_only_text`` where the server has it, else ``text``.
    about : str
        What it says, for people.
    options : mapping
        Further parameters of its mapping.
    """

    name: str
    type: str
    about: str
    options: Mapping[str, Any] = {}


def _same(kind: str, time: str) -> tuple[Field, ...]:
    return (
        Field("@timestamp", "date", time),
        Field("ecs.version", "keyword", "Version of the Elastic Common Schema"),
        Field("event.kind", "keyword", kind),
    )


GROUP: Final = (
    *_same("`alert`", "When its last event happened"),
    Field("event.dataset", "keyword", "`stormcell.group`"),
    Field("event.id", "keyword", "Id of the group"),
    Field("event.start", "date", "When its first event happened"),
    Field("event.end", "date", "When its last event happened"),
    Field("event.duration", "long", "Between them, in ns"),
    Field("event.severity", "long", "Largest OpenTelemetry severity number of the events that stand for it"),
    Field("event.reason", "keyword", "Title of the group"),
    Field("message", "prose", "Text of the exemplar"),
    Field("service.name", "keyword", "Services that it accuses, the most blamed first"),
    Field("host.name", "keyword", "Hosts of the events that stand for it"),
    Field("rule.name", "keyword", "Alerts among the events that stand for it"),
    Field("trace.id", "keyword", "Traces of the events that stand for it"),
    Field("labels", "flattened", "Labels of the exemplar, if it is an alert", {"ignore_above": MOST_KEYWORD}),
    Field("tags", "keyword", "`stormcell`"),
    Field("incident_group.id", "keyword", "Id of the group"),
    Field("incident_group.revision", "long", "Goes up whenever something of it changes while it lives"),
    Field("incident_group.title", "keyword", "Title"),
    Field("incident_group.status", "keyword", "`open`, `acknowledged` or `resolved`"),
    Field("incident_group.severity", "keyword", "`critical`, `error`, `warning` or `info`"),
    Field("incident_group.count", "long", "Events"),
    Field("incident_group.rows", "integer", "Its documents among the members: alike events are one row"),
    Field("incident_group.reduction", "long", "Events for one group: how many less there are to look at"),
    Field("incident_group.signals.alert", "long", "Events that are alerts"),
    Field("incident_group.signals.log", "long", "Events that are log records"),
    Field("incident_group.signals.span", "long", "Events that are spans"),
    Field("incident_group.first_seen", "date", "When its first event happened"),
    Field("incident_group.last_seen", "date", "When its last event happened"),
    Field("incident_group.exemplar_id", "keyword", "Event that speaks for it"),
    Field("incident_group.exemplar.signal", "keyword", "`alert`, `log` or `span`"),
    Field("incident_group.exemplar.service", "keyword", "Service of the exemplar"),
    Field("incident_group.exemplar.time", "date", "When the exemplar happened"),
    Field("incident_group.exemplar.text", "keyword", "Text of the exemplar"),
    Field("incident_group.earliest_id", "keyword", "Its earliest event"),
    Field("incident_group.latest_id", "keyword", "Its latest event"),
    Field("incident_group.most_severe_id", "keyword", "Its most severe event"),
    Field("incident_group.member_ids", "keyword", "Its events, the first thousand"),
    Field("incident_group.members_truncated", "boolean", "Whether it has more"),
    Field("incident_group.template", "keyword", "Template of the exemplar's text"),
    Field("incident_group.trace_id", "keyword", "Trace with most of its events"),
    Field("incident_group.radius", "float", "Largest dissimilarity of an event to the exemplar, 0 to 1"),
    Field("incident_group.margin", "float", "By how much the next exemplar is farther, on average"),
    Field("incident_group.silhouette", "float", "How well it is set apart from the next group, -1 to 1"),
    Field("incident_group.services.name", "keyword", "Services that it accuses"),
    Field("incident_group.services.blame", "float", "How much, as parts of 1"),
    Field("incident_group.top_service", "keyword", "The most blamed service"),
    Field("incident_group.fields.name", "keyword", "Fields by which its events are told apart"),
    Field("incident_group.fields.share", "float", "Their part in the mean dissimilarity"),
    Field("incident_group.acknowledged", "date", "When it was acknowledged first"),
    Field("incident_group.time_to_acknowledge", "float", "Seconds until then, from its first event"),
    Field("incident_group.resolved", "date", "When it was resolved"),
    Field("incident_group.time_to_resolve", "float", "Seconds until then, from its first event"),
    Field("incident_group.reopened", "integer", "How often it was reopened"),
    Field("incident_group.edits", "integer", "Changes by people"),
    Field("incident_group.exemplar_changes", "integer", "How often it was given another exemplar"),
    Field(
        "incident_group.embedding",
        "dense_vector",
        "Portrait of it, by which similar groups are found",
        {
            "dims": DIMENSIONS,
            "index": True,
            "similarity": "cosine",
            "index_options": {"type": "int8_hnsw", "m": 16, "ef_construction": 100},
        },
    ),
    Field("incident_group.profile", "object", "What it is known again by; not searched", {"enabled": False}),
    Field("incident_group.runbook.markdown", "text", "Draft of a runbook; not searched", {"index": False}),
    Field("incident_group.members_digest", "keyword", "Tells whether its members are up to date"),
    Field("incident_group.digest", "keyword", "Tells whether all that belongs to it is up to date"),
)

MEMBER: Final = (
    *_same("`event`", "When the event happened"),
    Field("event.dataset", "keyword", "`stormcell.member`"),
    Field("event.id", "keyword", "Uid of the event: the first of its row"),
    Field("event.severity", "long", "OpenTelemetry severity number"),
    Field("event.duration", "long", "Of a span, in ns"),
    Field("message", "prose", "Log body, name of the span or of the alert"),
    Field("service.name", "keyword", "Its service"),
    Field("host.name", "keyword", "Its host"),
    Field("trace.id", "keyword", "Its trace"),
    Field("span.id", "keyword", "Its span"),
    Field("labels", "flattened", "Labels of an alert", {"ignore_above": MOST_KEYWORD}),
    Field("incident_group.id", "keyword", "Id of its group"),
    Field("incident_group.member.uids", "keyword", "All events of the row, the first thousand"),
    Field("incident_group.member.count", "long", "How many they are"),
    Field("incident_group.member.signal", "keyword", "`alert`, `log` or `span`"),
    Field("incident_group.member.severity", "keyword", "`critical`, `error`, `warning` or `info`"),
    Field("incident_group.member.is_exemplar", "boolean", "Whether it speaks for the group"),
    Field("incident_group.member.template", "keyword", "Template of its text"),
    Field("incident_group.member.fingerprint", "keyword", "Identity after masking"),
    Field("incident_group.member.surprise", "float", "How unusual it is against the background"),
    Field("incident_group.member.dissimilarity", "float", "To the exemplar, 0 to 1"),
    Field("incident_group.member.runner_up", "keyword", "Group with the next exemplar"),
    Field("incident_group.member.runner_up_dissimilarity", "float", "To that"),
    Field("incident_group.member.margin", "float", "By how much that is farther"),
    Field("incident_group.member.silhouette", "float", "How well it is placed, -1 to 1"),
    Field("incident_group.member.fields.name", "keyword", "Fields in which it differs from the exemplar"),
    Field("incident_group.member.fields.share", "float", "Their part in the dissimilarity"),
    Field("incident_group.member.digest", "keyword", "Tells whether it is up to date"),
)

CHANGES: Final = (
    *_same("`event`, of totals `metric`", "When it was done, or the totals taken"),
    Field("event.dataset", "keyword", "`stormcell.history` or `stormcell.totals`"),
    Field(
        "event.action",
        "keyword",
        "`ack`, `resolve`, `reopen`, `merge`, `split`, `move`, `pin`, `undo`, `exemplar`",
    ),
    Field("user.name", "keyword", "As whom the one who did it is known; `sidecar` for Stormcell itself"),
    Field("incident_group.id", "keyword", "Groups that it changed"),
    Field("incident_group.history.target", "keyword", "Group, feedback or event that it was done to"),
    Field("incident_group.history.by", "keyword", "Who they said they are"),
    Field("incident_group.history.human", "boolean", "Whether a person did it"),
    Field("incident_group.history.detail", "flattened", "What else is known", {"ignore_above": MOST_KEYWORD}),
    Field("incident_group.totals.events", "long", "Events in the store"),
    Field("incident_group.totals.grouped", "long", "Those in groups"),
    Field("incident_group.totals.background", "long", "Those in none"),
    Field("incident_group.totals.noise_share", "float", "Part of them that is in none"),
    Field("incident_group.totals.groups", "long", "Groups in the store"),
    Field("incident_group.totals.open", "long", "Those that are open"),
    Field("incident_group.totals.acknowledged", "long", "Those that are acknowledged"),
    Field("incident_group.totals.resolved", "long", "Those that are resolved"),
    Field("incident_group.totals.reduction", "float", "Events for one group"),
)

FIELDS: Final[Mapping[str, Sequence[Field]]] = {GROUPS: GROUP, MEMBERS: MEMBER, HISTORY: CHANGES}


def mapping(kind: str, server: Capabilities) -> dict[str, Any]:
    """Return the mapping of a kind of documents, with what we know it again by."""
    found: dict[str, Any] = {"dynamic": False, "properties": {}}
    for field in FIELDS[kind]:
        place = found
        *path, name = field.name.split(".")
        for part in path:
            place = place.setdefault("properties", {}).setdefault(part, {})
        place.setdefault("properties", {})[name] = _field(field, server)
    return {**found, "_meta": meta(found)}


def settings_component() -> dict[str, Any]:
    """Return the component template with the settings of all indices."""
    settings = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
    return _marked({"template": {"settings": {"index": settings}}})


def mappings_component(kind: str, server: Capabilities) -> dict[str, Any]:
    """Return the component template with the mapping of a kind."""
    return _marked({"template": {"mappings": mapping(kind, server)}})


def index_template(kind: str, names: Names, server: Capabilities, retention_days: int) -> dict[str, Any]:
    """Return the index template of a kind; of history with what takes out what is old, where the server can.

    Parameters
    ----------
    kind : str
    names : Names
    server : Capabilities
    retention_days : int
    """
    custom = names.custom(kind)
    stream = kind == HISTORY and server.data_streams
    made: dict[str, Any] = {
        "index_patterns": [names.alias(kind) if stream else names.pattern(kind)],
        "priority": PRIORITY,
        "composed_of": [names.mappings(kind), names.settings, custom],
        "ignore_missing_component_templates": [custom],
    }
    if stream:
        made["data_stream"] = {}
        if server.lifecycle_policies:
            made["template"] = {"settings": {"index": {"lifecycle": {"name": names.policy}}}}
        else:
            made["template"] = {"lifecycle": {"data_retention": f"{retention_days}d"}}
    return _marked(made)


def policy(retention_days: int) -> dict[str, Any]:
    """Return the lifecycle policy of the history."""
    rollover = {"max_age": "30d", "max_primary_shard_size": "10gb"}
    phases = {
        "hot": {"actions": {"rollover": rollover}},
        "delete": {"min_age": f"{retention_days}d", "actions": {"delete": {}}},
    }
    return {"policy": {"phases": phases, "_meta": meta(phases)}}


def meta(what: Any) -> dict[str, Any]:
    """Return what is written beside something of ours: whose it is, and by what another one is told apart."""
    text = json.dumps(what, sort_keys=True, separators=(",", ":"))
    digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return {"managed_by": MANAGED_BY, "schema_version": SCHEMA_VERSION, "digest": digest}


def field_table() -> str:
    """Return all fields as Markdown, a table a kind."""
    return "\n".join(f"### {kind.capitalize()}\n\n{_table(FIELDS[kind])}" for kind in KINDS)


def _table(fields: Sequence[Field]) -> str:
    rows = [
        f"| `{one.name}` | {'match_only_text' if one.type == 'prose' else one.type} | {one.about} |"
        for one in fields
    ]
    return "\n".join(("| Field | Type | What it says |", "| --- | --- | --- |", *rows, ""))


def _field(field: Field, server: Capabilities) -> dict[str, Any]:
    if field.type == "prose":
        return {"type": "match_only_text" if server.match_only_text else "text"}
    if field.type == "keyword":
        return {"type": "keyword", "ignore_above": MOST_KEYWORD}
    return {"type": field.type, **field.options}


def _marked(made: dict[str, Any]) -> dict[str, Any]:
    return {**made, "_meta": meta(made)}
