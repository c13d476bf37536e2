"""When drift begins and ends: a state machine with hysteresis, a step for each window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stormcell.codebook.drift import told
from stormcell.codebook.drift.scores import FieldScore, Scores
from stormcell.config import DriftSettings
from stormcell.types.codebooks import ModelNote, WindowSummary


@dataclass(frozen=True, slots=True)
class FieldState:
    """What is known of one field.

    Attributes
    ----------
    active : bool
        Whether it has drifted.
    run : int
        Windows in a row that speak for the other: at the thresholds where it has not drifted, below where it has.
    since : int
        The start of the first window of the run, or of the drift.
    surged : bool
        Whether a window of the run was a surge.
    """

    active: bool = False
    run: int = 0
    since: int = 0
    surged: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What is known of all fields.

    Attributes
    ----------
    codebook : str
        The version whose windows these were; "" before the first.
    last : int or None
        The start of the last window that was counted.
    fields : mapping of str to FieldState
        Those of which there is something to know.
    """

    codebook: str = ""
    last: int | None = None
    fields: Mapping[str, FieldState] = field(default_factory=dict)

    @property
    def active(self) -> tuple[str, ...]:
        """The fields that have drifted."""
        return tuple(name for name, one in self.fields.items() if one.active)


def advance(state: State, scores: Scores, window: WindowSummary) -> tuple[State, list[ModelNote]]:
    """Take one window into account.

    A window that is not later than the last one changes nothing, so that one which is told again is not counted
    twice. One of too few events says nothing: no row of windows is broken by it. With a codebook other than
    before, all that was known is over.

    Parameters
    ----------
    state : State
    scores : Scores
        Of the window.
    window : WindowSummary

    Returns
    -------
    tuple of State and list of ModelNote
        The drift that began or ended with this window.
    """
    notes = []
    if scores.codebook != state.codebook:
        if state.active:
            notes.append(told.replaced(state.codebook, state.active, window))
        state = State(scores.codebook)
    if state.last is not None and window.start <= state.last:
        return state, notes
    state = replace(state, last=window.start)
    if scores.quiet:
        return state, notes
    fields = {}
    began: dict[str, int] = {}
    ended: dict[str, int] = {}
    for name in sorted({*scores.fields, *state.fields}):
        before, score = state.fields.get(name, FieldState()), scores.fields.get(name)
        after = _step(before, score, window.start, scores.settings)
        if after.active and not before.active:
            began[name] = after.since
        if before.active and not after.active:
            ended[name] = before.since
        if after != FieldState():
            fields[name] = after
    state = replace(state, fields=fields)
    if began:
        notes.append(told.began(scores, window, began, state.active))
    if ended:
        notes.append(told.ended(scores, window, ended, state.active))
    return state, notes


def _step(state: FieldState, score: FieldScore | None, start: int, settings: DriftSettings) -> FieldState:
    level = score.level if score is not None else 0.0
    if state.active:
        if level >= settings.leave:
            return replace(state, run=0)
        run = state.run + 1
        return FieldState() if run >= settings.leave_windows else replace(state, run=run)
    if level < 1:
        return FieldState()
    run = state.run + 1
    since = state.since if state.run else start
    surged = state.surged or (score is not None and score.surge)
    needed = max(settings.enter_windows, settings.surge_windows) if surged else settings.enter_windows
    if run >= needed:
        return FieldState(active=True, since=since)
    return FieldState(run=run, since=since, surged=surged)


def dump(state: State) -> dict[str, Any]:
    """Return a state as JSON values."""
    return {
        "codebook": state.codebook,
        "last": state.last,
        "fields": {
            name: {"active": one.active, "run": one.run, "since": one.since, "surged": one.surged}
            for name, one in state.fields.items()
        },
    }


def load(document: Mapping[str, Any]) -> State:
    """Return the state that ``dump`` returned as JSON values; an empty one of an empty document."""
    if not document:
        return State()
    fields = {name: FieldState(**one) for name, one in document["fields"].items()}
    return State(document["codebook"], document["last"], fields)
