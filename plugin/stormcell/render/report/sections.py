"""What the page says of each group."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from stormcell.render.html import counted, percent
from stormcell.render.report.members import Members, members, rooms
from stormcell.render.report.services import Graph, graph
from stormcell.render.report.storm import Storm, severity
from stormcell.text.shorten import shorten
from stormcell.types import Attributes, AuditEntry, Event, Group, GroupTemplate, Material, Related, Value

_TEXTS = 600_000
"""Characters that the exemplars of all groups may take, attributes included."""
_LEAST_TEXT, _MOST_TEXT = 1_500, 20_000
_MOST_BARS = 8
_MOST_ENTRIES = 50
_LONG, _SHORT = 300, 120


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
    graph : Graph or None
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
    members: Members
    alike: tuple[Related, ...]
    family: str
    history: tuple[tuple[AuditEntry, str], ...]
    forgotten: int


def sections(storm: Storm) -> tuple[Section, ...]:
    """Return what is said of each group that is shown."""
    counts = [sum(len(atom.rows) for atom in each.atoms) for each in storm.materials]
    room = min(max(_TEXTS // max(len(counts), 1), _LEAST_TEXT), _MOST_TEXT)
    return tuple(
        _section(number, each, rows, room, storm)
        for number, (each, rows) in enumerate(zip(storm.materials, rooms(counts), strict=True), 1)
    )


def _section(number: int, material: Material, rows: int, room: int, storm: Storm) -> Section:
    group = material.group
    return Section(
        number=number,
        group=group,
        severity=severity(group.most_severe.severity),
        exemplar=whole(group.medoid, room),
        others=tuple(_others(group)),
        signals=_signals(group),
        blame=_blame(group),
        fields=_fields(group),
        margin="" if group.margin is None or not isfinite(group.margin) else f"{group.margin:.3f}",
        patterns=tuple(_pattern(each) for each in group.templates),
        graph=graph(material, storm.calls),
        members=members(material, rows),
        alike=tuple(material.related),
        family=storm.families.get(group.id, ""),
        history=tuple((entry, _said(entry)) for entry in material.history[-_MOST_ENTRIES:]),
        forgotten=max(len(material.history) - _MOST_ENTRIES, 0),
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
        yield f"{holder}.{name}", _spelled(attributes[name])


def _spelled(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _others(group: Group) -> Iterable[tuple[str, Event, str]]:
    """Yield the other events that the group is told by, each once."""
    named = {group.medoid.uid}
    others = [("earliest", group.earliest), ("most severe", group.most_severe)]
    others += [(f"its {event.signal}", event) for event in group.exemplars]
    others.append(("latest", group.latest))
    for why, event in others:
        if event.uid not in named:
            named.add(event.uid)
            yield why, event, shorten(event.text, _LONG)


def _bar(name: str, value: str, part: float) -> Bar:
    return Bar(name, value, f"{100 * min(max(part, 0.0), 1.0):.1f}%")


def _signals(group: Group) -> tuple[Bar, ...]:
    return tuple(
        _bar(name, f"{group.signals[name]:,}", group.signals[name] / max(group.count, 1))
        for name in sorted(group.signals, key=lambda name: (-group.signals[name], name))
    )


def _blame(group: Group) -> tuple[Bar, ...]:
    bars = [
        _bar(part.name or "(unknown)", percent(part.blame), part.blame) for part in group.services[:_MOST_BARS]
    ]
    others = group.services[_MOST_BARS:]
    if others:
        rest = sum(part.blame for part in others)
        bars.append(_bar(counted(len(others), "other"), percent(rest), rest))
    return tuple(bars)


def _fields(group: Group) -> tuple[Bar, ...]:
    """Return by what members differ from the exemplar, on the mean; the bars are parts of the largest."""
    ranked = sorted((share for share in group.fields if share.share > 0), key=lambda share: -share.share)
    most = max((share.share for share in ranked), default=1.0)
    return tuple(_bar(share.name, f"{share.share:.3f}", share.share / most) for share in ranked)


def _pattern(template: GroupTemplate) -> Pattern:
    slots = tuple(
        (each.name or each.kind, shorten(each.value, _SHORT), each.constant) for each in template.parameters
    )
    return Pattern(template, shorten(template.text, _LONG), slots)


def _said(entry: AuditEntry) -> str:
    """Return what an entry of the history says, but when and by whom."""
    parts = [f"of {entry.target}"] if entry.target else []
    details: Mapping[str, Value] = entry.detail
    more = [f"{name} {_spelled(value)}" for name, value in details.items() if name != "by" and value]
    return shorten(": ".join([*parts, ", ".join(more)] if more else parts), _LONG)


def who(entry: AuditEntry) -> str:
    """Return who made a change, and whom they said they are."""
    by = entry.detail.get("by")
    return f"{entry.who} ({by})" if by else entry.who


def numbers(shown: Sequence[Section]) -> dict[str, int]:
    """Return the number of each group that is shown, by its id."""
    return {each.group.id: each.number for each in shown}
