"""One event, normalised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]
"""What an attribute of an event may hold: the JSON types."""

Attributes = Mapping[str, Value]

ERROR_SEVERITY = 17
"""Lowest OpenTelemetry severity number that means an error."""

_FIELD = re.compile(r'(resource|attributes)\["(.*)"\]\Z', re.DOTALL)
_PLAIN_FIELDS = frozenset(
    {
        *("uid", "signal", "time", "service", "severity", "text", "duration", "status"),
        *("trace_id", "span_id", "parent_id"),
    }
)


class Signal(StrEnum):
    """What kind of telemetry an event is."""

    ALERT = "alert"
    LOG = "log"
    SPAN = "span"


@dataclass(frozen=True, slots=True)
class Event:
    """One alert, log record or span, normalised.

    Attributes
    ----------
    uid : str
        ``log.record.uid`` or a stable hash for a log, the span id for a span, ``fingerprint@startsAt``
        for an alert.
    signal : Signal
    time : int
        Event time in ns: a log's time, a span's start, an alert's ``startsAt``.
    service : str
        ``service.name``, or "" where the source named none.
    severity : int
        OpenTelemetry severity number, 1 to 24; 0 where unknown.
    text : str
        The log body, the span name (operation) or the alert name.
    duration : int
        ns; 0 where it has none.
    status : str
        Span: "unset", "ok" or "error". Alert: "firing" or "resolved". Log: "".
    trace_id, span_id, parent_id : str
        Lower-case hexadecimal, or "".
    resource, attributes : Attributes
        As sent. An alert's labels and annotations are the attributes ``labels.NAME`` and
        ``annotations.NAME``.
    """

    uid: str
    signal: Signal
    time: int
    service: str
    severity: int
    text: str
    duration: int = 0
    status: str = ""
    trace_id: str = ""
    span_id: str = ""
    parent_id: str = ""
    resource: Attributes = field(default_factory=dict)
    attributes: Attributes = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        """Whether the event itself reports a failure; a firing alert always does."""
        return self.severity >= ERROR_SEVERITY or self.status == "error" or self.signal is Signal.ALERT

    def field(self, path: str) -> Value:
        """Return the value at a field path, such as ``service`` or ``attributes["http.route"]``.

        Raises
        ------
        KeyError
            If the event has no such field.
        """
        if path in _PLAIN_FIELDS:
            value: Value = getattr(self, path)
            return value
        match = _FIELD.match(path)
        if match is None:
            raise KeyError(path)
        holder = self.resource if match[1] == "resource" else self.attributes
        return holder[match[2]]
