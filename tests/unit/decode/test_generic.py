"""Webhooks of any shape, read as the settings map them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stormcell.config import MappingSettings, Settings, WebhooksSettings
from stormcell.config.webhooks import steps
from stormcell.decode import Report
from stormcell.decode.requests import Checked, Requests, check
from stormcell.errors import DecodeError
from stormcell.types import Event, Request, RequestKind
from tests.unit.decode.build import FIXTURES, NOW

MAPPINGS: dict[str, dict[str, Any]] = {
    "pagerduty": {
        "alerts": "messages",
        "title": ["data.incident.title", "data.incident.trigger_summary_data.subject"],
        "starts_at": "data.incident.created_on",
        "ends_at": "data.incident.last_status_change_on",
        "status": "data.incident.status",
        "statuses": {"triggered": "firing", "acknowledged": "firing"},
        "service": "data.incident.service.name",
        "labels": {"url": "data.incident.html_url"},
        "fingerprint": "data.incident.id",
    },
    "pingdom": {
        "title": "check_name",
        "starts_at": "state_changed_timestamp",
        "time": "s",
        "status": "current_state",
        "statuses": {"DOWN": "firing", "UP": "resolved"},
        "severity": "importance_level",
        "labels": {"host": "check_params.hostname", "check": "check_id"},
        "annotations": {"description": "long_description"},
        "fingerprint": "check_id",
    },
    "cloudwatch": {
        "when": {"Type": "Notification", "Message.AlarmName": ""},
        "alerts": "Message",
        "title": "AlarmName",
        "starts_at": "StateChangeTime",
        "status": "NewStateValue",
        "statuses": {"alarm": "firing", "ok": "resolved", "insufficient_data": "firing"},
        "labels": "Trigger.Dimensions",
        "annotations": {"description": "NewStateReason", "topic": "$.TopicArn"},
    },
    "stackdriver": {
        "alerts": "incident",
        "title": "policy_name",
        "starts_at": "started_at",
        "ends_at": "ended_at",
        "time": "s",
        "service": "resource_name",
        "fingerprint": "incident_id",
    },
    "sentry": {
        "when": {"event.event_id": ""},
        "title": "event.title",
        "starts_at": "event.timestamp",
        "time": "s",
        "severity": "level",
        "severities": {"error": 18},
        "service": "project_slug",
        "labels": "event.tags",
        "fingerprint": "id",
    },
    "datadog": {
        "title": "title",
        "severity": "priority",
        "severities": {"P1": 21, "P2": 17, "P3": 13},
        "labels": "tags",
        "fingerprint": "monitor_id",
    },
}


def settings(*names: str, **more: Any) -> Settings:
    chosen = [{"name": name, **MAPPINGS[name], **more} for name in names or MAPPINGS]
    return Settings(webhooks=WebhooksSettings.model_validate({"generic": chosen}))


def generic(value: Any) -> Request:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Request(RequestKind.GENERIC, body, NOW)


def outcome(request: Request, chosen: Settings) -> tuple[list[Event], list[str]]:
    report = Report()
    events = [record.event() for record in Requests(chosen, report).records(request)]
    return events, [problem.message for problem in report.problems]


def events_of(file: str, chosen: Settings) -> list[Event]:
    request = generic((FIXTURES / "webhooks" / file).read_bytes())
    events, problems = outcome(request, chosen)
    assert problems == []
    assert check(request, chosen.webhooks) == Checked(len(events))
    return events


# All mappings are there each time: by its content each document finds its own.
def test_pagerduty() -> None:
    events = events_of("pagerduty_alert.json", settings())
    assert [event.uid for event in events[:1]] == ["PIJ90N7@2013-07-09T20:25:44.000Z"]
    assert [(event.status, event.duration) for event in events] == [("firing", 0), ("resolved", 10**9)]
    assert {event.service for event in events} == {"service"}
    assert {event.text for event in events} == {"45645"}
    assert events[0].attributes["labels.url"] == "https://acme.pagerduty.com/incidents/PIJ90N7"
    assert events[0].attributes["receiver"] == "pagerduty"


def test_pingdom() -> None:
    (down,), (up,) = events_of("pingdom_down.json", settings()), events_of("pingdom_up.json", settings())
    assert (down.status, up.status) == ("firing", "resolved")
    assert (down.time, down.severity, down.text) == (1498861543 * 10**9, 17, "Alerta API on OpenShift")
    assert down.uid == "803318@2017-06-30T22:25:43.000Z"
    assert down.attributes["labels.check"] == "803318"
    assert down.attributes["annotations.description"] == "HTTP Server Error 503 Service Unavailable"


def test_cloudwatch_writes_json_in_a_text() -> None:
    (event,) = events_of("cloudwatch_notification.json", settings())
    assert (event.text, event.status, event.time) == ("bucketbytesAlarm", "firing", 1550274825093000000)
    assert event.attributes["labels.BucketName"] == "try.alerta.io"
    assert event.attributes["annotations.topic"] == "arn:aws:sns:eu-west-1:1234567890:alerta-test"
    assert len(event.uid.partition("@")[0]) == 16


def test_stackdriver() -> None:
    (opened,), (closed,) = (
        events_of("stackdriver_open.json", settings()),
        events_of("stackdriver_closed.json", settings()),
    )
    assert opened.uid == closed.uid
    assert (opened.status, opened.duration) == ("firing", 0)
    assert (closed.status, closed.duration) == ("resolved", 622 * 10**9)
    assert opened.service == "webserver-85"


def test_sentry() -> None:
    (event,) = events_of("sentry.json", settings())
    assert (event.text, event.service, event.severity) == ("Failed to fetch user profile", "frontend-app", 18)
    assert event.time == 1709991285873000000
    assert event.attributes["labels.error.type"] == "NetworkError"


def test_datadog_tells_no_time() -> None:
    (event,) = events_of("datadog.json", settings())
    assert (event.time, event.severity) == (NOW, 13)
    assert event.attributes["labels.environment"] == "production"
    assert event.attributes["labels.team"] == "backend"


@pytest.mark.parametrize(
    ("time", "value", "found"),
    [
        ("s", 1_700_000_000, NOW),
        ("s", 1_700_000_000.25, NOW + 250_000_000),
        ("s", "1700000000", NOW),
        ("ms", 1_700_000_000_001, NOW + 1_000_000),
        ("us", 1_700_000_000_000_001, NOW + 1_000),
        ("ns", NOW + 1, NOW + 1),
        ("ns", str(NOW + 1), NOW + 1),
        ("text", "2023-11-14T22:13:20Z", NOW),
        ("text", "2023-11-15T00:13:20.5+0200", NOW + 500_000_000),
        ("text", "2023-11-14 22:13:20", NOW),
    ],
)
def test_times(time: str, value: Any, found: int) -> None:
    events, problems = outcome(generic({"t": value, "x": "Down"}), one(title="x", starts_at="t", time=time))
    assert problems == []
    assert [event.time for event in events] == [found]


@pytest.mark.parametrize(
    ("time", "value"),
    [
        *(("s", value) for value in ("soon", -1, True, float("nan"), 10**30, [1], "9" * 99)),
        *(("text", value) for value in (5, "soon", "1900-01-01T00:00:00Z", "2023-99-99T00:00:00Z")),
    ],
)
def test_what_is_no_time_is_told(time: str, value: Any) -> None:
    request, chosen = (
        generic({"a": [{"t": value, "x": "Down"}]}),
        one(alerts="a", title="x", starts_at="t", time=time),
    )
    events, (problem,) = outcome(request, chosen)
    assert events == []
    assert problem.startswith("a[0].t: expected a time (")
    assert check(request, chosen.webhooks) == Checked(1, 1, f"1 of 1 alerts cannot be read: {problem}")


def one(**mapping: Any) -> Settings:
    return Settings(webhooks=WebhooksSettings.model_validate({"generic": [{"name": "own", **mapping}]}))


@pytest.mark.parametrize(
    ("status", "end", "found"),
    [
        (None, None, "firing"),
        (None, 1_700_000_005, "resolved"),
        (None, 0, "firing"),
        ("Resolved", None, "resolved"),
        (" CLOSED ", None, "resolved"),
        ("odd", 1_700_000_005, "firing"),
    ],
)
def test_statuses(status: str | None, end: int | None, found: str) -> None:
    chosen = one(title="x", starts_at="s", ends_at="e", time="s", status="status", statuses={"Closed": "resolved"})
    value = {"s": 1_700_000_000, "e": end, "status": status, "x": "Down"}
    (event,), problems = outcome(generic(value), chosen)
    assert (event.status, problems) == (found, [])
    assert event.duration == (5 * 10**9 if found == "resolved" and end else 0)


@pytest.mark.parametrize(
    "held",
    [
        {"env": "prod", "n": 5},
        [["env", "prod"], ["n", 5], ["odd"], 7],
        [{"name": "env", "value": "prod"}, {"key": "n", "value": 5}, {"value": 1}],
        ["env:prod", "n:5"],
        "env:prod, n:5",
    ],
)
def test_labels_come_in_many_shapes(held: Any) -> None:
    (event,), _ = outcome(generic({"x": "Down", "l": held}), one(title="x", labels="l"))
    labels = {name: value for name, value in event.attributes.items() if name.startswith("labels.")}
    assert labels == {"labels.env": "prod", "labels.n": "5", "labels.alertname": "Down"}


def test_a_list_of_documents_is_many_alerts() -> None:
    events, problems = outcome(generic([{"x": "a"}, 5, {"x": "b"}]), one(title="x"))
    assert [event.text for event in events] == ["a", "b"]
    assert problems == ["[1]: expected an object, found 5"]


def test_what_no_mapping_fits_is_refused() -> None:
    request, chosen = generic({"hello": 1}), settings("sentry", "cloudwatch")
    with pytest.raises(DecodeError, match=r'webhooks\.generic fits, found an object with "hello"'):
        check(request, chosen.webhooks)
    assert outcome(request, chosen) == (
        [],
        [
            "expected a document that a mapping under webhooks.generic fits (known: sentry, cloudwatch),"
            ' found an object with "hello"'
        ],
    )


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"title": "a..b"}, "expected a path such as"),
        ({"title": "a[x]"}, "wrong at character 2"),
        ({"title": ".a"}, "wrong at character 1"),
        ({"title": ""}, "at least 1 item"),
        ({"title": "a", "labels": {"x": "a["}}, "expected a path such as"),
        ({"title": "a", "labels": "a["}, "expected a path such as"),
        ({"title": "a", "when": {"a[": ""}}, "expected a path such as"),
        ({"title": "a", "time": "minutes"}, "'text', 's', 'ms', 'us' or 'ns'"),
        ({"title": "a", "statuses": {"x": "gone"}}, "'firing' or 'resolved'"),
        ({"title": "a", "severities": {"x": 25}}, "expected severities from 1 to 24"),
        ({"title": "a", "titel": "a"}, "Extra inputs"),
    ],
)
def test_wrong_mappings_are_told_when_they_are_loaded(mapping: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message.replace("[", r"\[")):
        one(**mapping)


def test_names_of_mappings_differ() -> None:
    with pytest.raises(ValidationError, match="own more than once"):
        WebhooksSettings(generic=(MappingSettings(name="own", title=("a",)),) * 2)


def test_steps() -> None:
    assert steps('a.b[0][12].c["d.e"].f') == ("a", "b", 0, 12, "c", "d.e", "f")
    assert steps("") == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abctsexl"), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_nothing_crashes(value: Any) -> None:
    chosen = one(
        alerts="a",
        title=["t", "$.b[0]"],
        starts_at="s",
        ends_at="e",
        time="ms",
        status="c",
        labels="l",
        severity="x",
    )
    request = generic(value)
    events, _ = outcome(request, chosen)
    try:
        checked = check(request, chosen.webhooks)
    except DecodeError:
        assert events == []
    else:
        assert checked.items - checked.rejected == len(events)
