"""What people do with a codebook that may take over: let it watch beside the live one, stop it, train another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stormcell.codebook.training import enough
from stormcell.config import Settings
from stormcell.errors import ConflictError
from stormcell.operate.codebooks import StateSet, find, opened, reason
from stormcell.operate.codebooks_json import stored_json
from stormcell.operate.people import Person
from stormcell.store import SqliteStore
from stormcell.store.model import ASKED, CANARY, DRIFT, SAMPLE, WATCH
from stormcell.times import rfc3339
from stormcell.types import CodebookState, NoteKind, WindowSummary

_REQUESTS: Final = ((ASKED, "number"), (WATCH, "asked"))
"""Where the last request to train is, and the last that was heard."""


def start(store: SqliteStore, version: str, person: Person, *, why: str = "") -> StateSet:
    """Let a codebook watch beside the live one, by its version or the start of it.

    Raises
    ------
    InputError
        If the reason is too long.
    NotFoundError
        If it is not stored.
    CodebookError
        If its file is missing or damaged.
    ConflictError
        If no codebook is live, it is the live one, or another is the canary.
    """
    told = reason(why)
    found, live = find(store, version), store.live_codebook()
    if live is None:
        raise ConflictError(
            "no codebook is live, with which another could be compared; make it so with"
            f" `stormcell codebook promote {found.version}`"
        )
    opened(store, found.version)
    note = person.noted(NoteKind.CANARY_STARTED, found.version, told)
    audit = [person.did("canary", found.version, (), told)]
    changed = store.set_codebook_state(found.version, CodebookState.CANARY, note=note, audit=audit)
    return StateSet(store.codebook(found.version), live.version, changed)


def stop(store: SqliteStore, person: Person, *, why: str = "") -> StateSet:
    """Let the canary be a candidate again.

    Raises
    ------
    InputError
        If the reason is too long.
    NotFoundError
        If there is none.
    """
    told = reason(why)
    found, live = find(store, CodebookState.CANARY), store.live_codebook()
    note = person.noted(NoteKind.CANARY_ENDED, found.version, {"verdict": "stopped", **told})
    audit = [person.did("stop-canary", found.version, (), told)]
    changed = store.set_codebook_state(found.version, CodebookState.CANDIDATE, note=note, audit=audit)
    return StateSet(store.codebook(found.version), "" if live is None else live.version, changed)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to train.

    Attributes
    ----------
    number : int
        Counts the requests of a store from 1.
    new : bool
        False where one waits already: asking again changes nothing.
    waits : str
        Why it is not heard at the next tick; "" where it is, as far as what was stored tells.
    """

    number: int
    new: bool
    waits: str


def retrain(store: SqliteStore, person: Person, settings: Settings, *, why: str = "") -> Asked:
    """Ask the sidecar of this store, whose settings are given, to train a codebook of what came last.

    It hears that at its next tick; what it trains becomes the canary.

    Raises
    ------
    InputError
        If the reason is too long.
    ConflictError
        If that sidecar keeps no events to train of: who asks would wait for ever.
    """
    told = reason(why)
    if not settings.rollout.sample_days:
        raise ConflictError("no sample is kept of which one could be trained: rollout.sample_days is 0 here")
    events = sample(store)["events"]
    waits = "" if enough(events, settings) else lacking(events, settings)
    with store.changing():
        asked, heard = (int((store.model_state(name) or {}).get(key, 0)) for name, key in _REQUESTS)
        if asked > heard:
            return Asked(asked, False, waits)
        request = {"number": asked + 1, "by": person.author or person.name, "why": why, "time": person.now}
        store.save_model_state(ASKED, request)
        store.audit(person.did("retrain", str(asked + 1), (), told))
    return Asked(asked + 1, True, waits)


def lacking(events: float, settings: Settings) -> str:
    """Say that a sample stands for too few events."""
    return (
        f"the sidecar keeps a sample of {events:,} events so far, and drift.min_events"
        f" ({settings.drift.min_events:,}) are to be there; it stores the sample now and then"
    )


def status(store: SqliteStore, *, windows: int = 24) -> dict[str, Any]:
    """Return how the model stands, as JSON types: what is live, what watches beside it, what drifts, what it saw.

    Parameters
    ----------
    store : SqliteStore
    windows : int
        At most so many, the latest first.
    """
    with store.looking():
        live, beside = store.live_codebook(), store.canary_codebook()
        state, drift, watch = (store.model_state(name) or {} for name in (CANARY, DRIFT, WATCH))
        asked = int((store.model_state(ASKED) or {}).get("number", 0))
        seen = [] if live is None else store.windows(live.version, windows)
    canary = None
    if beside is not None:
        known = state.get("version") == beside.version
        canary = {**stored_json(beside), "watched": _watched(state) if known else None}
    ours = live is not None and drift.get("codebook") == live.version
    on_probation = live is not None and (watch.get("probation") or {}).get("version") == live.version
    return {
        "live": None if live is None else stored_json(live),
        "probation": _probation(watch["probation"]) if on_probation else None,
        "canary": canary,
        "drift": _drift(drift) if ours else None,
        "retraining": asked > int(watch.get("asked", 0)) or bool(watch.get("due")),
        "windows": [window_json(one) for one in seen],
    }


def sample(store: SqliteStore) -> dict[str, Any]:
    """Return the sample of events of which the sidecar would train the next codebook, as it was stored last.

    Returns
    -------
    dict
        "events", how many it stands for, and "training", with which ``codebook.training.Trainer.restore`` goes on;
        None where there are none.
    """
    stored = store.model_state(SAMPLE)
    training = None if stored is None else stored["older"]["trainer"]
    return {"events": 0 if training is None else training["events"], "training": training}


def window_json(one: WindowSummary) -> dict[str, Any]:
    """Return what a codebook saw in a window as JSON types, without the spread over the values of fields."""
    return {
        "start": rfc3339(one.start),
        "end": rfc3339(one.end),
        "events": one.events,
        "new": one.new / one.events if one.events else 0.0,
        "distance": one.distance / one.events if one.events else 0.0,
        "silhouette": one.silhouette,
    }


def _watched(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a canary by now."""
    told, comparison = state["told"], state["comparison"]
    return {
        "since": rfc3339(state["since"]),
        "windows": comparison["windows"],
        "events": comparison["events"],
        **told,
        "verdict": state["action"] or "wait",
        "reasons": list(state["reasons"]),
    }


def _probation(state: Mapping[str, Any]) -> dict[str, Any]:
    return {"former": state["former"], "since": rfc3339(state["since"])}


def _drift(state: Mapping[str, Any]) -> dict[str, Any]:
    return {"start": rfc3339(state["start"]), "active": list(state["active"]), "scores": dict(state["scores"])}
