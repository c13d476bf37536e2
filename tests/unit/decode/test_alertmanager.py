"""Alertmanager webhooks."""

from __future__ import annotations

from typing import Any

import pytest

from stormcell.types import Signal
from tests.unit.decode.build import FIXTURES, NOW, alert, only, outcome, webhook


def test_a_real_payload() -> None:
    event = only((FIXTURES / "alertmanager/prometheus_v4_alert.json").read_bytes())
    assert event.signal is Signal.ALERT
    assert event.time == 1501787857804000000
    assert event.uid.endswith("@2017-08-03T19:17:37.804Z")  # it carries no fingerprint
    assert len(event.uid.partition("@")[0]) == 16
    assert (event.text, event.severity, event.status) == ("thing_dead", 21, "firing")
    assert (event.service, event.duration, event.resource) == ("", 0, {})
    assert event.attributes["labels.alertname"] == "thing_dead"
    assert event.attributes["annotations.summary"] == "No things for over 10 minutes"
    assert event.attributes["receiver"] == "alerta"
    assert event.attributes["externalURL"] == "http://somehost:9093"
    assert str(event.attributes["generatorURL"]).startswith("http://somehost:9090/graph?")


def test_empty_urls_are_left_out() -> None:
    event = only(webhook(alert(generatorURL=""), receiver="", externalURL=""))
    assert set(event.attributes) == {"labels.alertname", "labels.service", "labels.severity"}


@pytest.mark.parametrize(
    ("text", "time", "uid"),
    [
        ("2023-11-14T22:13:20Z", NOW, "2023-11-14T22:13:20.000Z"),
        ("2023-11-14t22:13:20.0z", NOW, "2023-11-14T22:13:20.000Z"),
        ("2023-11-15T00:13:20.000+02:00", NOW, "2023-11-14T22:13:20.000Z"),
        ("2023-11-14T16:43:20-05:30", NOW, "2023-11-14T22:13:20.000Z"),
        ("2023-11-14T22:13:20.123456789Z", NOW + 123456789, "2023-11-14T22:13:20.123456789Z"),
        ("2023-11-14T22:13:20.0001Z", NOW + 100_000, "2023-11-14T22:13:20.000100Z"),
        ("2023-11-14T22:13:20.1239999999999Z", NOW + 123999999, "2023-11-14T22:13:20.123999999Z"),
        ("2261-01-01T00:00:00Z", 9183110400 * 10**9, "2261-01-01T00:00:00.000Z"),
    ],
)
def test_start(text: str, time: int, uid: str) -> None:
    event = only(webhook(alert(startsAt=text)))
    assert (event.time, event.uid) == (time, f"a1b2@{uid}")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, "nothing"),
        ("", '""'),
        ("0001-01-01T00:00:00Z", '"0001-01-01T00:00:00Z"'),
        ("yesterday", '"yesterday"'),
        ("2023-13-14T22:13:20Z", '"2023-13-14T22:13:20Z"'),
        ("2023-11-14T22:13:20", '"2023-11-14T22:13:20"'),
        (5, "5"),
        ([], "a list"),
    ],
)
def test_an_alert_without_a_start_is_a_problem(value: Any, found: str) -> None:
    events, problems = outcome(webhook(alert(), alert(startsAt=value), alert()))
    assert len(events) == 2
    assert problems == [f"stdin:1: alerts[1].startsAt: expected a time (RFC 3339), found {found}"]


@pytest.mark.parametrize("value", ["1969-12-31T23:59:59Z", "2262-04-12T00:00:00Z", "9999-01-01T00:00:00Z"])
def test_a_start_outside_64_bits_is_a_problem(value: str) -> None:
    events, problems = outcome(webhook(alert(startsAt=value)))
    assert events == []
    assert problems == [f'stdin:1: alerts[0].startsAt: expected a time from 1970 to 2262, found "{value}"']


@pytest.mark.parametrize(
    ("fields", "status", "duration"),
    [
        ({"status": "resolved", "endsAt": "2023-11-14T22:14:20Z"}, "resolved", 60 * 10**9),
        ({"status": "resolved", "endsAt": "0001-01-01T00:00:00Z"}, "resolved", 0),
        ({"status": "resolved", "endsAt": "2023-11-14T22:12:20Z"}, "resolved", 0),
        ({"status": "resolved", "endsAt": None}, "resolved", 0),
        ({"status": "firing", "endsAt": "2023-11-14T22:14:20Z"}, "firing", 0),
        ({"status": None}, "firing", 0),
    ],
)
def test_status_and_duration(fields: Any, status: str, duration: int) -> None:
    event = only(webhook(alert(**fields)))
    assert (event.status, event.duration) == (status, duration)


def test_the_status_of_the_payload_stands_in() -> None:
    assert only(webhook(alert(status=None), status="resolved")).status == "resolved"


def test_an_unknown_status_is_a_problem_and_the_alert_stays() -> None:
    (event,), problems = outcome(webhook(alert(status={"state": "active"})))
    assert event.status == "firing"
    assert problems == ['stdin:1: alerts[0].status: expected "firing" or "resolved", found an object with "state"']


@pytest.mark.parametrize(
    ("label", "severity"),
    [
        ("critical", 21),
        ("page", 21),
        ("Critical", 21),
        ("error", 17),
        ("major", 17),
        ("warning", 13),
        ("minor", 13),
        ("info", 9),
        ("none", 13),
        ("purple", 13),
        (None, 13),
    ],
)
def test_severity(label: str | None, severity: int) -> None:
    labels = {"alertname": "Down"} | ({"severity": label} if label else {})
    assert only(webhook(alert(labels=labels))).severity == severity


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        ({"deployment": "d", "app": "a", "job": "j", "service": "s"}, "s"),
        ({"deployment": "d", "app": "a", "job": "j"}, "j"),
        ({"deployment": "d", "app": "a", "job": ""}, "a"),
        ({"deployment": "d"}, "d"),
        ({"pod": "p"}, ""),
    ],
)
def test_service(labels: dict[str, str], service: str) -> None:
    assert only(webhook(alert(labels=labels))).service == service


def test_without_a_fingerprint_the_labels_are_hashed() -> None:
    def uid(**labels: str) -> str:
        return only(webhook(alert(fingerprint=None, labels=labels))).uid

    assert uid(a="1", b="2") == uid(b="2", a="1")
    assert uid(a="1", b="2") != uid(a="1", b="3")
    assert uid(a="1", b="2").endswith("@2023-11-14T22:13:20.000Z")


def test_a_label_that_is_no_text_is_a_problem() -> None:
    (event,), problems = outcome(webhook(alert(labels={"alertname": "Down", "n": 5, "severity": None})))
    assert event.attributes == {"labels.alertname": "Down"}
    assert problems == [
        "stdin:1: alerts[0].labels.n: expected text, found 5",
        "stdin:1: alerts[0].labels.severity: expected text, found null",
    ]


@pytest.mark.parametrize("wrong", [5, "x", [], [1], True])
@pytest.mark.parametrize("key", ["labels", "annotations"])
def test_labels_of_a_wrong_type(key: str, wrong: Any) -> None:
    (event,), (problem,) = outcome(webhook(alert(**{key: wrong})))
    assert event.time == NOW
    assert problem.startswith(f"stdin:1: alerts[0].{key}: expected an object, found ")


@pytest.mark.parametrize("wrong", [5, "x", {"a": 1}, True])
def test_alerts_of_a_wrong_type(wrong: Any) -> None:
    events, (problem,) = outcome({"alerts": wrong})
    assert events == []
    assert problem.startswith("stdin:1: alerts: expected a list, found ")


def test_an_empty_webhook_and_unknown_fields_are_harmless() -> None:
    assert outcome(webhook()) == ([], [])
    event = only(webhook(alert(values={"A": 1}, silenceURL="x"), truncatedAlerts=0, orgId=1, title="t"))
    assert event.text == "Down"
