"""stormcell codebook canary and retrain, on a store with a watch over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.program import Ran, stormcell
from tests.unit.engine.modelled import KINDS, OTHERS, World, book, watched_settings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, watched_settings())
    yield made
    made.store.close()


def run(world: World, *arguments: str) -> Ran:
    return stormcell("codebook", *arguments, "--store", world.store.path)


def status(world: World) -> Any:
    return run(world, "canary", "status", "--json").json


def test_a_canary_that_keeps_to_the_rules(world: World) -> None:
    codebook = book(world.settings)
    live, other = world.promote(codebook), world.add(book(world.settings, KINDS + OTHERS, codebook))
    assert "No codebook is a canary" in run(world, "canary", "status").err
    started = run(world, "canary", "start", other[:8], "--by", "ann", "--why", "new services", "--json")
    assert (started.code, started.json["state"], started.json["changed"]) == (0, "canary", True)
    assert "already" in run(world, "canary", "start", other).err
    assert "no sidecar has seen yet" in run(world, "canary", "status").err
    world.settle(None, 0)
    told = run(world, "canary", "status")
    assert (told.code, told.out, told.err) == (0, "", f"{other} is a canary that has seen no events yet.\n")
    world.minutes(0, 3)
    told = run(world, "canary", "status")
    assert told.code == 0
    assert "100.0% of them of the same kind in both" in told.err
    assert f"codebook promote {other}" in told.err
    assert [line.split()[0] for line in told.out.splitlines()] == ["of", "new", "mean", "mean", "silhouette"]
    found = status(world)
    assert found["live"]["version"] == live
    assert found["canary"]["watched"]["verdict"] == "promote"
    stopped = run(world, "canary", "stop")
    assert (stopped.code, stopped.err) == (0, f"{other} is a candidate.\n")
    again = run(world, "canary", "stop")
    assert (again.code, again.err) == (1, "stormcell: no codebook is canary\n")


def test_what_cannot_be_a_canary(world: World) -> None:
    only = world.add(book(world.settings))
    refused = run(world, "canary", "start", only)
    assert refused.code == 1
    assert f"make it so with `stormcell codebook promote {only}`" in refused.err
    assert run(world, "canary", "start", "cb-none").code == 1
    world.promote(book(world.settings))
    assert "is live" in run(world, "canary", "start", only).err


def test_a_request_to_train_is_heard_by_the_watch(world: World) -> None:
    world.minutes(0, 2)
    asked = run(world, "retrain", "--by", "ann")
    assert (asked.code, asked.out) == (0, "")
    assert "Request 1" in asked.err
    assert status(world)["retraining"] is True
    world.minutes(2, 4)
    assert status(world)["retraining"] is False
    assert list(world.states().values()) == ["candidate"]


def test_a_request_to_train_says_whether_it_has_to_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.minutes(0, 2)
    waits = run(world, "retrain", "--json")
    assert (waits.code, waits.json["changed"]) == (0, True)
    assert "a sample of 60 events so far, and drift.min_events (200)" in waits.json["waits"]
    assert "It trains once it can" in waits.err
    monkeypatch.setenv("STORMCELL_DRIFT__MIN_EVENTS", "60")
    again = run(world, "retrain", "--json").json
    assert again == {"request": 1, "changed": False, "waits": ""}
    monkeypatch.setenv("STORMCELL_ROLLOUT__SAMPLE_DAYS", "0")
    refused = run(world, "retrain")
    assert refused.code == 1
    assert "rollout.sample_days is 0 here" in refused.err
