"""What the sidecar was not there for, or refused, is sent again: nothing is lost, nothing counts twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.services.actors import Sidecar, files_to, otlp_exporter, start_collector, start_sidecar
from tests.services.servers import Servers, until
from tests.services.storm import REPLAYED, grouped, telemetry


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return telemetry(tmp_path / "telemetry")


def wait_for_the_groups_of(files: Path, sidecar: Sidecar) -> None:
    expected = grouped(files, scratch=files.parent)
    assert len(expected) > 5
    until("the groups of the files", lambda: sidecar.members() == expected)


def test_a_sidecar_that_comes_late(servers: Servers, files: Path) -> None:
    sidecar = start_sidecar(servers, REPLAYED)
    sidecar.server.stop()
    collector = start_collector(servers, files_to(sidecar.grpc, files))
    until("a first attempt", lambda: "retry" in collector.said().lower())
    sidecar.again(servers)
    wait_for_the_groups_of(files, sidecar)


def test_a_sidecar_that_crashes(servers: Servers, files: Path) -> None:
    sidecar = start_sidecar(servers, REPLAYED)
    start_collector(servers, files_to(sidecar.grpc, files))
    until("the first logs", lambda: sidecar.received("logs") > 0)
    sidecar.server.kill()
    sidecar.again(servers)
    wait_for_the_groups_of(files, sidecar)


def test_a_sidecar_that_refuses_what_is_too_much_at_once(servers: Servers, files: Path) -> None:
    # Room for one of the Collector's requests at a time, which come in tens.
    tight = {**REPLAYED, "receivers": {"max_request_bytes": 1 << 20, "max_pending_bytes": 1 << 20}}
    sidecar = start_sidecar(servers, tight)
    config = files_to(sidecar.grpc, files)
    config["exporters"] = {"otlphttp": otlp_exporter(sidecar.http, compression="none")}
    pipeline: dict[str, Any] = {"receivers": ["otlpjsonfile"], "exporters": ["otlphttp"]}
    config["pipelines"] = {"logs": pipeline, "traces": pipeline}
    start_collector(servers, config)
    wait_for_the_groups_of(files, sidecar)
