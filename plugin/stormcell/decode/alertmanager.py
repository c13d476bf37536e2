"""Alertmanager webhook payloads, version 4, and what others send in their shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from stormcell.decode.events import LATEST, stable_hash
from stormcell.decode.json_values import Object, member, objects, text
from stormcell.decode.report import MISSING, JsonPath, Scribe
from stormcell.semconv import ANNOTATIONS, LABELS
from stormcell.times import rfc3339
from stormcell.types import Event, Signal, Value

SERVICE_LABELS = ("service", "job", "app", "deployment", "app_kubernetes_io_name")
"""The labels that may name the service, the first one present wins."""

UNKNOWN_SEVERITY = 13
"""An alert without a known severity is taken for a warning: somebody wanted to be told."""

SAYING = ("summary", "message", "description")
"""Annotations that stand in for the name of an alert without one; the first that is there."""

SEVERITY_LABELS = {
    **dict.fromkeys(("critical", "page", "fatal", "emergency"), 21),
    **dict.fromkeys(("error", "major", "high"), 17),
    **dict.fromkeys(("warning", "warn", "minor", "medium"), 13),
    **dict.fromkeys(("info", "informational", "low"), 9),
}
"""OpenTelemetry severity numbers by the label ``severity``, lower-case; "none" is unknown."""

FIRING, RESOLVED = "firing", "resolved"

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 10**9


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
    attributes: dict[str, Value] = {LABELS + name: value for name, value in labels.items()}
    annotations = _texts(alert, "annotations", path, scribe)
    attributes.update((ANNOTATIONS + name, value) for name, value in annotations.items())
    if url := text(alert, "generatorURL", path, scribe):
        attributes["generatorURL"] = url
    attributes.update(common)
    fingerprint = text(alert, "fingerprint", path, scribe) or stable_hash(sorted(labels.items()))
    return Event(
        uid=f"{fingerprint}@{rfc3339(start)}",
        signal=Signal.ALERT,
        time=start,
        service=next((labels[name] for name in SERVICE_LABELS if labels.get(name)), ""),
        severity=SEVERITY_LABELS.get(labels.get("severity", "").strip().lower(), UNKNOWN_SEVERITY),
        text=labels.get("alertname") or next((annotations[n] for n in SAYING if annotations.get(n)), ""),
        duration=max(end - start, 0),
        status=status,
        attributes=attributes,
    )


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
    whole = _parse(value) if isinstance(value, str) else None
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


def _parse(value: str) -> int | None:
    match = _RFC3339.fullmatch(value)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(field) for field in match.groups()[:6])
    fraction, sign, hours, minutes = match.groups()[6:]
    try:
        clock = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    seconds = (clock - _EPOCH) // timedelta(seconds=1)
    if sign:
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds += offset if sign == "-" else -offset
    return seconds * _SECOND + int((fraction or "")[:9].ljust(9, "0"))
