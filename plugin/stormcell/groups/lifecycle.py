"""The life of a group as a state machine: open, acknowledged, resolved, and open again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from stormcell.config import LiveSettings


class Status(StrEnum):
    """Where a group is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Life:
    """What of a group goes on from tick to tick.

    Attributes
    ----------
    status : Status
    since : int
        Event time of the tick at which it came to that, ns.
    last_seen : int
        Event time of its last event, ns; of an alert that was resolved, when that was.
    firing : frozenset of str
        The uids of its alerts that fire.
    alerted : bool
        Whether it ever had an alert.
    reopened : int
        How often it was.
    revision : int
        See Group.
    exemplar : str
        The uid of its exemplar.
    """

    status: Status
    since: int
    last_seen: int
    firing: frozenset[str] = frozenset()
    alerted: bool = False
    reopened: int = 0
    revision: int = 0
    exemplar: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of status, and why: "new", "quiet", "alerts resolved", "new events", "person", "merged", "gone"."""

    status: Status
    why: str


def begin(now: int, seen: Life) -> tuple[Life, Transition]:
    """Return the life of a new group.

    Parameters
    ----------
    now : int
        Event time of the tick, ns.
    seen : Life
        What was seen of it; its status does not matter.
    """
    return replace(seen, status=Status.OPEN, since=now), Transition(Status.OPEN, "new")


def advance(life: Life, seen: Life, said: str, now: int, settings: LiveSettings) -> tuple[Life, Transition | None]:
    """Let a group live on to a tick.

    What a person said goes first. Then a group that is resolved opens again when it has events that came after
    that; one that is not is resolved once none of its alerts fires and it was quiet for ``quiet_seconds``, or,
    if it had alerts, for ``settle_seconds``.

    Parameters
    ----------
    life : Life
        What it was at the last tick.
    seen : Life
        What is seen of it now: ``last_seen``, ``firing``, ``alerted`` and ``exemplar``.
    said : str
        Its status in the store, which people may have changed.
    now : int
        Event time of the tick, ns.
    settings : LiveSettings
    """
    found = replace(
        life,
        last_seen=max(life.last_seen, seen.last_seen),
        firing=seen.firing,
        alerted=life.alerted or seen.alerted,
        exemplar=seen.exemplar,
    )
    if said != life.status:
        status = Status(said)
        reopened = life.reopened + (life.status is Status.RESOLVED and status is Status.OPEN)
        return replace(found, status=status, since=now, reopened=reopened), Transition(status, "person")
    if life.status is Status.RESOLVED:
        if found.last_seen <= life.since and not found.firing - life.firing:
            return found, None
        opened = replace(found, status=Status.OPEN, since=now, reopened=life.reopened + 1)
        return opened, Transition(Status.OPEN, "new events")
    quiet = now - found.last_seen
    if found.firing or quiet <= _ns(settings.settle_seconds if found.alerted else settings.quiet_seconds):
        return found, None
    why = "alerts resolved" if found.alerted else "quiet"
    return replace(found, status=Status.RESOLVED, since=now), Transition(Status.RESOLVED, why)


def end(life: Life, now: int, why: str) -> tuple[Life, Transition | None]:
    """End the life of a group that is no more: merged into another, or found to be background."""
    if life.status is Status.RESOLVED:
        return life, None
    return replace(life, status=Status.RESOLVED, since=now), Transition(Status.RESOLVED, why)


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
