"""What the members of a group tell of it: services, signals, blame, fields, places, the exemplar's values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stormcell.render.facts import Shown, fact, shortened
from stormcell.render.places import Place, Whereabouts, place
from stormcell.types import Event, Fact, Group, Membership, Row, Signal

MAX_LISTED = 6
"""Most services, fields and the like that a draft lists."""


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


def rows(group: Group, memberships: Iterable[Membership]) -> list[Row]:
    """Return the rows of ``group``, ascending by time."""
    rows = [row for atom in memberships if atom.group == group.id for row in atom.rows]
    return sorted(rows, key=lambda row: (row.event.time, row.event.uid))


def affected(rows: Iterable[Row], counted: str) -> list[Counted]:
    """Return the services that members come from, most frequent first."""
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


def signals(group: Group, rows: Sequence[Row], counted: str) -> tuple[Counted, ...]:
    """Return the signals of the members, most frequent first."""
    events = [group.medoid, *(row.event for row in rows), group.earliest, group.most_severe, group.latest]
    found = []
    for signal, count in sorted(group.signals.items(), key=lambda item: (-item[1], item[0])):
        if count <= 0:
            continue
        bearer = next((event for event in events if event.signal == signal), None)
        name = fact(bearer, "signal") if bearer else Fact(str(signal), group.medoid.uid, "signal", counted)
        found.append(Counted(name, Fact(str(count), name.uid, "signal", counted)))
    return tuple(found)


def named(service: str, group: Group, rows: Sequence[Row], over: str) -> Fact:
    """Return ``service`` as told by the first event that bears the name, else as blamed by the exemplar."""
    for event in (group.medoid, *(row.event for row in rows)):
        if event.service == service:
            return fact(event, "service")
    return shortened(Fact(service, group.medoid.uid, "service", f"blamed through the calls {over}"))


def blamed(group: Group, rows: Sequence[Row], over: str) -> tuple[Shared, ...]:
    """Return the services by blame, at most ``MAX_LISTED``."""
    found = []
    for part in group.services[:MAX_LISTED]:
        name = named(part.name, group, rows, over)
        how = f"share of the blame for {name.value} {over}"
        found.append(Shared(name, Fact(percent(part.blame), group.medoid.uid, "service", how)))
    return tuple(found)


def fields(group: Group, over: str) -> tuple[Shared, ...]:
    """Return what the members' dissimilarity to the exemplar is made of, largest part first."""
    parts = [part for part in group.fields if part.share > 0]
    total = sum(part.share for part in parts)
    found = []
    for part in sorted(parts, key=lambda part: (-part.share, part.name))[:MAX_LISTED]:
        name = shortened(Fact(part.name, group.medoid.uid, "uid", "a field compared with it"))
        how = f"part of {name.value} in the dissimilarity to it {over}"
        found.append(Shared(name, Fact(percent(part.share / total), group.medoid.uid, "uid", how)))
    return tuple(found)


def places(group: Group, rows: Sequence[Row], everyone: Sequence[Whereabouts], over: str) -> tuple[Place, ...]:
    """Return where to look: the most blamed service, then the exemplar's own where that is another."""
    blamed = group.services[0].name if group.services else ""
    services = list(dict.fromkeys(name for name in (blamed, group.medoid.service) if name)) or [""]
    return tuple(
        place(service, named(service, group, rows, over) if service else None, everyone, group.medoid)
        for service in services
    )


def values(group: Group) -> tuple[Value, ...]:
    """Return the slots of the exemplar's template, at most ``MAX_LISTED``."""
    template = group.templates[0] if group.templates else None
    # The mask of an operation or an alert's name says nothing that the name does not.
    if template is None or template.uid != group.medoid.uid or template.signal != Signal.LOG:
        return ()
    slots = [slot for slot in template.parameters if slot.value][:MAX_LISTED]
    return tuple(
        Value(
            shortened(
                Fact(slot.name or slot.kind, template.uid, "text", f"the word before value {number}, or its kind")
            ),
            shortened(Fact(slot.value, template.uid, "text", f"value {number} in it")),
            slot.constant,
        )
        for number, slot in enumerate(slots, 1)
    )


def alike(group: Group) -> Fact | None:
    """Return how many members have the exemplar's template; None where that is not known."""
    if not group.templates:
        return None
    template = group.templates[0]
    return Fact(str(template.count), template.uid, "text", "members counted whose text differs in values only")


def evidence(group: Group, shown: dict[str, Shown]) -> tuple[Witness, ...]:
    """Return exemplar, earliest, most severe and latest event, each once."""
    roles: dict[str, list[str]] = {}
    for role, event in (
        ("exemplar", group.medoid),
        ("earliest", group.earliest),
        ("most severe", group.most_severe),
        ("latest", group.latest),
    ):
        roles.setdefault(event.uid, []).append(role)
    return tuple(Witness(", ".join(names).capitalize(), shown[uid]) for uid, names in roles.items())


def percent(share: float) -> str:
    """Return a share as people read it."""
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"
