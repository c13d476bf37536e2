"""Silences and maintenance: when groups are not sent, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stormcell.config import MaintenanceSettings, NotificationsSettings, SilenceSettings
from stormcell.config.conditions import View
from stormcell.config.notifications import DAYS, clock_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Mute:
    """Why a group is not sent now.

    Attributes
    ----------
    name : str
        Of the silence or maintenance.
    ends : int
        When that is over, ns.
    """

    name: str
    ends: int


def muted(look: View, settings: NotificationsSettings, now: int) -> Mute | None:
    """Return what keeps a group from being sent now, of several what lasts longest; None for nothing.

    Parameters
    ----------
    look : View
        See ``group_view``.
    settings : NotificationsSettings
    now : int
        Wall clock, ns.
    """
    every: list[SilenceSettings | MaintenanceSettings] = [*settings.silences, *settings.maintenance]
    found = [
        Mute(one.name, ends) for one in every if (ends := active(one, now)) is not None and one.when.holds(look)
    ]
    return max(found, key=lambda mute: mute.ends, default=None)


def active(one: SilenceSettings | MaintenanceSettings, now: int) -> int | None:
    """Return when a silence or maintenance that is on now ends, ns; None if it is not on.

    It is on from its start until just before its end.
    """
    spans = _weekly(one, now) if isinstance(one, MaintenanceSettings) and one.from_ else _once(one)
    return next((end for start, end in spans if start <= now < end), None)


def _once(one: SilenceSettings | MaintenanceSettings) -> Iterator[tuple[int, int]]:
    if one.starts is not None and one.ends is not None:
        yield _ns(one.starts), _ns(one.ends)


def _weekly(one: MaintenanceSettings, now: int) -> Iterator[tuple[int, int]]:
    """Yield the times around now by the clock of its time zone, which daylight saving makes longer or shorter."""
    zone = ZoneInfo(one.timezone)
    start, end = clock_of(one.from_ or ""), clock_of(one.to or "")
    today = (_EPOCH + timedelta(microseconds=now // 1000)).astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        if start is not None and DAYS[day.weekday()] in one.days:
            last = day if end is not None and end > start else day + timedelta(days=1)
            yield _at(day, start, zone), _at(last, end or time(), zone)


def _at(day: date, clock: time, zone: ZoneInfo) -> int:
    return _ns(datetime.combine(day, clock, zone))


def _ns(when: datetime) -> int:
    return (when - _EPOCH) // _MICROSECOND * 1000
