"""Kibana: alert documents as its indices hold them, and the bodies of its connectors, which are made like them.

A webhook or index connector sends what its Mustache template says; ours are below. Documents come flat, nested or
in between, alone or as the ``_source`` (or ``fields``) of a search hit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stormcell.decode.alert import FIRING, RESOLVED, UNITS, alert_event, parse_time
from stormcell.decode.events import LATEST
from stormcell.decode.json_values import Object
from stormcell.decode.report import MISSING, JsonPath, Scribe
from stormcell.types import Event, Value

SUMMARY: Final = "kibanaAlerts"
"""What a body made of ``SUMMARY_TEMPLATE`` has its alerts under."""

_ALERT: Final = "kibana.alert."
_UUID: Final = "kibana.alert.uuid"
_STATUSES: Final = {
    "active": FIRING,
    "recovered": RESOLVED,
    # Its rule was switched off, so that nobody will ever say that it is over.
    "untracked": RESOLVED,
}
_LABELS: Final = {
    "alertname": "kibana.alert.rule.name",
    "severity": "kibana.alert.severity",
    "service": "service.name",
    "environment": "service.environment",
    "host": "host.name",
    "rule_id": "kibana.alert.rule.uuid",
    "rule_category": "kibana.alert.rule.category",
    "alert_instance": "kibana.alert.instance.id",
}
_ANNOTATIONS: Final = {"description": "kibana.alert.reason", "evaluation": "kibana.alert.evaluation.value"}
_TAGS: Final = ("tags", "kibana.alert.rule.tags")
FIELDS: Final = (
    *(_UUID, "@timestamp", "kibana.alert.start", "kibana.alert.end", "kibana.alert.status"),
    *("kibana.alert.action_group", "kibana.alert.url"),
    *(*_LABELS.values(), *_ANNOTATIONS.values(), *_TAGS),
)
"""All of an alert document that is read."""

_OF_SUMMARY: Final = (
    _UUID,
    *("kibana.alert.status", "kibana.alert.start", "kibana.alert.end", "@timestamp", "kibana.alert.url"),
    *(path for path in _LABELS.values()),
    "kibana.alert.reason",
    "tags",
)
_OF_ALERT: Final = {
    _UUID: "alert.uuid",
    "kibana.alert.instance.id": "alert.id",
    "kibana.alert.action_group": "alert.actionGroup",
    "kibana.alert.rule.name": "rule.name",
    "kibana.alert.rule.uuid": "rule.id",
    "kibana.alert.rule.tags": "rule.tags",
    "kibana.alert.reason": "context.reason",
    "kibana.alert.url": "context.alertDetailsUrl",
    "@timestamp": "date",
}
_MOST: Final = 100
"""Tags of an alert that are kept."""


def _template(values: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{name}": "{{{{{value}}}}}"' for name, value in values.items()) + "}"


SUMMARY_TEMPLATE: Final = (
    f'{{"{SUMMARY}": [{{{{#alerts.all.data}}}}{_template({name: name for name in _OF_SUMMARY})}, '
    "{{/alerts.all.data}}null]}"
)
"""Body of a webhook action that runs as a summary of alerts: the better one, for it knows when each started."""

ALERT_TEMPLATE: Final = _template(_OF_ALERT)
"""Body of a webhook action that runs for each alert; give the same to the action group Recovered. Kibana does not
say here when an alert started, so each notification is an alert of its own time."""


def is_kibana(document: Object) -> bool:
    """Whether a JSON object is an alert document of Kibana's, a search hit of one, or a summary."""
    return SUMMARY in document or _find(_source(document), _UUID) is not MISSING


def count(document: Object) -> int:
    """Return how many alerts ``is_kibana`` holds."""
    items = document.get(SUMMARY, document)
    return sum(item is not None for item in items) if isinstance(items, list) else 1


def alerts(document: Object, path: JsonPath, scribe: Scribe) -> Iterator[Event]:
    """Yield the events of what ``is_kibana``."""
    found = [((*path,), document)]
    if SUMMARY in document:
        items = document[SUMMARY]
        if not isinstance(items, list):
            scribe.broken((*path, SUMMARY), "a list", items)
            return
        # The template ends with null, for in Mustache a comma follows each.
        found = [((*path, SUMMARY, i), item) for i, item in enumerate(items) if item is not None]
    for at, item in found:
        if not isinstance(item, dict) or _find(_source(item), _UUID) is MISSING:
            scribe.broken(at, f'an alert with "{_UUID}"', item)
            continue
        event = _alert(_source(item), at, scribe)
        if event is not None:
            yield event


def _alert(alert: Object, path: JsonPath, scribe: Scribe) -> Event | None:
    known = "kibana.alert.start" if _one(alert, "kibana.alert.start") not in (None, "") else "@timestamp"
    start = _time(alert, known, path, scribe)
    if start == 0:
        scribe.broken((*path, "kibana.alert.start"), "a time (RFC 3339)", _find(alert, "kibana.alert.start"))
    if not start:
        return None
    status = _status(alert, path, scribe)
    end = (_time(alert, "kibana.alert.end", path, scribe) or 0) if status == RESOLVED else 0
    labels = {name: value for name, at in _LABELS.items() if (value := _text(alert, at))}
    if labels.get("alert_instance") in ("*", _text(alert, _UUID)):
        del labels["alert_instance"]  # the rule has but one
    if tags := _tags(alert):
        labels["tags"] = ",".join(tags)
    annotations = {name: value for name, at in _ANNOTATIONS.items() if (value := _text(alert, at))}
    others: dict[str, Value] = {}
    if url := _text(alert, "kibana.alert.url"):
        others["generatorURL"] = url
    return alert_event(start, end, status, labels, annotations, others, fingerprint=_text(alert, _UUID))


def _status(alert: Object, path: JsonPath, scribe: Scribe) -> str:
    """Return the status; of a body without one its action group says whether it is over."""
    status = _one(alert, "kibana.alert.status")
    if status is None or status == "":
        return RESOLVED if _one(alert, "kibana.alert.action_group") == "recovered" else FIRING
    known = _STATUSES.get(status) if isinstance(status, str) else None
    if known is None:
        scribe.broken((*path, "kibana.alert.status"), '"active", "recovered" or "untracked"', status)
        return FIRING
    return known


def _time(alert: Object, key: str, path: JsonPath, scribe: Scribe) -> int | None:
    """Return ns since 1970: 0 where absent, None (and a problem) for what is no time."""
    value = _one(alert, key)
    if value is None or value == "":
        return 0
    whole = None
    if isinstance(value, str):
        whole = parse_time(value)
    elif type(value) is int:
        whole = value * UNITS["ms"]
    if whole is None or not 0 <= whole <= LATEST:
        scribe.broken((*path, key), "a time (RFC 3339, or milliseconds) from 1970 to 2262", value)
        return None
    return whole


def _tags(alert: Object) -> list[str]:
    for key in _TAGS:
        value = _find(alert, key)
        # Mustache writes a list as text.
        tags = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
        if found := [tag.strip() for tag in tags[:_MOST] if isinstance(tag, str) and tag.strip()]:
            return found
    return []


def _text(alert: Object, key: str) -> str:
    value = _one(alert, key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        return str(value)
    except ValueError:  # thousands of digits
        return ""


def _one(alert: Object, key: str) -> object:
    """Return a value, the only one of a list by itself, as search hits have it; None where it is absent."""
    value = _find(alert, key)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return None if value is MISSING else value


def _source(document: Object) -> Object:
    """Return the document of a search hit; itself where it is none."""
    for key in ("_source", "fields"):
        inner = document.get(key)
        if isinstance(inner, dict) and _find(inner, _UUID) is not MISSING:
            return inner
    return document


def _find(holder: Object, key: str) -> object:
    """Return what stands under a dotted key, written flat, nested or both; MISSING where nothing does."""
    if key in holder:
        return holder[key]
    at = key.find(".")
    while at >= 0:
        inner = holder.get(key[:at])
        if isinstance(inner, dict) and (found := _find(inner, key[at + 1 :])) is not MISSING:
            return found
        at = key.find(".", at + 1)
    return MISSING
