"""Unified diffs as lines that a page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.review.revisions import hunks

MOST: Final = 2000
"""Lines of a diff that a page shows."""

_KINDS: Final = {"+": "added", "-": "cut", "@": "where", "\\": "where"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a diff: "added", "cut", "same" or "where" it is, the sign before it, and its text."""

    kind: str
    sign: str
    text: str


def lines(diff: str) -> Sequence[Line]:
    """Return the lines of a unified diff, without those that name the two texts."""
    return _shown(diff.removesuffix("\n").split("\n")[2:])


def between(old: str, new: str) -> Sequence[Line]:
    """Return how two texts differ."""
    return _shown(hunks(old.split("\n"), new.split("\n")))


def _shown(diff: Sequence[str]) -> Sequence[Line]:
    found = [_line(line) for line in diff]
    if len(found) > MOST:
        return [*found[:MOST], Line("where", "", f"{len(found) - MOST:,} lines more")]
    return found


def _line(line: str) -> Line:
    kind = _KINDS.get(line[:1], "same")
    if kind == "where":
        return Line(kind, "", line.strip("@ "))
    return Line(kind, {"added": "+", "cut": "\N{MINUS SIGN}"}.get(kind, ""), line[1:])
