"""Requests as they come over the wire: looked over, and read as files of the same bytes are."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from stormcell.config import Settings, WebhooksSettings
from stormcell.decode import Report, read
from stormcell.decode.requests import Checked, Requests, check
from stormcell.errors import DecodeError
from stormcell.types import Record, Request, RequestKind
from tests.unit.decode.build import FIXTURES, NOW, alert, line, log, logs, outcome, span, traces, webhook
from tests.unit.decode.test_kibana import DOCUMENT, hit, nested, summary
from tests.unit.decode.test_properties import json_values, places

WEBHOOKS = WebhooksSettings()


def fixture(name: str) -> bytes:
    data = (FIXTURES / name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


GRAFANA = webhook(
    alert(
        silenceURL="https://grafana.example/silence", dashboardURL="", panelURL=None, ruleUID="r", orgId=1,
        valueString="[ var='A' value=3 ]", values={"A": 3}, imageURL="https://x", embeddedImage=None,
        enrichments={"odd": [1]},
    ),
    orgId=1, title="[FIRING:1]", state="alerting", message="m", appVersion="12.1.0", groupKey="{}",
    notification_reason="group created", routeLabels={"a": "b"}, groupLabels={}, truncatedAlerts=0,
)  # fmt: skip

REQUESTS = {
    "logs": (RequestKind.LOGS, fixture("otlp/nezha_logs.pb.gz")),
    "traces": (RequestKind.TRACES, fixture("otlp/nezha_traces.pb.gz")),
    "no logs": (RequestKind.LOGS, b""),
    "no traces": (RequestKind.TRACES, b""),
    "logs-json": (RequestKind.LOGS_JSON, line(logs(log(), log(body={"intValue": "5"})))),
    "spread": (RequestKind.LOGS_JSON, fixture("otlp/logs.json")),
    "traces-json": (RequestKind.TRACES_JSON, fixture("otlp/trace.json")),
    "nothing": (RequestKind.TRACES_JSON, b"{}"),
    "alertmanager": (RequestKind.ALERTMANAGER, fixture("alertmanager/prometheus_v4_alert.json")),
    "grafana": (RequestKind.GRAFANA, line(GRAFANA)),
    "kibana": (RequestKind.KIBANA, line(DOCUMENT)),
    "kibana nested": (RequestKind.KIBANA, line(nested(DOCUMENT))),
    "kibana hits": (RequestKind.KIBANA, line([hit(DOCUMENT), DOCUMENT])),
    "kibana summary": (RequestKind.KIBANA, summary(DOCUMENT, DOCUMENT)),
}


def records(*requests: Request, chosen: Settings | None = None) -> tuple[list[Record], Report]:
    report = Report()
    reader = Requests(chosen or Settings(), report)
    return [record for request in requests for record in reader.records(request)], report


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_are_read_as_files_are(name: str) -> None:
    kind, body = REQUESTS[name]
    request = Request(kind, body, NOW)
    events, problems = outcome(body)
    found, report = records(request)
    assert [record.event() for record in found] == events
    assert problems == []
    assert (report.problems, report.events, report.bytes) == ([], len(events), len(body))
    assert check(request, WEBHOOKS) == Checked(len(events))
    assert events or name in ("no logs", "no traces", "nothing")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["logs", "traces"]), st.data(), json_values)
def test_odd_requests_are_read_as_files_are(name: str, data: st.DataObject, value: Any) -> None:
    good: Any = logs(log(), log()) if name == "logs" else traces(span(), span())
    *path, last = data.draw(st.sampled_from(places(good)[2:]))
    holder = good
    for key in path:
        holder = holder[key]
    holder[last] = value
    request = Request(RequestKind(f"{name}-json"), line(good), NOW)
    events, problems = outcome(request.body)
    found, report = records(request)
    assert [record.event() for record in found] == events
    assert [problem.message for problem in report.problems] == [one.partition(":1: ")[2] for one in problems]
    checked = check(request, WEBHOOKS)
    # What is not even a record is not counted.
    assert checked.items - checked.rejected == len(events)
    assert bool(checked.message) is bool(checked.rejected)


def test_grafana_tells_more_than_alertmanager() -> None:
    (found,), _ = records(Request(RequestKind.GRAFANA, line(GRAFANA), NOW))
    others = {name: value for name, value in found.event().attributes.items() if not name.startswith("labels.")}
    assert others == {
        "silenceURL": "https://grafana.example/silence",
        "ruleUID": "r",
        "valueString": "[ var='A' value=3 ]",
    }


def protobuf(kind: str, *times: int) -> bytes:
    if kind == "logs":
        sent = LogsData()
        for time in times:
            sent.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=time).body.string_value = "x"
        return sent.SerializeToString()
    traced = TracesData()
    for time in times:
        traced.resource_spans.add().scope_spans.add().spans.add(
            start_time_unix_nano=time, trace_id=bytes(range(16))
        )
    return traced.SerializeToString()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (RequestKind.LOGS, protobuf("logs", NOW, 0, 2**64 - 1)),
        (RequestKind.LOGS_JSON, line(logs(log(), log(timeUnixNano=None), log(timeUnixNano="9" * 30)))),
        (RequestKind.TRACES, protobuf("traces", NOW, 0, 2**64 - 1)),
        (RequestKind.TRACES_JSON, line(traces(span(), span(startTimeUnixNano=0), 7))),
    ],
)
def test_records_without_a_time_are_rejected(kind: RequestKind, body: bytes) -> None:
    what = "log records" if "logs" in kind else "spans"
    checked = check(Request(kind, body, NOW), WEBHOOKS)
    assert checked == Checked(3, 2, f"2 of 3 {what} carry no time that can be used, and cannot be grouped")
    found, report = records(Request(kind, body, NOW))
    assert (len(found), report.broken) == (1, 2)


def test_an_observed_time_will_do() -> None:
    sent = LogsData()
    sent.resource_logs.add().scope_logs.add().log_records.add(observed_time_unix_nano=NOW)
    assert check(Request(RequestKind.LOGS, sent.SerializeToString(), NOW), WEBHOOKS) == Checked(1)
    text = line(logs(log(timeUnixNano=None, observedTimeUnixNano=str(NOW))))
    assert check(Request(RequestKind.LOGS_JSON, text, NOW), WEBHOOKS) == Checked(1)


def test_alerts_without_a_time_are_rejected() -> None:
    request = Request(RequestKind.ALERTMANAGER, line(webhook(alert(), alert(startsAt=None))), NOW)
    assert check(request, WEBHOOKS) == Checked(
        2, 1, "1 of 2 alerts cannot be read: alerts[1].startsAt: expected a time (RFC 3339), found nothing"
    )


METRICS = b"\n\x10\x12\x0e\x12\x0c\n\x03cpu\x12\x01x\x1a\x02ms"


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        (
            "logs",
            b"hello",
            "expected an OTLP request of logs as protobuf, found bytes that are no protobuf message",
        ),
        ("logs", protobuf("logs", NOW)[:-1], "found bytes that are no protobuf message"),
        ("logs", protobuf("traces", NOW), "as protobuf, found traces; send them to /v1/traces"),
        ("traces", protobuf("logs", NOW), "as protobuf, found logs; send them to /v1/logs"),
        ("logs", METRICS, "found metrics, which are not grouped; leave them out"),
        ("traces", METRICS, "found metrics, which are not grouped; leave them out"),
        ("logs-json", line(traces(span())), "as JSON, found traces; send them to /v1/traces"),
        ("traces-json", line(logs(log())), "as JSON, found logs; send them to /v1/logs"),
        ("traces-json", b'{"resourceMetrics": []}', "found metrics, which are not grouped"),
        ("logs-json", b'{"resourceLogs": [], "resourceSpans": []}', "found traces"),
        ("logs-json", b"[]", "expected an OTLP request of logs as JSON, found a list"),
        ("logs-json", b'{"hello": 1}', 'found an object with "hello"'),
        ("logs-json", b'{"resourceLogs": ', "expected JSON, found an error at column"),
        ("logs-json", b"", "expected JSON, found an error at column 1"),
        ("logs-json", b'{"a": ' + b"9" * 10_000 + b"}", "expected JSON that can be read"),
        ("logs-json", b'{"a":' * 100_000, "nested too deep"),
        ("alertmanager", b"[]", "expected a webhook of Alertmanager's, version 4, found a list"),
        ("grafana", b'{"state": "ok"}', 'unified alerting, found an object with "state"'),
        ("kibana", line(webhook(alert())), "expected alert documents of Kibana's"),
        ("kibana", line([DOCUMENT, 5]), "expected alert documents of Kibana's"),
        (
            "generic",
            b"{}",
            "expected a document that a mapping under webhooks.generic fits, found an empty object",
        ),
    ],
)
def test_what_is_no_such_request_is_refused(kind: str, body: bytes, message: str) -> None:
    with pytest.raises(DecodeError) as refused:
        check(Request(RequestKind(kind), body, NOW), WEBHOOKS)
    assert message in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("kind", list(RequestKind))
@given(
    body=st.binary(max_size=60) | st.sampled_from([b'{"alerts": 5}', b'{"alerts": [1]}', b'{"resourceLogs": 1}'])
)
def test_nothing_crashes(kind: RequestKind, body: bytes) -> None:
    request = Request(kind, body, NOW)
    found, _ = records(request)
    try:
        checked = check(request, WEBHOOKS)
    except DecodeError:
        pass
    else:
        assert checked.items - checked.rejected == len(found)


def test_odd_json_does_no_harm() -> None:
    good = json.dumps(logs(log(timeUnixNano=10**400)))
    request = Request(RequestKind.LOGS_JSON, f'{{"resourceLogs": [], {good[1:]}'.encode(), NOW)
    assert check(request, WEBHOOKS).rejected == 1
    assert records(request)[0] == []


def test_a_byte_order_mark_is_passed_over() -> None:
    body = b"\xef\xbb\xbf" + line(logs(log()))
    assert check(Request(RequestKind.LOGS_JSON, body, NOW), WEBHOOKS) == Checked(1)
    assert len(records(Request(RequestKind.LOGS_JSON, body, NOW))[0]) == 1


def test_problems_say_what_kind_of_request_they_were_in() -> None:
    bad: dict[str, Any] = log(timeUnixNano=None)
    _, report = records(Request(RequestKind.LOGS_JSON, line(logs(bad)), NOW))
    assert str(report.problems[0]).startswith("a request (logs-json): resourceLogs[0].scopeLogs[0].logRecords[0]")


def test_senders_are_told_apart_across_requests() -> None:
    kind, body = REQUESTS["logs"]
    found, _ = records(Request(kind, body, NOW), Request(kind, body, NOW))
    half = len(found) // 2
    assert [record.uid for record in found[:half]] == [record.uid for record in found[half:]]
    assert found[0].resource is found[half].resource
    assert len(list(read([FIXTURES / "otlp/nezha_logs.pb.gz"]))) == half
