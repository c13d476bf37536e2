"""A revision of a group as an OpenTelemetry log record, an event named ``stormcell.group``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from stormcell import semconv
from stormcell.times import rfc3339
from stormcell.types import Group

MOST_TEXT: Final = 32_768
"""Characters of a text that are sent: receivers limit their requests."""

_TRACE: Final = re.compile(r"[0-9a-f]{32}\Z")
_SEVERITIES: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")

_Plain = str | int | float | list[str] | list[float]


def request(records: Iterable[LogRecord]) -> bytes:
    """Return an export request with these records, as of the service that we are."""
    scope = ScopeLogs(scope=InstrumentationScope(name=semconv.OWN_SERVICE), log_records=records)
    resource = Resource(attributes=[_pair(semconv.SERVICE_NAME, semconv.OWN_SERVICE)])
    made: bytes = ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(resource=resource, scope_logs=[scope])]
    ).SerializeToString(deterministic=True)
    return made


def record(group: Group, now: int, previous: str = "") -> LogRecord:
    """Return the log record of a group's revision.

    Parameters
    ----------
    group : Group
    now : int
        When it is sent, ns.
    previous : str
        The uid of the exemplar before; "" where it is not known.
    """
    severity = max(event.severity for event in (group.medoid, group.earliest, group.most_severe, group.latest))
    return LogRecord(
        time_unix_nano=_time(group.last_seen),
        observed_time_unix_nano=now,
        severity_number=SeverityNumber.ValueType(severity),
        severity_text=_severity(severity),
        body=_value(group.title),
        event_name=semconv.EVENT_GROUP,
        trace_id=bytes.fromhex(group.trace) if _TRACE.match(group.trace) else b"",
        attributes=[_pair(name, value) for name, value in _attributes(group, previous)],
    )


def _attributes(group: Group, previous: str) -> Iterator[tuple[str, _Plain]]:
    exemplar = group.medoid
    yield semconv.LOG_RECORD_UID, f"{group.id}/{group.revision}"
    yield semconv.GROUP_ID, group.id
    yield semconv.GROUP_REVISION, group.revision
    yield semconv.GROUP_STATUS, group.status
    yield semconv.GROUP_TITLE, group.title
    yield semconv.GROUP_COUNT, group.count
    for signal in sorted(group.signals):
        yield semconv.GROUP_SIGNALS + signal, group.signals[signal]
    yield semconv.GROUP_FIRST_SEEN, rfc3339(group.first_seen)
    yield semconv.GROUP_LAST_SEEN, rfc3339(group.last_seen)
    yield semconv.GROUP_EXEMPLAR_UID, exemplar.uid
    yield semconv.GROUP_EXEMPLAR_SIGNAL, exemplar.signal.value
    if exemplar.service:
        yield semconv.GROUP_EXEMPLAR_SERVICE, exemplar.service
    yield semconv.GROUP_EXEMPLAR_TEXT, exemplar.text
    if previous not in ("", exemplar.uid):
        yield semconv.GROUP_EXEMPLAR_PREVIOUS, previous
    yield semconv.GROUP_EARLIEST, group.earliest.uid
    yield semconv.GROUP_MOST_SEVERE, group.most_severe.uid
    if group.services:
        yield semconv.GROUP_SERVICES, [part.name for part in group.services]
        yield semconv.GROUP_BLAME, [_rounded(part.blame) for part in group.services]
    yield semconv.GROUP_RADIUS, _rounded(group.radius)
    if group.margin is not None and math.isfinite(group.margin):
        yield semconv.GROUP_MARGIN, _rounded(group.margin)


def _pair(name: str, value: _Plain) -> KeyValue:
    return KeyValue(key=_text(name), value=_value(value))


def _value(value: _Plain) -> AnyValue:
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[_value(item) for item in value]))
    if isinstance(value, str):
        return AnyValue(string_value=_text(value))
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(double_value=value)


def _text(text: str) -> str:
    """Return what protobuf can hold of a text: lone surrogates are none."""
    shown = text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}..."
    return shown.encode("utf-8", "replace").decode()


def _severity(number: int) -> str:
    if not 1 <= number <= 24:
        return ""
    level, step = divmod(number - 1, 4)
    return f"{_SEVERITIES[level]}{step + 1 if step else ''}"


def _time(time: int) -> int:
    return min(max(time, 0), 2**64 - 1)


def _rounded(number: float) -> float:
    return round(float(number), 6) + 0.0  # + 0.0 turns -0.0 into 0.0
