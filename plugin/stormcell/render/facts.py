"""How a value becomes a fact: something shown, and the event and field it came from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from stormcell.semconv import ANNOTATIONS, LABELS, severity_name
from stormcell.text.shorten import shorten
from stormcell.times import readable, spoken
from stormcell.types import Event, Fact, Signal, Value

MAX_SHOWN = 300
"""Longest text of an event that a draft shows, in characters."""

MAX_BRIEF = 120
"""Longest text of an event in a table of many, in characters."""

MAX_DETAILS = 8
"""Most attributes of one event that a draft lists."""

_SUMMARIES = (
    *(f'attributes["{ANNOTATIONS}{name}"]' for name in ("summary", "description", "message")),
    *(f'attributes["{name}"]' for name in ("exception.message", "otel.status_description")),
)
_DETAILS = (
    *("exception.type", "exception.message", "error.type", "otel.status_description"),
    *("http.request.method", "http.route", "http.response.status_code", "http.status_code", "url.path"),
    *("rpc.service", "rpc.method", "rpc.grpc.status_code", "db.system.name", "db.system", "server.address"),
    *("messaging.destination.name", "code.function.name", "source"),
)
_SHOWN_ELSEWHERE = frozenset(LABELS + name for name in ("alertname", "service", "namespace", "pod", "node"))


@dataclass(frozen=True, slots=True)
class Blank:
    """Something that no event tells, for a person to fill in."""

    what: str


@dataclass(frozen=True, slots=True)
class Detail:
    """An attribute of an event that helps to read it."""

    name: str
    value: Fact


@dataclass(frozen=True, slots=True)
class Shown:
    """One event as a draft shows it; ``brief`` is its text where many are listed."""

    uid: Fact
    signal: Fact
    time: Fact
    service: Fact | Blank
    text: Fact
    brief: Fact
    severity: Fact | None
    status: Fact | None
    duration: Fact | None
    trace: Fact | None
    summary: Fact | None
    runbook: Fact | None
    details: tuple[Detail, ...]


def show(event: Event) -> Shown:
    """Return what a draft shows of ``event``; None where it holds no such thing."""
    return Shown(
        uid=fact(event, "uid"),
        signal=fact(event, "signal"),
        time=instant(event),
        service=fact(event, "service") if event.service else Blank("service"),
        text=fact(event, "text"),
        brief=_brief(event),
        severity=_severity(event),
        status=fact(event, "status") if event.status not in ("", "unset") else None,
        duration=(
            Fact(spoken(event.duration), event.uid, "duration", "in readable units")
            if event.duration > 0
            else None
        ),
        trace=fact(event, "trace_id") if event.trace_id else None,
        summary=_first(event, _SUMMARIES),
        runbook=_first(event, [f'attributes["{ANNOTATIONS}runbook_url"]']),
        details=_details(event),
    )


def fact(event: Event, path: str, *, whole: bool = False) -> Fact:
    """Return the fact that ``event`` holds at ``path``, shortened unless it must be ``whole``.

    Raises
    ------
    KeyError
        If the event has no such field.
    """
    value = as_text(event.field(path))
    return Fact(value, event.uid, path) if whole or path == "uid" else shortened(Fact(value, event.uid, path))


def shortened(long: Fact) -> Fact:
    """Return a fact of at most ``MAX_SHOWN`` characters, which says so if it had to be cut."""
    if len(long.value) <= MAX_SHOWN:
        return long
    how = f"{long.how}, shortened" if long.how else "shortened"
    return replace(long, value=long.value[: MAX_SHOWN - 1] + "…", how=how)


def _brief(event: Event) -> Fact:
    """Return the text of ``event`` on one line, a long one without its middle: its end tells what went wrong."""
    whole = fact(event, "text", whole=True)
    line = shorten(whole.value, MAX_BRIEF)
    if line in ("", whole.value):
        return whole
    return replace(whole, value=line, how=f"on one line of {MAX_BRIEF} characters at most")


def instant(event: Event) -> Fact:
    """Return the time of ``event`` in UTC, cut to the millisecond: nobody reads nine digits."""
    return Fact(readable(event.time), event.uid, "time", "in UTC")


def since(earliest: Event) -> str:
    """Return how a time that passed since ``earliest`` is derived."""
    return f"from event {earliest.uid} to it"


def as_text(value: Value) -> str:
    """Return an attribute's value as text: a string as it is, else as Python's ``str`` or as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def has(event: Event, path: str) -> bool:
    """Whether ``event`` holds something other than emptiness at ``path``."""
    holder, name = split(path)
    held = event.resource if holder == "resource" else event.attributes
    return held.get(name) not in ("", None)


@cache
def split(path: str) -> tuple[str, str]:
    """Return which mapping of an event a field path is of, and the name in it."""
    holder, _, name = path.partition('["')
    return holder, name.removesuffix('"]')


def _first(event: Event, paths: Iterable[str]) -> Fact | None:
    return next((fact(event, path) for path in paths if has(event, path)), None)


def _severity(event: Event) -> Fact | None:
    if not 1 <= event.severity <= 24:
        return None
    name = severity_name(event.severity).upper()
    return Fact(name, event.uid, "severity", f"the name of number {event.severity}")


def _details(event: Event) -> tuple[Detail, ...]:
    names = [name for name in _DETAILS if has(event, f'attributes["{name}"]')]
    if event.signal is Signal.ALERT:
        labels = (name for name in event.attributes if name.startswith(LABELS))
        names += sorted(name for name in labels if name not in _SHOWN_ELSEWHERE)
    found = [Detail(name, fact(event, f'attributes["{name}"]')) for name in names[:MAX_DETAILS]]
    return tuple(found)
