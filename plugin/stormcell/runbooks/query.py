"""What an incident says that a runbook could be found by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stormcell.semconv import ANNOTATIONS
from stormcell.text.masking import mask
from stormcell.types import Event, Material, Signal

MAX_TEXTS: Final = 20
"""Most texts of other members that are read."""

MAX_NAMES: Final = 200
"""Most names, and most links, of other members."""

_SAID: Final = (
    *(f"{ANNOTATIONS}{name}" for name in ("summary", "description", "message")),
    *("exception.message", "otel.status_description"),
)
_LINK: Final = f"{ANNOTATIONS}runbook_url"


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    Attributes
    ----------
    links, names : tuple of str
        The exemplar's `runbook_url` and its name, where it is an alert and has them.
    text : str
        What the exemplar says, values masked.
    other_links, other_names : tuple of str
        Those of the other members.
    rest : str
        What other members say, each text once.
    """

    links: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    text: str = ""
    other_links: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    rest: str = ""


def query(material: Material) -> Query:
    """Return what the group of ``material`` says; memberships of other groups are passed over."""
    group = material.group
    told = (group.earliest, group.most_severe, *group.exemplars)
    rows = (row.event for atom in material.atoms if atom.group == group.id for row in atom.rows)
    alerts: dict[tuple[str, str], Event] = {}
    for event in (*told, *rows):
        if event.signal is Signal.ALERT and len(alerts) < MAX_NAMES:
            alerts.setdefault((event.text, _string(event, _LINK)), event)
    others = {event.uid: event for event in (*told, *alerts.values()) if event.uid != group.medoid.uid}
    exemplar = said(group.medoid)
    texts = [*map(said, others.values()), *(mask(template.text) for template in group.templates)]
    rest = [text for text in dict.fromkeys(texts) if text and text != exemplar][:MAX_TEXTS]
    is_alert = group.medoid.signal is Signal.ALERT
    return Query(
        links=_filled([_string(group.medoid, _LINK)]),
        names=_filled([group.medoid.text] if is_alert else []),
        text=exemplar,
        other_links=_filled(link for _, link in alerts),
        other_names=_filled(name for name, _ in alerts),
        rest="\n".join(rest),
    )


def said(event: Event) -> str:
    """Return what an event says of itself, values masked, each text once."""
    texts = (event.text, *(_string(event, name) for name in _SAID))
    return ". ".join(dict.fromkeys(filter(None, map(mask, texts))))


def _filled(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


def _string(event: Event, name: str) -> str:
    value = event.attributes.get(name)
    return value if isinstance(value, str) else ""
