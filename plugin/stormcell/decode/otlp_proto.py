"""OTLP requests as protobuf: logs and traces.

Imported only when such a file is met: protobuf takes a while to load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from google.protobuf.message import DecodeError as ProtobufError

from stormcell.decode import proto_glance
from stormcell.decode.events import (
    DEEPEST,
    LATEST,
    STATUSES,
    TOO_DEEP,
    base64_text,
    hex_id,
    log_event,
    number,
    service_of,
    span_event,
)
from stormcell.decode.identity import sender_of
from stormcell.decode.json_values import in_time, no_time
from stormcell.decode.proto_schema import (
    ArrayValue,
    KeyValueList,
    LogRecord,
    LogsData,
    LogsParts,
    Resource,
    Span,
    TracesData,
    TracesParts,
)
from stormcell.decode.proto_wire import Kind, NotProtobufError, kind_of
from stormcell.decode.report import JsonPath, Report, Scribe, show_path
from stormcell.types import Attributes, Event, Packed, Record, Value, record_of

_EXPECTED = "expected an OTLP logs or traces request"
_MOST_ORIGINS = 4096
_MOST_TEXTS = 4096
_LONGEST_TEXT = 64
_NONE: dict[str, Value] = {}
"""The attributes of all that have none."""

_Walk = Iterator[tuple[Sequence[bytes], "Sender", JsonPath]]
"""The records of each scope, who sent them, and their path."""


class Sender:
    """A resource that sends logs or spans: the origin of its records.

    Attributes
    ----------
    resource : Attributes
    service : str
    identity : bytes
        What stands for the resource in hashes.
    glance : callable
        Reads a record as far as rows need it, from its bytes; None where it has to be read whole.
    """

    __slots__ = ("_message", "_whole", "glance", "identity", "resource", "service")

    def __init__(self, resource: Attributes, *, logs: bool) -> None:
        self.resource = resource
        self.service = service_of(resource)
        self.identity = sender_of(resource)
        self._message = LogRecord if logs else Span
        self._whole: Callable[..., Event | None] = _log if logs else _span
        self.glance: Callable[[bytes, Sender], Record | None] = proto_glance.log if logs else proto_glance.span

    def read(self, data: bytes, path: JsonPath, scribe: Scribe) -> Event | None:
        """Return the event of a record's bytes; None where it has no time."""
        return self._whole(self._message.FromString(data), self, path, scribe)

    def event(self, packed: bytes) -> Event:
        """Return the event of a record that was read before, with its problems told."""
        event = self.read(packed, (), Scribe(Report(), strict=False))
        assert event is not None, "only what is an event is packed"
        return event


Senders = dict[tuple[bytes, Kind], Sender]
"""By the bytes of their resource."""


def events(request: bytes, scribe: Scribe, senders: Senders) -> Iterator[Event]:
    """Yield the events of one export request; problems name elements as OTLP/JSON does.

    Parameters
    ----------
    request : bytes
    scribe : Scribe
    senders : dict
        The same for all requests of a reading: resources come again in each.
    """
    for found, sender, path in _walk(request, scribe, senders):
        for at, data in enumerate(found):
            event = sender.read(data, (*path, at), scribe)
            if event is not None:
                yield event


def records(request: bytes, scribe: Scribe, senders: Senders) -> Iterator[Record]:
    """Yield the same as records, which is far faster (see ``events``)."""
    for found, sender, path in _walk(request, scribe, senders):
        glance = sender.glance
        for at, data in enumerate(found):
            record = glance(data, sender)
            if record is None:
                event = sender.read(data, (*path, at), scribe)
                if event is None:
                    continue
                record = record_of(event)._replace(whole=Packed(sender, data))
            yield record


def count(request: bytes, *, logs: bool) -> tuple[str, int, int]:
    """Count the records of a request without reading them.

    Parameters
    ----------
    request : bytes
    logs : bool
        Whether logs are expected, or traces.

    Returns
    -------
    str
        What it holds: "logs", "traces" or "metrics"; "" where the bytes are no such message. What is expected,
        where it holds no record.
    int
        Records.
    int
        Of these, those without a time that can be used.
    """
    wanted = Kind.LOGS if logs else Kind.TRACES
    try:
        kind = kind_of(request)
        message = (LogsData if logs else TracesData).FromString(request)
    except (NotProtobufError, ProtobufError):
        return "", 0, 0
    if logs:
        times = [
            record.time_unix_nano or record.observed_time_unix_nano
            for holder in message.resource_logs
            for scope in holder.scope_logs
            for record in scope.log_records
        ]
    else:
        times = [
            record.start_time_unix_nano
            for holder in message.resource_spans
            for scope in holder.scope_spans
            for record in scope.spans
        ]
    if kind is not wanted and times:
        return kind.value, len(times), 0
    return wanted.value, len(times), sum(not 0 < time <= LATEST for time in times)


def _walk(request: bytes, scribe: Scribe, senders: Senders) -> _Walk:
    """Yield the bytes of the records of a request that can be read to its end, scope by scope."""
    try:
        kind = kind_of(request)
        if kind is Kind.METRICS:
            scribe.problem(f"{_EXPECTED}, found metrics, which are not grouped; leave them out")
            return
        logs = kind is Kind.LOGS
        # Read twice, for of what is left unread nothing is checked.
        (LogsData if logs else TracesData).FromString(request)
        parts = (LogsParts if logs else TracesParts).FromString(request)
    except (NotProtobufError, ProtobufError):
        scribe.problem(f"{_EXPECTED}, found bytes that are no protobuf message")
        return
    outer, middle, inner = _NAMES[kind]
    for i, holder in enumerate(parts.resource_logs if logs else parts.resource_spans):
        sender = _sender(holder.resource, kind, (outer, i), scribe, senders)
        for j, scope in enumerate(holder.scope_logs if logs else holder.scope_spans):
            yield scope.log_records if logs else scope.spans, sender, (outer, i, middle, j, inner)


_NAMES = {
    Kind.LOGS: ("resourceLogs", "scopeLogs", "logRecords"),
    Kind.TRACES: ("resourceSpans", "scopeSpans", "spans"),
}


def _sender(data: bytes, kind: Kind, path: JsonPath, scribe: Scribe, senders: Senders) -> Sender:
    found = senders.get((data, kind))
    if found is None:
        broken = scribe.report.broken
        pairs = Resource.FromString(data).attributes
        resource = _attributes(pairs, (*path, "resource", "attributes"), scribe, 0)
        found = Sender(resource, logs=kind is Kind.LOGS)
        # Of one with problems they are told each time.
        if scribe.report.broken == broken:
            if len(senders) >= _MOST_ORIGINS:
                senders.clear()
            senders[data, kind] = found
    return found


def _log(record: Any, sender: Sender, path: JsonPath, scribe: Scribe) -> Event | None:
    key = "timeUnixNano" if record.time_unix_nano else "observedTimeUnixNano"
    time = in_time(record.time_unix_nano or record.observed_time_unix_nano, key, path, scribe)
    if time == 0:
        no_time({}, "timeUnixNano", path, scribe)
    if not time:
        return None
    return log_event(
        time,
        sender.resource,
        sender.service,
        sender.identity,
        record.severity_number,
        _text(record.severity_text),
        _any_value(record.body, (*path, "body"), scribe, 0),
        _text(record.event_name),
        _attributes(record.attributes, (*path, "attributes"), scribe, 0),
        hex_id(record.trace_id.hex(), 32),
        hex_id(record.span_id.hex(), 16),
    )


def _span(span: Any, sender: Sender, path: JsonPath, scribe: Scribe) -> Event | None:
    time = in_time(span.start_time_unix_nano, "startTimeUnixNano", path, scribe)
    if time == 0:
        no_time({}, "startTimeUnixNano", path, scribe)
    if not time:
        return None
    code = span.status.code
    return span_event(
        time,
        in_time(span.end_time_unix_nano, "endTimeUnixNano", path, scribe) or 0,
        sender.resource,
        sender.service,
        _text(span.name),
        STATUSES[code] if 0 <= code < len(STATUSES) else STATUSES[0],
        _attributes(span.attributes, (*path, "attributes"), scribe, 0),
        hex_id(span.trace_id.hex(), 32),
        hex_id(span.span_id.hex(), 16),
        hex_id(span.parent_span_id.hex(), 16),
    )


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


class _Texts(dict[bytes, str]):
    """Texts that come again, each as one however many events have it; bounded."""

    def __missing__(self, data: bytes) -> str:
        if len(self) >= _MOST_TEXTS:
            self.clear()
        found = _text(data)
        if len(data) <= _LONGEST_TEXT:
            self[data] = found
        return found


_names, _values = _Texts(), _Texts()


def _attributes(pairs: Any, path: JsonPath, scribe: Scribe, depth: int) -> dict[str, Value]:
    if not pairs:
        return _NONE
    return {
        _names[pair.key]: _any_value(pair.value, (*path, i, "value"), scribe, depth)
        for i, pair in enumerate(pairs)
    }


def _any_value(value: Any, path: JsonPath, scribe: Scribe, depth: int) -> Value:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return _values[value.string_value]
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
