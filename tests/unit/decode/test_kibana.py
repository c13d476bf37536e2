"""Alert documents of Kibana's, and what its connectors send."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from stormcell.decode.kibana import ALERT_TEMPLATE, SUMMARY, SUMMARY_TEMPLATE
from stormcell.types import Event, Signal
from tests.unit.decode.build import NOW, only, outcome

UUID = "5a1b0b5e-3c5e-4d0e-9d51-7f6f4a9e2b11"
START = "2023-11-14T22:13:20.000Z"

DOCUMENT = {
    "@timestamp": "2023-11-14T22:14:20.000Z",
    "kibana.alert.uuid": UUID,
    "kibana.alert.instance.id": "shop-0",
    "kibana.alert.status": "active",
    "kibana.alert.rule.name": "High latency",
    "kibana.alert.rule.uuid": "r1",
    "kibana.alert.rule.category": "Latency threshold",
    "kibana.alert.rule.rule_type_id": "apm.transaction_duration",
    "kibana.alert.reason": "Latency is 3 s",
    "kibana.alert.evaluation.value": 3.5,
    "kibana.alert.severity": "critical",
    "kibana.alert.start": START,
    "kibana.alert.url": "https://kibana.example/app/alerts/1",
    "kibana.alert.flapping": False,
    "kibana.space_ids": ["default"],
    "service.name": "shop",
    "host.name": "node-1",
    "tags": ["team:web", "apm"],
}


def nested(document: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in document.items():
        *parents, last = name.split(".")
        at = made
        for parent in parents:
            at = at.setdefault(parent, {})
        at[last] = value
    return made


def half_nested(document: dict[str, Any]) -> dict[str, Any]:
    """Return what has ``kibana`` as an object and flat names in it."""
    inner = {name.removeprefix("kibana."): value for name, value in document.items() if name.startswith("kibana.")}
    return {**{name: value for name, value in document.items() if not name.startswith("kibana.")}, "kibana": inner}


def hit(document: dict[str, Any]) -> dict[str, Any]:
    return {"_index": ".internal.alerts-x-000001", "_id": UUID, "_source": document}


def fields(document: dict[str, Any]) -> dict[str, Any]:
    """Return a search hit that was asked for fields, each of which is a list then."""
    made = {name: value if isinstance(value, list) else [value] for name, value in document.items()}
    return {"_id": UUID, "fields": made}


def test_a_document() -> None:
    event = only(DOCUMENT)
    assert event.uid == f"{UUID}@{START}"
    assert (event.signal, event.time, event.duration) == (Signal.ALERT, NOW, 0)
    assert (event.service, event.text, event.status, event.severity) == ("shop", "High latency", "firing", 21)
    assert event.attributes == {
        "labels.alertname": "High latency",
        "labels.severity": "critical",
        "labels.service": "shop",
        "labels.host": "node-1",
        "labels.rule_id": "r1",
        "labels.rule_category": "Latency threshold",
        "labels.alert_instance": "shop-0",
        "labels.tags": "team:web,apm",
        "annotations.description": "Latency is 3 s",
        "annotations.evaluation": "3.5",
        "generatorURL": "https://kibana.example/app/alerts/1",
    }


@pytest.mark.parametrize("shape", [nested, half_nested, hit, fields, lambda d: hit(nested(d)), lambda d: [d]])
def test_documents_come_in_many_shapes(shape: Any) -> None:
    assert only(shape(DOCUMENT)) == only(DOCUMENT)


def test_one_that_is_over() -> None:
    ended = {**DOCUMENT, "kibana.alert.status": "recovered", "kibana.alert.end": "2023-11-14T22:13:25.000Z"}
    event = only(ended)
    assert (event.uid, event.status, event.duration) == (only(DOCUMENT).uid, "resolved", 5 * 10**9)
    assert only({**DOCUMENT, "kibana.alert.status": "untracked"}).status == "resolved"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"kibana.alert.status": "odd"}, 'kibana.alert.status: expected "active", "recovered" or "untracked"'),
        (
            {"kibana.alert.start": "soon"},
            "kibana.alert.start: expected a time (RFC 3339, or milliseconds) from 1970 to 2262",
        ),
        (
            {"kibana.alert.start": 10**30},
            "kibana.alert.start: expected a time (RFC 3339, or milliseconds) from 1970 to 2262",
        ),
        ({"kibana.alert.start": None, "@timestamp": ""}, "kibana.alert.start: expected a time (RFC 3339)"),
    ],
)
def test_what_is_wrong_is_told(changed: dict[str, Any], problem: str) -> None:
    _, (told,) = outcome({**DOCUMENT, **changed})
    assert told.startswith(f"stdin:1: {problem}, found ")


def test_times_in_milliseconds() -> None:
    assert only({**DOCUMENT, "kibana.alert.start": NOW // 10**6}).time == NOW


def test_values_that_are_none_do_no_harm() -> None:
    odd = {
        "kibana.alert.uuid": 5,
        "@timestamp": START,
        "tags": [1, None, " "],
        "host.name": [],
        "service.name": True,
    }
    event = only({**odd, "kibana.alert.reason": {"a": 1}, "kibana.alert.rule.name": 7})
    assert event.uid == f"5@{START}"
    assert event.attributes == {"labels.alertname": "7"}


def rendered(template: str, context: dict[str, Any]) -> bytes:
    """Fill a template in as Mustache does it in Kibana: lists with commas, values escaped for JSON."""

    def value(match: re.Match[str]) -> str:
        found: Any = context
        for name in match[1].split("."):
            found = found.get(name, "") if isinstance(found, dict) else ""
        text = ",".join(found) if isinstance(found, list) else str(found)
        return json.dumps(text)[1:-1]

    return re.sub(r"\{\{([^{}#/]+)\}\}", value, template).encode()


def summary(*documents: dict[str, Any]) -> bytes:
    found = re.fullmatch(r"(.*)\{\{#alerts\.all\.data\}\}(.*)\{\{/alerts\.all\.data\}\}(.*)", SUMMARY_TEMPLATE)
    assert found
    inner = b"".join(rendered(found[2], nested(document)) for document in documents)
    return found[1].encode() + inner + found[3].encode()


def test_what_the_summary_template_sends() -> None:
    other = {**DOCUMENT, "kibana.alert.uuid": "u2", "kibana.alert.rule.name": 'a "quoted" {name}'}
    events, problems = outcome(summary(DOCUMENT, other))
    assert problems == []
    whole = only(DOCUMENT)
    attributes = {**whole.attributes}
    del attributes["annotations.evaluation"]
    assert events[0] == Event(**{**asdict(whole), "attributes": attributes})
    assert (events[1].uid, events[1].text) == (f"u2@{START}", 'a "quoted" {name}')


def asdict(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in Event.__slots__}


def test_a_summary_of_nothing() -> None:
    assert outcome(summary()) == ([], [])
    assert outcome({SUMMARY: [5]})[1] == [
        f'stdin:1: {SUMMARY}[0]: expected an alert with "kibana.alert.uuid", found 5'
    ]
    assert outcome({SUMMARY: 5})[1] == [f"stdin:1: {SUMMARY}: expected a list, found 5"]


@pytest.mark.parametrize(("group", "status"), [("default", "firing"), ("recovered", "resolved")])
def test_what_the_template_for_each_alert_sends(group: str, status: str) -> None:
    context = {
        "alert": {"uuid": UUID, "id": "shop-0", "actionGroup": group},
        "rule": {"name": "High latency", "id": "r1", "tags": ["team:web", "apm"]},
        "context": {"reason": "Latency is 3 s"},
        "date": START,
    }
    event = only(rendered(ALERT_TEMPLATE, context))
    assert (event.uid, event.status, event.text) == (f"{UUID}@{START}", status, "High latency")
    assert event.attributes == {
        "labels.alertname": "High latency",
        "labels.rule_id": "r1",
        "labels.alert_instance": "shop-0",
        "labels.tags": "team:web,apm",
        "annotations.description": "Latency is 3 s",
    }
