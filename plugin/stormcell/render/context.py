"""What a template can say about a group: facts, each with its source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from stormcell.config import LinkSettings
from stormcell.render import members
from stormcell.render.acts import Act, Detection, acts, detection
from stormcell.render.beyond import Like, Link, like, links, pages
from stormcell.render.facts import Detail, Shown, fact, instant, shortened, show, since
from stormcell.render.members import MAX_LISTED, Counted, Shared, Value, Witness
from stormcell.render.places import Place, Whereabouts, whereabouts
from stormcell.render.shape import (
    Calls,
    Common,
    Factor,
    Pattern,
    Reach,
    Varied,
    calls_of,
    factors,
    fields_of,
    path_to,
    patterns,
    reach,
)
from stormcell.render.timeline import Moment, Rate, rate, timeline
from stormcell.times import spoken
from stormcell.types import Fact, Material, Row


@dataclass(frozen=True)
class Context:
    """A group in facts. What takes a while is made when a template first asks for it.

    Attributes
    ----------
    single, lasting : bool
        Whether it is one event only; whether it lasted any time.
    signals : tuple of Counted
        Most frequent first.
    affected : tuple of Counted
        Services that members come from, most frequent first; at most ``MAX_LISTED``.
    affected_more : Fact or None
        How many services are left off.
    blamed : tuple of Shared
        Services by blame, at most ``MAX_LISTED``.
    fields : tuple of Shared
        What the members' dissimilarity to the exemplar is made of, largest part first.
    values : tuple of Value
        The slots of the exemplar's template, at most ``MAX_LISTED``.
    alike : Fact or None
        How many members have that template.
    evidence : tuple of Witness
        Exemplar, earliest, most severe and latest event, each once.
    """

    _material: Material = field(repr=False, compare=False)
    _rows: Sequence[Row] = field(repr=False, compare=False)
    _links: Sequence[LinkSettings] = field(repr=False, compare=False)
    id: Fact
    title: Fact
    status: Fact
    count: Fact
    single: bool
    lasting: bool
    first_seen: Fact
    last_seen: Fact
    duration: Fact
    radius: Fact
    margin: Fact | None
    signals: tuple[Counted, ...]
    affected: tuple[Counted, ...]
    affected_more: Fact | None
    blamed: tuple[Shared, ...]
    fields: tuple[Shared, ...]
    exemplar: Shown
    earliest: Shown
    latest: Shown
    most_severe: Shown
    values: tuple[Value, ...]
    alike: Fact | None
    evidence: tuple[Witness, ...]

    @property
    def _over(self) -> str:
        return over(self._material.group.count)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where to look: first the most blamed service, then the exemplar's own where that is another."""
        return members.places(self._material.group, self._rows, self._whereabouts, self._over)

    @cached_property
    def reach(self) -> Reach:
        """How many services, pods, hosts, traces and errors there are."""
        return reach(self._rows, self._whereabouts, self._over)

    @cached_property
    def _whereabouts(self) -> Sequence[Whereabouts]:
        return whereabouts([self._material.group.medoid, *(row.event for row in self._rows)])

    @cached_property
    def constant(self) -> tuple[Common, ...]:
        """The fields that have one value in all rows, at most ``MAX_LISTED``."""
        return self._fields[0]

    @cached_property
    def varying(self) -> tuple[Varied, ...]:
        """The fields that have several, those with fewest first, at most ``MAX_LISTED``."""
        return self._fields[1]

    @cached_property
    def _fields(self) -> tuple[tuple[Common, ...], tuple[Varied, ...]]:
        return fields_of(self._rows)

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The templates of the members' texts, the exemplar's first, at most ``MAX_LISTED``."""
        return patterns(self._material.group, self._rows)

    @cached_property
    def calls(self) -> tuple[Calls, ...]:
        """Which services of the group call which, most frequent first, at most ``MAX_LISTED``."""
        return calls_of(self._rows)

    @cached_property
    def call_path(self) -> tuple[Fact, ...]:
        """The services from the first caller down to the one blamed most; empty where no calls are known."""
        services = self._material.group.services
        return path_to(services[0].name, self.calls) if services else ()

    @cached_property
    def rate(self) -> Rate | None:
        """The minute with most members, and how many come a minute; None where no row is known."""
        return rate(self._material.group, self._rows, self._over)

    @cached_property
    def acts(self) -> tuple[Act, ...]:
        """What people and the sidecar did to the group, oldest first."""
        return acts(self._material.history)

    @cached_property
    def detection(self) -> Detection:
        """When it began, and when it was seen, acknowledged and resolved."""
        events = [row.event for row in self._rows]
        return detection(self._material.group.earliest, events, self._material.history)

    @cached_property
    def timeline(self) -> tuple[Moment, ...]:
        """What happened, oldest first, each thing once."""
        return timeline(self._material.group, self._rows, self.rate, self.acts)

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """The events that stand out: evidence, ranked, of what contributed."""
        share = self.blamed[0].share if self.blamed else None
        return factors(self._material.group, self._material.atoms, share)

    @cached_property
    def related(self) -> tuple[Like, ...]:
        """Groups of before that are like it, most like first."""
        return like(self._material.related)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The links of the settings (``drafts.links``), filled in."""
        return links(self._material.group, self._links)

    @cached_property
    def pages(self) -> tuple[Detail, ...]:
        """Addresses that the exemplar or the earliest alert brings, such as that of its dashboard."""
        group = self._material.group
        spoken_for = [event for event in group.exemplars if event.uid != group.medoid.uid]
        return pages([group.medoid, *spoken_for])


LAZY = tuple(
    name
    for name, value in vars(Context).items()
    if isinstance(value, cached_property) and not name.startswith("_")
)
"""What is made of a group only when asked for."""


def over(count: int) -> str:
    """Return how a value over all members is derived."""
    return f"over {count} {'member' if count == 1 else 'members'}"


def context(material: Material, settings: Sequence[LinkSettings] = ()) -> Context:
    """Return the facts of a group; memberships of other groups are passed over."""
    group = material.group
    medoid, earliest, latest = group.medoid, group.earliest, group.latest
    rows = members.rows(group, material.atoms)
    every = over(group.count)
    counted = f"counted {every}"
    affected = members.affected(rows, counted)
    shown = {event.uid: show(event) for event in (medoid, earliest, group.most_severe, latest)}
    more = len(affected) - MAX_LISTED
    return Context(
        _material=material,
        _rows=rows,
        _links=settings,
        id=Fact(group.id, medoid.uid, "uid", "the id of its group"),
        title=(
            fact(medoid, "text")
            if group.title == medoid.text
            else shortened(Fact(group.title, medoid.uid, "text", "the title of its group"))
        ),
        status=Fact(group.status, medoid.uid, "uid", "the status of its group"),
        count=Fact(str(group.count), earliest.uid, "time", counted),
        single=group.count == 1,
        lasting=latest.time > earliest.time,
        first_seen=instant(earliest),
        last_seen=instant(latest),
        duration=Fact(spoken(max(latest.time - earliest.time, 0)), latest.uid, "time", since(earliest)),
        radius=Fact(f"{group.radius:.2f}", medoid.uid, "uid", f"largest dissimilarity to it {every}"),
        margin=(
            None
            if group.margin is None or not math.isfinite(group.margin)
            else Fact(f"{group.margin:.2f}", medoid.uid, "uid", f"mean distance to the next exemplar {every}")
        ),
        signals=members.signals(group, rows, counted),
        affected=tuple(affected[:MAX_LISTED]),
        affected_more=Fact(str(more), medoid.uid, "service", f"services {counted}") if more > 0 else None,
        blamed=members.blamed(group, rows, every),
        fields=members.fields(group, every),
        exemplar=shown[medoid.uid],
        earliest=shown[earliest.uid],
        latest=shown[latest.uid],
        most_severe=shown[group.most_severe.uid],
        values=members.values(group),
        alike=members.alike(group),
        evidence=members.evidence(group, shown),
    )
