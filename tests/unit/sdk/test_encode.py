"""Spans and log records as requests of OTLP: whatever is in one of them, the others are kept."""

from __future__ import annotations

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
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, TraceFlags

from stormcell.sdk.encode import encode
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


@given(st.lists(st.sampled_from(["GET /", HALF, "", "event", "nothing"]), max_size=12))
def test_all_good_spans_are_kept_among_bad_ones(names: list[str]) -> None:
    items = [
        span(name, number, [Event(HALF, {"a": "b"}, 5)] if name == "event" else ())
        if name != "nothing"
        else span(Unspeakable(), number)
        for number, name in enumerate(names, 1)
    ]
    body, left_out = encode(RequestKind.TRACES, items)
    kept = {record.start_time_unix_nano: record for record in spans_of(body)}
    assert left_out == names.count("nothing")
    assert sorted(kept) == [number for number, name in enumerate(names, 1) if name != "nothing"]
    for number, name in enumerate(names, 1):
        if name in ("GET /", ""):
            [alone] = spans_of(encode_spans([items[number - 1]]).SerializeToString())
            assert kept[number] == alone
        elif name == "event":
            assert [event.name for event in kept[number].events] == ["half a ? pair"]
            assert kept[number].events[0].attributes[0].value.string_value == "b"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (HALF, "half a ? pair"),
        (2**63, str(2**63)),
        (-(2**64), str(-(2**64))),
        (10**5000, None),
        (Unspeakable(), None),
        (object, "<class 'object'>"),
    ],
    ids=["half", "large", "small", "too-large-to-say", "unspeakable", "a-class"],
)
def test_a_body_that_cannot_be_encoded_is_its_text(body: Any, said: str | None) -> None:
    encoded, left_out = encode(RequestKind.LOGS, [log(body)])
    assert [record.body.string_value for record in logs_of(encoded)] == ([said] if said is not None else [])
    assert left_out == (said is None)


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


def test_nothing_is_changed_of_what_the_service_holds() -> None:
    body = {"a": [HALF]}
    item = log(body, severity_text=HALF)
    encode(RequestKind.LOGS, [item, log("fine")])
    assert item.log_record.body is body
    assert body == {"a": [HALF]}
    assert item.log_record.severity_text == HALF
