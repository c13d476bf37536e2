"""A storm through the real Collector and Alertmanager gives the groups that its files give."""

from __future__ import annotations

from pathlib import Path

from tests.services.actors import Sidecar, files_to, start_alertmanager, start_collector, start_sidecar
from tests.services.alerts import as_told, listening, recorded, tell
from tests.services.servers import Servers, until
from tests.services.storm import ALERTS, REPLAYED, grouped, telemetry


def tell_alertmanager(servers: Servers, sidecar: Sidecar) -> None:
    """Let Alertmanager notify the sidecar of all alerts."""
    with listening() as hook:
        alertmanager = start_alertmanager(servers, [f"{sidecar.http}/v1/alerts/alertmanager", hook.url])
        tell(alertmanager, recorded(ALERTS), hook)


def test_logs_traces_and_alerts(servers: Servers, tmp_path: Path) -> None:
    files = telemetry(tmp_path / "telemetry")
    expected = grouped(files, as_told(recorded(ALERTS), tmp_path / "alerts.jsonl"), scratch=tmp_path)
    assert len(expected) > 5

    sidecar = start_sidecar(servers, REPLAYED)
    start_collector(servers, files_to(sidecar.grpc, files))
    tell_alertmanager(servers, sidecar)
    until("the groups of the files", lambda: sidecar.members() == expected)
    assert sidecar.server.stop() == 0


def test_alerts_alone(servers: Servers, tmp_path: Path) -> None:
    expected = grouped(as_told(recorded(ALERTS), tmp_path / "alerts.jsonl"), scratch=tmp_path)
    assert expected

    sidecar = start_sidecar(servers, REPLAYED)
    tell_alertmanager(servers, sidecar)
    until("the groups of the file", lambda: sidecar.members() == expected)
    assert sidecar.server.stop() == 0
