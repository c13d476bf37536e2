"""Swim lanes: when each group had events, and how many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import log2

from stormcell.render.html import counted
from stormcell.render.report.storm import severity
from stormcell.times import rfc3339, spoken
from stormcell.types import Material, Signal

BINS = 120
LEVELS = 5
_LEAST_WIDTH = 0.4  # percent: what took a moment is still to be seen
_MOST_TICKS = 8
_S = 1_000_000_000
_STEPS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200),
    *(86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000),
)


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis; ``at`` is where, in percent."""

    at: str
    time: int
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A group in time.

    Attributes
    ----------
    number : int
        Of the group, from 1; 0 for all of them together.
    group, title, severity : str
    start, width : str
        Of the bar, in percent.
    density : tuple of (int, str)
        A level from 1 to ``LEVELS`` and the outline of the bins that have it, one unit a bin.
    alerts : tuple of str
        Where there are alerts, in percent.
    exemplar : str
        Where the exemplar is, in percent; "" in the lane of all.
    words : str
        The same in words.
    """

    number: int
    group: str
    title: str
    severity: str
    start: str
    width: str
    density: tuple[tuple[int, str], ...]
    alerts: tuple[str, ...]
    exemplar: str
    words: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The lanes and their axis; ``bin`` is how long one of the bins is, in words."""

    first: int
    last: int
    bin: str
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]


def timeline(materials: Sequence[Material]) -> Timeline | None:
    """Return the lanes of the groups, after one of all together; None without groups."""
    if not materials:
        return None
    first = min(each.group.first_seen for each in materials)
    last = max(each.group.last_seen for each in materials)
    scale = Scale(first, last)
    bins = [_bins(each, scale) for each in materials]
    alerts = [_alerts(each, scale) for each in materials]
    together = [sum(column) for column in zip(*bins, strict=True)]
    most = max(max(row) for row in bins)
    lanes = [
        Lane(
            *(0, "", "all groups", ""),
            *scale.bar(first, last),
            _density(together, max(together)),
            (),
            "",
            f"All groups: {counted(sum(together), 'event')} from {rfc3339(first)} to {rfc3339(last)}",
        )
    ]
    for number, (each, row, marks) in enumerate(zip(materials, bins, alerts, strict=True), 1):
        group = each.group
        lasted = spoken(group.last_seen - group.first_seen)
        lanes.append(
            Lane(
                *(number, group.id, group.title, severity(group.most_severe.severity)),
                *scale.bar(group.first_seen, group.last_seen),
                _density(row, most),
                tuple(scale.percent(_middle(at, scale)) for at, count in enumerate(marks) if count),
                scale.percent(group.medoid.time),
                f"Group {number}: {counted(group.count, 'event')}, {counted(sum(marks), 'alert')} among them, "
                f"from {rfc3339(group.first_seen)} for {lasted}",
            )
        )
    return Timeline(first, last, spoken(scale.length // BINS), tuple(_ticks(scale)), tuple(lanes))


@dataclass(frozen=True, slots=True)
class Scale:
    """From a time to a place: 0 % is ``first``, 100 % ``last``."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How long it is, ns, at least 1."""
        return max(self.last - self.first, 1)

    def part(self, time: int) -> float:
        """Return where a time is, in [0, 1]."""
        return min(max((time - self.first) / self.length, 0.0), 1.0)

    def percent(self, time: int) -> str:
        """Return where a time is, in percent."""
        return f"{100 * self.part(time):.2f}%"

    def bar(self, start: int, end: int) -> tuple[str, str]:
        """Return start and width of a bar, in percent."""
        width = max(100 * (self.part(end) - self.part(start)), _LEAST_WIDTH)
        return f"{min(100 * self.part(start), 100 - width):.2f}%", f"{width:.2f}%"

    def bin(self, time: int) -> int:
        """Return the bin of a time."""
        return min(int(self.part(time) * BINS), BINS - 1)


def _middle(at: int, scale: Scale) -> int:
    return scale.first + scale.length * (2 * at + 1) // (2 * BINS)


def _bins(material: Material, scale: Scale) -> list[int]:
    found = [0] * BINS
    for atom in material.atoms:
        for row in atom.rows:
            found[scale.bin(row.event.time)] += len(row.members)
    return found


def _alerts(material: Material, scale: Scale) -> list[int]:
    found = [0] * BINS
    for atom in material.atoms:
        for row in atom.rows:
            if row.event.signal is Signal.ALERT:
                found[scale.bin(row.event.time)] += len(row.members)
    return found


def _density(counts: Sequence[int], most: int) -> tuple[tuple[int, str], ...]:
    """Return the outlines of the bins, by the level of how many events they have; levels double."""
    top = log2(most + 1)
    levels = [0 if count == 0 else max(1, round(LEVELS * log2(count + 1) / top)) for count in counts]
    outlines = []
    for level in range(1, LEVELS + 1):
        pieces = "".join(f"M{start} 0h{length}v1h-{length}z" for start, length in _runs(levels, level))
        if pieces:
            outlines.append((level, pieces))
    return tuple(outlines)


def _runs(levels: Sequence[int], level: int) -> Iterable[tuple[int, int]]:
    start = None
    for at, each in enumerate((*levels, 0)):
        if each == level and start is None:
            start = at
        elif each != level and start is not None:
            yield start, at - start
            start = None


def _ticks(scale: Scale) -> Iterable[Tick]:
    step = next((s for s in _STEPS if scale.length <= s * _S * _MOST_TICKS), _STEPS[-1]) * _S
    first = -(-scale.first // step) * step
    days = scale.last // (86_400 * _S) != scale.first // (86_400 * _S)
    for time in range(first, scale.last + 1, step)[: 2 * _MOST_TICKS]:
        yield Tick(scale.percent(time), time, _label(time, step, days=days))


def _label(time: int, step: int, *, days: bool) -> str:
    moment = datetime.fromtimestamp(time // _S, UTC)
    if step >= 86_400 * _S:
        return f"{moment:%Y-%m-%d}"
    clock = f"{moment:%H:%M:%S}" if step < 60 * _S else f"{moment:%H:%M}"
    return f"{moment:%m-%d} {clock}" if days else clock
