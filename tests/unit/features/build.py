"""Small events, rows and tables made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

from stormcell.config import RowsSettings, Settings
from stormcell.features.rows import build_rows
from stormcell.types import Event, Rows, Signal

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND

_number = count(1)


def _event(signal: Signal, at: float, fields: dict[str, Any]) -> Event:
    known = {"uid": f"e{next(_number):06d}", "service": "shop", "severity": 9, "text": "hello", **fields}
    return Event(signal=signal, time=START + round(at * SECOND), **known)


def log(at: float = 0, **fields: Any) -> Event:
    """Make a log record ``at`` seconds after the start."""
    return _event(Signal.LOG, at, fields)


def alert(at: float = 0, **fields: Any) -> Event:
    return _event(Signal.ALERT, at, {"severity": 21, "status": "firing", "text": "Down", **fields})


def span(
    number: int, parent: int = 0, *, at: float = 0, ms: float = 1, failed: bool = False, **fields: Any
) -> Event:
    """Make a span with the id ``number`` and a duration of ``ms``."""
    made = {
        "uid": f"{number:016x}",
        "text": "work",
        "span_id": f"{number:016x}",
        "parent_id": f"{parent:016x}" if parent else "",
        "trace_id": "0" * 31 + "1",
        "duration": round(ms * 1_000_000),
        "status": "error" if failed else "ok",
        "severity": 17 if failed else 9,
    }
    return _event(Signal.SPAN, at, {**made, **fields})


def rows_of(events: Iterable[Event], bucket_seconds: float = 1.0) -> Rows:
    return build_rows(events, Settings(rows=RowsSettings(bucket_seconds=bucket_seconds)))
