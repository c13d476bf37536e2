"""Feedback as lines of JSON: what is said of one store's groups, tried on other groupings."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stormcell.errors import InputError
from stormcell.types import Feedback, Kind, Mark

_TEXTS = ("fingerprint", "signal", "service", "template")
_MARKS = {
    Kind.MERGE: "two marks or more",
    Kind.SPLIT: "two marks or more",
    Kind.MOVE: "3 marks",
    Kind.PIN: "1 mark",
}


def dump_feedback(feedback: Feedback) -> bytes:
    """Return a feedback as a line of JSON."""
    # A lone surrogate has no UTF-8, but \udc80 is how JSON writes it too.
    text = json.dumps(asdict(feedback), ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def read_feedback(path: Path) -> list[Feedback]:
    """Read lines of JSON, as ``stormcell groups feedback --json`` prints them.

    Raises
    ------
    InputError
        If the file cannot be read, or a line is no feedback; names the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"cannot read the feedback {path}: {error.strerror}") from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(_feedback(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}:{number}: expected a line of `stormcell groups feedback --json`, found {line[:60]!r} "
                f"({type(error).__name__}: {error})"
            ) from error
    return found


def _feedback(stored: dict[str, Any]) -> Feedback:
    kind = Kind(stored["kind"])
    marks = tuple(
        Mark(tuple(map(_text, mark["uids"])), *(_text(mark[name]) for name in _TEXTS)) for mark in stored["marks"]
    )
    right = {Kind.MOVE: len(marks) == 3, Kind.PIN: len(marks) == 1}.get(kind, len(marks) >= 2)
    if not right or not all(mark.uids for mark in marks):
        raise ValueError(f"{kind} takes {_MARKS[kind]}, each of an event or more")
    time, undone = stored.get("time", 0), stored.get("undone", False)
    if not isinstance(time, int) or not isinstance(undone, bool):
        raise TypeError("time must be a whole number of ns, and undone true or false")
    return Feedback(_text(stored["id"]), kind, marks, _text(stored.get("author", "")), time, undone)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {value!r:.40}")
    return value
