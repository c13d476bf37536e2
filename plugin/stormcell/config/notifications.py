"""Which groups are sent where, and when: exporters and their timers, silences, maintenance, severities."""

from __future__ import annotations

import re
from datetime import datetime, time
from math import isfinite
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from stormcell.config.base import Name, Section
from stormcell.config.conditions import EventCondition, GroupCondition
from stormcell.config.rules import as_written, filled, unique

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SPAN: Final = re.compile(r"(?:\d+(?:ms|[smhdw]))+")
_PIECE: Final = re.compile(r"(\d+)(ms|[smhdw])")
_CLOCK: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _seconds(found: Any) -> Any:
    """Return seconds of a span such as ``1h30m``; what is no text as it is."""
    if not isinstance(found, str) or re.fullmatch(r"\d*\.?\d+", found):
        return found
    if not _SPAN.fullmatch(found):
        raise ValueError(f"expected seconds or a span such as 30s, 5m or 1h30m, found {found!r}")
    return sum(int(count) * _UNITS[unit] for count, unit in _PIECE.findall(found))


def _clock(found: Any) -> Any:
    # YAML reads an unquoted 22:30 as a number to the base of 60.
    if isinstance(found, int) and not isinstance(found, bool) and 60 <= found <= 24 * 60:
        found = f"{found // 60:02}:{found % 60:02}"
    if not isinstance(found, str) or not _CLOCK.fullmatch(found):
        raise ValueError(f"expected a time of the day such as 22:30 (or 24:00 for its end), found {found!r}")
    return found


def _plain(found: Any) -> Any:
    if not isinstance(found, (str, int, float)) or (isinstance(found, float) and not isfinite(found)):
        raise ValueError(f"expected a text, a number, true or false; found {type(found).__name__}")
    return found


Option = Annotated[bool | int | float | str, BeforeValidator(_plain)]
Span = Annotated[float, BeforeValidator(_seconds), Field(ge=0, le=1e9, allow_inf_nan=False)]
Clock = Annotated[str, BeforeValidator(_clock)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class ExporterSettings(Section):
    """Where groups are sent, which, and how often."""

    name: Name
    """What it is called."""
    kind: Annotated[str, Field(min_length=1, max_length=100)]
    """The exporter: a name in the entry point group `stormcell.exporters`."""
    target: Annotated[str, Field(min_length=1, max_length=4096)]
    """What it writes to: a file, an address."""
    options: dict[str, Option] = Field(default_factory=dict)
    """What the exporter is to do otherwise; see [exporters](exporters.md)."""
    when: GroupCondition = GroupCondition({})
    """Which groups; all by default."""
    wait: Span = 30.0
    """How long a new group waits before it is sent, so that it can grow first; seconds or a span such as `5m`."""
    interval: Span = 300.0
    """The least time between two sendings of one group."""
    repeat: Span = 14_400.0
    """After this time a group is sent again if it is still open, unacknowledged and unchanged."""
    send_resolved: bool = True
    """Whether it is told that a group that it was sent is resolved."""


class SilenceSettings(Section):
    """A time in which some groups are not sent."""

    name: Name
    """What it is called."""
    when: GroupCondition
    """Which groups."""
    starts: AwareDatetime
    """From when, RFC 3339."""
    ends: AwareDatetime
    """Until when, RFC 3339."""
    comment: str = ""
    """Why."""
    author: str = ""
    """Who wants it."""

    @field_validator("when")
    @classmethod
    def _says_something(cls, when: GroupCondition) -> GroupCondition:
        return filled(when)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.starts, self.ends)
        return self


class MaintenanceSettings(Section):
    """Times in which some groups are not sent: each week, or once."""

    name: Name
    """What it is called."""
    when: GroupCondition = GroupCondition({})
    """Which groups; all by default."""
    days: Annotated[tuple[Day, ...], Field(max_length=7)] = ()
    """The days of the week on which it begins: mon, tue, wed, thu, fri, sat, sun."""
    from_: Annotated[Clock | None, Field(alias="from")] = None
    """From when on these days, such as 22:00."""
    to: Clock | None = None
    """Until when; the next day if that is not after `from`."""
    timezone: str = "UTC"
    """Whose clock: an IANA name such as Europe/Berlin."""
    starts: AwareDatetime | None = None
    """From when, RFC 3339; for one that comes once."""
    ends: AwareDatetime | None = None
    """Until when, RFC 3339."""

    @field_validator("timezone")
    @classmethod
    def _known(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(
                f"no time zone {timezone!r} here; expected an IANA name such as Europe/Berlin (the package tzdata "
                "brings them where the system has none)"
            ) from error
        return timezone

    @model_validator(mode="after")
    def _weekly_or_once(self) -> Self:
        weekly, once = (self.days, self.from_, self.to), (self.starts, self.ends)
        if not (all(weekly) and not any(once)) and not (all(once) and not any(weekly)):
            raise ValueError("expected either `days`, `from` and `to` (each week), or `starts` and `ends` (once)")
        if self.starts and self.ends:
            in_order(self.starts, self.ends)
        if self.from_ == "24:00":
            raise ValueError("`from`: expected a time of the day from 00:00 to 23:59, found '24:00'")
        return self

    @model_serializer(mode="wrap")
    def _as_written(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return as_written(serialize(self))


class SeverityWord(Section):
    """A word for how severe a group is."""

    word: Name
    """The word."""
    when: EventCondition
    """What holds of the most severe event of a group that it is for."""


def _words(**least: int) -> tuple[SeverityWord, ...]:
    return tuple(
        SeverityWord(word=word, when=EventCondition({"severity": f">={number}"})) for word, number in least.items()
    )


class NotificationsSettings(Section):
    """Which groups are sent where, and when ([how](rules.md#notifications))."""

    exporters: tuple[ExporterSettings, ...] = ()
    """Where groups go: each a `name`, a `kind`, a `target`, and perhaps `options`
    ([which there are](exporters.md)), `when`, `wait`, `interval`, `repeat` and `send_resolved`."""
    silences: tuple[SilenceSettings, ...] = ()
    """Groups that are not sent for a time: each a `name`, `when`, `starts`, `ends`, and perhaps `comment` and
    `author`."""
    maintenance: tuple[MaintenanceSettings, ...] = ()
    """Times in which groups are not sent: each a `name`, `days`, `from`, `to` and `timezone`, or `starts` and
    `ends`, and perhaps `when`."""
    severity: Annotated[tuple[SeverityWord, ...], Field(min_length=1)] = _words(
        critical=21, error=17, warning=13, info=0
    )
    """The words that conditions on groups use for severities: the first that holds of a group's most severe
    event."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        unique([one.name for one in self.exporters], "notifications.exporters")
        mutes = [one.name for one in self.silences] + [one.name for one in self.maintenance]
        unique(mutes, "notifications.silences and maintenance")
        words = {one.word for one in self.severity}
        conditions = [(one.name, one.when) for one in self.exporters]
        conditions += [(one.name, one.when) for one in self.silences]
        conditions += [(one.name, one.when) for one in self.maintenance]
        for owner, when in conditions:
            for holder, name, asked in when.places:
                unknown = set(asked) - words
                if (holder, name) == ("", "severity") and unknown:
                    raise ValueError(
                        f"{owner}: when.severity: expected one of {', '.join(sorted(words))} "
                        f"(notifications.severity), found {min(unknown)!r}"
                    )
        return self


def in_order(starts: datetime, ends: datetime) -> None:
    """Look at the ends of a span of time.

    Raises
    ------
    ValueError
        If it ends before it starts.
    """
    if ends <= starts:
        raise ValueError(f"expected `ends` after `starts`, {starts.isoformat()}; found {ends.isoformat()}")


def clock_of(text: str) -> time | None:
    """Return a time of the day; None for 24:00, the end of it."""
    return None if text == "24:00" else time.fromisoformat(text)
