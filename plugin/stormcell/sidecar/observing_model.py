"""What the meters read of the model, in the store and in the engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stormcell.store import SqliteStore
from stormcell.store.model import CANARY, DRIFT, Tally
from stormcell.telemetry import names
from stormcell.telemetry.meters import Meters, Readings
from stormcell.types import ModelNote, NoteKind, StoredCodebook, WindowSummary

if TYPE_CHECKING:
    from stormcell.engine.late import LateEngine

_CHANGES = {NoteKind.PROMOTED: "promote", NoteKind.ROLLED_BACK: "roll-back"}
_MEASURES = ("psi", "kl", "js", "ks")
_OUTCOMES = ("done", "failed", "skipped")


def observe_model(meters: Meters, path: Path, engine: LateEngine) -> None:
    """Let the meters read all that is told of the model."""
    _observe_codebooks(meters, path, engine)
    _observe_drift(meters, path)
    _observe_notes(meters, path)

    def freshness() -> Readings:
        return [] if engine.loaded is None else [(engine.loaded.behind, {})]

    def assigned() -> Readings:
        if engine.loaded is None:
            return []
        stats = engine.loaded.model.stats
        return [(stats.known, {names.OUTCOME: "known"}), (stats.new, {names.OUTCOME: "new"})]

    def record() -> None:
        if engine.loaded is None:
            return
        stats = engine.loaded.model.stats
        seconds, stats.seconds = stats.seconds, []
        if seconds:
            import numpy as np  # which is loaded once there is something to measure

            meters.record_many(names.CODEBOOK_ASSIGNMENT_DURATION, np.array(seconds, dtype=np.float64))

    meters.observe(names.FRESHNESS, freshness)
    meters.observe(names.CODEBOOK_ASSIGNED, assigned)
    meters.before_telling(record)


def _observe_codebooks(meters: Meters, path: Path, engine: LateEngine) -> None:
    def of_live(value: Callable[[StoredCodebook], float]) -> Callable[[], Readings]:
        def read() -> Readings:
            with SqliteStore(path, create=True) as store:
                live = store.live_codebook()
            return [] if live is None or _unusable(engine, live.version) else [(value(live), {})]

        return read

    def of_window(value: Callable[[WindowSummary], float | None]) -> Callable[[], Readings]:
        def read() -> Readings:
            with SqliteStore(path, create=True) as store:
                live = store.live_codebook()
                windows = [] if live is None else store.windows(live.version, 1)
            found = [value(one) for one in windows if one.events]
            return [(number, {}) for number in found if number is not None]

        return read

    def which() -> Readings:
        with SqliteStore(path, create=True) as store:
            held = (store.live_codebook(), store.canary_codebook())
        return [
            (1, {names.VERSION: one.version, names.STATE: one.state.value})
            for one in held
            if one is not None and not _unusable(engine, one.version)
        ]

    def agreement() -> Readings:
        with SqliteStore(path, create=True) as store:
            canary, state = store.canary_codebook(), store.model_state(CANARY) or {}
        if canary is None or state.get("version") != canary.version or not state["comparison"]["events"]:
            return []
        return [(state["told"]["agreement"], {})]

    meters.observe(names.CODEBOOK_INFO, which)
    meters.observe(names.CODEBOOK_AGE, of_live(lambda live: max(time.time_ns() - live.made, 0) / 1e9))
    meters.observe(names.CODEBOOK_SIZE, of_live(lambda live: live.codewords))
    meters.observe(names.CODEBOOK_NEW, of_window(lambda window: window.new / window.events))
    meters.observe(names.CODEBOOK_DISTANCE, of_window(lambda window: window.distance / window.events))
    meters.observe(names.CODEBOOK_SILHOUETTE, of_window(lambda window: window.silhouette))
    meters.observe(names.CANARY_AGREEMENT, agreement)


def _observe_drift(meters: Meters, path: Path) -> None:
    def scores() -> Readings:
        return [
            (value, {names.FIELD: field, names.MEASURE: measure})
            for field, one in _drift(path).get("scores", {}).items()
            for measure in _MEASURES
            if (value := one[measure]) is not None
        ]

    def active() -> Readings:
        state = _drift(path)
        drifted = set(state.get("active", ()))
        return [(int(field in drifted), {names.FIELD: field}) for field in {*state.get("scores", {}), *drifted}]

    meters.observe(names.DRIFT_SCORE, scores)
    meters.observe(names.DRIFT_ACTIVE, active)


def _drift(path: Path) -> dict[str, dict[str, dict[str, float | None]]]:
    """Return how drift stands from the codebook that is live; nothing where that has no window yet."""
    with SqliteStore(path, create=True) as store:
        live, state = store.live_codebook(), store.model_state(DRIFT) or {}
    return state if live is not None and state.get("codebook") == live.version else {}


def _observe_notes(meters: Meters, path: Path) -> None:
    def tallies(kind: NoteKind) -> list[Tally]:
        """Return tallies, those of what happened last first."""
        with SqliteStore(path, create=True) as store:
            return [one for one in store.tallies() if one.last.kind is kind]

    def count(kind: NoteKind) -> int:
        return sum(one.times for one in tallies(kind))

    def runs() -> Readings:
        # Told from the start: of a counter that is 1 when it is first told, nobody sees that it grew.
        counts = dict.fromkeys((("train", outcome) for outcome in _OUTCOMES), 0)
        counts.update(((one.job, one.outcome), one.times) for one in tallies(NoteKind.JOB))
        return [(n, {names.JOB: job, names.OUTCOME: outcome}) for (job, outcome), n in counts.items()]

    def latest(value: Callable[[ModelNote], float], *outcomes: str) -> Callable[[], Readings]:
        def read() -> Readings:
            found: dict[str, ModelNote] = {}
            for one in tallies(NoteKind.JOB):
                if not outcomes or one.outcome in outcomes:
                    found.setdefault(one.job, one.last)
            return [(value(note), {names.JOB: job}) for job, note in found.items()]

        return read

    def since(note: ModelNote) -> float:
        return max(time.time_ns() - note.time, 0) / 1e9

    def seconds(note: ModelNote) -> float:
        found = note.detail["seconds"]
        return float(found) if isinstance(found, int | float) else 0.0

    meters.observe(names.DRIFT_EVENTS, lambda: [(count(NoteKind.DRIFT_BEGAN), {})])
    meters.observe(
        names.MODEL_CHANGES, lambda: [(count(kind), {names.ACTION: action}) for kind, action in _CHANGES.items()]
    )
    meters.observe(names.JOB_RUNS, runs)
    # One that had nothing to do was as good as one that did it.
    meters.observe(names.JOB_LAST_SUCCESS, latest(since, "done", "skipped"))
    meters.observe(names.JOB_DURATION, latest(seconds))


def _unusable(engine: LateEngine, version: str) -> bool:
    return engine.loaded is not None and version in engine.loaded.model.problems
