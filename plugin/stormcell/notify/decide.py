"""Whether a group is sent to an exporter now: a pure state machine on what was sent last, and the wall clock.

The timers mean what Alertmanager's ``group_wait``, ``group_interval`` and ``repeat_interval`` mean: a new group
waits ``wait`` from when it became known, what changes is sent ``interval`` after the last sending, what does not
``repeat`` after it. What is muted is not sent; when that is over it is decided as if nothing had been.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormcell.config import ExporterSettings, NotificationsSettings
from stormcell.notify.mutes import muted
from stormcell.notify.view import group_view
from stormcell.types import Group

_OPEN, _RESOLVED = "open", "resolved"


class Why(StrEnum):
    """Why a group is sent, or is not."""

    NEW = "new"
    CHANGED = "changed"
    REOPENED = "reopened"
    RESOLVED = "resolved"
    REPEATED = "repeated"

    NOT_ROUTED = "not routed"
    MUTED = "muted"
    WAITING = "waiting"
    NOTHING_NEW = "nothing new"


@dataclass(frozen=True, slots=True)
class Sent:
    """What an exporter was sent last of a group.

    Attributes
    ----------
    revision : int
    status : str
    time : int
        When, wall clock, ns.
    """

    revision: int
    status: str
    time: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a group is sent to an exporter now.

    Attributes
    ----------
    send : bool
    why : Why
    next_due : int or None
        When it is to be decided again if nothing happens before, wall clock, ns; None for never.
    mute : str
        The silence or maintenance that keeps it from being sent; "" for none.
    """

    send: bool
    why: Why
    next_due: int | None = None
    mute: str = ""


def decide(
    group: Group,
    exporter: ExporterSettings,
    settings: NotificationsSettings,
    *,
    known: int,
    sent: Sent | None,
    now: int,
) -> Decision:
    """Decide whether a group is sent to an exporter now.

    Parameters
    ----------
    group : Group
        As it is now.
    exporter : ExporterSettings
        One of the settings'.
    settings : NotificationsSettings
    known : int
        When the group became known, wall clock, ns.
    sent : Sent or None
        What this exporter was sent last of it, None for nothing; to be remembered in one with putting it out.
    now : int
        Wall clock, ns.
    """
    look = group_view(group, settings)
    # Who was told of a group is told of its end, whether or not the condition still holds.
    owed = sent is not None and sent.status != _RESOLVED and group.status == _RESOLVED
    if not owed and not exporter.when.holds(look):
        return Decision(False, Why.NOT_ROUTED)
    why, due = _due(group, exporter, known, sent)
    if due is None:
        return Decision(False, why)
    mute = muted(look, settings, now)
    if mute is not None:
        return Decision(False, Why.MUTED, mute.ends, mute.name)
    if now < due:
        return Decision(False, Why.WAITING, due)
    return Decision(True, why)


def _due(group: Group, exporter: ExporterSettings, known: int, sent: Sent | None) -> tuple[Why, int | None]:
    """Return what is to be sent and from when on; None for nothing."""
    resolved = group.status == _RESOLVED
    if sent is None:
        # Nobody was told that it began, so that nobody need be told that it is over.
        return (Why.NOTHING_NEW, None) if resolved else (Why.NEW, known + _ns(exporter.wait))
    again = sent.time + _ns(exporter.interval)
    if sent.status == _RESOLVED:
        return (Why.NOTHING_NEW, None) if resolved else (Why.REOPENED, again)
    if resolved:
        return (Why.RESOLVED, again) if exporter.send_resolved else (Why.NOTHING_NEW, None)
    if (group.revision, group.status) != (sent.revision, sent.status):
        return Why.CHANGED, again
    if group.status == _OPEN:
        return Why.REPEATED, sent.time + _ns(max(exporter.repeat, exporter.interval))
    return Why.NOTHING_NEW, None


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
