"""The page of a group, but for its members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stormcell.config import Settings
from stormcell.semconv import severity_name
from stormcell.store import SqliteStore
from stormcell.store.listing import By, Order, Wanted
from stormcell.types import Event, Feedback, Group, GroupTemplate, Kind, Review
from stormcell.web.group.events import Card, Landmark, card, landmarks, title_of
from stormcell.web.group.history import Happened, happened

HISTORY: Final = 30
"""Entries of its history that a page shows."""
_DAY: Final = 86_400 * 10**9
_BARS: Final = 8
_TEMPLATES: Final = 8
_OTHERS: Final = 50
_REVIEWS: Final = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """A name and its part of a whole, in [0, 1]."""

    name: str
    part: float


@dataclass(frozen=True, slots=True)
class Other:
    """A group that might be merged with this, or take its members."""

    id: str
    title: str
    status: str
    level: str
    service: str
    count: int
    first_seen: int
    last_seen: int


@dataclass(frozen=True, slots=True)
class GroupPage:
    """A group as its page shows it.

    Attributes
    ----------
    group : Group
        Without members and profile.
    title, level : str
    duration : int
        ns.
    days : bool
        Whether it lasted into another day, so that clocks alone do not do.
    exemplar : Card
    pinned : bool
        Whether a person pinned its exemplar.
    landmarks : tuple of Landmark
    blamed, fields : tuple of Bar
        ``fields`` are parts of the members' mean dissimilarity to the exemplar's atom.
    more_blamed : int
        Services that are left off.
    mean : float
        That dissimilarity.
    signals : tuple of (str, int)
    templates : tuple of GroupTemplate
    movable, others : tuple of Other
        The groups of its session, nearest in time first; ``others`` are those that match what is searched.
    searched : str
    reviews : tuple of Review
        Drafts of it that people took up, those that were changed last first.
    history : tuple of Happened
        Newest first.
    more_history : bool
    """

    group: Group
    title: str
    level: str
    duration: int
    days: bool
    exemplar: Card
    pinned: bool
    landmarks: tuple[Landmark, ...]
    blamed: tuple[Bar, ...]
    more_blamed: int
    fields: tuple[Bar, ...]
    mean: float
    signals: tuple[tuple[str, int], ...]
    templates: tuple[GroupTemplate, ...]
    movable: tuple[Other, ...]
    others: tuple[Other, ...]
    searched: str
    reviews: tuple[Review, ...]
    history: tuple[Happened, ...]
    more_history: bool


def group_page(store: SqliteStore, group: Group, settings: Settings, searched: str = "") -> GroupPage:
    """Return a group as its page shows it.

    Parameters
    ----------
    store : SqliteStore
    group : Group
    settings : Settings
        Its grouping says which groups are of one session.
    searched : str
        What the other groups have in their title, a template or the text of their exemplar.
    """
    roles: Mapping[str, Event] = {
        "earliest": group.earliest,
        "most severe": group.most_severe,
        "latest": group.latest,
    }
    said = [one for one in store.feedback() if not one.undone]
    total = sum(part.share for part in group.fields)
    near = others(store, group, settings)
    entries = store.newest_entries(group=group.id, limit=HISTORY + 1)
    return GroupPage(
        group=group,
        title=title_of(group, 300),
        level=severity_name(group.most_severe.severity),
        duration=max(group.last_seen - group.first_seen, 0),
        days=group.first_seen // _DAY != group.last_seen // _DAY,
        exemplar=card(group.medoid),
        pinned=is_pinned(group.medoid, said),
        landmarks=landmarks(group.medoid, roles),
        blamed=tuple(Bar(part.name, part.blame) for part in group.services[:_BARS]),
        more_blamed=max(len(group.services) - _BARS, 0),
        fields=tuple(
            Bar(part.name, part.share / total)
            for part in sorted(group.fields, key=lambda part: (-part.share, part.name))
            if part.share > 0
        ),
        mean=total,
        signals=tuple((str(name), count) for name, count in sorted(group.signals.items()) if count),
        templates=group.templates[:_TEMPLATES],
        movable=near,
        others=others(store, group, settings, searched) if searched.strip() else near,
        searched=searched,
        reviews=tuple(store.reviews(group.id, limit=_REVIEWS)),
        history=happened(entries[:HISTORY], set(store.statuses()), {one.id for one in said}, group.id),
        more_history=len(entries) > HISTORY,
    )


def is_pinned(event: Event, said: list[Feedback]) -> bool:
    """Whether a person pinned an event; of what was said only what holds."""
    return any(one.kind is Kind.PIN and event.uid in one.marks[0].uids for one in said)


def others(store: SqliteStore, group: Group, settings: Settings, searched: str = "") -> tuple[Other, ...]:
    """Return the groups that are near enough in time to be one incident with a group, the nearest first."""
    silence = int(settings.grouping.silence_seconds * 1e9)
    wanted = Wanted(since=group.first_seen - silence, until=group.last_seen + silence, text=searched.strip())
    found = store.page_of_groups(wanted, Order(By.FIRST_SEEN, descending=False), limit=_OTHERS * 4)
    found.sort(key=lambda other: (_apart(group, other), abs(other.first_seen - group.first_seen), other.id))
    return tuple(
        Other(
            id=other.id,
            title=title_of(other, 160),
            status=other.status,
            level=severity_name(other.most_severe.severity),
            service=other.services[0].name if other.services else other.medoid.service,
            count=other.count,
            first_seen=other.first_seen,
            last_seen=other.last_seen,
        )
        for other in found
        if other.id != group.id
    )[:_OTHERS]


def _apart(group: Group, other: Group) -> int:
    """Return how long nothing happened between two groups, ns; 0 where they overlap."""
    return max(other.first_seen - group.last_seen, group.first_seen - other.last_seen, 0)
