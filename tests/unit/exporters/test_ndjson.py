from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.errors import OutputError
from stormcell.protocols import Exporter
from stormcell.types import Signal
from stormcell_exporters.ndjson import MAX_MEMBERS, NdjsonExporter, document
from tests.unit.render.samples import error_log, event, group, grouping, latency, row, span


def test_it_is_an_exporter() -> None:
    assert isinstance(NdjsonExporter(), Exporter)


def test_one_document_a_line_in_order(tmp_path: Path) -> None:
    groups = grouping().groups
    NdjsonExporter().export(groups, tmp_path / "groups.ndjson")
    text = (tmp_path / "groups.ndjson").read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert [json.loads(line) for line in text.splitlines()] == [document(one) for one in groups]


def test_no_groups_make_an_empty_file(tmp_path: Path) -> None:
    NdjsonExporter().export([], tmp_path / "groups.ndjson")
    assert (tmp_path / "groups.ndjson").read_bytes() == b""


def test_a_document_has_the_ecs_shape() -> None:
    made, _ = latency()
    found = document(made)
    assert found["@timestamp"] == found["event"]["end"] == "2023-11-14T22:13:46.216Z"
    assert found["event"] == {
        "kind": "alert",
        "dataset": "stormcell.group",
        "start": "2023-11-14T22:13:24.898999808Z",
        "end": "2023-11-14T22:13:46.216Z",
        "severity": 21,
        "reason": "PodClientLatencyP90High on ts-admin-basic-info-service",
    }
    assert found["ecs"] == {"version": "9.4.0"}
    assert found["message"] == "PodClientLatencyP90High"
    assert found["service"]["name"][0] == "ts-order-service"
    assert found["trace"]["id"] == ["56515ddcdb03891053c87c36f847099d"]
    assert found["rule"]["name"] == ["PodClientLatencyP90High"]
    assert found["labels"]["pod"] == "ts-admin-basic-info-service-5f55b6cf68-77cfw"
    assert "summary" not in found["labels"]
    incident = found["incident_group"]
    assert incident["exemplar_id"] == made.medoid.uid
    assert incident["earliest_id"] == "7f0936607286c3ec"
    assert incident["count"] == len(incident["member_ids"]) == 5
    assert incident["radius"] == 0.4375
    assert incident["margin"] == 0.1875
    assert incident["services"][0] == {"name": "ts-order-service", "blame": 0.617188}
    assert incident["members_truncated"] is False


def test_what_is_unknown_is_left_out() -> None:
    found = document(error_log()[0])
    assert {"service", "trace", "host", "rule", "labels"}.isdisjoint(found)
    assert "margin" not in found["incident_group"]
    assert "margin" not in document(span()[0])["incident_group"]  # infinite
    assert document(span()[0])["host"] == {"name": ["worker-3"]}


def test_member_ids_are_capped() -> None:
    medoid = event("m0000")
    uids = [f"m{number:04d}" for number in range(1, MAX_MEMBERS + 1)]
    made, _ = group([row(medoid, *uids)], medoid)
    incident = document(made)["incident_group"]
    assert incident["member_ids"] == ["m0000", *uids[:-1]]
    assert incident["members_truncated"] is True
    assert incident["count"] == MAX_MEMBERS + 1
    fewer = replace(made, members=made.members[1:])
    assert document(fewer)["incident_group"]["members_truncated"] is False


def test_hostile_text_stays_within_its_line(tmp_path: Path) -> None:
    hostile = "a\nb\u2028c\x1b[0m\ud800"
    medoid = event("u1", hostile, signal=Signal.ALERT, attributes={"labels.a.b": hostile, "labels.n": 3})
    made, _ = group([row(medoid)], medoid)
    NdjsonExporter().export([made], tmp_path / "groups.ndjson")
    data = (tmp_path / "groups.ndjson").read_bytes()
    assert data.count(b"\n") == 1
    found = json.loads(data)
    assert found["message"] == hostile
    assert found["labels"] == {"a.b": hostile, "n": "3"}


def test_a_target_that_cannot_be_written_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "groups.ndjson").mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*/groups\.ndjson"):
        NdjsonExporter().export([], tmp_path / "groups.ndjson")
    assert [path.name for path in tmp_path.iterdir()] == ["groups.ndjson"]


def test_numbers_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    made, _ = error_log()
    with pytest.raises(ValueError, match="not JSON compliant"):
        NdjsonExporter().export([replace(made, radius=float("nan"))], tmp_path / "groups.ndjson")
    assert not (tmp_path / "groups.ndjson").exists()
