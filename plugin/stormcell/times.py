"""The wall clock, and times and spans of time as people and other programs read them."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION = re.compile(r"[.,](\d+)")
_DURATION = re.compile(r"([0-9]{1,9}) ?(d|h|min|s)")
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def rfc3339(time: int) -> str:
    """Return a time in ns as RFC 3339 in UTC, exact, with 3, 6 or 9 digits of the second."""
    seconds, fraction = divmod(time, 1_000_000_000)
    digits = f"{fraction:09d}"
    for short in (3, 6):
        if not digits[short:].strip("0"):
            digits = digits[:short]
            break
    # isoformat takes half the time of a format of our own.
    return f"{(_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]}.{digits}Z"


def parse(text: str) -> int:
    """Return a time in ns that is written as RFC 3339, without an offset in UTC; of a date, its beginning.

    Raises
    ------
    ValueError
        If it is something else.
    """
    moment = datetime.fromisoformat(text)
    whole = moment.replace(microsecond=0, tzinfo=moment.tzinfo or UTC) - _EPOCH
    fraction = _FRACTION.search(text)
    return whole // timedelta(seconds=1) * 1_000_000_000 + (int(fraction[1][:9].ljust(9, "0")) if fraction else 0)


def readable(time: int) -> str:
    """Return a time in ns as RFC 3339 in UTC to the millisecond, for people."""
    return rfc3339(time // 1_000_000 * 1_000_000)


def spoken(duration: int) -> str:
    """Return a duration in ns in its two largest units, such as ``4 min 12 s`` or ``35 ms``."""
    seconds, rest = divmod(duration, 1_000_000_000)
    if seconds < 60:
        for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)):
            if duration >= size:
                # Three digits, cut and not rounded, which could reach the next unit.
                step = size // 100 if duration < 10 * size else size // 10 if duration < 100 * size else size
                return f"{duration // step * step / size:g} {unit}"
        return f"{rest} ns"
    for (unit, size), (smaller, part) in pairwise(_UNITS):
        if seconds >= size:
            count, left = seconds // size, seconds % size // part
            return f"{count} {unit} {left} {smaller}" if left else f"{count} {unit}"
    raise AssertionError(duration)


def duration(text: str) -> int:
    """Return a span of time in ns that is written as a number and its unit, such as ``90d`` or ``24h``; or as 0.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if text.strip() == "0":
        return 0
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"expected a number with d, h, min or s, such as 90d or 24h, found {text!r}")
    return int(found[1]) * dict(_UNITS)[found[2]] * 1_000_000_000


class SystemClock:
    """The wall clock."""

    def now(self) -> int:
        """Return ns since 1970."""
        return time.time_ns()
