"""What the page says of each group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from stormcell.render.html import counted, percent, text_of
from stormcell.render.report.members import Members, members
from stormcell.render.report.room import MOST_ROWS, Room, fair, room_for
from stormcell.render.report.services import Graph, graph
from stormcell.render.report.storm import Storm, severity, worst_first
from stormcell.text.shorten import shorten
from stormcell.types import Attributes, AuditEntry, Event, Group, GroupTemplate, Material, Related, Value

_LONG, _SHORT = 300, 80


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its name; ``width`` is in percent."""

    name: str
    value: str
    width: str


@dataclass(frozen=True, slots=True)
class Whole:
    """An event with all it has, as far as there is room.

    Attributes
    ----------
    event : Event
    severity : str
    text : str
    cut : int
        Characters of the text that are left out.
    fields : tuple of (str, str)
        Path and value.
    left_out : int
        Fields for which there was no room.
    """

    event: Event
    severity: str
    text: str
    cut: int
    fields: tuple[tuple[str, str], ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template of a group, and what its slots hold."""

    template: GroupTemplate
    text: str
    slots: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """All that the page says of a group.

    Attributes
    ----------
    number : int
        From 1.
    group : Group
    severity : str
    exemplar : Whole
    others : tuple of (str, Event, str)
        Why it is named, the event, its text on a line.
    signals, blame, fields : tuple of Bar
    margin : str
        "" where there is no runner-up.
    patterns : tuple of Pattern
        The first of its templates.
    graph : Graph or None
    graphless : bool
        Whether there was no room for a graph.
    members : Members
    alike : tuple of Related
    family : str
        Its id, or "".
    history : tuple of (AuditEntry, str)
        Oldest first, and what is to be said of each.
    forgotten : int
        Entries of the history that are left out, the oldest.
    """

    number: int
    group: Group
    severity: str
    exemplar: Whole
    others: tuple[tuple[str, Event, str], ...]
    signals: tuple[Bar, ...]
    blame: tuple[Bar, ...]
    fields: tuple[Bar, ...]
    margin: str
    patterns: tuple[Pattern, ...]
    graph: Graph | None
    graphless: bool
    members: Members
    alike: tuple[Related, ...]
    family: str
    history: tuple[tuple[AuditEntry, str], ...]
    forgotten: int


def sections(storm: Storm) -> tuple[Section, ...]:
    """Return what is said of each group that is shown."""
    room = room_for(len(storm.materials))
    rows = fair(
        [min(sum(len(atom.rows) for atom in each.atoms), MOST_ROWS) for each in storm.materials], room.rows
    )
    ranked = sorted((each.group for each in storm.materials), key=worst_first)
    drawn = {group.id for group in ranked[: room.graphs]}
    return tuple(
        _section(number, each, count, room, storm, drawn=each.group.id in drawn)
        for number, (each, count) in enumerate(zip(storm.materials, rows, strict=True), 1)
    )


def _section(number: int, material: Material, rows: int, room: Room, storm: Storm, *, drawn: bool) -> Section:
    group = material.group
    return Section(
        number=number,
        group=group,
        severity=severity(group.most_severe.severity),
        exemplar=whole(group.medoid, room.text),
        others=tuple(_others(group, room.line)),
        signals=_signals(group),
        blame=_blame(group, room.bars),
        fields=_fields(group),
        margin="" if group.margin is None or not isfinite(group.margin) else f"{group.margin:.3f}",
        patterns=tuple(_pattern(each, room.line) for each in group.templates[: room.patterns]),
        graph=graph(material, storm.calls) if drawn else None,
        graphless=not drawn,
        members=members(material, rows),
        alike=tuple(material.related),
        family=storm.families.get(group.id, ""),
        history=tuple((entry, _said(entry, room.line)) for entry in material.history[-room.entries :]),
        forgotten=max(len(material.history) - room.entries, 0),
    )


def whole(event: Event, room: int) -> Whole:
    """Return an event with as much of its text and attributes as ``room`` characters hold."""
    text = event.text[: room // 2]
    left = room - len(text)
    fields: list[tuple[str, str]] = []
    every = [*_paths("resource", event.resource), *_paths("attributes", event.attributes)]
    for path, value in every:
        shown = value if len(value) <= left else f"{value[: max(left, 40)]}…"
        left -= len(path) + len(shown)
        if left < 0 and fields:
            break
        fields.append((path[:_LONG], shown))
    return Whole(
        event, severity(event.severity), text, len(event.text) - len(text), tuple(fields), len(every) - len(fields)
    )


def _paths(holder: str, attributes: Attributes) -> Iterable[tuple[str, str]]:
    for name in sorted(attributes):
        yield f"{holder}.{name}", text_of(attributes[name])


def _others(group: Group, line: int) -> Iterable[tuple[str, Event, str]]:
    """Yield the other events that the group is told by, each once."""
    named = {group.medoid.uid}
    others = [("earliest", group.earliest), ("most severe", group.most_severe)]
    others += [(f"its {event.signal}", event) for event in group.exemplars]
    others.append(("latest", group.latest))
    for why, event in others:
        if event.uid not in named:
            named.add(event.uid)
            yield why, event, shorten(event.text, line)


def _bar(name: str, value: str, part: float) -> Bar:
    return Bar(name, value, f"{100 * min(max(part, 0.0), 1.0):.1f}%")


def _signals(group: Group) -> tuple[Bar, ...]:
    return tuple(
        _bar(name, f"{group.signals[name]:,}", group.signals[name] / max(group.count, 1))
        for name in sorted(group.signals, key=lambda name: (-group.signals[name], name))
    )


def _blame(group: Group, most: int) -> tuple[Bar, ...]:
    bars = [_bar(part.name or "(unknown)", percent(part.blame), part.blame) for part in group.services[:most]]
    others = group.services[most:]
    if others:
        rest = sum(part.blame for part in others)
        bars.append(_bar(counted(len(others), "other"), percent(rest), rest))
    return tuple(bars)


def _fields(group: Group) -> tuple[Bar, ...]:
    """Return by what members differ from the exemplar, on the mean; the bars are parts of the largest."""
    ranked = sorted((share for share in group.fields if share.share > 0), key=lambda share: -share.share)
    most = max((share.share for share in ranked), default=1.0)
    return tuple(_bar(share.name, f"{share.share:.3f}", share.share / most) for share in ranked)


def _pattern(template: GroupTemplate, line: int) -> Pattern:
    slots = tuple(
        (each.name or each.kind, shorten(each.value, _SHORT), each.constant) for each in template.parameters
    )
    return Pattern(template, shorten(template.text, line), slots)


def _said(entry: AuditEntry, line: int) -> str:
    """Return what an entry of the history says, but when and by whom."""
    parts = [f"of {entry.target}"] if entry.target else []
    details: Mapping[str, Value] = entry.detail
    more = [f"{name} {text_of(value)}" for name, value in details.items() if name != "by" and value]
    return shorten(": ".join([*parts, ", ".join(more)] if more else parts), line)


def numbers(shown: Sequence[Section]) -> dict[str, int]:
    """Return the number of each group that is shown, by its id."""
    return {each.group.id: each.number for each in shown}
