"""Small requests, and reading them through the public door."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from unittest import mock

from stormcell.decode import Report, read
from stormcell.types import Event

Json = dict[str, Any]

NOW = 1_700_000_000_000_000_000
TRACE = "5b8efff798038103d269b633813fc60c"
SPAN = "eee19b7ec3c1b174"

FIXTURES = Path(__file__).parents[2] / "fixtures"


def attribute(key: str, value: Json) -> Json:
    return {"key": key, "value": value}


def log(**fields: Any) -> Json:
    """Make a log record; a field given as None is left out."""
    record = {"timeUnixNano": str(NOW), "body": {"stringValue": "hello"}, **fields}
    return {key: value for key, value in record.items() if value is not None}


def span(**fields: Any) -> Json:
    record = {"startTimeUnixNano": str(NOW), "endTimeUnixNano": str(NOW + 5), "spanId": SPAN, **fields}
    return {key: value for key, value in record.items() if value is not None}


def resource(service: str = "shop") -> Json:
    return {"attributes": [attribute("service.name", {"stringValue": service})]}


def logs(*records: Any, **of: Any) -> Json:
    holder = {"resource": resource(), "scopeLogs": [{"logRecords": list(records)}], **of}
    return {"resourceLogs": [holder]}


def traces(*records: Any, **of: Any) -> Json:
    holder = {"resource": resource(), "scopeSpans": [{"spans": list(records)}], **of}
    return {"resourceSpans": [holder]}


def alert(**fields: Any) -> Json:
    labels = {"alertname": "Down", "service": "shop", "severity": "critical"}
    made = {
        "status": "firing",
        "labels": labels,
        "startsAt": "2023-11-14T22:13:20.000Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "a1b2",
        **fields,
    }
    return {key: value for key, value in made.items() if value is not None}


def webhook(*alerts: Any, **fields: Any) -> Json:
    return {"version": "4", "status": "firing", "alerts": list(alerts), **fields}


def line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def events_of(data: bytes, report: Report | None = None, *, strict: bool = False) -> list[Event]:
    """Read bytes as standard input."""
    with mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(data))):
        return list(read(["-"], report, strict=strict))


def outcome(value: Any) -> tuple[list[Event], list[str]]:
    """Read bytes, or one JSON value as a line; return the events and the problems as text."""
    report = Report()
    events = events_of(value if isinstance(value, bytes) else line(value), report)
    assert report.events == len(events)
    assert report.broken >= len(report.problems)
    return events, [str(problem) for problem in report.problems]


def only(value: Any) -> Event:
    """Read what holds one event and no problem."""
    events, problems = outcome(value)
    assert problems == []
    (event,) = events
    return event
