"""How much of each group is shown: less where there are many, so that the page stays small enough to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_ROWS: Final = 200
"""Rows that are listed of one group."""
FEW: Final = 25
"""So many groups are shown in full."""


@dataclass(frozen=True, slots=True)
class Room:
    """What there is room for.

    Attributes
    ----------
    rows : int
        That are listed, of all groups together.
    text : int
        Characters of an exemplar, attributes included.
    line : int
        Characters of any other text.
    patterns, entries, bars : int
        Templates, entries of the history, services that are blamed: of one group.
    graphs : int
        Groups that have a service graph, the most severe.
    """

    rows: int
    text: int
    line: int
    patterns: int
    entries: int
    bars: int
    graphs: int


def room_for(groups: int) -> Room:
    """Return what there is room for on a page of so many groups."""
    part = min(1.0, FEW / max(groups, 1)) ** 2
    return Room(
        rows=round(500 + 3500 * part),
        text=round(300 + 19_700 * part),
        line=round(120 + 180 * part),
        patterns=round(2 + 6 * part),
        entries=round(4 + 46 * part),
        bars=round(4 + 4 * part),
        graphs=FEW,
    )


def fair(wanted: list[int], room: int) -> list[int]:
    """Return how much each gets of what there is: equal parts; what one does not need goes to the others."""
    given = [0] * len(wanted)
    order = sorted(range(len(wanted)), key=lambda at: (wanted[at], at))
    for place, at in enumerate(order):
        given[at] = min(wanted[at], room // (len(order) - place))
        room -= given[at]
    return given
