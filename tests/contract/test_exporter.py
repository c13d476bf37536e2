"""What every Exporter keeps to: all that are registered here."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from stormcell.errors import OutputError, StormcellError
from stormcell.protocols import Exporter
from stormcell.registry import exporter
from stormcell.types import Group, Signal
from tests.unit.exporters.fake_elasticsearch import FakeElasticsearch
from tests.unit.render.samples import event, group, grouping, row
from tests.unit.wire.servers import Answer, GrpcReceiver, HttpReceiver

GROUPS = grouping().groups


class Place(Protocol):
    """Where an exporter hands groups over to, and what came of it: (id, revision) of each group."""

    @property
    def target(self) -> str | Path: ...

    def came(self) -> list[tuple[str, int]]: ...

    def refuse(self) -> None:
        """Take nothing from now on."""


@dataclass
class _File:
    target: Path

    def came(self) -> list[tuple[str, int]]:
        lines = self.target.read_bytes().split(b"\n") if self.target.exists() else []
        return [_known(json.loads(line)) for line in lines if line]

    def refuse(self) -> None:
        self.target.unlink(missing_ok=True)
        self.target.mkdir()


class _Console:
    target = ""

    def __init__(self, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capture, self._patch = capture, patch

    def came(self) -> list[tuple[str, int]]:
        words = [line.split() for line in self._capture.readouterr().out.splitlines()]
        return [(line[1], int(line[2].removeprefix("r"))) for line in words]

    def refuse(self) -> None:
        closed = io.StringIO()
        closed.close()
        self._patch.setattr(sys, "stdout", closed)


@dataclass
class _Server:
    server: HttpReceiver | GrpcReceiver
    otlp: bool

    @property
    def target(self) -> str:
        return self.server.url

    def came(self) -> list[tuple[str, int]]:
        bodies = [request.body for request in self.server.requests]
        if not self.otlp:
            return [_known(json.loads(body)) for body in bodies]
        found = []
        for body in bodies:
            for holder in ExportLogsServiceRequest.FromString(body).resource_logs:
                for record in holder.scope_logs[0].log_records:
                    held = {pair.key: pair.value for pair in record.attributes}
                    revision = held["stormcell.group.revision"].int_value
                    found.append((held["stormcell.group.id"].string_value, revision))
        return found

    def refuse(self) -> None:
        self.server.answers.append(Answer(status=400, code=grpc.StatusCode.INVALID_ARGUMENT))


@dataclass
class _Elasticsearch:
    server: FakeElasticsearch

    @property
    def target(self) -> str:
        return self.server.url

    def came(self) -> list[tuple[str, int]]:
        return [_known(source) for index, source in self.server.written if index == "stormcell-groups"]

    def refuse(self) -> None:
        self.server.statuses.extend([400] * len(GROUPS))


def _known(document: Any) -> tuple[str, int]:
    return document["incident_group"]["id"], document["incident_group"]["revision"]


REGISTERED = {
    "console": "console",
    "elasticsearch": "elasticsearch",
    "ndjson": "file",
    "ndjson-append": "file",
    "otlp": "otlp",
    "webhook": "webhook",
}
CASES = [*REGISTERED.items(), ("otlp", "otlp-grpc")]


@pytest.fixture(params=CASES, ids=lambda case: case[1] if case[0] == "otlp" else case[0])
def case(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Exporter, Place]]:
    name, kind = request.param
    made = exporter(name)
    try:
        if kind == "file":
            yield made, _File(tmp_path / "groups.ndjson")
        elif kind == "console":
            yield made, _Console(capsys, monkeypatch)
        elif kind == "elasticsearch":
            with FakeElasticsearch() as elasticsearch:
                yield made, _Elasticsearch(elasticsearch)
        else:
            with GrpcReceiver() if kind == "otlp-grpc" else HttpReceiver() as server:
                yield made, _Server(server, otlp=name == "otlp")
    finally:
        if hasattr(made, "close"):
            made.close()


def test_all_of_ours_are_known_here() -> None:
    ours = {point.name for point in entry_points(group="stormcell.exporters") if "stormcell" in point.value}
    assert ours == set(REGISTERED)


def test_groups_arrive_in_order(case: tuple[Exporter, Place]) -> None:
    made, place = case
    made.export(GROUPS, place.target)
    assert place.came() == [(one.id, 1) for one in GROUPS]


def test_a_revision_says_which_it_is(case: tuple[Exporter, Place]) -> None:
    made, place = case
    made.export([replace(GROUPS[0], revision=1)], place.target)
    made.export([replace(GROUPS[0], revision=7)], place.target)
    assert place.came()[-1] == (GROUPS[0].id, 7)


def test_hostile_groups_arrive_too(case: tuple[Exporter, Place]) -> None:
    made, place = case
    hostile = "a\nb\u2028c\x1b[31m\ud800\0{{ 7*7 }}" + "x" * 100_000
    medoid = event(hostile, hostile, service=hostile, trace_id=hostile, resource={hostile: hostile})
    one, _ = group([row(medoid)], medoid, id="g-1", margin=float("inf"), title=hostile, trace=hostile)
    made.export([one], place.target)
    assert place.came() == [("g-1", 1)]


def test_a_target_that_takes_nothing_is_an_error_of_ours(case: tuple[Exporter, Place]) -> None:
    made, place = case
    place.refuse()
    with pytest.raises(OutputError):
        made.export(GROUPS, place.target)


@pytest.mark.parametrize("name", ["elasticsearch", "otlp", "webhook"])
def test_what_is_no_target_is_an_error_of_ours(name: str) -> None:
    with pytest.raises(StormcellError, match="expected a URL"):
        exporter(name).export(GROUPS, "nowhere")


def test_closing_is_harmless(case: tuple[Exporter, Place]) -> None:
    made, place = case
    if hasattr(made, "close"):
        with closing(made):  # type: ignore[type-var]  # it has
            made.export(GROUPS[:1], place.target)
        made.close()
        made.export(GROUPS[:1], place.target)  # it opens again
        assert [id for id, _ in place.came()] == [GROUPS[0].id] * 2


def test_a_group_of_one_event(case: tuple[Exporter, Place]) -> None:
    made, place = case
    medoid = event("a", "", signal=Signal.LOG)
    one: Group = group([row(medoid)], medoid)[0]
    made.export([one], place.target)
    assert len(place.came()) == 1
