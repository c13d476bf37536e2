"""Values that are out of the ordinary: kept, or named and left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.program import stormcell
from tests.integration.telemetry import (
    Json,
    good,
    log,
    logs,
    placed,
    span,
    text,
    traces,
    write,
)

GOOD = ["good-1", "good-2"]


def test_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    line = json.dumps(logs(log("odd", "caf# closed"))).encode().replace(b"#", b"\xe9\xff")
    (tmp_path / "x.jsonl").write_bytes(line)
    ran = stormcell("group", tmp_path / "x.jsonl", "--out", tmp_path / "out", "--json")
    assert ran.code == 0
    assert ran.json["groups"][0]["medoid"]["text"] == "caf�� closed"
    assert stormcell("group", tmp_path / "x.jsonl").code == 0


def test_lone_surrogates(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", logs(log("odd\ud800", "half \udc80 a pair")))
    ran = stormcell("group", path, "--out", tmp_path / "out", "--json")
    assert (ran.code, ran.json["groups"][0]["medoid"]["uid"]) == (0, "odd�")
    for command in (["groups", "list"], ["groups", "show", "g-"], ["explain", "odd�"]):
        assert stormcell(*command, "--store", tmp_path / "out", "--json").code == 0


@pytest.mark.parametrize("kind", ["kvlistValue", "arrayValue"])
def test_attributes_nested_100_deep(kind: str, tmp_path: Path) -> None:
    value: Any = text("bottom")
    for _ in range(100):
        inner = {"key": "in", "value": value} if kind == "kvlistValue" else value
        value = {kind: {"values": [inner]}}
    deep = log("deep", "x")
    deep["attributes"].append({"key": "nested", "value": value})
    path = write(tmp_path / "x.jsonl", logs(deep, log("body", "", body=value)))
    ran = stormcell("group", path, "--out", tmp_path / "out", "--json")
    assert (ran.code, "problem" in ran.err) == (0, False)
    assert placed(ran.json) == {"deep", "body"}
    assert stormcell("explain", "deep", "--store", tmp_path / "out").code == 0


def test_json_nested_too_deep_to_be_read(tmp_path: Path) -> None:
    path = good(tmp_path)
    with path.open("a") as file:
        file.write('{"resourceLogs":' + "[" * 100_000 + "]" * 100_000 + "}\n")
    ran = stormcell("group", path, "--json")
    assert "good.jsonl:2: expected JSON that can be read, found it nested too deep" in ran.err
    assert placed(ran.json) == set(GOOD)


@pytest.mark.parametrize("time", [1, 2**63 - 1])
def test_the_first_and_the_last_moment(time: int, tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.jsonl",
        logs(log("edge", "x", timeUnixNano=str(time)), log("now", "y")),
        traces(span(1, "GET", startTimeUnixNano=str(time), endTimeUnixNano=str(time))),
    )
    ran = stormcell("group", path, "--out", tmp_path / "out", "--json")
    assert (ran.code, "problem" in ran.err) == (0, False)
    assert placed(ran.json) == {"edge", "now", "0000000000000001"}
    seen = {group["first_seen"] for group in ran.json["groups"]}
    assert ("1970-01-01T00:00:00.000000001Z" if time == 1 else "2262-04-11T23:47:16.854775807Z") in seen
    assert stormcell("explain", "edge", "--store", tmp_path / "out").code == 0
    assert stormcell("groups", "list", "--store", tmp_path / "out").code == 0


@pytest.mark.parametrize("service", [None, ""], ids=str)
def test_spans_and_logs_without_a_service(service: str | None, tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.jsonl",
        traces(span(1, "GET /"), service=service),
        logs(log("a", "disk full"), service=service),
    )
    ran = stormcell("group", path, "--out", tmp_path / "out")
    assert (ran.code, "problem" in ran.err) == (0, False)
    told = stormcell("explain", "0000000000000001", "--store", tmp_path / "out").out
    assert "span 0000000000000001 of an unknown service at 2023-11-14T22:13:20" in told
    for group in stormcell("groups", "list", "--store", tmp_path / "out", "--json").json:
        assert stormcell("groups", "show", group["id"], "--store", tmp_path / "out").code == 0


def test_the_same_uid_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", logs(log("twin", "first"), log("twin", "second", at=5), log("other", "x")))
    ran = stormcell("group", path, "--json")
    assert ran.code == 0
    assert "2 events" in ran.err
    assert "1 duplicate dropped" in ran.err
    assert (ran.json["events"], placed(ran.json)) == (2, {"twin", "other"})


NUMBERS: list[Json] = [
    {"doubleValue": float("nan")},
    {"doubleValue": float("inf")},
    {"doubleValue": "NaN"},
    {"doubleValue": "-Infinity"},
    {"doubleValue": 1e308},
]


def test_numbers_that_are_none(tmp_path: Path) -> None:
    records = []
    for i, value in enumerate(NUMBERS):
        record = log(f"odd-{i}", "x", at=i, body=value)
        record["attributes"].append({"key": "load", "value": value})
        records.append(record)
    path = write(tmp_path / "x.jsonl", logs(*records))
    ran = stormcell("group", path, "--out", tmp_path / "out", "--json")
    assert (ran.code, "problem" in ran.err) == (0, False)
    assert placed(ran.json) == {f"odd-{i}" for i in range(len(NUMBERS))}
    for name in ("groups.json", "groups.ndjson"):
        for line in (tmp_path / "out" / name).read_text().splitlines() if name.endswith("ndjson") else [ran.out]:
            json.loads(line, parse_constant=_refuse)
    assert stormcell("explain", "odd-0", "--store", tmp_path / "out").code == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")], ids=str)
def test_times_and_severities_that_are_no_numbers(value: float, tmp_path: Path) -> None:
    path = good(tmp_path)
    with path.open("a") as file:
        file.write(json.dumps(logs(log("bad", "x", timeUnixNano=value))) + "\n")
        file.write(json.dumps(logs(log("kept", "x", severityNumber=value))) + "\n")
    ran = stormcell("group", path, "--json")
    assert ran.code == 0
    assert "good.jsonl:2: resourceLogs[0].scopeLogs[0].logRecords[0].timeUnixNano: expected nanoseconds" in ran.err
    assert "good.jsonl:3: resourceLogs[0].scopeLogs[0].logRecords[0].severityNumber: expected a number" in ran.err
    assert placed(ran.json) == {*GOOD, "kept"}


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
