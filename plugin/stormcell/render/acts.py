"""What people and the sidecar did to a group, by the audit log, and how long it took them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.render.facts import Blank, Shown, as_text, shortened, show, since
from stormcell.times import readable, spoken
from stormcell.types import SIDECAR, AuditEntry, Event, Fact, Signal, Source

MAX_ACTS: Final = 12
"""Most of what was done that a draft lists."""

# What is done to drafts is no part of what happened.
_WORDS: Final = {
    "ack": "acknowledged",
    "resolve": "resolved",
    "reopen": "reopened",
    "open": "opened",
    "merge": "groups merged",
    "split": "events split off",
    "move": "event moved",
    "pin": "exemplar pinned",
    "undo": "judgement taken back",
    "exemplar": "another exemplar",
}


@dataclass(frozen=True, slots=True)
class Act:
    """Something done to the group.

    Attributes
    ----------
    words : str
        What, in our words: ``acknowledged``, ``groups merged``.
    number, time, who, action : Fact
        ``number`` is that of the entry of the audit log.
    by : Fact or None
        Who they said they are.
    """

    words: str
    number: Fact
    time: Fact
    who: Fact
    action: Fact
    by: Fact | None


@dataclass(frozen=True, slots=True)
class Detection:
    """From the first symptom to the end, as far as it is known.

    Attributes
    ----------
    symptom : Shown
        The earliest event.
    alert : Shown or None
        The earliest alert.
    to_detect, to_acknowledge, to_resolve : Fact or Blank
        The time from the symptom to the first alert, from the alert (the symptom where there is none) to the first
        acknowledgement, and from the symptom to the last resolution that holds.
    acknowledged, resolved : Act or None
        Who did it.
    """

    symptom: Shown
    alert: Shown | None
    to_detect: Fact | Blank
    acknowledged: Act | None
    to_acknowledge: Fact | Blank
    resolved: Act | None
    to_resolve: Fact | Blank


def acts(history: Iterable[AuditEntry]) -> tuple[Act, ...]:
    """Return what was done, oldest first; of too much first what people did."""
    known = [entry for entry in history if entry.action in _WORDS and entry.number > 0]
    if len(known) > MAX_ACTS:
        people = [entry for entry in known if entry.who != SIDECAR]
        rest = [entry for entry in known if entry.who == SIDECAR]
        kept = {entry.number for entry in (*people, *rest)[:MAX_ACTS]}
        known = [entry for entry in known if entry.number in kept]
    return tuple(map(_act, known))


def detection(earliest: Event, events: Iterable[Event], history: Sequence[AuditEntry]) -> Detection:
    """Return the times of detection; ``events`` ascend by time."""
    alert = next((event for event in events if event.signal is Signal.ALERT), None)
    acknowledged = next((entry for entry in history if entry.action == "ack" and entry.number > 0), None)
    return Detection(
        symptom=show(earliest),
        alert=show(alert) if alert else None,
        to_detect=_between(earliest, alert) if alert else Blank("time to detect"),
        acknowledged=_act(acknowledged) if acknowledged else None,
        to_acknowledge=_until(alert or earliest, acknowledged, "time to acknowledge"),
        resolved=_act(resolved) if (resolved := _resolved(history)) else None,
        to_resolve=_until(earliest, resolved, "time to resolve"),
    )


def took(duration: int) -> str:
    """Return a duration, ns, as people read it."""
    return spoken(duration) if duration > 0 else "0 s"


def entry_fact(entry: AuditEntry, name: str) -> Fact:
    """Return the fact that an entry holds as ``name``: "who", "action", "target" or ``detail["…"]``.

    Raises
    ------
    KeyError
        If it has no such thing.
    """
    if name in ("who", "action", "target"):
        value = str(getattr(entry, name))
    elif name.startswith('detail["'):
        value = as_text(entry.detail[name.removeprefix('detail["').removesuffix('"]')])
    elif name == "time":
        return Fact(readable(entry.time), str(entry.number), name, "in UTC", Source.AUDIT)
    elif name == "number":
        value = str(entry.number)
    else:
        raise KeyError(name)
    return shortened(Fact(value, str(entry.number), name, "", Source.AUDIT))


def _act(entry: AuditEntry) -> Act:
    return Act(
        words=_WORDS[entry.action],
        number=entry_fact(entry, "number"),
        time=entry_fact(entry, "time"),
        who=entry_fact(entry, "who"),
        action=entry_fact(entry, "action"),
        by=entry_fact(entry, 'detail["by"]') if "by" in entry.detail else None,
    )


def _resolved(history: Sequence[AuditEntry]) -> AuditEntry | None:
    found = None
    for entry in history:
        if entry.action == "resolve" and entry.number > 0:
            found = entry
        elif entry.action == "reopen":
            found = None
    return found


def _between(first: Event, then: Event) -> Fact:
    return Fact(took(then.time - first.time), then.uid, "time", since(first))


def _until(first: Event, entry: AuditEntry | None, what: str) -> Fact | Blank:
    # Clocks differ: what comes before its beginning took no time that is known.
    if entry is None or entry.time < first.time:
        return Blank(what)
    return Fact(took(entry.time - first.time), str(entry.number), "time", since(first), Source.AUDIT)
