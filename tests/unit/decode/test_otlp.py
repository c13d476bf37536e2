"""OTLP records in JSON: which fields become what, and which problems they cause."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stormcell.types import Signal
from tests.unit.decode.build import (
    FIXTURES,
    NOW,
    SPAN,
    TRACE,
    attribute,
    log,
    logs,
    only,
    outcome,
    resource,
    span,
    traces,
)


def test_a_log_of_the_specification() -> None:
    event = only((FIXTURES / "otlp/logs.json").read_bytes())
    assert event.signal is Signal.LOG
    assert event.time == 1544712660300000000
    assert event.service == "my.service"
    assert event.severity == 10
    assert event.text == "Example log record"
    assert (event.trace_id, event.span_id, event.parent_id) == (TRACE, SPAN, "")
    assert (event.duration, event.status) == (0, "")
    assert event.resource == {"service.name": "my.service"}
    assert event.attributes == {
        "string.attribute": "some string",
        "boolean.attribute": True,
        "int.attribute": 10,
        "double.attribute": 637.704,
        "array.attribute": ["many", "values"],
        "map.attribute": {"some.map.key": "some value"},
    }


def test_a_span_of_the_specification() -> None:
    event = only((FIXTURES / "otlp/trace.json").read_bytes())
    assert event.signal is Signal.SPAN
    assert event.uid == SPAN
    assert event.time == 1544712660000000000
    assert event.duration == 10**9
    assert event.text == "I'm a server span"
    assert (event.trace_id, event.span_id, event.parent_id) == (TRACE, SPAN, "eee19b7ec3c1b173")
    assert (event.status, event.severity) == ("unset", 9)
    assert event.attributes == {"my.span.attr": "some value"}


def test_an_event_of_the_specification_has_its_body_as_text() -> None:
    event = only((FIXTURES / "otlp/events.json").read_bytes())
    assert event.text.startswith('{"type":0,"url":"https://www.guid')


def test_metrics_are_one_problem() -> None:
    events, problems = outcome((FIXTURES / "otlp/metrics.json").read_bytes())
    assert events == []
    (problem,) = problems
    assert problem.startswith("stdin:1: resourceMetrics: expected logs or traces, found metrics")


def test_uid_of_a_log_is_its_own_where_it_has_one() -> None:
    named = log(attributes=[attribute("log.record.uid", {"stringValue": "mine"})])
    assert only(logs(named)).uid == "mine"


def test_hashed_uid_is_stable_across_attribute_order_and_notation() -> None:
    a, b = attribute("a", {"intValue": "1"}), attribute("b", {"doubleValue": 2})
    uid = only(logs(log(attributes=[a, b], traceId=TRACE.upper()))).uid
    assert re.fullmatch("[0-9a-f]{16}", uid)
    again = log(attributes=[attribute("b", {"doubleValue": 2.0}), attribute("a", {"intValue": 1})], traceId=TRACE)
    assert only(logs(again)).uid == uid


@pytest.mark.parametrize(
    "change",
    [
        {"timeUnixNano": str(NOW + 1)},
        {"body": {"stringValue": "hullo"}},
        {"severityNumber": 17},
        {"traceId": TRACE},
        {"spanId": SPAN},
        {"attributes": [attribute("a", {"intValue": "1"})]},
    ],
)
def test_hashed_uid_differs_with_every_part(change: Any) -> None:
    assert only(logs(log(**change))).uid != only(logs(log())).uid


def test_hashed_uid_differs_with_the_resource() -> None:
    assert only(logs(log(), resource=resource("other"))).uid != only(logs(log())).uid


def test_the_same_uid_twice_is_handed_on_twice() -> None:
    # Telling duplicates apart is the business of whoever counts them.
    events, problems = outcome(traces(span(), span()))
    assert [event.uid for event in events] == [SPAN, SPAN]
    assert problems == []


@pytest.mark.parametrize("value", [str(NOW), NOW, float(NOW)])
def test_time_as_text_or_number(value: Any) -> None:
    assert only(logs(log(timeUnixNano=value))).time == NOW


@pytest.mark.parametrize("absent", [None, 0, "0"])
def test_observed_time_stands_in(absent: Any) -> None:
    assert only(logs(log(timeUnixNano=absent, observedTimeUnixNano=str(NOW)))).time == NOW


def test_a_null_member_is_an_absent_one() -> None:
    event = only(
        {
            "resourceLogs": [
                {
                    "resource": None,
                    "scopeLogs": [{"scope": None, "logRecords": [{**log(), "attributes": None, "traceId": None}]}],
                },
                {"scopeLogs": None},
            ]
        }
    )
    assert (event.service, event.attributes, event.trace_id) == ("", {}, "")


TOO_LATE = "nanoseconds since 1970 up to the year 2262"
WHOLE = "nanoseconds since 1970 as a whole number"


@pytest.mark.parametrize(
    ("value", "expected", "found"),
    [
        ("x", WHOLE, '"x"'),
        ("", WHOLE, '""'),
        ("-5", WHOLE, '"-5"'),
        (-5, WHOLE, "-5"),
        (1.5, WHOLE, "1.5"),
        ("1_0", WHOLE, '"1_0"'),
        ("٣", WHOLE, '"\\u0663"'),
        (" 7", WHOLE, '" 7"'),
        (True, WHOLE, "true"),
        ([], WHOLE, "a list"),
        ({"a": 1}, WHOLE, 'an object with "a"'),
        (float("nan"), WHOLE, "nan"),
        (float("inf"), WHOLE, "inf"),
        (0, WHOLE, "0"),
        ("0", WHOLE, '"0"'),
        (None, WHOLE, "nothing"),
        (2**63, TOO_LATE, "9223372036854775808"),
        (str(2**64), TOO_LATE, "18446744073709551616"),
        ("9" * 5000, WHOLE, '"' + "9" * 60 + '..."'),
    ],
)
def test_a_broken_time_costs_its_record_alone(value: Any, expected: str, found: str) -> None:
    events, problems = outcome(logs(log(), log(timeUnixNano=value), log()))
    assert len(events) == 2
    path = "resourceLogs[0].scopeLogs[0].logRecords[1].timeUnixNano"
    assert problems == [f"stdin:1: {path}: expected {expected}, found {found}"]
    events, problems = outcome(traces(span(), span(startTimeUnixNano=value)))
    assert len(events) == 1
    path = "resourceSpans[0].scopeSpans[0].spans[1].startTimeUnixNano"
    assert problems == [f"stdin:1: {path}: expected {expected}, found {found}"]


def test_the_last_time_that_fits_is_kept() -> None:
    assert only(logs(log(timeUnixNano=str(2**63 - 1)))).time == 2**63 - 1


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"severityNumber": 1}, 1),
        ({"severityNumber": 24}, 24),
        ({"severityNumber": 25, "severityText": "WARN"}, 13),
        ({"severityNumber": 0, "severityText": "error"}, 17),
        ({"severityNumber": "SEVERITY_NUMBER_WARN2"}, 14),
        ({"severityText": "TRACE"}, 1),
        ({"severityText": "Debug"}, 5),
        ({"severityText": "INFO"}, 9),
        ({"severityText": " warning "}, 13),
        ({"severityText": "FATAL"}, 21),
        ({"severityText": "CRITICAL"}, 21),
        ({"severityText": "whatever"}, 0),
        ({}, 0),
    ],
)
def test_severity_of_a_log(fields: Any, severity: int) -> None:
    assert only(logs(log(**fields))).severity == severity


@pytest.mark.parametrize(
    ("status", "expected", "severity"),
    [
        (None, "unset", 9),
        ({}, "unset", 9),
        ({"code": 0}, "unset", 9),
        ({"code": 1}, "ok", 9),
        ({"code": 2, "message": "no"}, "error", 17),
        ({"code": "STATUS_CODE_ERROR"}, "error", 17),
        ({"code": 7}, "unset", 9),
        ({"code": -1}, "unset", 9),
    ],
)
def test_status_of_a_span(status: Any, expected: str, severity: int) -> None:
    event = only(traces(span(status=status)))
    assert (event.status, event.severity) == (expected, severity)


@pytest.mark.parametrize("end", [None, "0", str(NOW - 1)])
def test_a_span_without_a_later_end_has_no_duration(end: Any) -> None:
    assert only(traces(span(endTimeUnixNano=end))).duration == 0


def test_a_broken_end_leaves_the_span() -> None:
    events, problems = outcome(traces(span(endTimeUnixNano="soon")))
    assert [event.duration for event in events] == [0]
    assert problems == [
        f'stdin:1: resourceSpans[0].scopeSpans[0].spans[0].endTimeUnixNano: expected {WHOLE}, found "soon"'
    ]


def test_a_span_without_service_is_kept() -> None:
    assert only(traces(span(), resource={})).service == ""
    odd = {"attributes": [attribute("service.name", {"intValue": "3"})]}
    event = only(traces(span(), resource=odd))
    assert (event.service, event.resource) == ("", {"service.name": 3})


@pytest.mark.parametrize("bad", ["", "abc", "0" * 16, "zz" * 8, SPAN + "\n", SPAN * 2, 5, ["x"], None])
def test_an_impossible_id_is_none_and_the_uid_a_hash(bad: Any) -> None:
    event = only(traces(span(spanId=bad, parentSpanId=bad, name="get")))
    assert (event.span_id, event.parent_id) == ("", "")
    assert re.fullmatch("[0-9a-f]{16}", event.uid)
    assert event.uid != only(traces(span(spanId=bad, name="put"))).uid
    assert only(logs(log(spanId=bad))).span_id == ""


@pytest.mark.parametrize("bad", ["", "0" * 32, SPAN, "g" * 32, 5])
def test_an_impossible_trace_id_is_none(bad: Any) -> None:
    assert only(logs(log(traceId=bad))).trace_id == ""


def test_ids_are_lower_case() -> None:
    event = only(traces(span(traceId=TRACE.upper(), spanId=SPAN.upper(), parentSpanId=SPAN.upper())))
    assert (event.uid, event.trace_id, event.span_id, event.parent_id) == (SPAN, TRACE, SPAN, SPAN)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"body": {"intValue": "5"}}, "5"),
        ({"body": {"boolValue": False}}, "false"),
        ({"body": {"arrayValue": {"values": [{"stringValue": "é"}, {"doubleValue": 1}]}}}, '["é",1.0]'),
        ({"body": None, "eventName": "page.view"}, "page.view"),
        ({"body": {}, "eventName": "page.view"}, "page.view"),
        ({"body": {"stringValue": ""}, "eventName": "page.view"}, "page.view"),
        ({"body": None, "attributes": [attribute("event.name", {"stringValue": "old"})]}, "old"),
        ({"body": None}, ""),
    ],
)
def test_text_of_a_log(fields: Any, text: str) -> None:
    assert only(logs(log(**fields))).text == text
