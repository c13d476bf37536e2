"""OTLP requests as protobuf, made by seed: log records of several systems, and spans of traces."""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import accumulate, islice
from pathlib import Path
from random import Random
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from _log_lines import lines, system, systems
from stormcell.decode.proto_wire import Kind, kind_of

START = 1_700_000_000 * 10**9
PERIOD = 250_000
"""ns between two events: 4000 a second."""

SYSTEMS = tuple(systems()[::4])
"""Every fourth of those that log statements are known of, each logging as one service."""

_IDS = {"traceId", "spanId", "parentSpanId"}
STATEMENTS = 60
_A_REQUEST = 500
_A_RESOURCE = 50
_A_TRACE = 10
_LEVELS = {"debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
_OPERATIONS = (
    *(("GET /api/orders/{id}", "HTTP"), ("POST /api/orders", "HTTP"), ("GET /api/cart", "HTTP")),
    *(("SELECT orders", "DB"), ("INSERT orders", "DB"), ("SELECT items", "DB"), ("UPDATE stock", "DB")),
    *(("GET user", "CACHE"), ("SET user", "CACHE"), ("publish order.created", "QUEUE")),
    *(("charge", "RPC"), ("reserve", "RPC"), ("ship", "RPC"), ("render page", "RPC"), ("authorise", "RPC")),
)
_SHARES = list(accumulate(1 / rank for rank in (4, 5, 6, 1, 2, 1, 3, 2, 3, 6, 5, 4, 7, 8, 3)))
"""Queries come again and again in one trace."""

Said = tuple[str, int, str]
"""A line, its severity number and its system."""


def said(count: int) -> list[Said]:
    """Return lines of all systems in turn, as often as each would be logged.

    Of each system only the statements that log most: in collections of real logs a system has some sixty.
    """
    share = -(-count // len(SYSTEMS))
    held = []
    for name in SYSTEMS:
        statements = system(name).statements
        made = lines(name, 2 * share + 100, 0)
        most = {at for at, _ in Counter(at for _, at in made).most_common(STATEMENTS)}
        own = [(text, _LEVELS.get(statements[at].level.lower(), 9), name) for text, at in made if at in most]
        held.append([own[at % len(own)] for at in range(share)])
    return [line for row in zip(*held, strict=True) for line in row][:count]


def log_requests(events: list[Said]) -> Iterator[bytes]:
    """Yield requests; two in three records are of a trace.

    Bodies are as the Collector reads them off the files of a system, time and level before the message: no two
    are the same.
    """
    chance = Random(1)  # noqa: S311
    for first in range(0, len(events), _A_REQUEST):
        request = ExportLogsServiceRequest()
        by_system: dict[str, list[tuple[int, Said]]] = {}
        for at, line in enumerate(events[first : first + _A_REQUEST], first):
            by_system.setdefault(line[2], []).append((at, line))
        for name, part in by_system.items():
            records = (
                resource(request.resource_logs.add(), name, part[0][0] // _A_RESOURCE % 3)
                .scope_logs.add()
                .log_records
            )
            for at, (text, severity, _) in part:
                record = records.add(
                    time_unix_nano=START + at * PERIOD,
                    observed_time_unix_nano=START + at * PERIOD + 1000,
                    severity_number=severity,
                    severity_text="ERROR" if severity >= 17 else "INFO",
                )
                clock = datetime.fromtimestamp((START + at * PERIOD) / 1e9, UTC).isoformat(timespec="microseconds")
                record.body.string_value = f"{clock} {record.severity_text} {text}"
                attribute(record, "log.record.uid", hashed("log", at, 13).hex())
                attribute(record, "thread.name", f"worker-{chance.randrange(16)}")
                attribute(record, "code.function.name", f"handle{severity}")
                if chance.random() < 0.67:
                    record.trace_id = hashed("trace", at // 40 * 4 + chance.randrange(4), 16)
                    record.span_id = hashed("span", chance.getrandbits(40), 8)
        yield request.SerializeToString()


def span_requests(count: int) -> Iterator[bytes]:
    """Yield requests of whole traces, of ten spans each; one in fifty spans failed."""
    chance = Random(2)  # noqa: S311
    spans = _spans(count, chance)
    while part := list(islice(spans, _A_REQUEST)):
        request = ExportTraceServiceRequest()
        by_system: dict[str, list[dict[str, Any]]] = {}
        for span in part:
            by_system.setdefault(span.pop("system"), []).append(span)
        for name, own in by_system.items():
            made = resource(request.resource_spans.add(), name, 0).scope_spans.add().spans
            for span in own:
                failed, kind, number = span.pop("failed"), span.pop("operation"), span.pop("number")
                record = made.add(**span, kind=2)
                record.status.code = 2 if failed else 0
                if kind == "HTTP":
                    attribute(record, "http.request.method", "GET")
                    attribute(record, "http.route", "/api/orders/{id}")
                    attribute(record, "url.path", f"/api/orders/{number}")
                    record.attributes.add(key="http.response.status_code").value.int_value = 500 if failed else 200
                elif kind == "DB":
                    attribute(record, "db.system.name", "postgresql")
                    attribute(record, "db.query.text", f"order {number} by its id")
                else:
                    attribute(record, "server.address", f"10.0.0.{number % 200}")
                    record.attributes.add(key="server.port").value.int_value = 8080
        yield request.SerializeToString()


def _spans(count: int, chance: Random) -> Iterator[dict[str, Any]]:
    for at in range(count):
        trace, place = divmod(at, _A_TRACE)
        number = chance.choices(range(len(_OPERATIONS)), cum_weights=_SHARES)[0] if place else trace % 3
        name, operation = _OPERATIONS[number]
        start = START + at * PERIOD
        yield {
            "trace_id": hashed("trace", trace, 16),
            "span_id": hashed("span", at, 8),
            "parent_span_id": hashed("span", trace * _A_TRACE + chance.randrange(place), 8) if place else b"",
            "name": name,
            "start_time_unix_nano": start,
            "end_time_unix_nano": start + chance.randrange(10**6, 10**9),
            "system": SYSTEMS[number % len(SYSTEMS)],
            "operation": operation,
            "number": chance.randrange(10**6),
            "failed": chance.random() < 0.02,
        }


def as_json(request: bytes) -> bytes:
    """Return a request as OTLP/JSON, in which ids are hexadecimal."""
    logs = kind_of(request) is Kind.LOGS
    made = (ExportLogsServiceRequest if logs else ExportTraceServiceRequest).FromString(request)
    document = MessageToDict(made)
    for holder in document.get("resourceLogs", document.get("resourceSpans", [])):
        for scope in holder.get("scopeLogs", holder.get("scopeSpans", [])):
            for record in scope.get("logRecords", scope.get("spans", [])):
                for key in _IDS & record.keys():
                    record[key] = b64decode(record[key]).hex()
    return json.dumps(document, separators=(",", ":")).encode()


def write(path: Path, requests: Iterable[bytes]) -> None:
    """Write requests as the Collector's file exporter does: before each its size, 4 bytes, big-endian."""
    with path.open("wb") as file:
        for request in requests:
            file.write(len(request).to_bytes(4, "big") + request)


def resource(holder: Any, name: str, number: int) -> Any:
    """Describe one of the pods of a service as the resource of a request; return the holder."""
    pod = f"{name}-7d9c5b{len(name):x}f8-x2k{number}q"
    for key, value in (
        ("service.name", name),
        ("service.version", "1.4.2"),
        ("service.namespace", "shop"),
        ("k8s.namespace.name", "production"),
        ("k8s.pod.name", pod),
        ("k8s.node.name", f"node-{len(name) % 5}"),
        ("telemetry.sdk.language", "java"),
    ):
        attribute(holder.resource, key, value)
    command = holder.resource.attributes.add(key="process.command_args").value.array_value
    for word in ("java", "-jar", f"/app/{name}.jar"):
        command.values.add().string_value = word
    return holder


def attribute(holder: Any, key: str, value: str) -> None:
    """Add an attribute that is a text."""
    holder.attributes.add(key=key).value.string_value = value


def hashed(kind: str, number: int, size: int) -> bytes:
    """Return an id."""
    return blake2b(f"{kind}{number}".encode(), digest_size=size).digest()
