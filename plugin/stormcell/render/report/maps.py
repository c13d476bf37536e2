"""The map of the groups and the table of how unlike they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from stormcell.render.html import counted, percent
from stormcell.render.report.scaling import scale
from stormcell.render.report.seriation import serial
from stormcell.render.report.storm import severity, worst_first
from stormcell.types import FloatArray, Group

WIDTH, HEIGHT = 640, 440
_MARGIN = 40
_LEAST, _MOST = 9.0, 30.0
MOST_CELLS = 40
"""Groups of the table: of more the cells are too small to be told apart."""
SHADES = 10


@dataclass(frozen=True, slots=True)
class Disc:
    """A group on the map."""

    number: int
    group: str
    x: int
    y: int
    radius: int
    severity: str
    words: str


@dataclass(frozen=True, slots=True)
class GroupMap:
    """The map, and how far it is to be trusted."""

    discs: tuple[Disc, ...]
    explained: str
    stress: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A row of the table: a group and how far it is from each; a cell is its shade and what stands in it."""

    number: int
    group: str
    title: str
    cells: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """The table; ``left_out`` counts the groups that are not in it."""

    rows: tuple[HeatRow, ...]
    left_out: int


def group_map(groups: Sequence[Group], far: FloatArray) -> GroupMap | None:
    """Return the map of the groups, by classical scaling; None for fewer than two."""
    if len(groups) < 2:
        return None
    found = scale(far)
    spread = float(np.abs(found.at).max()) or 1.0
    # One scale for both axes: a distance is the same in every direction.
    room = min(
        (WIDTH / 2 - _MARGIN) / spread, (HEIGHT / 2 - _MARGIN) / (float(np.abs(found.at[:, 1]).max()) or 1e-9)
    )
    most = max(group.count for group in groups)
    discs = []
    for number, (group, (x, y)) in enumerate(zip(groups, found.at.tolist(), strict=True), 1):
        radius = max(_LEAST, _MOST * sqrt(group.count / most))
        worst = severity(group.most_severe.severity)
        words = f"Group {number}: {counted(group.count, 'event')}, {worst}, {group.title}"
        discs.append(
            Disc(
                number,
                group.id,
                round(WIDTH / 2 + room * x),
                round(HEIGHT / 2 - room * y),
                round(radius),
                worst,
                words,
            )
        )
    # Small ones last, so that large ones do not hide them.
    discs.sort(key=lambda disc: (-disc.radius, disc.number))
    return GroupMap(tuple(discs), percent(found.explained), f"{found.stress:.2f}")


def heat(groups: Sequence[Group], far: FloatArray) -> Heat | None:
    """Return the table of how unlike the groups are, alike ones beside each other; None for fewer than two."""
    if len(groups) < 2:
        return None
    ranked = sorted(range(len(groups)), key=lambda at: worst_first(groups[at]))
    kept = sorted(ranked[:MOST_CELLS])
    order = [kept[at] for at in serial(far[np.ix_(kept, kept)])]
    rows = tuple(
        HeatRow(
            at + 1,
            groups[at].id,
            groups[at].title,
            tuple(_cell(float(far[at, other]), same=at == other) for other in order),
        )
        for at in order
    )
    return Heat(rows, len(groups) - len(kept))


def _cell(far: float, *, same: bool) -> tuple[int, str]:
    if same:
        return 0, ""
    hundredths = min(round(100 * far), 100)
    return SHADES - min(int(far * SHADES), SHADES - 1), "1" if hundredths == 100 else f".{hundredths:02d}"
