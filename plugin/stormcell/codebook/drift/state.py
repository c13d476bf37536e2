"""When drift begins and ends: a state machine with hysteresis, a step for each window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from stormcell.codebook.drift import told
from stormcell.codebook.drift.scores import FieldScore, Scores
from stormcell.types.codebooks import ModelNote, WindowSummary

_HOUR: Final = 3600 * 10**9
_LEARNED: Final = 0.3
"""How much the last day counts for what is usual at an hour."""
_ALLOWED: Final = 2.0
"""How many times what is usual at an hour the mix may be apart, besides the threshold."""


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
    usual : mapping of str to float
        By the hour of the day, how far the mix is from the reference on other days.
    """

    active: bool = False
    run: int = 0
    since: int = 0
    surged: bool = False
    usual: Mapping[str, float] = field(default_factory=dict)


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
    at_once : bool
        Whether a mix is judged before it is known what is usual at the hour, as if it should be the reference's.
    """

    codebook: str = ""
    last: int | None = None
    fields: Mapping[str, FieldState] = field(default_factory=dict)
    at_once: bool = False

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
        fields = {name: FieldState(usual=one.usual) for name, one in state.fields.items()}
        state = State(scores.codebook, fields=fields, at_once=state.at_once)
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
        after = _step(before, score, scores, 0.0 if state.at_once else None)
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


def _step(before: FieldState, score: FieldScore | None, scores: Scores, unknown: float | None) -> FieldState:
    settings, hour = scores.settings, str(scores.start // _HOUR % 24)
    if score is None:
        level, usual = 0.0, before.usual
    else:
        level = _level(score, before.usual.get(hour, unknown))
        usual = {**before.usual, hour: _learned(before.usual.get(hour), score.usual)}
    if before.active:
        if level >= settings.leave:
            return replace(before, run=0)
        run = before.run + 1
        return FieldState(usual=before.usual) if run >= settings.leave_windows else replace(before, run=run)
    if level < 1:
        return FieldState(usual=usual)
    run = before.run + 1
    since = before.since if before.run else scores.start
    surged = before.surged or scores.surge
    needed = max(settings.enter_windows, settings.surge_windows) if surged else settings.enter_windows
    if run >= needed:
        return FieldState(active=True, since=since, usual=before.usual)
    return FieldState(run=run, since=since, surged=surged, usual=before.usual)


def _level(score: FieldScore, usual: float | None) -> float:
    """Return how far a field is, in thresholds; of an hour that is not known yet, by what is unseen alone."""
    return score.fresh if usual is None else max(score.fresh, score.shift / (1 + _ALLOWED * usual))


def _learned(usual: float | None, now: float) -> float:
    return now if usual is None else (1 - _LEARNED) * usual + _LEARNED * now


def dump(state: State) -> dict[str, Any]:
    """Return a state as JSON values."""
    return {
        "codebook": state.codebook,
        "last": state.last,
        "at_once": state.at_once,
        "fields": {
            name: {
                "active": one.active,
                "run": one.run,
                "since": one.since,
                "surged": one.surged,
                "usual": dict(one.usual),
            }
            for name, one in state.fields.items()
        },
    }


def load(document: Mapping[str, Any]) -> State:
    """Return the state that ``dump`` returned as JSON values; an empty one of an empty document."""
    if not document:
        return State()
    fields = {name: FieldState(**one) for name, one in document["fields"].items()}
    return State(document["codebook"], document["last"], fields, document["at_once"])
