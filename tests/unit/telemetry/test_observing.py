"""What the meters say of a sidecar is what happened to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stormcell.config import Settings
from stormcell.errors import RefusedError
from stormcell.sidecar.app import Sidecar
from stormcell.sidecar.intake import RejectedError
from stormcell.sidecar.observing import observe
from stormcell.telemetry.sdk import SdkMeters
from stormcell.types import RequestKind
from tests.unit.telemetry.test_meters import samples


def label(**labels: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Sidecar]:
    settings = Settings.model_validate(
        {"live": {"data": tmp_path, "idle_seconds": 0.1}, "receivers": {"grpc_port": 0, "http_port": 0}}
    )
    made = Sidecar(settings)
    made.runtime.engine.start()
    yield made
    assert made.stop()


@pytest.fixture
def meters(sidecar: Sidecar) -> Iterator[SdkMeters]:
    made = SdkMeters()
    observe(made, sidecar)
    yield made
    made.close()


def eventually(meters: SdkMeters, name: str, labels: Any, least: float) -> dict[Any, float]:
    """Return what is told once one of it has reached a value."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = samples(meters)
        if found.get((name, labels), -1) >= least:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{name} did not reach {least}: {samples(meters)}")


LOGS = b"""{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"NAME"}}]},
"scopeLogs":[{"logRecords":[{"timeUnixNano":"TIME","severityNumber":17,"body":{"stringValue":"it broke"}}]}]}]}"""


def logs(name: str) -> bytes:
    return LOGS.replace(b"NAME", name.encode()).replace(b"TIME", str(time.time_ns()).encode())


def test_what_came_in_is_told(sidecar: Sidecar, meters: SdkMeters) -> None:
    for name in ("cart", "cart", "stormcell"):
        sidecar.intake.take(RequestKind.LOGS_JSON, logs(name))
    with pytest.raises(RejectedError):
        sidecar.intake.take(RequestKind.LOGS_JSON, b"no JSON")
    with pytest.raises(RefusedError):
        raise sidecar.intake.refused(next(iter(sidecar.intake.counts.items)), "later", 1.0)
    eventually(meters, "stormcell_assignment_duration_seconds_count", (), 3)
    found = samples(meters)  # the other values were read before this one
    assert found["stormcell_ingest_received_total", label(stormcell_signal="log")] == 3
    assert found["stormcell_ingest_accepted_total", label(stormcell_signal="log")] == 3
    refused = "stormcell_ingest_refused_total"
    assert found[refused, label(stormcell_signal="log", error_type="content")] == 1
    assert found[refused, label(stormcell_signal="log", error_type="overload")] == 1
    # Our own telemetry is not grouped.
    assert found["stormcell_ingest_dropped_total", label(error_type="own")] == 1
    assert found["stormcell_journal_size_bytes", ()] > 0
    assert found["stormcell_journal_segments", ()] == 1
    assert found["stormcell_journal_torn_total", ()] == 0
    assert found["stormcell_journal_backlog_bytes", label(stormcell_consumer="engine")] == 0
    assert found["stormcell_journal_lag_seconds", label(stormcell_consumer="engine")] == 0


def test_ticks_and_groups_are_told(sidecar: Sidecar, meters: SdkMeters) -> None:
    for at in range(3):
        sidecar.intake.take(RequestKind.LOGS_JSON, logs(f"service-{at}"))
    eventually(meters, "stormcell_assignment_duration_seconds_count", (), 3)
    sidecar.runtime.engine.nudge()
    found = eventually(meters, "stormcell_tick_duration_seconds_count", (), 1)
    found = eventually(meters, "stormcell_groups", label(stormcell_group_status="open"), 1)
    assert found["stormcell_groups", label(stormcell_group_status="resolved")] == 0
    assert 0 <= found["stormcell_group_radius_ratio", ()] <= 1
    assert -1 <= found.get(("stormcell_group_silhouette_ratio", ()), 0) <= 1
    # What was told stays: both are cumulative.
    assert samples(meters)["stormcell_tick_duration_seconds_count", ()] >= 1
