"""Spans and log records as requests of OTLP: whatever is in one of them, the others are kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, StatusCode, TraceFlags

from stormcell.sdk.encode import encode, pieces
from stormcell.types import RequestKind
from tests.unit.sdk.doors import SHOP

SCOPE = InstrumentationScope("shop")
HALF = "half a \ud800 pair"
GOOD_BODIES: tuple[Any, ...] = ("it broke", "", 7, True, 1.5, b"bytes", ["a", 1], {"key": ["value"]}, None)


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else "the end"


BAD_BODIES: tuple[Any, ...] = (
    *(HALF, 2**63, -(2**64), 10**5000, object(), Unspeakable(), {1, 2}, {1: "a"}, {"a": HALF}, [2**70, HALF]),
    *(nested(50), [Unspeakable()]),
)


def log(body: Any, number: int = 1, **other: Any) -> ReadableLogRecord:
    record = LogRecord(timestamp=number, severity_number=SeverityNumber.ERROR, body=body, **other)
    return ReadableLogRecord(record, SHOP, SCOPE)


def span(name: Any, number: int = 1, events: Sequence[Event] = ()) -> ReadableSpan:
    return ReadableSpan(
        name=name,
        context=SpanContext(1, number, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)),
        resource=SHOP,
        events=events,
        start_time=number,
        end_time=number + 5,
        instrumentation_scope=SCOPE,
    )


def logs_of(body: bytes) -> list[Any]:
    parts = ExportLogsServiceRequest.FromString(body).resource_logs
    return [one for part in parts for scope in part.scope_logs for one in scope.log_records]


def spans_of(body: bytes) -> list[Any]:
    parts = ExportTraceServiceRequest.FromString(body).resource_spans
    return [one for part in parts for scope in part.scope_spans for one in scope.spans]


def test_what_is_as_it_should_be_is_what_the_sdk_sends() -> None:
    logs, spans = [log(body) for body in GOOD_BODIES], [span("a", 1), span("b", 2)]
    assert encode(RequestKind.LOGS, logs) == (encode_logs(logs).SerializeToString(), 0)
    assert encode(RequestKind.TRACES, spans) == (encode_spans(spans).SerializeToString(), 0)


@given(st.lists(st.sampled_from([*GOOD_BODIES, *BAD_BODIES]), max_size=12))
def test_all_good_logs_are_kept_among_bad_ones(bodies: list[Any]) -> None:
    items = [log(body, number) for number, body in enumerate(bodies, 1)]
    body, left_out = encode(RequestKind.LOGS, items)
    kept = {record.time_unix_nano: record for record in logs_of(body)}
    assert len(kept) == len(items) - left_out
    for number, (item, said) in enumerate(zip(items, bodies, strict=True), 1):
        if any(said is good for good in GOOD_BODIES):
            [alone] = logs_of(encode_logs([item]).SerializeToString())
            assert kept[number] == alone


@given(st.lists(st.sampled_from(["GET /", HALF, "", "event", "unspeakable"]), max_size=12))
def test_all_spans_are_kept_among_bad_ones(names: list[str]) -> None:
    items = [
        span(Unspeakable() if name == "unspeakable" else name, number, [Event(HALF, {"a": "b"}, 5)])
        if name in ("event", "unspeakable")
        else span(name, number)
        for number, name in enumerate(names, 1)
    ]
    body, left_out = encode(RequestKind.TRACES, items)
    kept = {record.start_time_unix_nano: record for record in spans_of(body)}
    assert left_out == 0
    assert sorted(kept) == list(range(1, len(names) + 1))
    for number, name in enumerate(names, 1):
        if name in ("GET /", ""):
            [alone] = spans_of(encode_spans([items[number - 1]]).SerializeToString())
            assert kept[number] == alone
        elif name != HALF:
            assert [event.name for event in kept[number].events] == ["half a ? pair"]
            assert kept[number].events[0].attributes[0].value.string_value == "b"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (HALF, "half a ? pair"),
        (2**63, str(2**63)),
        (-(2**64), str(-(2**64))),
        (10**5000, "<int>"),
        (Unspeakable(), "<Unspeakable>"),
        (object, "<class 'object'>"),
    ],
    ids=["half", "large", "small", "too-large-to-say", "unspeakable", "a-class"],
)
def test_a_body_that_cannot_be_encoded_is_its_text_or_its_type(body: Any, said: str) -> None:
    encoded, left_out = encode(RequestKind.LOGS, [log(body)])
    assert [record.body.string_value for record in logs_of(encoded)] == [said]
    assert left_out == 0


def test_what_a_body_holds_keeps_its_form() -> None:
    [record] = logs_of(encode(RequestKind.LOGS, [log({"text": HALF, "list": [1, 2**70, 1.5, None, True]})])[0])
    pairs = {pair.key: pair.value for pair in record.body.kvlist_value.values}
    assert pairs["text"].string_value == "half a ? pair"
    whole, huge, fraction, nothing, truth = pairs["list"].array_value.values
    assert (whole.int_value, huge.string_value, fraction.double_value) == (1, str(2**70), 1.5)
    assert nothing.WhichOneof("value") is None
    assert truth.bool_value is True


def test_the_other_texts_of_a_record_may_be_odd_too() -> None:
    [record] = logs_of(encode(RequestKind.LOGS, [log("a", severity_text=HALF, event_name=HALF)])[0])
    assert (record.severity_text, record.event_name) == ("half a ? pair",) * 2
    assert record.body.string_value == "a"


def test_a_span_that_failed_by_an_error_that_cannot_be_spelled_is_kept() -> None:
    seen = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(seen))
    name = os.fsdecode(b"not-utf-8-\xff")
    with pytest.raises(ValueError, match="cannot read"), provider.get_tracer("shop").start_as_current_span("read"):
        raise ValueError(f"cannot read {name}")
    body, left_out = encode(RequestKind.TRACES, seen.get_finished_spans())
    assert left_out == 0
    [found] = spans_of(body)
    assert found.name == "read"
    assert found.status.code == StatusCode.ERROR.value
    assert found.status.message == "ValueError: cannot read not-utf-8-?"
    [event] = found.events
    said = {pair.key: pair.value.string_value for pair in event.attributes}
    assert said["exception.type"] == "ValueError"
    assert said["exception.message"] == "cannot read not-utf-8-?"


@given(st.lists(st.sampled_from([*GOOD_BODIES, *BAD_BODIES, "long " * 50]), max_size=12), st.integers(60, 2000))
def test_what_is_too_large_for_one_request_comes_in_several(bodies: list[Any], most: int) -> None:
    items = [log(body, number) for number, body in enumerate(bodies, 1)]
    found = list(pieces(RequestKind.LOGS, items, most))
    assert all(len(piece.body) <= most for piece in found)
    assert [piece.items for piece in found] == [len(logs_of(piece.body)) for piece in found]
    assert sum(piece.items + piece.broken for piece in found) == len(items)
    times = [record.time_unix_nano for piece in found for record in logs_of(piece.body)]
    assert times == sorted(set(times))
    if most > 1000:
        assert len(times) == len(items)


def test_nothing_is_changed_of_what_the_service_holds() -> None:
    body = {"a": [HALF]}
    item = log(body, severity_text=HALF)
    encode(RequestKind.LOGS, [item, log("fine")])
    assert item.log_record.body is body
    assert body == {"a": [HALF]}
    assert item.log_record.severity_text == HALF
