"""OTLP as protobuf: one request, length-prefixed, and what the wire may hold beyond JSON."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
import zstandard
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status, TracesData

from stormcell.decode import Report
from stormcell.types import Signal
from tests.unit.decode.build import FIXTURES, NOW, SPAN, TRACE, events_of, line, log, logs, only, outcome


def some_logs(*records: LogRecord) -> LogsData:
    data = LogsData()
    holder = data.resource_logs.add()
    pair = holder.resource.attributes.add(key="service.name")
    pair.value.string_value = "shop"
    holder.scope_logs.add().log_records.extend(records)
    return data


def some_traces(*spans: Span) -> TracesData:
    data = TracesData()
    data.resource_spans.add().scope_spans.add().spans.extend(spans)
    return data


def record(**fields: Any) -> LogRecord:
    return LogRecord(**{"time_unix_nano": NOW, "body": AnyValue(string_value="hello"), **fields})


def prefixed(*messages: bytes) -> bytes:
    return b"".join(len(message).to_bytes(4, "big") + message for message in messages)


@pytest.mark.parametrize("signal", ["logs", "traces"])
def test_real_requests_are_the_same_in_json_and_protobuf(signal: str) -> None:
    from_json = outcome((FIXTURES / f"otlp/nezha_{signal}.json.gz").read_bytes())
    from_protobuf = outcome((FIXTURES / f"otlp/nezha_{signal}.pb.gz").read_bytes())
    assert from_json == from_protobuf
    events, problems = from_json
    assert len(events) > 20
    assert problems == []
    assert {event.signal for event in events} == {Signal.LOG if signal == "logs" else Signal.SPAN}
    assert all(event.service.startswith("ts-") and event.time > 10**18 and event.text for event in events)


LOG = some_logs(record()).SerializeToString()
SPANS = some_traces(
    Span(
        trace_id=bytes.fromhex(TRACE),
        span_id=bytes.fromhex(SPAN),
        parent_span_id=bytes(8),
        name="get",
        start_time_unix_nano=NOW,
        end_time_unix_nano=NOW + 7,
        status=Status(code=Status.STATUS_CODE_ERROR),
        events=[Span.Event(name="e")],
    )
).SerializeToString()


def test_a_span() -> None:
    event = only(SPANS)
    assert (event.uid, event.trace_id, event.parent_id) == (SPAN, TRACE, "")
    assert (event.text, event.duration, event.status, event.severity) == ("get", 7, "error", 17)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_length_prefixed_messages(pack: Any) -> None:
    events, problems = outcome(pack(prefixed(LOG, SPANS, LOG)))
    assert [event.signal for event in events] == [Signal.LOG, Signal.SPAN, Signal.LOG]
    assert problems == []


@pytest.mark.parametrize("message", [LOG, line(logs(log()))])
def test_messages_compressed_one_by_one_as_the_collector_does(message: bytes) -> None:
    packed = zstandard.ZstdCompressor().compress(message)
    events, problems = outcome(prefixed(packed, packed))
    assert [event.text for event in events] == ["hello", "hello"]
    assert problems == []


def test_many_messages_over_many_reads() -> None:
    bodies = [AnyValue(string_value=f"{i} " + "x" * 100) for i in range(5000)]
    messages = [some_logs(record(body=body)).SerializeToString() for body in bodies]
    events = events_of(prefixed(*messages))
    assert [event.text for event in events] == [body.string_value for body in bodies]


def test_a_broken_message_costs_itself_alone() -> None:
    packed = zstandard.ZstdCompressor().compress(LOG)
    events, problems = outcome(prefixed(LOG, b"\x0a\xff\xff", packed[:-4], b"{oops}", LOG))
    assert len(events) == 2
    assert problems == [
        "stdin:2: expected an OTLP logs or traces request, found bytes that are no protobuf message",
        "stdin:3: expected more zstd data, found the end: the file is cut",
        'stdin:4: expected JSON, found an error at column 2 near "{oops}" '
        "(expecting property name enclosed in double quotes)",
    ]


def test_a_cut_file_keeps_its_whole_messages() -> None:
    events, problems = outcome(prefixed(LOG, SPANS, LOG)[:-5])
    assert len(events) == 2
    assert problems == [f"stdin:3: expected {len(LOG)} bytes, found {len(LOG) - 5}: the file is cut"]


def test_a_cut_request_is_one_problem() -> None:
    events, problems = outcome(LOG[:-5])
    assert events == []
    assert problems == [
        "stdin:1: expected an OTLP logs or traces request, found bytes that are no protobuf message"
    ]


def test_sizes_that_cannot_be() -> None:
    assert outcome(prefixed(LOG) + bytes(1000))[1] == ["stdin:2: expected the size of a message, found 0"]


def test_a_message_over_the_limit_is_skipped() -> None:
    huge = b"\x0a" * (65 << 20)
    events, problems = outcome(prefixed(LOG, huge, LOG))
    assert len(events) == 2
    assert problems == ["stdin:2: expected at most 64 MiB in one message, found more; skipped"]


def test_a_request_over_the_limit_is_one_problem() -> None:
    huge = some_logs(record(body=AnyValue(string_value="x" * (65 << 20)))).SerializeToString()
    events, problems = outcome(huge)
    assert events == []
    assert problems == ["stdin:1: expected at most 64 MiB in one message, found more; skipped"]


@pytest.mark.parametrize("name", ["gauge", "sum", "histogram", "summary"])
def test_metrics_are_one_problem_a_request(name: str) -> None:
    data = MetricsData()
    metric = data.resource_metrics.add().scope_metrics.add().metrics.add(name="requests", unit="1")
    getattr(metric, name).data_points.add(time_unix_nano=NOW)
    events, problems = outcome(prefixed(data.SerializeToString(), LOG))
    assert len(events) == 1
    assert problems == [
        "stdin:1: expected an OTLP logs or traces request, found metrics, which are not grouped; leave them out"
    ]


@pytest.mark.parametrize(
    ("message", "signal"),
    [
        (some_logs(LogRecord(time_unix_nano=NOW)), Signal.LOG),
        (some_logs(LogRecord(observed_time_unix_nano=NOW)), Signal.LOG),
        (some_logs(LogRecord(time_unix_nano=NOW, trace_id=bytes(16), span_id=bytes(8))), Signal.LOG),
        (some_traces(Span(start_time_unix_nano=NOW)), Signal.SPAN),
        (some_traces(Span(start_time_unix_nano=NOW, name="n", trace_state="s")), Signal.SPAN),
        (some_traces(Span(start_time_unix_nano=NOW, trace_id=b"short", span_id=b"x")), Signal.SPAN),
    ],
)
def test_bare_records_are_told_apart(message: Any, signal: Signal) -> None:
    assert only(message.SerializeToString()).signal is signal


def test_times_out_of_range_cost_their_record_alone() -> None:
    data = some_logs(record(), record(time_unix_nano=2**63), record(time_unix_nano=0), record())
    events, problems = outcome(data.SerializeToString())
    assert len(events) == 2
    path = "resourceLogs[0].scopeLogs[0].logRecords"
    assert problems == [
        f"stdin:1: {path}[1].timeUnixNano: expected nanoseconds since 1970 up to the year 2262, "
        "found 9223372036854775808",
        f"stdin:1: {path}[2].timeUnixNano: expected nanoseconds since 1970 as a whole number, found nothing",
    ]
    spans = some_traces(Span(name="n"), Span(start_time_unix_nano=NOW, end_time_unix_nano=2**64 - 1))
    events, problems = outcome(prefixed(SPANS, spans.SerializeToString()))
    assert [event.duration for event in events] == [7, 0]
    assert [problem.partition(": expected")[0] for problem in problems] == [
        "stdin:2: resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano",
        "stdin:2: resourceSpans[0].scopeSpans[0].spans[1].endTimeUnixNano",
    ]


def test_text_that_is_not_utf8_is_replaced() -> None:
    data = some_logs(record(severity_text="error", body=AnyValue(string_value="caf-")), record())
    events, problems = outcome(data.SerializeToString().replace(b"caf-", b"caf\xff"))
    assert [event.text for event in events] == ["caf\ufffd", "hello"]
    assert problems == []


@pytest.mark.parametrize("kind", ["array_value", "kvlist_value"])
@pytest.mark.parametrize("depth", [32, 33, 100, 1000])
def test_nesting_is_cut_at_32_however_deep(depth: int, kind: str) -> None:
    # Built from the inside out as bytes: the library itself refuses to read such depths.
    inner = AnyValue(string_value="core").SerializeToString()
    for _ in range(depth):
        inner = field(5, field(1, inner)) if kind == "array_value" else field(6, field(1, field(2, inner)))
    whole = record(body=AnyValue(string_value="deep")).SerializeToString() + field(6, field(2, inner))
    events, problems = outcome(field(1, field(2, field(2, whole))))
    assert problems == []
    value, levels = events[0].attributes[""], 0
    while isinstance(value, list | dict):
        value = value[0] if isinstance(value, list) else value[""]
        levels += 1
    assert (levels, value) == (32, "core" if depth == 32 else "(nested deeper than 32)")


def field(number: int, body: bytes) -> bytes:
    """Encode a length-delimited field."""
    size, encoded = len(body), bytearray([number << 3 | 2])
    while size > 0x7F:
        encoded.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes(encoded) + bytes([size]) + body


def test_a_broken_list_inside_is_a_problem_and_the_record_stays() -> None:
    whole = record().SerializeToString() + field(6, field(1, b"k") + field(2, field(5, b"\xff\xff")))
    (event,), problems = outcome(field(1, field(2, field(2, whole))))
    assert event.attributes == {"k": None}
    assert problems == [
        "stdin:1: resourceLogs[0].scopeLogs[0].logRecords[0].attributes[0].value: "
        "expected a list or a map, found 2 other bytes"
    ]


def test_event_name_stands_in_for_a_body() -> None:
    assert only(some_logs(LogRecord(time_unix_nano=NOW, event_name="e")).SerializeToString()).text == "e"


def test_json_after_an_empty_line_is_no_protobuf() -> None:
    # Both begin with a line feed; "{" would be a size of 123.
    assert only(b"\n" + line(logs(log()))).text == "hello"
    sized = 123
    while len(data := some_logs(record(body=AnyValue(string_value="x" * sized))).SerializeToString()) != 125:
        sized -= 1
    assert data.startswith(b"\n{")
    assert only(data).text == "x" * sized


def test_the_report_counts_a_request_as_one_file() -> None:
    report = Report()
    events_of(LOG, report)
    assert (report.files, report.bytes, report.events) == (1, len(LOG), 1)
