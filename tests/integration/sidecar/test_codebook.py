"""A sidecar that watches over the model: by the API, through crashes, in its metrics, and with what is damaged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from stormcell.codebook.assigning import Assigning
from stormcell.codebook.document import dump
from stormcell.codebook.summary import summarise
from stormcell.store import SqliteStore
from stormcell.types import Event, NoteKind, WindowSummary
from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import until
from tests.unit.engine.engines import request
from tests.unit.engine.modelled import KINDS, MINUTE, OTHERS, at, book, telemetry, watched_settings
from tests.unit.features.build import rows_of

pytestmark = pytest.mark.slow

LIVE = {**HASTY, "keep_seconds": 60, "quiet_seconds": 60, "settle_seconds": 30, "horizon_seconds": 60}
SETTINGS = watched_settings()


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Running]:
    settings = {
        "live": LIVE,
        "text": {"embedder": "none"},
        "drift": SETTINGS.drift.model_dump(mode="json"),
        "rollout": {"windows": 2, "share": 1.0, "promote": "auto"},
    }
    with Running(tmp_path / "sidecar", settings).start() as running:
        yield running


def send(sidecar: Running, events: Sequence[Event]) -> None:
    """Send events, a minute in a request, so that none comes after its tick."""
    for start in range(0, len(events), MINUTE):
        body = request(events[start : start + MINUTE], 0).body
        answer = sidecar.client.post("/v1/logs", content=body, headers={"content-type": "application/x-protobuf"})
        assert answer.status_code == 200, answer.text


def windows(sidecar: Running, version: str) -> list[WindowSummary]:
    with SqliteStore(sidecar.store, create=True) as store:
        return store.windows(version)[::-1]


def imported(sidecar: Running, kinds: Any = KINDS) -> str:
    version: str = sidecar.post("codebooks", **json.loads(dump(book(SETTINGS, kinds))))["version"]
    return version


def metrics(sidecar: Running) -> dict[str, float]:
    """Return what it tells, by name and attributes without those of the scope."""
    text = sidecar.client.get("/metrics").text
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            assert line[-1].isdigit(), line
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found


def test_killed_in_the_middle_it_sees_every_event_once(sidecar: Running) -> None:
    version = imported(sidecar)
    assert sidecar.post(f"codebooks/{version}/promote")["changed"]
    events = telemetry(0, 20 * MINUTE)
    for start in range(0, len(events), 4 * MINUTE):
        send(sidecar, events[start : start + 4 * MINUTE])
        sidecar.kill()
        sidecar.start()
    until(lambda: len(windows(sidecar, version)) >= 17, PATIENCE)
    found = windows(sidecar, version)[:17]
    assigning = Assigning(book(SETTINGS), SETTINGS)
    for number, one in enumerate(found):
        start = number * MINUTE
        whole = summarise(assigning, rows_of(events[start : start + MINUTE]), at(start), at(start + MINUTE))
        assert (one.start, one.end, one.events, one.new) == (whole.start, whole.end, MINUTE, 0)
        assert one.codewords == whole.codewords
    assert sidecar.stop() == 0, sidecar.said


def test_what_drifts_is_trained_for_promoted_and_told(sidecar: Running) -> None:
    old = imported(sidecar, OTHERS)
    sidecar.post(f"codebooks/{old}/promote", why="a try")
    send(sidecar, telemetry(0, 10 * MINUTE))
    until(lambda: sidecar.get("codebooks/status")["drift"] is not None, PATIENCE)
    until(lambda: "codeword" in sidecar.get("codebooks/status")["drift"]["active"], PATIENCE)
    told = metrics(sidecar)
    assert told["stormcell_drift_events_total"] == 1
    assert told['stormcell_drift_active{stormcell_field="codeword"}'] == 1
    assert told["stormcell_codebook_new_ratio"] == 1
    assert sidecar.post("codebooks/retrain", by="ann")["request"] == 1
    until(lambda: sidecar.get("codebooks/status")["canary"] is not None, PATIENCE)
    send(sidecar, telemetry(10 * MINUTE, 20 * MINUTE))
    until(lambda: sidecar.get("codebooks/status")["live"]["version"] != old, PATIENCE)
    send(sidecar, telemetry(20 * MINUTE, 30 * MINUTE))
    until(lambda: sidecar.get("codebooks/status")["probation"] is None, PATIENCE)
    status = sidecar.get("codebooks/status")
    live = status["live"]["version"]
    assert status["windows"][0]["new"] == 0
    assert status["drift"]["active"] == []
    told = metrics(sidecar)
    info = f'stormcell_codebook_info{{stormcell_codebook_version="{live}",stormcell_state="live"}}'
    assert told[info] == 1
    assert told["stormcell_codebook_codewords"] == status["live"]["codewords"]
    assert told["stormcell_codebook_new_ratio"] == 0
    assert told['stormcell_model_changes_total{stormcell_action="promote"}'] == 2
    assert told['stormcell_job_runs_total{stormcell_job="retrain",stormcell_outcome="done"}'] == 1
    assert told["stormcell_codebook_assignment_duration_seconds_count"] > 1000
    assert told['stormcell_codebook_assigned_total{stormcell_outcome="known"}'] > 300
    assert {entry["action"] for entry in sidecar.get("audit")["entries"]} >= {"import", "promote"}


def test_what_does_worse_than_before_is_rolled_back(sidecar: Running) -> None:
    good, bad = imported(sidecar), imported(sidecar, OTHERS)
    sidecar.post(f"codebooks/{good}/promote")
    send(sidecar, telemetry(0, 8 * MINUTE))
    until(lambda: len(windows(sidecar, good)) >= 3, PATIENCE)
    sidecar.post(f"codebooks/{bad}/promote", by="ann")
    send(sidecar, telemetry(8 * MINUTE, 16 * MINUTE))
    until(lambda: sidecar.get("codebooks/status")["live"]["version"] == good, PATIENCE)
    with SqliteStore(sidecar.store, create=True) as store:
        [note] = store.notes(NoteKind.ROLLED_BACK)
        states = {one.version: one.state.value for one in store.codebooks()}
    assert (note.version, note.detail["by"]) == (good, "sidecar")
    assert states == {good: "live", bad: "rejected"}


def test_with_a_damaged_codebook_it_goes_on_grouping(sidecar: Running) -> None:
    version = imported(sidecar)
    sidecar.post(f"codebooks/{version}/promote")
    sidecar.kill()
    (sidecar.data / "codebooks" / f"{version}.json").write_bytes(b"{}")
    sidecar.start()
    events = telemetry(0, 5 * MINUTE)
    send(sidecar, events)
    until(lambda: len(sidecar.placed()) >= 4 * MINUTE - 20, PATIENCE)
    until(lambda: "is not used, and grouping goes on without it" in sidecar.said, PATIENCE)
    assert sidecar.is_ready()
    assert not [name for name in metrics(sidecar) if name.startswith("stormcell_codebook_info")]
    assert sidecar.client.get(f"/api/v1/codebooks/{version}/document").status_code == 422
    assert sidecar.cli("codebook", "verify").code == 1
