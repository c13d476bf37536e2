"""A store with codebooks: one live that saw a few windows, in the last of which a service is new, and a canary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from stormcell.codebook import drift
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.document import dump
from stormcell.codebook.summary import summarise
from stormcell.codebook.training import train
from stormcell.config import Settings
from stormcell.operate import codebooks
from stormcell.operate.people import Person
from stormcell.store import SqliteStore
from stormcell.types import Codebook, CodebookState, Event, ModelNote, NoteKind, Rows, Value
from tests.unit.features.build import START, log, rows_of

SETTINGS = Settings()
HOUR = 3600
FIRST = HOUR - START // 10**9 % HOUR
"""Start of the first window, in seconds of the shop."""
KINDS: tuple[dict[str, Any], ...] = (
    {"service": "cart", "text": "added an item to the basket"},
    {"service": "cart", "text": "cannot reach the database", "severity": 17},
    {"service": "pay", "text": "payment accepted"},
    {"service": "pay", "text": "card was declined by the bank", "severity": 13},
)
NEW = {"service": "ship", "text": "parcel left the <b>warehouse</b>"}
ADA = Person("ada", "", 1_700_000_000_000_000_000)


def window(number: int, kinds: Sequence[dict[str, Any]] = KINDS, count: int = 600) -> Rows:
    """Return the rows of a window."""
    rng, start = Random(number), FIRST + number * HOUR
    events: list[Event] = [
        log(start + at * HOUR // count, uid=f"w{number}-{at}", **rng.choice(kinds)) for at in range(count)
    ]
    return rows_of(events)


def modelled(path: Path, windows: int = 6, settings: Settings = SETTINGS) -> tuple[Codebook, Codebook]:
    """Fill a store; return the codebook that is live, and the canary."""
    live = train(window(0), settings)
    canary = train(window(1), settings, seed=1, parent=live)
    assigning, state = Assigning(live, settings), drift.State()
    with SqliteStore(path, create=True) as store:
        for one in (live, canary):
            codebooks.add(store, dump(one), "shop.json", ADA)
        codebooks.promote(store, live.version, ADA, why="the <first>")
        note = ModelNote(ADA.now, NoteKind.CANARY_STARTED, canary.version, {"by": "ada"})
        store.set_codebook_state(canary.version, CodebookState.CANARY, note=note)
        for number in range(windows):
            kinds = (*KINDS, NEW) if number >= windows - 3 else KINDS
            start = START + (FIRST + number * HOUR) * 10**9
            seen = summarise(assigning, window(number, kinds), start, start + HOUR * 10**9)
            store.save_window(replace(seen, codebook=live.version))
            scores = drift.scores(live.reference, replace(seen, codebook=live.version), settings.drift)
            state, notes = drift.advance(state, scores, seen)
            for told in notes:
                store.add_note(told)
        store.save_model_state("drift", {"state": drift.dump(state), "codebook": live.version})
        store.save_model_state("canary", watched(canary, live))
        job: dict[str, Value] = {"job": "train", "outcome": "failed", "seconds": 12.5}
        store.add_note(ModelNote(ADA.now, NoteKind.JOB, "", job))
    return live, canary


def watched(canary: Codebook, live: Codebook) -> dict[str, Any]:
    """Return what the sidecar keeps of a canary."""
    mine = {"new": 10.0, "distance": 20.0, "radius": 40.0, "silhouette": 150.0}
    other = {"new": 30.0, "distance": 24.0, "radius": 40.0, "silhouette": 140.0}
    means = {"live": {name: value / 200 for name, value in mine.items()}}
    means["other"] = {name: value / 200 for name, value in other.items()}
    return {
        "version": canary.version,
        "live": live.version,
        "since": 0,
        "started": 0,
        "comparison": {
            "events": 200.0,
            "agreed": 180.0,
            "moved": 20.0,
            "live": mine,
            "other": other,
            "windows": 2,
        },
        "action": "wait",
        "reasons": ["2 of 6 windows are over"],
        "told": {"agreement": 0.9, "churn": 0.105, **means},
    }
