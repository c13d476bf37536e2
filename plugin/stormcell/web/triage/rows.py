"""What the list tells of a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.semconv import severity_name
from stormcell.store import SqliteStore
from stormcell.store.listing import position
from stormcell.text.shorten import shorten
from stormcell.types import Group
from stormcell.web.triage.asking import SIGNALS, Asked, after

PAGE: Final = 50
_SERVICES: Final = 2
_TITLE: Final = 300


@dataclass(frozen=True, slots=True)
class Listed:
    """A group in the list.

    Attributes
    ----------
    id, title, status : str
        The title is the exemplar's text, without its middle where that is long, and its service.
    severity : str
        A name; "none" where no event had one.
    services : sequence of (str, float)
        The most blamed, and their parts of the blame.
    more_services : int
        How many more are blamed.
    signals : sequence of (str, int)
        Events by signal, those that there are.
    count : int
        Events.
    first_seen, last_seen : int
        ns.
    revision : int
    """

    id: str
    title: str
    status: str
    severity: str
    services: Sequence[tuple[str, float]]
    more_services: int
    signals: Sequence[tuple[str, int]]
    count: int
    first_seen: int
    last_seen: int
    revision: int


@dataclass(frozen=True, slots=True)
class List:
    """A page of the list: its groups, where the next begins ("" at the end), and how many there are by status."""

    groups: Sequence[Listed]
    next: str
    counts: dict[str, int]


def listed(store: SqliteStore, asked: Asked, now: int) -> List:
    """Return the page that is asked for."""
    with store.looking():
        # One more than is shown tells whether there is another page.
        found = store.page_of_groups(asked.wanted(now), asked.order, limit=PAGE + 1, after=asked.position)
        counts = store.status_counts()
    page = found[:PAGE]
    more = after(position(page[-1], asked.order)) if len(found) > PAGE else ""
    return List([row(group) for group in page], more, _chips(counts))


def row(group: Group) -> Listed:
    """Return what is told of a group."""
    return Listed(
        id=group.id,
        title=shorten(group.title, _TITLE) or "(no text)",
        status=group.status,
        severity=severity_name(group.most_severe.severity) or "none",
        services=[(part.name, part.blame) for part in group.services[:_SERVICES]],
        more_services=max(0, len(group.services) - _SERVICES),
        signals=[(name, group.signals[name]) for name in SIGNALS if group.signals.get(name)],
        count=group.count,
        first_seen=group.first_seen,
        last_seen=group.last_seen,
        revision=group.revision,
    )


def _chips(counts: dict[str, int]) -> dict[str, int]:
    return {
        "living": counts.get("open", 0) + counts.get("acknowledged", 0),
        **{name: counts.get(name, 0) for name in ("open", "acknowledged", "resolved")},
        "all": sum(counts.values()),
    }
