"""What a template can say about a group: facts, each with its source."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stormcell.render.facts import Shown, fact, instant, shortened, show
from stormcell.render.places import Place, place
from stormcell.times import spoken
from stormcell.types import Event, Fact, Group, Membership, Row, Signal

MAX_LISTED = 6
"""Most services, and most fields, that a draft lists."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A name and how many members bear it."""

    name: Fact
    count: Fact


@dataclass(frozen=True, slots=True)
class Shared:
    """A name and its part of a whole."""

    name: Fact
    share: Fact


@dataclass(frozen=True, slots=True)
class Value:
    """What stands in a slot of the exemplar's template, and whether all members of that template agree on it."""

    name: Fact
    value: Fact
    constant: bool


@dataclass(frozen=True, slots=True)
class Witness:
    """An event of the evidence, and what it is shown for, such as ``Exemplar, earliest``."""

    roles: str
    event: Shown


@dataclass(frozen=True, slots=True)
class Context:
    """A group in facts.

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
    places : tuple of Place
        Where to look: first the most blamed service, then the exemplar's own where that is another.
    values : tuple of Value
        The slots of the exemplar's template, at most ``MAX_LISTED``.
    alike : Fact or None
        How many members have that template.
    evidence : tuple of Witness
        Exemplar, earliest, most severe and latest event, each once.
    """

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
    places: tuple[Place, ...]
    values: tuple[Value, ...]
    alike: Fact | None
    evidence: tuple[Witness, ...]


def context(group: Group, memberships: Sequence[Membership]) -> Context:
    """Return the facts of ``group``; memberships of other groups are passed over."""
    medoid, earliest, latest = group.medoid, group.earliest, group.latest
    rows = _rows(group, memberships)
    over = f"over {group.count} {'member' if group.count == 1 else 'members'}"
    counted = f"counted {over}"
    affected = _affected(rows, counted)
    shown = {event.uid: show(event) for event in (medoid, earliest, group.most_severe, latest)}
    more = len(affected) - MAX_LISTED
    return Context(
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
        duration=Fact(spoken(max(latest.time - earliest.time, 0)), latest.uid, "time", _since(earliest)),
        radius=Fact(f"{group.radius:.2f}", medoid.uid, "uid", f"largest dissimilarity to it {over}"),
        margin=(
            None
            if group.margin is None or not math.isfinite(group.margin)
            else Fact(f"{group.margin:.2f}", medoid.uid, "uid", f"mean distance to the next exemplar {over}")
        ),
        signals=_signals(group, rows, counted),
        affected=tuple(affected[:MAX_LISTED]),
        affected_more=Fact(str(more), medoid.uid, "service", f"services {counted}") if more > 0 else None,
        blamed=_blamed(group, rows, over),
        fields=_fields(group, over),
        exemplar=shown[medoid.uid],
        earliest=shown[earliest.uid],
        latest=shown[latest.uid],
        most_severe=shown[group.most_severe.uid],
        places=_places(group, rows, over),
        values=_values(group),
        alike=_alike(group),
        evidence=_evidence(group, shown),
    )


def _rows(group: Group, memberships: Iterable[Membership]) -> list[Row]:
    rows = [row for atom in memberships if atom.group == group.id for row in atom.rows]
    return sorted(rows, key=lambda row: (row.event.time, row.event.uid))


def _since(earliest: Event) -> str:
    return f"from event {earliest.uid} to it"


def _affected(rows: Iterable[Row], counted: str) -> list[Counted]:
    first: dict[str, Event] = {}
    count: dict[str, int] = {}
    for row in rows:
        service = row.event.service
        if service:
            first.setdefault(service, row.event)
            count[service] = count.get(service, 0) + len(row.members)
    ranked = sorted(count, key=lambda service: (-count[service], service))
    return [
        Counted(
            fact(first[service], "service"),
            Fact(str(count[service]), first[service].uid, "service", counted),
        )
        for service in ranked
    ]


def _signals(group: Group, rows: Sequence[Row], counted: str) -> tuple[Counted, ...]:
    events = [group.medoid, *(row.event for row in rows), group.earliest, group.most_severe, group.latest]
    found = []
    for signal, count in sorted(group.signals.items(), key=lambda item: (-item[1], item[0])):
        if count <= 0:
            continue
        bearer = next((event for event in events if event.signal == signal), None)
        name = fact(bearer, "signal") if bearer else Fact(str(signal), group.medoid.uid, "signal", counted)
        found.append(Counted(name, Fact(str(count), name.uid, "signal", counted)))
    return tuple(found)


def _named(service: str, group: Group, rows: Sequence[Row], over: str) -> Fact:
    """Return ``service`` as told by the first event that bears the name, else as blamed by the exemplar."""
    for event in (group.medoid, *(row.event for row in rows)):
        if event.service == service:
            return fact(event, "service")
    return shortened(Fact(service, group.medoid.uid, "service", f"blamed through the calls {over}"))


def _blamed(group: Group, rows: Sequence[Row], over: str) -> tuple[Shared, ...]:
    found = []
    for part in group.services[:MAX_LISTED]:
        name = _named(part.name, group, rows, over)
        how = f"share of the blame for {name.value} {over}"
        found.append(Shared(name, Fact(_percent(part.blame), group.medoid.uid, "service", how)))
    return tuple(found)


def _fields(group: Group, over: str) -> tuple[Shared, ...]:
    parts = [part for part in group.fields if part.share > 0]
    total = sum(part.share for part in parts)
    found = []
    for part in sorted(parts, key=lambda part: (-part.share, part.name))[:MAX_LISTED]:
        name = shortened(Fact(part.name, group.medoid.uid, "uid", "a field compared with it"))
        how = f"part of {name.value} in the dissimilarity to it {over}"
        found.append(Shared(name, Fact(_percent(part.share / total), group.medoid.uid, "uid", how)))
    return tuple(found)


def _places(group: Group, rows: Sequence[Row], over: str) -> tuple[Place, ...]:
    members = [row.event for row in rows]
    blamed = group.services[0].name if group.services else ""
    services = list(dict.fromkeys(name for name in (blamed, group.medoid.service) if name)) or [""]
    return tuple(
        place(service, _named(service, group, rows, over) if service else None, group.medoid, members)
        for service in services
    )


def _values(group: Group) -> tuple[Value, ...]:
    template = group.templates[0] if group.templates else None
    # The mask of an operation or an alert's name says nothing that the name does not.
    if template is None or template.uid != group.medoid.uid or template.signal != Signal.LOG:
        return ()
    return tuple(
        Value(
            shortened(Fact(slot.name or slot.kind, template.uid, "text", "the word before a value, or its kind")),
            shortened(Fact(slot.value, template.uid, "text", "a value in it")),
            slot.constant,
        )
        for slot in [slot for slot in template.parameters if slot.value][:MAX_LISTED]
    )


def _alike(group: Group) -> Fact | None:
    if not group.templates:
        return None
    template = group.templates[0]
    return Fact(str(template.count), template.uid, "text", "members counted whose text differs in values only")


def _evidence(group: Group, shown: dict[str, Shown]) -> tuple[Witness, ...]:
    roles: dict[str, list[str]] = {}
    for role, event in (
        ("exemplar", group.medoid),
        ("earliest", group.earliest),
        ("most severe", group.most_severe),
        ("latest", group.latest),
    ):
        roles.setdefault(event.uid, []).append(role)
    return tuple(Witness(", ".join(names).capitalize(), shown[uid]) for uid, names in roles.items())


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"
