"""What the live codebook made of the last windows: what is new, how far it is, and which fields drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stormcell.codebook import drift
from stormcell.config import DriftSettings
from stormcell.text.shorten import shorten
from stormcell.types import Codebook, Codeword, WindowSummary
from stormcell.web.model.listing import share

WINDOWS: Final = 12
"""That are shown side by side."""
_TEXT: Final = 120
_NEAR: Final = 0.5
"""Thresholds from which on a field is near to having drifted."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window, as its column shows it.

    Attributes
    ----------
    start, end : int
        Event time, ns.
    events : int
    new, distance, silhouette : str
        "" where there is none.
    quiet : bool
        Whether there are too few events to say anything.
    """

    start: int
    end: int
    events: int
    new: str
    distance: str
    silhouette: str
    quiet: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """How far a field was in a window: in thresholds, "" where it was not there, and in words."""

    level: str
    kind: str
    told: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A value whose share has changed.

    Attributes
    ----------
    value, before, after : str
    text : str
        What speaks for it, of a codeword; else "".
    example : str
        The uid of an event; "" for none.
    """

    value: str
    before: str
    after: str
    text: str
    example: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field, by window.

    Attributes
    ----------
    name : str
    since : int
        The start of the window with which its drift began, ns; 0 where it has not drifted.
    cells : sequence of Cell
        A window each.
    moved : sequence of Moved
        What moved most in the last window that says something; of fields that have drifted.
    """

    name: str
    since: int
    cells: Sequence[Cell]
    moved: Sequence[Moved]


@dataclass(frozen=True, slots=True)
class Watching:
    """What is shown of the last windows, the earliest first; fields that have drifted first."""

    windows: Sequence[Window]
    fields: Sequence[Field]

    @property
    def drifted(self) -> Sequence[Field]:
        """The fields that have drifted."""
        return [one for one in self.fields if one.since]


def watching(
    codebook: Codebook, windows: Sequence[WindowSummary], state: Mapping[str, Any], settings: DriftSettings
) -> Watching:
    """Return what is shown of windows.

    Parameters
    ----------
    codebook : Codebook
    windows : sequence of WindowSummary
        What it saw, the latest first.
    state : mapping
        What is known of drift, as ``drift.dump`` gives it; empty where nothing is.
    settings : DriftSettings
    """
    last = sorted(windows, key=lambda one: one.start)[-WINDOWS:]
    found = [drift.scores(codebook.reference, one, settings) for one in last]
    since = _since(state, windows)
    clear = next((one for one in reversed(found) if not one.quiet), None)
    words = {word.id: word for word in codebook.codewords}
    names = sorted({name for one in found for name in one.fields} | since.keys())
    fields = [
        Field(
            name=name,
            since=since.get(name, 0),
            cells=[_cell(one.fields.get(name), quiet=one.quiet) for one in found],
            moved=_moved(clear.fields.get(name), words) if clear is not None and name in since else (),
        )
        for name in names
    ]
    worst = {
        name: max((one.fields[name].level for one in found if name in one.fields), default=0.0) for name in names
    }
    fields.sort(key=lambda one: (not one.since, -worst[one.name], one.name))
    return Watching([_window(one, score.quiet) for one, score in zip(last, found, strict=True)], fields)


def _since(state: Mapping[str, Any], windows: Sequence[WindowSummary]) -> dict[str, int]:
    known = drift.load(state)
    # What is known of another codebook says nothing of this one.
    if not windows or known.codebook != windows[0].codebook:
        return {}
    return {name: one.since for name, one in known.fields.items() if one.active}


def _window(summary: WindowSummary, quiet: bool) -> Window:
    events = summary.events
    return Window(
        start=summary.start,
        end=summary.end,
        events=round(events),
        new=share(summary.new / events) if events else "",
        distance=f"{summary.distance / events:.3f}" if events else "",
        silhouette="" if summary.silhouette is None else f"{summary.silhouette:.2f}",
        quiet=quiet,
    )


def _cell(score: drift.FieldScore | None, *, quiet: bool) -> Cell:
    if score is None:
        return Cell("", "none", "not in this window")
    if quiet:
        return Cell("", "none", "too few events to tell")
    kind = "over" if score.level >= 1 else "near" if score.level >= _NEAR else "far"
    return Cell(f"{score.level:.1f}", kind, drift.measured(score))


def _moved(score: drift.FieldScore | None, words: Mapping[str, Codeword]) -> Sequence[Moved]:
    if score is None:
        return ()
    known = words if score.name == drift.CODEWORD else {}
    return [
        Moved(
            value=one.value or "(none)",
            before=share(one.before),
            after=share(one.after),
            text=shorten(known[one.value].medoid.text, _TEXT) if one.value in known else "",
            example=known[one.value].medoid.uid if one.value in known else one.example,
        )
        for one in score.moved
    ]
