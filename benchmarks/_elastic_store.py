"""Stores of any size with groups such as a storm leaves, made quickly and always the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from stormcell.store import SqliteStore
from stormcell.types import (
    AuditEntry,
    Blame,
    Draft,
    Event,
    Group,
    Grouping,
    Membership,
    Profile,
    Row,
    Saying,
    Share,
    Signal,
)

ROWS = 20
"""Of a group."""
ATOM = 5
"""Rows of an atom; in the data sets here there are 7 to 9."""
AT_ONCE = 500
_START = 1_790_000_000_000_000_000
_SECOND = 10**9
_SERVICES = tuple(
    f"ts-{name}-service"
    for name in ("order", "travel", "seat", "food", "basic", "contacts", "station", "price", "auth")
)
_TEXTS = (
    "[findContactsById][contactsRepository.findById][No contacts according to contactsId][contactsId: {}]",
    "Servlet.service() for servlet [dispatcherServlet] threw exception: No instances available for {}",
    "[queryForTravel][catch price exception][routeId: {}][trainType: GaoTieOne]",
    "dial tcp 10.244.3.{}:8080: connect: connection refused",
    "order {} not found while paying; rolling back, 3 tries left",
)
_FIELDS = ("text", "service", "blame", "time", "severity", "trace")


def fill(path: Path, groups: int) -> None:
    """Make a store with so many groups of ROWS rows each."""
    with SqliteStore(path, create=True) as store:
        for first in range(0, groups, AT_ONCE):
            made = [_group(number) for number in range(first, min(first + AT_ONCE, groups))]
            memberships = tuple(atom for _, atoms in made for atom in atoms)
            found = tuple(group for group, _ in made)
            drafts = [Draft(one.id, "runbook", "error-log", _runbook(one), ()) for one in found]
            audit = [
                AuditEntry(one.last_seen, "ann", "ack", one.id, (one.id,), {"by": "Ann"}) for one in found[::5]
            ]
            store.save(Grouping(sum(one.count for one in found), 0, found, memberships), drafts, audit=audit)


def _group(number: int) -> tuple[Group, list[Membership]]:
    chance = random.Random(number)  # noqa: S311 - not for secrets
    rows = list(_rows(number, chance))
    id = f"g-{number:012x}"
    services = tuple(
        Blame(name, share) for name, share in zip(chance.sample(_SERVICES, 3), (0.6, 0.3, 0.1), strict=True)
    )
    atoms = [_atom(number, id, rows[first : first + ATOM], chance) for first in range(0, ROWS, ATOM)]
    events = [row.event for row in rows]
    uids = sorted(uid for row in rows for uid in row.members)
    return Group(
        id=id,
        title=f"{events[0].text[:60]} on {events[0].service}",
        status="open" if number % 5 else "acknowledged",
        medoid=events[0],
        earliest=events[0],
        latest=events[-1],
        most_severe=events[3],
        count=len(uids),
        signals={"log": len(uids)},
        services=services,
        first_seen=events[0].time,
        last_seen=events[-1].time,
        radius=0.5,
        margin=0.25,
        fields=tuple(Share(name, chance.random(), 1.0, 0.05) for name in _FIELDS),
        members=tuple(uids),
        template=rows[0].template,
        exemplars=(events[0],),
        trace=events[0].trace_id,
        profile=_profile(services, rows),
    ), atoms


def _atom(number: int, group: str, rows: list[Row], chance: random.Random) -> Membership:
    near = chance.random() / 2
    return Membership(
        rows=tuple(rows),
        links=(),
        surprise=chance.random() * 9,
        group=group,
        dissimilarity=near,
        shares=tuple(Share(name, chance.random(), 1.0, near / len(_FIELDS)) for name in _FIELDS),
        runner_up=f"g-{number + 1:012x}",
        runner_up_dissimilarity=0.5 + chance.random() / 2,
    )


def _rows(number: int, chance: random.Random) -> Iterator[Row]:
    for at in range(ROWS):
        uid = f"{number:08x}{at:04x}{chance.getrandbits(16):04x}"
        text = chance.choice(_TEXTS)
        event = Event(
            uid,
            Signal.LOG,
            _START + number * _SECOND + at * 250_000_000,
            chance.choice(_SERVICES),
            17,
            text.format(f"{chance.getrandbits(64):016x}"),
            trace_id=f"{chance.getrandbits(128):032x}",
            span_id=f"{chance.getrandbits(64):016x}",
            resource={
                "service.name": "ts",
                "host.name": f"node-{chance.randrange(40)}",
                "k8s.pod.name": f"pod-{at}",
            },
            attributes={"thread": "http-nio-8080-exec-3", "logger": "contacts.service.ContactsServiceImpl"},
        )
        more = tuple(f"{uid}{again:x}" for again in range(chance.randrange(4)))
        yield Row(event, (uid, *more), f"{chance.getrandbits(64):016x}", text.format("<*>"))


def _profile(services: tuple[Blame, ...], rows: list[Row]) -> Profile:
    sayings = tuple(Saying("log", row.event.service, row.template, len(row.members)) for row in rows[:5])
    return Profile({one.name: one.blame for one in services}, sayings, {})


def _runbook(group: Group) -> str:
    steps = "\n".join(
        f"{at}. Look at {part.name}, blamed by {part.blame:.0%}." for at, part in enumerate(group.services, 1)
    )
    return f"# {group.title}\n\n{steps}\n\n> {group.medoid.text}\n"
