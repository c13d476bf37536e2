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
_CREPT: Final = 1.0
"""How much more than on the first day may become usual, in parts of that and a threshold."""
_DIGITS: Final = 4
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
    first : mapping of str to float
        By the hour of the day, how far it was on the first.
    """

    active: bool = False
    run: int = 0
    since: int = 0
    surged: bool = False
    usual: Mapping[str, float] = field(default_factory=dict)
    first: Mapping[str, float] = field(default_factory=dict)


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
        fields = {name: FieldState(usual=one.usual, first=one.first) for name, one in state.fields.items()}
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
    level = 0.0 if score is None else _level(score, before.usual.get(hour, unknown))
    over = FieldState(usual=before.usual, first=before.first)
    if before.active:
        if level >= settings.leave:
            return replace(before, run=0)
        run = before.run + 1
        return over if run >= settings.leave_windows else replace(before, run=run)
    if level < 1:
        return over if score is None else _learned(over, hour, score.usual)
    run = before.run + 1
    since = before.since if before.run else scores.start
    surged = before.surged or scores.surge
    needed = max(settings.enter_windows, settings.surge_windows) if surged else settings.enter_windows
    if run >= needed:
        return replace(over, active=True, since=since)
    return replace(over, run=run, since=since, surged=surged)


def _level(score: FieldScore, usual: float | None) -> float:
    """Return how far a field is, in thresholds; of an hour that is not known yet, by what is unseen alone."""
    return score.fresh if usual is None else max(score.fresh, score.shift / (1 + _ALLOWED * usual))


def _learned(state: FieldState, hour: str, now: float) -> FieldState:
    first = state.first.get(hour, now)
    usual = (1 - _LEARNED) * state.usual.get(hour, now) + _LEARNED * now
    # What creeps on from day to day is not followed for ever.
    usual = min(usual, first + _CREPT * (1 + first))
    return replace(
        state,
        usual={**state.usual, hour: round(usual, _DIGITS)},
        first={**state.first, hour: round(first, _DIGITS)},
    )


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
                "first": dict(one.first),
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
