"""Alertmanager webhook payloads, version 4, and what others send in their shape, Grafana first of all."""

from __future__ import annotations

from collections.abc import Iterator

from stormcell.decode.alert import FIRING, RESOLVED, alert_event, parse_time
from stormcell.decode.events import LATEST
from stormcell.decode.json_values import Object, member, objects, text
from stormcell.decode.report import MISSING, JsonPath, Scribe
from stormcell.types import Event, Value

_OTHERS = ("dashboardURL", "panelURL", "silenceURL", "ruleUID", "valueString")
"""What Grafana tells beside, where it does; whatever else comes is passed over."""


def alerts(payload: Object, path: JsonPath, scribe: Scribe) -> Iterator[Event]:
    """Yield the events of a webhook payload."""
    common: dict[str, Value] = {}
    for key in ("externalURL", "receiver"):
        if value := text(payload, key, path, scribe):
            common[key] = value
    for at, alert in objects(payload, "alerts", path, scribe):
        event = _alert(alert, payload, common, at, scribe)
        if event is not None:
            yield event


def _alert(
    alert: Object, payload: Object, common: dict[str, Value], path: JsonPath, scribe: Scribe
) -> Event | None:
    start = _time(alert, "startsAt", path, scribe)
    if start == 0:
        scribe.broken((*path, "startsAt"), "a time (RFC 3339)", alert.get("startsAt", MISSING))
    if not start:
        return None
    labels = _texts(alert, "labels", path, scribe)
    status = _status(alert, payload, path, scribe)
    end = (_time(alert, "endsAt", path, scribe) or 0) if status == RESOLVED else 0
    annotations = _texts(alert, "annotations", path, scribe)
    others: dict[str, Value] = {}
    if url := text(alert, "generatorURL", path, scribe):
        others["generatorURL"] = url
    others.update((key, alert[key]) for key in _OTHERS if type(alert.get(key)) is str and alert[key])
    others.update(common)
    fingerprint = text(alert, "fingerprint", path, scribe)
    return alert_event(start, end, status, labels, annotations, others, fingerprint=fingerprint)


def _status(alert: Object, payload: Object, path: JsonPath, scribe: Scribe) -> str:
    """Return the alert's status, or its payload's where it has none; firing until told otherwise."""
    status = alert.get("status")
    if status is None:
        status = payload.get("status")
        if status != RESOLVED:
            return FIRING
    if status in (FIRING, RESOLVED):
        return str(status)
    scribe.broken((*path, "status"), '"firing" or "resolved"', status)
    return FIRING


def _texts(alert: Object, key: str, path: JsonPath, scribe: Scribe) -> dict[str, str]:
    found = {}
    for name, value in member(alert, key, path, scribe).items():
        if type(value) is str:
            found[name] = value
        else:
            scribe.broken((*path, key, name), "text", value)
    return found


def _time(alert: Object, key: str, path: JsonPath, scribe: Scribe) -> int | None:
    """Return ns since 1970: 0 where absent or the zero time, None (and a problem) for what is no time."""
    value = alert.get(key)
    if value is None or value == "":
        return 0
    whole = parse_time(value) if isinstance(value, str) else None
    if whole is None:
        scribe.broken((*path, key), "a time (RFC 3339)", value)
        return None
    # Go's zero time, the year 1, is how Alertmanager writes "not yet".
    if isinstance(value, str) and value.startswith("0001-"):
        return 0
    if not 0 <= whole <= LATEST:
        scribe.broken((*path, key), "a time from 1970 to 2262", value)
        return None
    return whole
