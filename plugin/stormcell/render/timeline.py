"""What happened when: the first times of things, the peak, the end, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.render.acts import Act
from stormcell.render.facts import Shown, instant, show, since
from stormcell.semconv import SEVERITIES
from stormcell.times import readable
from stormcell.types import Event, Fact, Group, Row, Signal

MAX_MOMENTS: Final = 24
"""Most events of a timeline."""

_MINUTE: Final = 60 * 10**9


@dataclass(frozen=True, slots=True)
class Moment:
    """A row of a timeline: an event, a minute or something done.

    Attributes
    ----------
    time : Fact
    words : str
        What it is shown for, such as ``First event, first alert``.
    event : Shown or None
    count : Fact or None
        Of the peak: how many members there are in its minute.
    act : Act or None
    """

    time: Fact
    words: str
    event: Shown | None = None
    count: Fact | None = None
    act: Act | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast members came.

    Attributes
    ----------
    peak : Fact
        The minute with most of them.
    first : Fact
        When the first of these came.
    count : Fact
        How many there are in it.
    mean : Fact or None
        A minute, from the first to the last event; None where that is less than a minute.
    """

    peak: Fact
    first: Fact
    count: Fact
    mean: Fact | None


def rate(group: Group, rows: Sequence[Row], over: str) -> Rate | None:
    """Return how fast members came; None where no row is known."""
    if not rows:
        return None
    counts: dict[int, int] = {}
    first: dict[int, Event] = {}
    for row in rows:
        minute = row.event.time // _MINUTE
        counts[minute] = counts.get(minute, 0) + len(row.members)
        first.setdefault(minute, row.event)
    peak = max(counts, key=lambda minute: (counts[minute], -minute))
    uid = first[peak].uid
    lasted = group.latest.time - group.earliest.time
    mean = None
    if lasted >= _MINUTE:
        value = f"{group.count * _MINUTE / lasted:.1f}"
        mean = Fact(value, group.latest.uid, "time", f"members a minute {since(group.earliest)} {over}")
    return Rate(
        peak=Fact(readable(peak * _MINUTE), uid, "time", "its minute, in UTC"),
        first=instant(first[peak]),
        count=Fact(str(counts[peak]), uid, "time", f"counted in its minute {over}"),
        mean=mean,
    )


def timeline(group: Group, rows: Sequence[Row], peak: Rate | None, acts: Sequence[Act]) -> tuple[Moment, ...]:
    """Return what happened, oldest first: each thing once, when it came first.

    Where there is too much, services and templates that came late are left out.
    """
    told = _words(group, [row.event for row in rows])
    kept = dict(sorted(told.items(), key=lambda item: not item[1].must)[:MAX_MOMENTS])
    found = [(one.event.time, 0, Moment(instant(one.event), one.told, show(one.event))) for one in kept.values()]
    if peak is not None and peak.mean is not None:
        first = next(row.event for row in rows if row.event.uid == peak.first.uid)
        words = "Start of the minute with most events"
        found.append((first.time, 1, Moment(peak.first, words, count=peak.count)))
    moments = [moment for *_, moment in sorted(found, key=lambda one: one[:2])]
    return (*moments, *(Moment(act.time, act.words.capitalize(), act=act) for act in acts))


@dataclass(slots=True)
class _Told:
    event: Event
    words: list[str]
    must: bool

    @property
    def told(self) -> str:
        return ", ".join(self.words).capitalize()


def _passed_by(event: Event) -> bool:
    """Whether it is a call that went well: those in the traces of a failure would bury the rest."""
    return event.signal is Signal.SPAN and 0 < event.severity < SEVERITIES["warn"]


def _words(group: Group, events: Sequence[Event]) -> dict[str, _Told]:
    """Return what each event is shown for, by uid, ascending by time."""
    found: dict[str, _Told] = {}

    def tell(event: Event, words: str, *, must: bool = True) -> None:
        told = found.setdefault(event.uid, _Told(event, [], False))
        told.words.append(words)
        told.must |= must

    tell(group.earliest, "first event")
    alerted = False
    services, severest = {group.earliest.service}, 0
    for event in events:
        if event.signal is Signal.ALERT and not alerted:
            alerted = True
            tell(event, "first alert")
        if event.severity > severest:
            if severest and (event.severity - 1) // 4 > (severest - 1) // 4:
                tell(event, "more severe than all before")
            severest = event.severity
        if event.service and event.service not in services and not _passed_by(event):
            services.add(event.service)
            tell(event, "first from this service", must=False)
    for pattern in group.templates[1:]:
        at = next((event for event in events if event.uid == pattern.uid), None)
        if at is not None and not _passed_by(at):
            tell(at, "first of its kind", must=False)
    tell(group.medoid, "exemplar")
    if group.latest.uid != group.earliest.uid:
        tell(group.latest, "last event")
    return dict(sorted(found.items(), key=lambda item: (item[1].event.time, item[0])))
