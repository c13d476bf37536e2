"""The same storm through the real Collector and Alertmanager gives the groups that its files give."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.services.actors import files_to, start_alertmanager, start_collector, start_sidecar
from tests.services.alerts import Alert, listening, recorded, resolved, tell
from tests.services.servers import ROOT, Servers, until

STORM = ROOT / "benchmarks" / "data" / "trainticket-overlap"
ALERTS = STORM / "alerts.alertmanager.jsonl.gz"


def telemetry(folder: Path) -> Path:
    """Unpack logs and traces."""
    folder.mkdir()
    for name in ("logs.otlp.jsonl", "traces.otlp.jsonl"):
        with gzip.open(STORM / f"{name}.gz") as packed, (folder / name).open("wb") as file:
            shutil.copyfileobj(packed, file)
    return folder


def as_told(payloads: Iterable[Alert], file: Path) -> Path:
    """Write payloads as Alertmanager sends them in these tests: each firing, then resolved."""
    lines = []
    for payload in payloads:
        lines.append(payload)
        lines.append({**payload, "status": "resolved", "alerts": [resolved(alert) for alert in payload["alerts"]]})
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return file


def grouped(*paths: Path) -> dict[str, Any]:
    """Return the groups of files."""
    command = [sys.executable, "-m", "stormcell", "group", *map(str, paths), "--json"]
    document: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return document


def members(document: dict[str, Any]) -> set[frozenset[str]]:
    return {frozenset(group["members"]) for group in document["groups"]}


@pytest.fixture
def payloads() -> list[Alert]:
    return list(recorded(ALERTS))


def test_logs_traces_and_alerts(servers: Servers, payloads: list[Alert], tmp_path: Path) -> None:
    files = telemetry(tmp_path / "telemetry")
    expected = grouped(files, as_told(payloads, tmp_path / "alerts.jsonl"))
    assert len(expected["groups"]) > 5

    sidecar = start_sidecar(servers)
    start_collector(servers, files_to(sidecar.grpc, files))
    with listening() as hook:
        alertmanager = start_alertmanager(servers, [f"{sidecar.http}/v1/alerts/alertmanager", hook.url])
        tell(alertmanager, (alert for payload in payloads for alert in payload["alerts"]), hook)
    until("the same groups", lambda: sidecar.members() == members(expected))
    assert sidecar.server.stop() == 0


def test_alerts_alone(servers: Servers, payloads: list[Alert], tmp_path: Path) -> None:
    expected = grouped(as_told(payloads, tmp_path / "alerts.jsonl"))
    assert expected["groups"]

    sidecar = start_sidecar(servers)
    with listening() as hook:
        alertmanager = start_alertmanager(servers, [f"{sidecar.http}/v1/alerts/alertmanager", hook.url])
        tell(alertmanager, (alert for payload in payloads for alert in payload["alerts"]), hook)
    until("the same groups", lambda: sidecar.members() == members(expected))
    assert sidecar.server.stop() == 0
