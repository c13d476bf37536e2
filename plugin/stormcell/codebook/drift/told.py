"""Drift in words: what a note says of it, and how it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from stormcell.codebook.drift.scores import CODEWORD, FieldScore, Moved, Scores
from stormcell.times import readable, rfc3339
from stormcell.types.codebooks import ModelNote, NoteKind, WindowSummary
from stormcell.types.events import Value

KINDS: Final = (NoteKind.DRIFT_BEGAN, NoteKind.DRIFT_ENDED)
"""The notes that tell of drift."""
_DIGITS: Final = 4


def began(scores: Scores, window: WindowSummary, since: Mapping[str, int], active: Sequence[str]) -> ModelNote:
    """Return the note that fields have drifted.

    Parameters
    ----------
    scores : Scores
    window : WindowSummary
        With which it is clear.
    since : mapping of str to int
        The fields, and the start of the first window in which each had.
    active : sequence of str
        All fields that have drifted, those included.
    """
    fields: list[Value] = [
        {**_field(scores.fields[name]), "since": rfc3339(since[name])} for name in _by_level(scores, since)
    ]
    detail: dict[str, Value] = {
        "fields": fields,
        "active": list(active),
        "since": rfc3339(min(since.values())),
        "start": rfc3339(window.start),
        "end": rfc3339(window.end),
        "events": window.events,
        "new": {"before": _rounded(scores.new_before), "after": _rounded(scores.new)},
        "distance": {"before": _rounded(scores.distance_before), "after": _rounded(scores.distance)},
    }
    return ModelNote(window.end, NoteKind.DRIFT_BEGAN, scores.codebook, detail)


def ended(scores: Scores, window: WindowSummary, since: Mapping[str, int], active: Sequence[str]) -> ModelNote:
    """Return the note that fields are as before again; see ``began``."""
    fields: list[Value] = [{"field": name, "since": rfc3339(since[name])} for name in since]
    detail: dict[str, Value] = {
        "fields": fields,
        "active": list(active),
        "since": rfc3339(min(since.values())),
        "start": rfc3339(window.start),
        "end": rfc3339(window.end),
        "why": "as before",
    }
    return ModelNote(window.end, NoteKind.DRIFT_ENDED, scores.codebook, detail)


def replaced(version: str, active: Sequence[str], window: WindowSummary) -> ModelNote:
    """Return the note that the drift from a codebook is over since another one took its place."""
    fields: list[Value] = [{"field": name} for name in active]
    detail: dict[str, Value] = {
        "fields": fields,
        "active": [],
        "start": rfc3339(window.start),
        "end": rfc3339(window.end),
        "why": f"replaced by {window.codebook}",
    }
    return ModelNote(window.start, NoteKind.DRIFT_ENDED, version, detail)


def brief(note: ModelNote) -> str:
    """Return a note of drift in a few words."""
    detail: Mapping[str, Any] = note.detail
    names = ", ".join(one["field"] for one in detail["fields"])
    if note.kind is NoteKind.DRIFT_ENDED:
        return f"drift of {names} is over: {detail['why']}"
    return f"drift of {names} since {detail['since']}"


def sentences(note: ModelNote, texts: Mapping[str, str] | None = None) -> list[str]:
    """Return a note of drift as lines of plain text, as hostile as the values in it; the first says what it is.

    Parameters
    ----------
    note : ModelNote
    texts : mapping of str to str, optional
        What codewords say, by id.
    """
    detail: Mapping[str, Any] = note.detail
    lines = [f"{readable(note.time)}: {brief(note)}"]
    for one in detail["fields"] if note.kind is NoteKind.DRIFT_BEGAN else ():
        lines.append(f"  {one['field']}: {_measures(one)}")
        known = texts if texts and one["field"] == CODEWORD else {}
        lines += [f"    {_spelled(moved, known)}" for moved in one["moved"]]
    return lines


def measured(score: FieldScore) -> str:
    """Return the measures of a field in words."""
    return _measures(_field(score))


def scores_json(scores: Scores) -> dict[str, Value]:
    """Return the scores of a window as JSON values."""
    return {
        "start": rfc3339(scores.start),
        "end": rfc3339(scores.end),
        "events": scores.events,
        "quiet": scores.quiet,
        "surge": scores.surge,
        "new": {"before": _rounded(scores.new_before), "after": _rounded(scores.new)},
        "distance": {"before": _rounded(scores.distance_before), "after": _rounded(scores.distance)},
        "silhouette": {"before": scores.silhouette_before, "after": scores.silhouette},
        "churn": _rounded(scores.churn),
        "vanished": _rounded(scores.vanished),
        "fields": [_field(scores.fields[name]) for name in _by_level(scores, scores.fields)],
    }


def _by_level(scores: Scores, names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (-scores.fields[name].level, name))


def _field(score: FieldScore) -> dict[str, Value]:
    moved: list[Value] = [_moved(one) for one in score.moved]
    return {
        "field": score.name,
        "level": _rounded(score.level),
        "psi": _rounded(score.psi),
        "chance": _rounded(score.chance),
        "kl": _rounded(score.kl),
        "js": _rounded(score.js),
        "ks": None if score.ks is None else _rounded(score.ks),
        "unseen": _rounded(score.unseen),
        "vanished": _rounded(score.vanished),
        "moved": moved,
    }


def _moved(one: Moved) -> dict[str, Value]:
    return {
        "value": one.value,
        "before": _rounded(one.before),
        "after": _rounded(one.after),
        "example": one.example,
    }


def _rounded(value: float) -> float:
    return round(value, _DIGITS)


def _measures(field: Mapping[str, Any]) -> str:
    words = [f"{field['level']:.1f} times the threshold", f"PSI {field['psi']:.2f}"]
    if field["ks"] is not None:
        words.append(f"KS {field['ks']:.2f}")
    elif field["unseen"]:
        what = "of no codeword" if field["field"] == CODEWORD else "with values never seen"
        words.append(f"{_percent(field['unseen'])} {what}")
    if field["vanished"] >= 0.01:
        words.append(f"{_percent(field['vanished'])} gone")
    return ", ".join(words)


def _spelled(moved: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    value = moved["value"] or "(none)"
    if value in texts:
        value = f"{value}, {texts[value]}"
    example = f" (such as {moved['example']})" if moved["example"] else ""
    return f"{value}: {_percent(moved['before'])} -> {_percent(moved['after'])}{example}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
