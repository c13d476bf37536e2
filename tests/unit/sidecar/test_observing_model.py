"""What is told of the model in metrics, whichever process changed the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from stormcell.engine.late import LateEngine
from stormcell.sidecar.observing_model import observe_model
from stormcell.telemetry.sdk import SdkMeters
from stormcell.types import ModelNote, NoteKind
from tests.unit.engine.modelled import KINDS, OTHERS, World, book, watched_settings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, watched_settings())
    yield made
    made.store.close()


def told(world: World, *, loaded: bool = True) -> dict[str, float]:
    """Return the metrics of the model, by name and attributes."""
    engine = SimpleNamespace(loaded=SimpleNamespace(model=world.watch, behind=2.5) if loaded else None)
    meters = SdkMeters()
    try:
        observe_model(meters, world.store.path, cast(LateEngine, engine))
        lines = [line for line in meters.text().splitlines() if line and not line.startswith("#")]
    finally:
        meters.close()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def of(found: dict[str, float], start: str) -> dict[str, float]:
    return {name: value for name, value in found.items() if name.startswith(start)}


def test_of_no_model_nothing_is_told_but_zeros(world: World) -> None:
    found = told(world, loaded=False)
    assert set(of(found, "stormcell_").values()) == {0}
    assert of(found, "stormcell_codebook_info") == of(found, "stormcell_codebook_age") == {}
    # Even what was promoted once it is told from the start.
    assert found['stormcell_model_changes_total{stormcell_action="roll-back"}'] == 0
    assert found['stormcell_job_runs_total{stormcell_job="train",stormcell_outcome="failed"}'] == 0


def test_what_is_live_and_what_watches_beside_it(world: World) -> None:
    codebook = book(world.settings)
    live = world.promote(codebook)
    beside = world.canary(book(world.settings, KINDS + OTHERS, codebook))
    world.minutes(0, 2)
    found = told(world)
    assert of(found, "stormcell_codebook_info") == {
        f'stormcell_codebook_info{{stormcell_codebook_version="{live}",stormcell_state="live"}}': 1,
        f'stormcell_codebook_info{{stormcell_codebook_version="{beside}",stormcell_state="canary"}}': 1,
    }
    assert found["stormcell_codebook_codewords"] == len(codebook.codewords)
    assert found["stormcell_codebook_age_seconds"] > 0
    assert found["stormcell_canary_agreement_ratio"] == 1
    assert found['stormcell_codebook_assigned_total{stormcell_outcome="known"}'] == 120
    assert found['stormcell_codebook_assigned_total{stormcell_outcome="new"}'] == 0
    assert found["stormcell_codebook_assignment_duration_seconds_count"] == 120
    assert found["stormcell_group_freshness_seconds"] == 2.5


def test_how_the_last_window_fits_and_what_has_drifted(world: World) -> None:
    world.promote(book(world.settings))
    world.minutes(0, 4, OTHERS)
    found = told(world)
    assert found["stormcell_codebook_new_ratio"] == 1
    assert found["stormcell_codebook_distance_ratio"] > 0.1
    assert found['stormcell_drift_active{stormcell_field="service"}'] == 1
    assert found['stormcell_drift_score_ratio{stormcell_field="service",stormcell_measure="psi"}'] > 1
    assert found["stormcell_drift_events_total"] == 1
    # Of another codebook that is not known yet.
    world.promote(book(world.settings, OTHERS))
    assert of(told(world), "stormcell_drift_active") == {}


def test_a_codebook_that_cannot_be_used_is_not_told_as_live(world: World) -> None:
    version = world.promote(book(world.settings))
    world.store.codebook_file(version).unlink()
    world.minutes(0, 1)
    found = told(world)
    assert of(found, "stormcell_codebook_info") == of(found, "stormcell_codebook_codewords") == {}


def test_runs_of_jobs(world: World) -> None:
    def run(outcome: str, seconds: float) -> None:
        detail: dict[str, Any] = {"job": "train", "outcome": outcome, "seconds": seconds}
        world.store.add_note(ModelNote(world.time, NoteKind.JOB, "", detail))

    run("done", 30)
    run("failed", 3)
    run("failed", 4)
    found = told(world)
    job = 'stormcell_job="train"'
    assert found[f'stormcell_job_runs_total{{{job},stormcell_outcome="done"}}'] == 1
    assert found[f'stormcell_job_runs_total{{{job},stormcell_outcome="failed"}}'] == 2
    assert found[f"stormcell_job_duration_seconds{{{job}}}"] == 4
    before = found[f"stormcell_job_last_success_seconds{{{job}}}"]
    assert before > 0
    world.time += 10**15
    run("skipped", 1)
    # What is counted does not fall as notes are forgotten.
    assert world.store.forget(background=0, groups=0, audit=world.time, most=100).notes == 1
    assert told(world)[f'stormcell_job_runs_total{{{job},stormcell_outcome="failed"}}'] == 2
    assert told(world)[f"stormcell_job_last_success_seconds{{{job}}}"] < before
