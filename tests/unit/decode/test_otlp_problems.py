"""OTLP records in JSON: hostile text, wrong types, and what a problem says of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.decode.build import (
    attribute,
    log,
    logs,
    only,
    outcome,
    span,
    traces,
)

HOSTILE = "\x00\x1b[31mred\x9b2J\x07 {{ 7*7 }} <script>alert(1)</script> [a](javascript:b) \u202e\x7f"


def test_hostile_text_is_kept_as_it_is() -> None:
    assert only(logs(log(body={"stringValue": HOSTILE}))).text == HOSTILE


def test_hostile_text_in_a_problem_is_escaped() -> None:
    record = log(timeUnixNano=HOSTILE, attributes=[attribute("a", {HOSTILE: HOSTILE})])
    _, problems = outcome([logs(record), {HOSTILE: 1}, webhook_like()])
    assert len(problems) == 3
    for problem in problems:
        assert problem.isascii()
        assert problem.isprintable()


def webhook_like() -> Any:
    return {"alerts": [{"startsAt": "2023-11-14T22:13:20Z", "labels": {HOSTILE: 5}}]}


def test_a_long_found_value_is_shortened() -> None:
    _, (problem,) = outcome(logs(log(timeUnixNano="x" * 5000)))
    assert problem.endswith('found "' + "x" * 60 + '..."')


def test_the_resource_is_shared() -> None:
    events, _ = outcome(logs(log(), log()))
    assert events[0].resource is events[1].resource


WRONG: list[Any] = [5, "x", True, 1.5, [5], [[]], [None]]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("place", ["resource", "body", "attributes", "value", "resource attributes"])
def test_a_wrong_type_is_one_problem_and_its_record_stays(place: str, wrong: Any) -> None:
    fields: dict[str, Any] = {"body": {"body": wrong}, "attributes": {"attributes": wrong}}.get(place, {})
    if place == "value":
        fields = {"attributes": [attribute("k", wrong), attribute("good", {"stringValue": "v"})]}
    request = logs(log(**fields), log())
    if "resource" in place:
        request["resourceLogs"][0]["resource"] = wrong if place == "resource" else {"attributes": wrong}
    events, (problem,) = outcome(request)
    assert problem.startswith("stdin:1: resourceLogs[0].")
    assert len(events) == 2
    if place == "value":
        assert events[0].attributes == {"k": None, "good": "v"}


@pytest.mark.parametrize("wrong", [*WRONG, {"a": 5}])
@pytest.mark.parametrize("place", ["resourceLogs", "scopeLogs", "logRecords", "resourceSpans", "spans"])
def test_a_wrong_type_among_the_holders_is_one_problem_and_its_siblings_stay(place: str, wrong: Any) -> None:
    if place in ("resourceLogs", "resourceSpans"):
        broken: Any = {place: wrong}
    elif place == "scopeLogs":
        broken = {"resourceLogs": [{place: wrong}, *logs(log())["resourceLogs"]]}
    elif place == "logRecords":
        broken = {"resourceLogs": [{"scopeLogs": [{place: wrong}]}, *logs(log())["resourceLogs"]]}
    else:
        broken = {"resourceSpans": [{"scopeSpans": [{place: wrong}]}, *traces(span())["resourceSpans"]]}
    events, (problem,) = outcome([broken, logs(log())])
    assert problem.startswith("stdin:1: [0].resource")
    assert f"{place}" in problem
    assert len(events) == (1 if place in ("resourceLogs", "resourceSpans") else 2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"severityNumber": "high"}, 'severityNumber: expected a number, found "high"'),
        ({"severityNumber": 1.5}, "severityNumber: expected a number, found 1.5"),
        ({"severityText": 5}, "severityText: expected text, found 5"),
        ({"eventName": []}, "eventName: expected text, found a list"),
        ({"attributes": [{"key": 5}]}, "attributes[0].key: expected text, found 5"),
    ],
)
def test_a_broken_field_is_a_problem_and_the_record_stays(fields: Any, message: str) -> None:
    events, problems = outcome(logs(log(**fields)))
    assert len(events) == 1
    assert problems == [f"stdin:1: resourceLogs[0].scopeLogs[0].logRecords[0].{message}"]


def test_a_span_with_a_broken_name_or_status_stays() -> None:
    events, problems = outcome(traces(span(name=5, status="bad")))
    assert [event.text for event in events] == [""]
    assert [problem.split("spans[0].")[1] for problem in problems] == [
        'status: expected an object, found "bad"',
        "name: expected text, found 5",
    ]
