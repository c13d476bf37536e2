"""What all formats of alerts agree on: times, severities and how an event is made of their parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from stormcell.decode.events import stable_hash
from stormcell.semconv import ANNOTATIONS, LABELS
from stormcell.times import rfc3339
from stormcell.types import Event, Signal, Value

SERVICE_LABELS = ("service", "job", "app", "deployment", "app_kubernetes_io_name")
"""The labels that may name the service, the first one present wins."""

UNKNOWN_SEVERITY = 13
"""An alert without a known severity is taken for a warning: somebody wanted to be told."""

SAYING = ("summary", "message", "description")
"""Annotations that stand in for the name of an alert without one; the first that is there."""

SEVERITY_LABELS = {
    **dict.fromkeys(("critical", "page", "fatal", "emergency"), 21),
    **dict.fromkeys(("error", "major", "high"), 17),
    **dict.fromkeys(("warning", "warn", "minor", "medium"), 13),
    **dict.fromkeys(("info", "informational", "low"), 9),
}
"""OpenTelemetry severity numbers by the label ``severity``, lower-case; "none" is unknown."""

FIRING, RESOLVED = "firing", "resolved"

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d)(:?)(\d\d))?", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 10**9
UNITS: Final = {"s": _SECOND, "ms": 10**6, "us": 10**3, "ns": 1}
"""Nanoseconds of the units in which times are counted."""


def alert_event(
    start: int,
    end: int,
    status: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    others: Mapping[str, Value],
    *,
    fingerprint: str = "",
    severity: int | None = None,
) -> Event:
    """Make the event of an alert.

    Parameters
    ----------
    start, end : int
        ns; the end counts for a resolved one only, 0 where it is unknown.
    status : str
        ``FIRING`` or ``RESOLVED``.
    labels, annotations : mapping
        What names the alert and its service is found in them.
    others : mapping
        Attributes beside them.
    fingerprint : str
        Made of the labels where it is "".
    severity : int, optional
        Found in the labels where it is left out.
    """
    attributes: dict[str, Value] = {LABELS + name: value for name, value in labels.items()}
    attributes.update((ANNOTATIONS + name, value) for name, value in annotations.items())
    attributes.update(others)
    if severity is None:
        severity = SEVERITY_LABELS.get(labels.get("severity", "").strip().lower(), UNKNOWN_SEVERITY)
    return Event(
        uid=f"{fingerprint or stable_hash(sorted(labels.items()))}@{rfc3339(start)}",
        signal=Signal.ALERT,
        time=start,
        service=next((labels[name] for name in SERVICE_LABELS if labels.get(name)), ""),
        severity=severity,
        text=labels.get("alertname") or next((annotations[n] for n in SAYING if annotations.get(n)), ""),
        duration=max(end - start, 0) if status == RESOLVED else 0,
        status=status,
        attributes=attributes,
    )


def parse_time(value: str, *, strict: bool = True) -> int | None:
    """Return a time in ns, perhaps before 1970; None for what is none.

    Parameters
    ----------
    value : str
    strict : bool
        RFC 3339 only; else the offset may go without its colon, or be left out for UTC.
    """
    match = _TIME.fullmatch(value)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(field) for field in match.groups()[:6])
    fraction, utc, sign, hours, colon, minutes = match.groups()[6:]
    if strict and not utc and not colon:
        return None
    try:
        clock = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    seconds = (clock - _EPOCH) // timedelta(seconds=1)
    if sign:
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds += offset if sign == "-" else -offset
    return seconds * _SECOND + int((fraction or "")[:9].ljust(9, "0"))
