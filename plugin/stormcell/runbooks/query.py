"""What an incident says that a runbook could be found by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from stormcell.semconv import ANNOTATIONS
from stormcell.text.masking import mask
from stormcell.types import Event, Material, Signal

MAX_TEXTS: Final = 20
"""Most texts of other members that are read."""

MAX_NAMES: Final = 200
"""Most alerts of a group whose names and links are read."""

_SAID: Final = (
    *(f"{ANNOTATIONS}{name}" for name in ("summary", "description", "message")),
    *("exception.message", "otel.status_description"),
)
_LINK: Final = f"{ANNOTATIONS}runbook_url"


Tiers = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Texts of the exemplar; of the events that speak for the group beside it; of its other members."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    Attributes
    ----------
    links, names : Tiers
        The `runbook_url` of alerts, and their names.
    text : str
        What the exemplar says, values masked.
    rest : str
        What other events say, each text once.
    """

    links: Tiers = ((), (), ())
    names: Tiers = ((), (), ())
    text: str = ""
    rest: str = ""


def query(material: Material) -> Query:
    """Return what the group of ``material`` says; memberships of other groups are passed over."""
    group = material.group
    speakers = _alerts((group.earliest, group.most_severe, *group.exemplars))
    others = _alerts(row.event for atom in material.atoms if atom.group == group.id for row in atom.rows)
    tiers = (_alerts([group.medoid]), speakers, others)
    every = (group.earliest, group.most_severe, *group.exemplars, *others)
    events = {event.uid: event for event in every if event.uid != group.medoid.uid}
    exemplar = said(group.medoid)
    texts = [*map(said, events.values()), *(mask(template.text) for template in group.templates)]
    rest = [text for text in dict.fromkeys(texts) if text and text != exemplar][:MAX_TEXTS]
    return Query(
        links=_tiers(tiers, lambda event: _string(event, _LINK)),
        names=_tiers(tiers, lambda event: event.text),
        text=exemplar,
        rest="\n".join(rest),
    )


def _alerts(events: Iterable[Event]) -> list[Event]:
    """Return the alerts among events, one of each name and link, at most ``MAX_NAMES``."""
    found: dict[tuple[str, str], Event] = {}
    for event in events:
        if event.signal is Signal.ALERT and len(found) < MAX_NAMES:
            found.setdefault((event.text, _string(event, _LINK)), event)
    return list(found.values())


def _tiers(tiers: tuple[list[Event], list[Event], list[Event]], of: Callable[[Event], str]) -> Tiers:
    one, two, three = (tuple(dict.fromkeys(filter(None, map(of, events)))) for events in tiers)
    return one, two, three


def said(event: Event) -> str:
    """Return what an event says of itself, values masked, each text once."""
    texts = (event.text, *(_string(event, name) for name in _SAID))
    return ". ".join(dict.fromkeys(filter(None, map(mask, texts))))


def _string(event: Event, name: str) -> str:
    value = event.attributes.get(name)
    return value if isinstance(value, str) else ""
