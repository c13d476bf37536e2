"""OTLP requests as JSON: logs and traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stormcell.decode.events import SEVERITIES, STATUSES, hex_id, log_event, service_of, span_event
from stormcell.decode.identity import sender_of
from stormcell.decode.json_values import (
    Object,
    any_value,
    attributes,
    choice,
    member,
    nanoseconds,
    no_time,
    objects,
    text,
)
from stormcell.decode.report import JsonPath, Scribe
from stormcell.types import Attributes, Event


@dataclass(frozen=True, slots=True)
class _Sender:
    """A resource, the service it names, and what stands for it in hashes."""

    resource: Attributes
    service: str
    identity: bytes


_Read = Callable[[Object, _Sender, JsonPath, Scribe], Event | None]

_SEVERITY_NAMES = {f"SEVERITY_NUMBER_{name}": value for name, value in SEVERITIES.items()}
_STATUS_NAMES = {f"STATUS_CODE_{name.upper()}": code for code, name in enumerate(STATUSES)}


def logs(request: Object, path: JsonPath, scribe: Scribe) -> Iterator[Event]:
    """Yield the events of an ExportLogsServiceRequest."""
    return _events(request, LOGS, _log, path, scribe)


def traces(request: Object, path: JsonPath, scribe: Scribe) -> Iterator[Event]:
    """Yield the events of an ExportTraceServiceRequest."""
    return _events(request, TRACES, _span, path, scribe)


LOGS = ("resourceLogs", "scopeLogs", "logRecords")
TRACES = ("resourceSpans", "scopeSpans", "spans")
"""What resources, scopes and records are found under."""


def _events(
    request: Object, names: tuple[str, str, str], read: _Read, path: JsonPath, scribe: Scribe
) -> Iterator[Event]:
    """Walk resources, scopes and records, and read each record."""
    outer, middle, inner = names
    for at, holder in objects(request, outer, path, scribe):
        resource = _resource(holder, at, scribe)
        sender = _Sender(resource, service_of(resource), sender_of(resource))
        for scope_at, scope in objects(holder, middle, at, scribe):
            for record_at, record in objects(scope, inner, scope_at, scribe):
                event = read(record, sender, record_at, scribe)
                if event is not None:
                    yield event


def log_time(record: Object, path: JsonPath, scribe: Scribe) -> int | None:
    """Return the time of a log record; 0 or None (and a problem) where it carries none that can be used."""
    time = nanoseconds(record, "timeUnixNano", path, scribe)
    if time == 0:
        time = nanoseconds(record, "observedTimeUnixNano", path, scribe)
        if time == 0:
            no_time(record, "timeUnixNano", path, scribe)
    return time


def span_time(span: Object, path: JsonPath, scribe: Scribe) -> int | None:
    """Return the time a span started; 0 or None (and a problem) where it carries none that can be used."""
    time = nanoseconds(span, "startTimeUnixNano", path, scribe)
    if time == 0:
        no_time(span, "startTimeUnixNano", path, scribe)
    return time


def _resource(holder: Object, path: JsonPath, scribe: Scribe) -> Attributes:
    resource = member(holder, "resource", path, scribe)
    return attributes(resource, "attributes", (*path, "resource"), scribe)


def _log(record: Object, sender: _Sender, path: JsonPath, scribe: Scribe) -> Event | None:
    time = log_time(record, path, scribe)
    if not time:
        return None
    return log_event(
        time,
        sender.resource,
        sender.service,
        sender.identity,
        choice(record, "severityNumber", _SEVERITY_NAMES, path, scribe),
        text(record, "severityText", path, scribe),
        any_value(record.get("body"), (*path, "body"), scribe),
        text(record, "eventName", path, scribe),
        attributes(record, "attributes", path, scribe),
        hex_id(record.get("traceId"), 32),
        hex_id(record.get("spanId"), 16),
    )


def _span(span: Object, sender: _Sender, path: JsonPath, scribe: Scribe) -> Event | None:
    time = span_time(span, path, scribe)
    if not time:
        return None
    end = nanoseconds(span, "endTimeUnixNano", path, scribe)
    status = member(span, "status", path, scribe)
    code = choice(status, "code", _STATUS_NAMES, (*path, "status"), scribe)
    return span_event(
        time,
        end or 0,
        sender.resource,
        sender.service,
        text(span, "name", path, scribe),
        STATUSES[code] if 0 <= code < len(STATUSES) else STATUSES[0],
        attributes(span, "attributes", path, scribe),
        hex_id(span.get("traceId"), 32),
        hex_id(span.get("spanId"), 16),
        hex_id(span.get("parentSpanId"), 16),
    )
