"""Events as the pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stormcell.render.html import text_of
from stormcell.semconv import severity_name
from stormcell.types import Attributes, Event, Group

_LONGEST: Final = 4000
"""Characters of a text or a value that a page shows; the rest is in the download."""


@dataclass(frozen=True, slots=True)
class Card:
    """An event, whole.

    Attributes
    ----------
    event : Event
    level : str
        See ``level``.
    text : str
        Cut where it is very long.
    plain, attributes, resource : tuple of (str, str)
        What else it tells, by name.
    """

    event: Event
    level: str
    text: str
    plain: tuple[tuple[str, str], ...]
    attributes: tuple[tuple[str, str], ...]
    resource: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Landmark:
    """An event that is looked at beside the exemplar.

    Attributes
    ----------
    roles : tuple of str
        "earliest", "most severe", "latest".
    event : Event
    level : str
    text : str
    after : int
        How long after the earliest, ns.
    is_exemplar : bool
    """

    roles: tuple[str, ...]
    event: Event
    level: str
    text: str
    after: int
    is_exemplar: bool


def card(event: Event) -> Card:
    """Return an event, whole."""
    plain = {
        "status": event.status,
        "severity": str(event.severity or ""),
        "trace": event.trace_id,
        "span": event.span_id,
        "parent span": event.parent_id,
    }
    return Card(
        event=event,
        level=severity_name(event.severity),
        text=cut(event.text),
        plain=tuple((name, value) for name, value in plain.items() if value),
        attributes=_listed(event.attributes),
        resource=_listed(event.resource),
    )


def landmarks(exemplar: Event, roles: Mapping[str, Event]) -> tuple[Landmark, ...]:
    """Return the events that are looked at beside an exemplar, each once, ascending by time."""
    named: dict[str, list[str]] = {}
    events = {event.uid: event for event in roles.values()}
    for role, event in roles.items():
        named.setdefault(event.uid, []).append(role)
    start = min(event.time for event in events.values())
    return tuple(
        Landmark(
            tuple(named[event.uid]),
            event,
            severity_name(event.severity),
            cut(event.text, 300),
            event.time - start,
            event.uid == exemplar.uid,
        )
        for event in sorted(events.values(), key=lambda event: (event.time, event.uid))
    )


def title_of(group: Group, most: int) -> str:
    """Return the title of a group on one line, of so many characters at most."""
    return cut(" ".join(group.title.split()), most) or "(no text)"


def cut(text: str, most: int = _LONGEST) -> str:
    """Return a text, its end left out where it is very long."""
    return text if len(text) <= most else f"{text[:most].rstrip()} …"


def _listed(attributes: Attributes) -> tuple[tuple[str, str], ...]:
    return tuple((name, cut(text_of(attributes[name]))) for name in sorted(attributes))
