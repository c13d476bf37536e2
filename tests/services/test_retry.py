"""What the sidecar was not there for, or refused, is sent again: nothing is lost, nothing counts twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.services.actors import (
    Sidecar,
    files_to,
    otlp_exporter,
    start_alertmanager,
    start_collector,
    start_sidecar,
)
from tests.services.alerts import listening, post_alerts, recorded, rounds
from tests.services.servers import Servers, until
from tests.services.storm import ALERTS, REPLAYED, Groups, grouped, telemetry


@dataclass
class Storm:
    """Files of logs and traces, and the groups in them."""

    files: Path
    groups: Groups

    def wait_for(self, sidecar: Sidecar) -> None:
        """Wait until the sidecar has all of its groups, and no others."""
        assert len(self.groups) > 5
        until("the groups of the files", lambda: sidecar.members() == self.groups)


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Storm:
    folder = tmp_path_factory.mktemp("storm")
    files = telemetry(folder / "telemetry")
    return Storm(files, grouped(files, scratch=folder))


def test_the_collector_waits_for_a_sidecar_that_comes_late(servers: Servers, storm: Storm) -> None:
    sidecar = start_sidecar(servers, REPLAYED)
    sidecar.server.stop()
    collector = start_collector(servers, files_to(sidecar.grpc, storm.files))
    until("a first attempt", lambda: "retry" in collector.said().lower())
    sidecar.again(servers)
    storm.wait_for(sidecar)


def test_the_collector_goes_on_after_a_crash(servers: Servers, storm: Storm) -> None:
    sidecar = start_sidecar(servers, REPLAYED)
    start_collector(servers, files_to(sidecar.grpc, storm.files))
    until("the first logs", lambda: sidecar.received("logs") > 0)
    sidecar.server.kill()
    sidecar.again(servers)
    storm.wait_for(sidecar)


def test_the_collector_sends_again_what_is_refused(servers: Servers, storm: Storm) -> None:
    # Room for little of what the Collector sends at the same time.
    tight = {"max_request_bytes": 1 << 18, "max_pending_bytes": 1 << 18}
    sidecar = start_sidecar(servers, {**REPLAYED, "receivers": tight})
    config = files_to(sidecar.grpc, storm.files)
    config["exporters"] = {"otlphttp": otlp_exporter(sidecar.http, compression="none")}
    pipeline: dict[str, Any] = {"receivers": ["otlpjsonfile"], "exporters": ["otlphttp"]}
    config["pipelines"] = {"logs": pipeline, "traces": pipeline}
    start_collector(servers, config)
    storm.wait_for(sidecar)
    assert sidecar.read("status")["refused"], "nothing was refused, so nothing was tried here"


def test_alertmanager_waits_for_a_sidecar_that_comes_late(servers: Servers) -> None:
    sidecar = start_sidecar(servers)
    sidecar.server.stop()
    [alerts, *_] = rounds(alert for payload in recorded(ALERTS) for alert in payload["alerts"])
    with listening() as hook:
        alertmanager = start_alertmanager(servers, [f"{sidecar.http}/v1/alerts/alertmanager", hook.url])
        post_alerts(alertmanager, alerts)
        # It has told another of all of them, and has not got through to the sidecar.
        hook.wait_for(alerts)
    sidecar.again(servers)
    until("the alerts", lambda: sidecar.received("alerts") >= len(alerts))
