"""How JSON may be laid out in a file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.decode.build import alert, line, log, logs, outcome, span, traces, webhook

PRETTY = json.dumps(logs(log()), indent=2).encode()


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (PRETTY, 1),
        (PRETTY + b"\n", 1),
        (PRETTY.replace(b"\n", b"\r\n"), 1),
        (json.dumps(logs(log()), indent=0).encode(), 1),
        (PRETTY + b"\n" + PRETTY + b"\n\n" + PRETTY, 3),
        (PRETTY + PRETTY, 2),
        (json.dumps([logs(log()), traces(span())]).encode(), 2),
        (json.dumps([logs(log()), traces(span())], indent=4).encode(), 2),
        (b"[\n" + line(logs(log())).rstrip() + b",\n" + line(traces(span())) + b"]\n", 2),
        (b"\xef\xbb\xbf" + line(logs(log())), 1),
        (b"\xef\xbb\xbf" + PRETTY, 1),
        (b"\n\n  \r\n" + line(logs(log())) + b"\n" + line(logs(log())), 2),
        (b"\n" + PRETTY, 1),
        (line(logs(log())).rstrip(), 1),
        (b"{}\n" + line(logs(log())), 1),
        (line({**logs(log()), **traces(span()), **webhook(alert())}), 3),
    ],
)
def test_layouts_of_json(data: bytes, count: int) -> None:
    events, problems = outcome(data)
    assert (len(events), problems) == (count, [])


def test_the_line_of_a_later_document_is_its_first() -> None:
    bad = json.dumps(logs(log(timeUnixNano="x")), indent=2).encode()
    _, (problem,) = outcome(PRETTY + b"\n" + bad)
    start = len(PRETTY.splitlines()) + 1
    assert problem.startswith(f"stdin:{start}: resourceLogs[0]")


def test_lines_after_which_a_document_is_no_longer_expected() -> None:
    # Cut in the middle by a crash, then written on.
    events, problems = outcome(line(logs(log())) + line(logs(log()))[:40] + b"\n" + line(logs(log())) * 3)
    assert len(events) == 4
    assert len(problems) == 1
    assert problems[0].startswith("stdin:2: expected JSON, found an error at column 33 near ")


def test_a_first_line_cut_short_costs_itself_alone() -> None:
    events, problems = outcome(line(logs(log()))[:40] + b"\n" + line(logs(log())) * 3)
    assert len(events) == 3
    assert [problem.partition(" expected")[0] for problem in problems] == ["stdin:1:"]


def test_a_file_that_begins_inside_a_line_loses_that_line_alone() -> None:
    events, problems = outcome(line(logs(log()))[40:] + line(logs(log())) * 3)
    assert len(events) == 3
    assert [problem.partition(" expected")[0] for problem in problems] == ["stdin:1:"]


def test_a_broken_document_is_one_problem_with_its_line() -> None:
    lines = PRETTY.split(b"\n")
    lines[6] += b" oops"
    events, problems = outcome(b"\n".join(lines))
    assert events == []
    assert len(problems) == 1
    assert problems[0].startswith("stdin:7: expected JSON, found an error at column")


@pytest.mark.parametrize("value", [1, "x", None, True, [1], [[]], {"a": 1}])
def test_json_of_another_kind_is_a_problem(value: Any) -> None:
    events, problems = outcome(line(logs(log())) + line(value) + line(logs(log())))
    assert len(events) == 2
    (problem,) = problems
    assert problem.startswith("stdin:2: ")
    assert "expected OTLP logs or traces or alerts of Alertmanager, Grafana or Kibana, found " in problem
