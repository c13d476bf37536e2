"""The shape of a group in numbers: how far it reaches, what its members share, who calls whom, what stands out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.render.calls import called_rows
from stormcell.render.facts import Shown, as_text, fact, shortened, show
from stormcell.render.members import MAX_LISTED
from stormcell.render.places import HOST, POD, Whereabouts
from stormcell.semconv import LABELS, SERVICE_NAME
from stormcell.types import Event, Fact, Group, Membership, Row, Signal

_NAMES_OF_SERVICES: Final = (f'resource["{SERVICE_NAME}"]', f'attributes["{LABELS}service"]')
_SURPRISING: Final = 2


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a group reaches, each a number of different things; None where no member names one."""

    services: Fact | None
    pods: Fact | None
    hosts: Fact | None
    traces: Fact | None
    errors: Fact | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template of the members' texts, whose it is, and how many have it."""

    name: Fact
    service: Fact | None
    count: Fact


@dataclass(frozen=True, slots=True)
class Common:
    """A field that has one value in all rows."""

    name: Fact
    value: Fact


@dataclass(frozen=True, slots=True)
class Varied:
    """A field that has several values: how many, and that of the first row that has it."""

    name: Fact
    count: Fact
    example: Fact


@dataclass(frozen=True, slots=True)
class Calls:
    """One service calls another: spans of both, the one the other's parent."""

    caller: Fact
    callee: Fact
    count: Fact
    failed: Fact | None


@dataclass(frozen=True, slots=True)
class Reason:
    """What an event stands out by, and how much: ``of`` says of what ``measure`` is."""

    words: str
    measure: Fact | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Factor:
    """An event that stands out."""

    reasons: tuple[Reason, ...]
    event: Shown


def reach(rows: Sequence[Row], places: Sequence[Whereabouts], over: str) -> Reach:
    """Return how far the members reach."""
    errors = [row for row in rows if row.event.is_error]
    count = sum(len(row.members) for row in errors)
    first = errors[0].event.uid if errors else ""
    services = {row.event.service: (row.event.uid, "service") for row in reversed(rows)}
    traces = {row.event.trace_id: (row.event.uid, "trace_id") for row in reversed(rows)}
    return Reach(
        services=_different(services, f"different services counted {over}"),
        pods=_different(_named(places, POD), f"different pods counted {over}"),
        hosts=_different(_named(places, HOST), f"different hosts counted {over}"),
        traces=_different(traces, f"different traces counted {over}"),
        errors=Fact(str(count), first, "severity", f"errors and alerts counted {over}") if errors else None,
    )


def fields_of(rows: Sequence[Row]) -> tuple[tuple[Common, ...], tuple[Varied, ...]]:
    """Return which fields of resource and attributes are the same in all rows, and which vary."""
    of = f"of {len(rows)} rows"
    common: list[Common] = []
    varied: list[tuple[int, Varied]] = []
    for holder in ("attributes", "resource"):
        for name, (times, values) in sorted(_values(rows, holder).items()):
            path = f'{holder}["{name}"]'
            if path in _NAMES_OF_SERVICES or len(rows) < 2:
                continue
            first = next(iter(values.values()))
            told = shortened(Fact(name, first.uid, path, "the name of the field"))
            if len(values) == 1 and times == len(rows) and next(iter(values)).strip():
                common.append(Common(told, fact(first, path)))
            # What is another in each row names the row, and tells nothing of the group.
            elif 1 < len(values) < times:
                count = Fact(str(len(values)), first.uid, path, f"different values {of}")
                varied.append((len(values), Varied(told, count, fact(first, path))))
    varied.sort(key=lambda one: one[0])
    return tuple(common[:MAX_LISTED]), tuple(one for _, one in varied[:MAX_LISTED])


def _values(rows: Iterable[Row], holder: str) -> dict[str, tuple[int, dict[str, Event]]]:
    """Return how many rows have each field, and its values, each with the first event that has it."""
    times: dict[str, int] = {}
    seen: dict[str, dict[str, Event]] = {}
    for row in rows:
        event = row.event
        for name, value in (event.resource if holder == "resource" else event.attributes).items():
            text = value if type(value) is str else as_text(value)
            if name in seen:
                times[name] += 1
                seen[name].setdefault(text, event)
            else:
                times[name] = 1
                seen[name] = {text: event}
    return {name: (times[name], values) for name, values in seen.items()}


def calls_of(rows: Sequence[Row]) -> tuple[Calls, ...]:
    """Return which services of the members call which, most frequent first."""
    found = called_rows(rows)
    size = {edge: sum(len(row.members) for _, row in pairs) for edge, pairs in found.items()}
    made = []
    for (caller, callee), pairs in sorted(found.items(), key=lambda item: (-size[item[0]], item[0]))[:MAX_LISTED]:
        above, first = min(pairs, key=lambda pair: (pair[1].event.time, pair[1].event.uid))
        how = f"spans of {callee} whose parent is of {caller}, counted"
        failed = sum(len(row.members) for _, row in pairs if row.event.is_error)
        uid = first.event.uid
        made.append(
            Calls(
                caller=fact(above.event, "service"),
                callee=fact(first.event, "service"),
                count=Fact(str(size[caller, callee]), uid, "parent_id", how),
                failed=Fact(str(failed), uid, "parent_id", f"failed {how}") if failed else None,
            )
        )
    return tuple(made)


def path_to(service: str, calls: Sequence[Calls]) -> tuple[Fact, ...]:
    """Return the services from the first caller down to ``service``, along the calls that are most frequent."""
    found: list[Fact] = []
    at, known = service, {service}
    while call := next((one for one in calls if one.callee.value == at and one.caller.value not in known), None):
        found = [call.caller, *(found or [call.callee])]
        at = call.caller.value
        known.add(at)
    return tuple(found)


def patterns(group: Group, rows: Iterable[Row]) -> tuple[Pattern, ...]:
    """Return the templates of the members' texts, the exemplar's first, and how many of a service have each."""
    events = {row.event.uid: row.event for row in rows}
    found = []
    for one in [one for one in group.templates if one.text.strip()][:MAX_LISTED]:
        event = events.get(one.uid)
        # The mask of an operation or an alert's name says less than the name.
        if event is not None and one.signal != Signal.LOG:
            name = fact(event, "text")
        else:
            name = shortened(Fact(one.text, one.uid, "text", "its template"))
        count = Fact(str(one.count), one.uid, "text", "members counted that have its template")
        service = shortened(Fact(one.service, one.uid, "service")) if one.service else None
        found.append(Pattern(name, service, count))
    return tuple(found)


def factors(group: Group, atoms: Iterable[Membership], blamed: Fact | None) -> tuple[Factor, ...]:
    """Return the events that stand out, as evidence of what contributed: none of them need be the cause."""
    own = [atom for atom in atoms if atom.group == group.id and atom.rows]
    reasons: dict[str, list[Reason]] = {}
    events: dict[str, Event] = {}
    for event, reason in _standing_out(group, own, blamed):
        events[event.uid] = event
        reasons.setdefault(event.uid, []).append(reason)
    return tuple(Factor(tuple(reasons[uid]), show(event)) for uid, event in events.items())


def _standing_out(
    group: Group, atoms: Sequence[Membership], blamed: Fact | None
) -> Iterator[tuple[Event, Reason]]:
    accused = group.services[0].name if group.services else ""
    if (first := _first_of(accused, atoms)) is not None:
        yield first, Reason("first of the service blamed most", blamed, "of the blame")
    yield group.earliest, Reason("earliest")
    surprising = sorted((one for one in atoms if 0 < one.surprise < math.inf), key=lambda one: -one.surprise)
    for atom in surprising[:_SURPRISING]:
        voice = next((row for row in atom.rows if atom.voice and row.fingerprint == atom.voice), atom.rows[0])
        how = "how unusual what is linked with it is, against the background"
        surprise = Fact(f"{atom.surprise:.1f}", voice.event.uid, "uid", how)
        yield voice.event, Reason("among the most surprising", surprise, "of surprise")
    yield group.most_severe, Reason("most severe")
    far = max(atoms, key=lambda atom: atom.dissimilarity, default=None)
    if far is not None and far.dissimilarity > 0:
        event = far.rows[0].event
        how = "the dissimilarity of what is linked with it to the exemplar"
        apart = Fact(f"{far.dissimilarity:.2f}", event.uid, "uid", how)
        yield event, Reason("least like the exemplar", apart, "apart")


def _first_of(service: str, atoms: Iterable[Membership]) -> Event | None:
    events = (row.event for atom in atoms for row in atom.rows if service and row.event.service == service)
    return min(events, key=lambda event: (event.time, event.uid), default=None)


def _named(places: Iterable[Whereabouts], paths: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the values at any of some paths, each with the first event that has it, and where."""
    found: dict[str, tuple[str, str]] = {}
    for one in places:
        path = next((path for path in paths if path in one.told), None)
        if path is not None:
            found.setdefault(one.told[path], (one.event.uid, path))
    return found


def _different(values: Mapping[str, tuple[str, str]], how: str) -> Fact | None:
    known = {value: at for value, at in values.items() if value}
    if not known:
        return None
    uid, path = min(known.values())
    return Fact(str(len(known)), uid, path, how)
