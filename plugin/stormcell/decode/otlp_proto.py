"""OTLP requests as protobuf: logs and traces.

Imported only when such a file is met: protobuf takes a while to load.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError as ProtobufError

from stormcell.decode.events import (
    DEEPEST,
    STATUSES,
    TOO_DEEP,
    base64_text,
    hex_id,
    log_event,
    number,
    service_of,
    span_event,
)
from stormcell.decode.json_values import in_time, no_time
from stormcell.decode.proto_schema import ArrayValue, KeyValueList, LogsData, TracesData
from stormcell.decode.proto_wire import Kind, NotProtobufError, kind_of
from stormcell.decode.report import JsonPath, Scribe, show_path
from stormcell.types import Attributes, Event, Value

_EXPECTED = "expected an OTLP logs or traces request"


def events(request: bytes, scribe: Scribe) -> Iterator[Event]:
    """Yield the events of one export request; problems name elements as OTLP/JSON does."""
    try:
        kind = kind_of(request)
        if kind is Kind.METRICS:
            scribe.problem(f"{_EXPECTED}, found metrics, which are not grouped; leave them out")
            return
        message = (LogsData if kind is Kind.LOGS else TracesData).FromString(request)
    except (NotProtobufError, ProtobufError):
        scribe.problem(f"{_EXPECTED}, found bytes that are no protobuf message")
        return
    yield from _logs(message, scribe) if kind is Kind.LOGS else _traces(message, scribe)


def _logs(request: Any, scribe: Scribe) -> Iterator[Event]:
    for i, holder in enumerate(request.resource_logs):
        resource = _resource(holder, ("resourceLogs", i), scribe)
        service = service_of(resource)
        for j, scope in enumerate(holder.scope_logs):
            for k, record in enumerate(scope.log_records):
                path = ("resourceLogs", i, "scopeLogs", j, "logRecords", k)
                event = _log(record, resource, service, path, scribe)
                if event is not None:
                    yield event


def _traces(request: Any, scribe: Scribe) -> Iterator[Event]:
    for i, holder in enumerate(request.resource_spans):
        resource = _resource(holder, ("resourceSpans", i), scribe)
        service = service_of(resource)
        for j, scope in enumerate(holder.scope_spans):
            for k, span in enumerate(scope.spans):
                path = ("resourceSpans", i, "scopeSpans", j, "spans", k)
                event = _span(span, resource, service, path, scribe)
                if event is not None:
                    yield event


def _resource(holder: Any, path: JsonPath, scribe: Scribe) -> Attributes:
    return _attributes(holder.resource.attributes, (*path, "resource", "attributes"), scribe, 0)


def _log(record: Any, resource: Attributes, service: str, path: JsonPath, scribe: Scribe) -> Event | None:
    key = "timeUnixNano" if record.time_unix_nano else "observedTimeUnixNano"
    time = in_time(record.time_unix_nano or record.observed_time_unix_nano, key, path, scribe)
    if time == 0:
        no_time({}, "timeUnixNano", path, scribe)
    if not time:
        return None
    return log_event(
        time,
        resource,
        service,
        record.severity_number,
        _text(record.severity_text),
        _any_value(record.body, (*path, "body"), scribe, 0),
        _text(getattr(record, "event_name", b"")),  # older opentelemetry-proto has none
        _attributes(record.attributes, (*path, "attributes"), scribe, 0),
        hex_id(record.trace_id.hex(), 32),
        hex_id(record.span_id.hex(), 16),
    )


def _span(span: Any, resource: Attributes, service: str, path: JsonPath, scribe: Scribe) -> Event | None:
    time = in_time(span.start_time_unix_nano, "startTimeUnixNano", path, scribe)
    if time == 0:
        no_time({}, "startTimeUnixNano", path, scribe)
    if not time:
        return None
    code = span.status.code
    return span_event(
        time,
        in_time(span.end_time_unix_nano, "endTimeUnixNano", path, scribe) or 0,
        resource,
        service,
        _text(span.name),
        STATUSES[code] if 0 <= code < len(STATUSES) else STATUSES[0],
        _attributes(span.attributes, (*path, "attributes"), scribe, 0),
        hex_id(span.trace_id.hex(), 32),
        hex_id(span.span_id.hex(), 16),
        hex_id(span.parent_span_id.hex(), 16),
    )


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _attributes(pairs: Any, path: JsonPath, scribe: Scribe, depth: int) -> dict[str, Value]:
    return {
        _text(pair.key): _any_value(pair.value, (*path, i, "value"), scribe, depth) for i, pair in enumerate(pairs)
    }


def _any_value(value: Any, path: JsonPath, scribe: Scribe, depth: int) -> Value:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return _text(value.string_value)
    if kind == "bytes_value":
        return base64_text(value.bytes_value)
    if kind == "double_value":
        return number(value.double_value)
    if kind == "int_value":
        return int(value.int_value)
    if kind == "bool_value":
        return bool(value.bool_value)
    if kind in ("array_value", "kvlist_value"):
        return _nested(value, kind, path, scribe, depth)
    return None  # unset, or of a kind that came after this was written


def _nested(value: Any, kind: str, path: JsonPath, scribe: Scribe, depth: int) -> Value:
    if depth >= DEEPEST:
        return TOO_DEEP
    try:
        if kind == "kvlist_value":
            pairs = KeyValueList.FromString(value.kvlist_value).values
            return _attributes(pairs, (*path, "kvlistValue", "values"), scribe, depth + 1)
        items = ArrayValue.FromString(value.array_value).values
    except ProtobufError:
        # Not the bytes: nobody sees what is a secret in them.
        scribe.problem(
            f"{show_path(path)}: expected a list or a map, found {len(getattr(value, kind))} other bytes"
        )
        return None
    at = (*path, "arrayValue", "values")
    return [_any_value(item, (*at, i), scribe, depth + 1) for i, item in enumerate(items)]
