"""The job that trains beside a sidecar that runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stormcell.codebook.document import load
from stormcell.store import SqliteStore
from tests.integration.program import process
from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import until
from tests.unit.engine.engines import request
from tests.unit.engine.modelled import MINUTE, at, telemetry, watched_settings

pytestmark = pytest.mark.slow

PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Running]:
    settings = {
        "live": {**HASTY, "keep_seconds": 60, "quiet_seconds": 60, "settle_seconds": 30, "horizon_seconds": 60},
        "text": {"embedder": "none"},
        "drift": watched_settings().drift.model_dump(mode="json"),
        "rollout": {"share": 1.0},
    }
    with Running(tmp_path / "sidecar", settings).start() as running:
        yield running


def test_it_trains_what_the_sidecar_saw(sidecar: Running) -> None:
    events = telemetry(0, 5 * MINUTE)
    for start in range(0, len(events), MINUTE):
        body = request(events[start : start + MINUTE], 0).body
        assert sidecar.client.post("/v1/logs", content=body, headers=PROTOBUF).status_code == 200
    until(lambda: sidecar.get("codebooks/sample")["events"], PATIENCE)
    # Nothing more is settled from then on, so that the sample stays as it is.
    last = at(5 * MINUTE - 1)
    until(lambda: sidecar.engine("watermark") == last and _ticked(sidecar), PATIENCE)
    command = ("codebook", "job", "--url", sidecar.url, "--config", sidecar.folder / "stormcell.yaml", "--json")
    first = process(*command, "--promote-first")
    assert (first.code, first.err) == (0, "")
    told = first.json
    assert (told["outcome"], told["state"]) == ("done", "live")
    again = process(*command).json
    assert (again["outcome"], again["version"]) == ("skipped", told["version"])
    # The sidecar goes on with it, and tells of the runs.
    until(
        lambda: f'stormcell_codebook_version="{told["version"]}"' in sidecar.client.get("/metrics").text, PATIENCE
    )
    text = sidecar.client.get("/metrics").text
    for outcome in ("done", "skipped"):
        assert f'stormcell_job_runs_total{{stormcell_job="train",stormcell_outcome="{outcome}"}} 1' in text
    assert told["version"] in sidecar.client.get("/codebooks").text
    with SqliteStore(sidecar.store, create=False) as store:
        book = load(store.codebook_document(told["version"]), "")
    assert book.provenance.events == told["events"]
    assert sidecar.stop() == 0, sidecar.said


def _ticked(sidecar: Running) -> bool:
    """Whether all ticks are made that the events so far allow."""
    before = sidecar.engine("ticks")
    time.sleep(1)
    return bool(sidecar.engine("ticks") == before)
