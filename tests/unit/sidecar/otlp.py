"""Requests of OTLP as protobuf, and who assigns their records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from stormcell.types import Assignment, Record, Request, RequestKind

NOON = 1_700_000_000 * 10**9


def text(name: str, value: str) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=value))


def log(uid: str, body: str = "hello", severity: int = 9, *attributes: KeyValue, time: int = NOON) -> LogRecord:
    named = [text("log.record.uid", uid)] if uid else []
    return LogRecord(
        time_unix_nano=time,
        severity_number=severity,  # type: ignore[arg-type]  # a number is one
        body=AnyValue(string_value=body),
        attributes=[*named, *attributes],
    )


def span(number: int, name: str = "GET /", *attributes: KeyValue) -> Span:
    return Span(
        span_id=number.to_bytes(8, "big"),
        trace_id=b"t" * 16,
        name=name,
        start_time_unix_nano=NOON,
        end_time_unix_nano=NOON + 5,
        attributes=attributes,
    )


def logs(*scopes: Iterable[LogRecord], service: str = "shop") -> Request:
    """A request with one resource and these scopes."""
    data = LogsData()
    holder = data.resource_logs.add()
    holder.resource.attributes.append(text("service.name", service))
    for records in scopes:
        holder.scope_logs.add().log_records.extend(records)
    return Request(RequestKind.LOGS, data.SerializeToString(), NOON)


def traces(*spans: Span, service: str = "shop") -> Request:
    data = TracesData()
    holder = data.resource_spans.add()
    holder.resource.attributes.append(text("service.name", service))
    holder.scope_spans.add().spans.extend(spans)
    return Request(RequestKind.TRACES, data.SerializeToString(), NOON)


def records(body: bytes) -> list[LogRecord]:
    """Return the log records of a request."""
    holders = LogsData.FromString(body).resource_logs
    return [record for holder in holders for scope in holder.scope_logs for record in scope.log_records]


def spans(body: bytes) -> list[Span]:
    holders = TracesData.FromString(body).resource_spans
    return [span for holder in holders for scope in holder.scope_spans for span in scope.spans]


def attributes(record: Any) -> dict[str, Any]:
    """Return the plain attributes of a record; each name must be there once."""
    found = {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value")
        for pair in record.attributes
    }
    assert len(found) == len(record.attributes)
    return found


class ByUid:
    """Assigns each record to the group of its own uid, which is its exemplar."""

    def __init__(self, surprise: float = 0.5) -> None:
        self.surprise = surprise

    def assign(self, record: Record) -> Assignment:
        return Assignment(f"g-{record.uid}", record.uid, 0.25, self.surprise, "nearest")


class Nowhere:
    """Assigns nothing to any group."""

    def assign(self, record: Record) -> Assignment:
        return Assignment(None, "", 0.0, 0.5, "background")
