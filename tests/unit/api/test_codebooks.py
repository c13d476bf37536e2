"""Codebooks over the API: who may do what with them, and what is told of the model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stormcell.access import Scope
from stormcell.codebook.document import dump
from stormcell.codebook.training import Trainer
from stormcell.sidecar.api.codebook_models import CodebookBody
from stormcell.types import NoteKind
from tests.unit.api.client import Api
from tests.unit.engine.modelled import KINDS, OTHERS, World, book, watched_settings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, watched_settings())
    yield made
    made.store.close()


@pytest.fixture
def api(world: World) -> Api:
    return Api(world.store.path)


def sent(api: Api, world: World, kinds: Any = KINDS) -> str:
    """Import a codebook, and return its version."""
    document = dump(book(world.settings, kinds))
    done = api.done("/codebooks", json.loads(document))
    assert (done["state"], done["changed"]) == ("candidate", True)
    version: str = done["version"]
    return version


def test_a_codebook_goes_in_and_comes_out_byte_for_byte(api: Api, world: World) -> None:
    document = dump(book(world.settings))
    first = api.done("/codebooks", json.loads(document))
    again = api.post("/api/v1/codebooks", content=document, headers={"content-type": "application/json"}).json()
    assert (first["changed"], again["changed"]) == (True, False)
    assert api.get(f"/api/v1/codebooks/{first['version'][:8]}/document").content == document
    [listed] = api.got("/codebooks")["codebooks"]
    shown = api.got(f"/codebooks/{first['version']}")
    assert listed["version"] == shown["version"] == first["version"]
    assert len(shown["codewords"]) == listed["codewords"]


def test_a_codebook_is_read_off_the_event_loop(api: Api, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    loops = []

    def validated(content: bytes) -> CodebookBody:
        loops.append(asyncio._get_running_loop())
        return CodebookBody(root=json.loads(content))

    monkeypatch.setattr(CodebookBody, "model_validate_json", validated)
    sent(api, world)
    assert loops == [None]


def test_an_altered_codebook_is_refused(api: Api, world: World) -> None:
    document = json.loads(dump(book(world.settings)))
    document["codewords"][0]["weight"] += 1
    answer = api.post("/api/v1/codebooks", document)
    assert answer.status_code == 422
    assert "the codebook that was sent" in answer.json()["detail"]
    assert api.got("/codebooks")["codebooks"] == []


def test_from_promotion_to_rollback(api: Api, world: World) -> None:
    first, second = sent(api, world), sent(api, world, OTHERS)
    nudges = api.nudges
    assert api.done(f"/codebooks/{first}/promote", {"why": "it is the first", "expected": ""})["changed"]
    assert api.nudges == nudges + 1
    assert api.post(f"/api/v1/codebooks/{second}/promote", {"expected": ""}).status_code == 409
    assert api.done(f"/codebooks/{second}/promote")["live_before"] == first
    assert not api.done(f"/codebooks/{second}/promote")["changed"]
    back = api.done("/codebooks/rollback", {"by": "ann", "why": "all is new"})
    assert (back["version"], back["state"]) == (first, "live")
    states = {one["version"]: one["state"] for one in api.got("/codebooks")["codebooks"]}
    assert states == {first: "live", second: "rejected"}
    notes = api.got("/codebooks/status")["notes"]
    assert [(note["kind"], note["version"]) for note in notes[:3]] == [
        ("rolled-back", first),
        ("promoted", second),
        ("promoted", first),
    ]
    entries = api.got("/audit")["entries"]
    assert [entry["action"] for entry in entries] == ["import", "import", "promote", "promote", "roll-back"]


def test_a_canary_is_started_watched_and_stopped(api: Api, world: World) -> None:
    first, second = sent(api, world), sent(api, world, KINDS + OTHERS)
    refused = api.post(f"/api/v1/codebooks/{second}/canary")
    assert refused.status_code == 409
    assert f"stormcell codebook promote {second}" in refused.json()["detail"]
    api.done(f"/codebooks/{first}/promote")
    assert api.done(f"/codebooks/{second}/canary")["state"] == "canary"
    assert not api.done(f"/codebooks/{second}/canary")["changed"]
    status = api.got("/codebooks/status")
    assert status["canary"]["version"] == second
    assert status["canary"]["watched"] is None
    world.minutes(0, 3)
    status = api.got("/codebooks/status", windows=2)
    watched = status["canary"]["watched"]
    assert (watched["windows"], watched["verdict"]) == (3, "promote")
    assert len(status["windows"]) == 2
    assert status["drift"]["active"] == []
    assert api.done("/codebooks/canary/stop", {"why": "not today"})["state"] == "candidate"
    assert api.post("/api/v1/codebooks/canary/stop").status_code == 404
    assert api.done(f"/codebooks/{second}/reject")["state"] == "rejected"


def test_the_sample_is_one_to_train_with(api: Api, world: World) -> None:
    assert api.got("/codebooks/sample") == {"events": 0, "training": None}
    world.minutes(0, 4)
    found = api.got("/codebooks/sample")
    # The last minute is not stored yet: a sample is stored before what a tick settles is added.
    trainer = Trainer.restore(world.settings, found["training"])
    assert found["events"] == trainer.events > 0
    assert {word.medoid.service for word in trainer.train().codewords} == {"cart", "pay", "ship"}


def test_training_is_asked_for_and_done(api: Api, world: World) -> None:
    version = sent(api, world)
    api.done(f"/codebooks/{version}/promote")
    world.minutes(0, 2)
    assert api.done("/codebooks/retrain", {"by": "ann"}) == {"changed": True, "request": 1}
    assert api.done("/codebooks/retrain") == {"changed": False, "request": 1}
    assert api.got("/codebooks/status")["retraining"] is True
    world.minutes(2, 4)
    status = api.got("/codebooks/status")
    [entry] = [entry for entry in api.got("/audit")["entries"] if entry["action"] == "retrain"]
    assert (entry["target"], entry["detail"]["by"]) == ("1", "ann")
    assert status["retraining"] is False
    assert status["canary"]["version"] != version


def test_runs_of_jobs_are_kept(api: Api, world: World) -> None:
    version = sent(api, world)
    assert api.done("/codebooks/jobs", {"outcome": "done", "seconds": 12.5, "version": version})["changed"]
    api.done("/codebooks/jobs", {"outcome": "failed", "seconds": 1, "problem": "no events"})
    failed, done = world.store.notes(NoteKind.JOB)
    assert (done.version, done.detail["job"], done.detail["outcome"]) == (version, "train", "done")
    assert (failed.detail["outcome"], failed.detail["problem"]) == ("failed", "no events")
    for wrong in ({"outcome": "odd", "seconds": 1}, {"outcome": "done", "seconds": -1}, {"outcome": "done"}):
        assert api.post("/api/v1/codebooks/jobs", wrong).status_code == 422
    unknown = {"outcome": "done", "seconds": 1, "version": "cb-000000000000"}
    assert api.post("/api/v1/codebooks/jobs", unknown).status_code == 404


TRAINING = ("", "/x/canary", "/retrain", "/jobs")
CHANGES = ("/x/promote", "/x/reject", "/canary/stop", "/rollback")


@pytest.mark.parametrize(
    ("path", "scope"),
    [*((path, Scope.TRAIN) for path in TRAINING), *((path, Scope.ADMINISTER) for path in CHANGES)],
)
def test_changes_take_a_token_that_may_train_or_administer(world: World, path: str, scope: Scope) -> None:
    others = {*Scope} - {scope}
    api = Api(world.store.path, [("other", others), ("one", {scope})])
    answers = [
        api.post(f"/api/v1/codebooks{path}", {}, headers={"authorization": f"Bearer {who}"})
        for who in ("other", "one")
    ]
    assert answers[0].status_code == 403
    assert answers[1].status_code in {200, 404, 409, 422}


@pytest.mark.parametrize("path", ["", "/status", "/sample", "/x", "/x/document"])
def test_looking_takes_a_token_that_may_read(world: World, path: str) -> None:
    api = Api(world.store.path, [("op", {Scope.OPERATE}), ("viewer", {Scope.READ})])
    answers = [
        api.get(f"/api/v1/codebooks{path}", headers={"authorization": f"Bearer {who}"}) for who in ("op", "viewer")
    ]
    assert answers[0].status_code == 403
    assert answers[1].status_code in {200, 404}
