"""What happened to the model, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stormcell.codebook import drift
from stormcell.times import spoken
from stormcell.types import SIDECAR, ModelNote, NoteKind, Value

NOTES: Final = 50
"""That are shown."""
_WORDS: Final[Mapping[NoteKind, str]] = {
    NoteKind.TRAINED: "was trained",
    NoteKind.IMPORTED: "was imported",
    NoteKind.CANARY_STARTED: "became the canary",
    NoteKind.PROMOTED: "was promoted",
    NoteKind.ROLLED_BACK: "was rolled back to",
    NoteKind.REJECTED: "was rejected",
}
_VERDICTS: Final[Mapping[str, str]] = {
    "ready": "kept to the rules as the canary, and may be promoted",
    "promoted": "kept to the rules as the canary",
    "rejected": "broke the rules as the canary, and is rejected",
}
_OWN: Final = frozenset(("by", "job", "outcome", "seconds", "verdict", "means", "live"))
"""Details that are told otherwise."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of drift: a field (at depth 0), or one of its values."""

    text: str
    depth: int


@dataclass(frozen=True, slots=True)
class Noted:
    """A note.

    Attributes
    ----------
    number, time : int
    version : str
        The codebook that it is about; "" for none.
    words : str
    by : str
        Whose doing it was; "" where that is not told.
    machine : bool
        Whether the sidecar did it itself.
    bad : bool
        Whether somebody should look.
    details : tuple of (str, str)
        What else it tells.
    lines : tuple of Line
        Of drift, what moved.
    """

    number: int
    time: int
    version: str
    words: str
    by: str
    machine: bool
    bad: bool
    details: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


def noted(notes: Iterable[ModelNote]) -> tuple[Noted, ...]:
    """Return notes in words."""
    return tuple(map(_noted, notes))


def _noted(note: ModelNote) -> Noted:
    by = str(note.detail.get("by", ""))
    words, bad = _worded(note)
    of_drift = note.kind in (NoteKind.DRIFT_BEGAN, NoteKind.DRIFT_ENDED)
    return Noted(
        number=note.number,
        time=note.time,
        version=note.version,
        words=words,
        by=by,
        machine=by in ("", SIDECAR),
        bad=bad,
        details=()
        if of_drift
        else tuple(
            (name, _told(value)) for name, value in note.detail.items() if name not in _OWN and _told(value)
        ),
        lines=tuple(map(_line, drift.sentences(note)[1:])) if of_drift else (),
    )


def _worded(note: ModelNote) -> tuple[str, bool]:
    detail: Mapping[str, Any] = note.detail
    match note.kind:
        case NoteKind.DRIFT_BEGAN | NoteKind.DRIFT_ENDED:
            names = ", ".join(str(one["field"]) for one in detail["fields"])
            if note.kind is NoteKind.DRIFT_BEGAN:
                return f"drift of {names} began", True
            return f"drift of {names} ended: {detail['why']}", False
        case NoteKind.CANARY_ENDED:
            verdict = str(detail.get("verdict", ""))
            return _VERDICTS.get(verdict, "is no longer the canary"), verdict == "rejected"
        case NoteKind.JOB:
            outcome = str(detail.get("outcome", ""))
            took = spoken(int(float(detail.get("seconds", 0)) * 1e9))
            return f"the job {detail.get('job', '')} ended after {took}: {outcome}", outcome == "failed"
        case _:
            return _WORDS.get(note.kind, note.kind.value), note.kind is NoteKind.ROLLED_BACK


def _line(sentence: str) -> Line:
    text = sentence.lstrip(" ")
    return Line(text, int(len(sentence) - len(text) > 2))


def _told(value: Value) -> str:
    match value:
        case bool() | None:
            return "" if not value else "yes"
        case float():
            return f"{value:.4g}"
        case int():
            return f"{value:,}"
        case list():
            return ", ".join(map(_told, value))
        case dict():
            return ", ".join(f"{name} {_told(one)}" for name, one in value.items())
        case _:
            return str(value)
