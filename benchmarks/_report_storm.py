"""A store of very many groups with very many members, made up, as large as a report of it can become."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from stormcell.store import SqliteStore
from stormcell.types import (
    AuditEntry,
    Blame,
    Event,
    Group,
    Grouping,
    GroupTemplate,
    Membership,
    Parameter,
    Profile,
    Row,
    Saying,
    Share,
    Signal,
)

START = 1_700_000_000_000_000_000
_S = 1_000_000_000
_SERVICES = 40
_WORDS = (
    "order",
    "payment",
    "checkout",
    "timeout",
    "refused",
    "connection",
    "cart",
    "upstream",
    "deadline",
    "retry",
)
_FIELDS = ("blame", "text", "hops", "time", "labels", "novelty")


def make(path: Path, groups: int, rows: int, seed: int = 0) -> None:
    """Write a store of so many groups, of so many rows each."""
    chance = Random(seed)  # noqa: S311
    made = [_group(number, rows, chance) for number in range(groups)]
    ids = [group.id for group, _ in made]
    atoms = [_placed(atom, ids[at - 1], chance) for at, (_, atoms) in enumerate(made) for atom in atoms]
    found = Grouping(
        events=sum(group.count for group, _ in made),
        duplicates=0,
        groups=tuple(sorted((group for group, _ in made), key=lambda group: (group.first_seen, group.id))),
        memberships=tuple(atoms),
    )
    entries = [
        AuditEntry(START + at * _S, "ann", "move", uid, (id,), {"by": "ann of the night shift", "to": id})
        for id in ids
        for at, uid in enumerate(f"{number:016x}" for number in range(60))
    ]
    with SqliteStore(path, create=True) as store:
        store.save(found, [], {"calls": _calls(chance)}, audit=entries)


def _placed(atom: Membership, runner_up: str, chance: Random) -> Membership:
    parts = [chance.random() for _ in _FIELDS]
    far = chance.uniform(0.1, 0.9)
    shares = tuple(
        Share(name, part, 1.0, far * part / sum(parts)) for name, part in zip(_FIELDS, parts, strict=True)
    )
    return Membership(atom.rows, (), atom.surprise, atom.group, far, shares, runner_up, min(far + 0.1, 1.0))


def _calls(chance: Random) -> dict[str, object]:
    pairs = [(chance.randrange(_SERVICES), chance.randrange(_SERVICES)) for _ in range(4 * _SERVICES)]
    calls = [[_service(a), f"GET /{b}", [[_service(b), 10.0]]] for a, b in sorted(set(pairs)) if a != b]
    return {"format": "stormcell.calls/1", "day": START // (86_400 * _S), "calls": calls}


def _service(number: int) -> str:
    return f"{_WORDS[number % len(_WORDS)]}-{_WORDS[number * 5 % len(_WORDS)]}-service-{number}"


def _text(chance: Random, words: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(words))


def _event(group: int, at: int, chance: Random) -> Event:
    signal = (Signal.LOG, Signal.SPAN, Signal.ALERT)[min(at % 8, 2)]
    uid = f"{group * 100_000 + at + 1:016x}"
    trace = f"{group * 100 + at // 20 + 1:032x}"
    return Event(
        uid=f"{uid}@{START}" if signal is Signal.ALERT else uid,
        signal=signal,
        time=START + group * 40 * _S + chance.randrange(600 * _S),
        service=_service((group + chance.randrange(20)) % _SERVICES),
        severity=chance.choice((9, 13, 17, 21)),
        text=_text(chance, 40 if signal is Signal.LOG else 6),
        duration=chance.randrange(3 * _S) if signal is Signal.SPAN else 0,
        status=chance.choice(("unset", "error")) if signal is Signal.SPAN else "",
        trace_id="" if signal is Signal.ALERT else trace,
        span_id=uid if signal is Signal.SPAN else "",
        parent_id=f"{group * 100_000 + at // 2 + 1:016x}" if signal is Signal.SPAN else "",
    )


def _group(number: int, rows: int, chance: Random) -> tuple[Group, list[Membership]]:
    events = sorted((_event(number, at, chance) for at in range(rows)), key=lambda event: (event.time, event.uid))
    medoid = replace(
        events[rows // 2],
        resource={f"resource.name.{name}": _text(chance, 8) for name in range(12)},
        attributes={f"attribute.{name}": _text(chance, 60) for name in range(30)},
    )
    held = [Row(event, (event.uid, f"{event.uid}-again"), event.uid, event.text) for event in events]
    id = f"g-{number:012x}"
    atoms = [Membership(tuple(held[at : at + 10]), (), chance.random(), id) for at in range(0, rows, 10)]
    services = sorted({event.service for event in events})
    uids = sorted(uid for row in held for uid in row.members)
    signals = {signal.value: 2 * sum(event.signal is signal for event in events) for signal in Signal}
    group = Group(
        id=id,
        title=_text(chance, 14),
        status=chance.choice(("open", "acknowledged", "resolved")),
        medoid=medoid,
        earliest=events[0],
        latest=events[-1],
        most_severe=max(events, key=lambda event: event.severity),
        count=len(uids),
        signals={name: count for name, count in signals.items() if count},
        services=tuple(Blame(name, 1 / len(services)) for name in services),
        first_seen=events[0].time,
        last_seen=events[-1].time,
        radius=0.9,
        margin=0.2,
        fields=tuple(Share(name, 0.5, 1.0, 0.1) for name in _FIELDS),
        members=tuple(uids),
        template=_text(chance, 12),
        templates=tuple(
            GroupTemplate(_text(chance, 30) + " <*>" * 6, "log", event.service, 10, event.uid, _slots(chance))
            for event in events[:8]
        ),
        exemplars=tuple({event.signal: event for event in events}.values()),
        trace=f"{number * 100 + 1:032x}",
        profile=Profile(
            {name: 1 / len(services) for name in services},
            tuple(Saying("log", name, _text(chance, 5), 3) for name in services),
            {f"pod-{chance.randrange(300)}": 1.0},
        ),
    )
    return group, atoms


def _slots(chance: Random) -> tuple[Parameter, ...]:
    return tuple(Parameter(chance.choice(_WORDS), "text", _text(chance, 10), at % 2 == 0) for at in range(6))
