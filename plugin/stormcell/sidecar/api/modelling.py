"""Codebooks: what is live, what it sees, and what people and jobs do with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stormcell.errors import NotFoundError
from stormcell.operate import canary, codebooks
from stormcell.operate.codebooks_json import changed_json, codebook_json, note_json, stored_json
from stormcell.sidecar.api.call import Call
from stormcell.sidecar.api.codebook_models import (
    CodebookBody,
    JobBody,
    PromoteBody,
    RollBackBody,
    StatusQuery,
    WhyBody,
)
from stormcell.types import NoteKind, Value


def list_codebooks(call: Call[None, None]) -> dict[str, Any]:
    """Return all codebooks, those stored last first."""
    return {"codebooks": [stored_json(one) for one in call.store.codebooks()]}


def model_status(call: Call[StatusQuery, None]) -> dict[str, Any]:
    """Return how the model stands, and what happened to it last."""
    with call.store.looking():
        notes = [note_json(note) for note in call.store.notes(limit=20)]
        return {**canary.status(call.store, windows=call.query.windows), "notes": notes}


def codebook_sample(call: Call[None, None]) -> dict[str, Any]:
    """Return the events of which the next codebook is trained."""
    return canary.sample(call.store)


def show_codebook(call: Call[None, None]) -> dict[str, Any]:
    """Return a codebook with its codewords."""
    with call.store.looking():
        stored = codebooks.find(call.store, call.named)
        return codebook_json(codebooks.opened(call.store, stored.version), stored)


def codebook_document(call: Call[None, None]) -> dict[str, Any]:
    """Return the document of a codebook; written as all answers are, it is the same byte for byte."""
    version = codebooks.find(call.store, call.named).version
    codebooks.opened(call.store, version)  # never hands on what is damaged
    found: dict[str, Any] = json.loads(call.store.codebook_document(version))
    return found


def import_codebook(call: Call[None, CodebookBody]) -> dict[str, Any]:
    """Take a codebook into the store as a candidate."""
    data = json.dumps(call.body.root, separators=(",", ":")).encode()
    return _changed(codebooks.add(call.store, data, "the codebook that was sent", call.person))


def promote_codebook(call: Call[None, PromoteBody]) -> dict[str, Any]:
    """Make a codebook live."""
    asked = call.body
    return _changed(codebooks.promote(call.store, call.named, call.person, why=asked.why, expected=asked.expected))


def roll_back_codebook(call: Call[None, RollBackBody]) -> dict[str, Any]:
    """Make the codebook live that was before."""
    asked = call.body
    return _changed(
        codebooks.roll_back(call.store, call.person, to=asked.to, why=asked.why, expected=asked.expected)
    )


def reject_codebook(call: Call[None, WhyBody]) -> dict[str, Any]:
    """Say that a codebook is not to become live."""
    return _changed(codebooks.reject(call.store, call.named, call.person, why=call.body.why))


def start_canary(call: Call[None, WhyBody]) -> dict[str, Any]:
    """Let a codebook watch beside the live one."""
    return _changed(canary.start(call.store, call.named, call.person, why=call.body.why))


def stop_canary(call: Call[None, WhyBody]) -> dict[str, Any]:
    """Let the canary be a candidate again."""
    return _changed(canary.stop(call.store, call.person, why=call.body.why))


def retrain(call: Call[None, WhyBody]) -> dict[str, Any]:
    """Train a codebook of what came last, which becomes the canary."""
    asked = canary.retrain(call.store, call.person, call.settings, why=call.body.why)
    return {"changed": asked.new, "request": asked.number}


def report_job(call: Call[None, JobBody]) -> dict[str, Any]:
    """Keep what a run of a job came to."""
    asked, store = call.body, call.store
    if asked.version and all(one.version != asked.version for one in store.codebooks()):
        raise NotFoundError(f"no codebook {asked.version!a} in the store; send it before the report of its run")
    detail: dict[str, Value] = {"job": asked.job, "outcome": asked.outcome, "seconds": asked.seconds}
    if asked.problem:
        detail["problem"] = asked.problem
    store.add_note(call.person.noted(NoteKind.JOB, asked.version, detail))
    return {"changed": True}


def _changed(done: codebooks.StateSet) -> dict[str, Any]:
    told: Mapping[str, Any] = changed_json(done)
    return dict(told)
