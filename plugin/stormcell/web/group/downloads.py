"""The members of a group as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from stormcell.semconv import severity_name
from stormcell.store import SqliteStore
from stormcell.times import rfc3339
from stormcell.types import Membership, Row

_COLUMNS: Final = (
    *("time", "signal", "service", "severity", "level", "text", "uid", "trace_id", "span_id", "duration_ns"),
    *("dissimilarity", "runner_up", "margin"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a text begins that a spreadsheet would compute, blanks before it or not; wide signs in some countries."""


def as_csv(store: SqliteStore, group: str) -> bytes:
    """Return the members of a group, by its whole id, as CSV (RFC 4180) in UTF-8, ascending by uid.

    Whoever sends telemetry writes its texts: one that a spreadsheet would take for a formula gets an apostrophe
    before it. Events that are told by one line have its time and text.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for uid, row, atom in store.every_member(group):
        writer.writerow([safe(cell) if isinstance(cell, str) else cell for cell in _cells(uid, row, atom)])
    # A lone surrogate has no UTF-8.
    return text.getvalue().encode("utf-8", "backslashreplace")


def as_ndjson(store: SqliteStore, group: str) -> bytes:
    """Return the members of a group, by its whole id, as JSON, one a line, ascending by uid."""
    lines = (
        json.dumps(_document(uid, row, atom), separators=(",", ":"))
        for uid, row, atom in store.every_member(group)
    )
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def safe(cell: str) -> str:
    """Return a text of which no spreadsheet makes a formula."""
    return f"'{cell}" if cell.lstrip(" \u00a0\u3000").startswith(_FORMULA) else cell


def _cells(uid: str, row: Row, atom: Membership) -> Sequence[str | int | float]:
    event = row.event
    return (
        *(
            rfc3339(event.time),
            event.signal.value,
            event.service,
            event.severity or "",
            severity_name(event.severity),
        ),
        *(event.text, uid, event.trace_id, event.span_id, event.duration or ""),
        *(atom.dissimilarity if atom.shares else "", atom.runner_up or ""),
        "" if atom.margin is None else atom.margin,
    )


def _document(uid: str, row: Row, atom: Membership) -> dict[str, Any]:
    event = asdict(row.event)
    return {
        "uid": uid,
        "event": {**event, "signal": row.event.signal.value, "time": rfc3339(row.event.time)},
        "dissimilarity": _finite(atom.dissimilarity) if atom.shares else None,
        "shares": [{name: _finite(value) for name, value in asdict(share).items()} for share in atom.shares],
        "runner_up": atom.runner_up,
        "margin": _finite(atom.margin),
        "feedback": list(atom.feedback),
        "rules": list(atom.rules),
    }


def _finite(value: Any) -> Any:
    """Return a value that JSON knows: what is no number there is null."""
    return None if isinstance(value, float) and not abs(value) < float("inf") else value
