"""How a feedback is told."""

from __future__ import annotations

from collections.abc import Sequence

from stormcell.escape import terminal
from stormcell.text.shorten import shorten
from stormcell.times import readable
from stormcell.types import Feedback, Kind, Mark

_TEMPLATE = 80
_SHOWN = 3


def spelled(one: Feedback) -> str:
    """Return a feedback in words, in one line that is harmless on a terminal."""
    names = [f"{mark.uids[0]} ({_told(mark)})" for mark in one.marks]
    match one.kind:
        case Kind.MERGE:
            words = f"merge {_listed(names, ' with ')}"
        case Kind.SPLIT:
            words = f"split {_listed(names[1:], ' and ')} from {names[0]}"
        case Kind.MOVE:
            words = f"move {names[1]} from {names[0]} to {names[2]}"
        case Kind.PIN:
            words = f"pin {names[0]}"
    told = f" by {one.author}" if one.author else ""
    when = f" on {readable(one.time)}" if one.time else ""
    return terminal(f"{one.id}  {'(undone) ' if one.undone else ''}{words}{told}{when}")


def _told(mark: Mark) -> str:
    where = f" of {mark.service}" if mark.service else ""
    return f"{mark.signal}{where}: {shorten(mark.template, _TEMPLATE) or '(no text)'}"


def _listed(names: Sequence[str], between: str) -> str:
    more = f"{between}{len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return between.join(names[:_SHOWN]) + more
