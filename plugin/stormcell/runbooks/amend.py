"""What an incident adds to a runbook that people wrote: lines under its own headings, and nothing taken away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Final

from stormcell.escape import terminal
from stormcell.runbooks.pages import DIAGNOSIS, IMPACT, Heading, headings
from stormcell.types import Runbook

MAX_LINES: Final = 5_000
"""Lines of the longest runbook that is amended."""

_SEEN: Final = re.compile(r"(seen|seen before|history|(past |known )?(incidents|occurrences))\W*\Z", re.IGNORECASE)
_TITLES: Final = ((IMPACT, "Impact"), (DIAGNOSIS, "Diagnosis"), ("seen", "Seen"))
_DEFAULT_LEVEL: Final = 2
_ITEM: Final = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|\Z)|\s")


@dataclass(frozen=True, slots=True)
class Additions:
    """What to add, in lines of Markdown.

    Attributes
    ----------
    mark : str
        What tells this incident from others: where a section holds it already, nothing is added there.
    impact, diagnosis, seen : tuple of str
        To the sections of these; an empty one adds nothing.
    """

    mark: str
    impact: tuple[str, ...] = ()
    diagnosis: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


def amended(runbook: Runbook, additions: Additions) -> str:
    """Return the text of a runbook with what an incident adds.

    Each part goes to the end of the first section about it; a section that is missing is made, at the end. The
    text as it is stays, line by line; a text of more than ``MAX_LINES`` comes back as it is.
    """
    lines = runbook.markdown.split("\n")
    if lines[-1] == "":
        lines.pop()
    if len(lines) > MAX_LINES:
        return runbook.markdown
    found = headings(lines)
    inserts: dict[int, list[str]] = {}
    new: list[str] = []
    for (kind, title), added in zip(_TITLES, (additions.impact, additions.diagnosis, additions.seen), strict=True):
        if not added:
            continue
        place = next((at for at, one in enumerate(found) if _is(one, kind)), None)
        if place is None:
            if additions.mark not in runbook.markdown:
                new += ["", f"{'#' * _level(found)} {title}", "", *added]
            continue
        start, end = _section(lines, found, place)
        if not any(additions.mark in line for line in lines[start:end]):
            item = end - start > 1 and _ITEM.match(lines[end - 1]) and _ITEM.match(added[0])
            inserts.setdefault(end, []).extend([*([] if item else [""]), *added])
    if not inserts and not new:
        return runbook.markdown
    result: list[str] = []
    for at, line in enumerate([*lines, None]):
        result += inserts.get(at, [])
        if line is not None:
            result.append(line)
    if not any(line.strip() for line in lines):
        new = new[1:]
    return "\n".join([*result, *new]) + "\n"


def difference(runbook: Runbook, text: str) -> str:
    """Return the unified diff from a runbook to another text of it, for ``patch -p1``; "" without one."""
    path = terminal(runbook.path)
    lines = unified_diff(_lines(runbook.markdown), _lines(text), fromfile=f"a/{path}", tofile=f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Split at line feeds only, which stay: no other sign ends a line of a file."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _is(heading: Heading, kind: str) -> bool:
    return heading.kind == kind if kind != "seen" else _SEEN.match(heading.text) is not None


def _section(lines: Sequence[str], found: Sequence[Heading], place: int) -> tuple[int, int]:
    """Return the lines of a section, those below it included, from its heading to the last that is not empty."""
    own = found[place]
    end = next((one.line for one in found[place + 1 :] if one.level <= own.level), len(lines))
    while end > own.line + 1 and not lines[end - 1].strip():
        end -= 1
    return own.line, end


def _level(found: Sequence[Heading]) -> int:
    """Return the level that most headings below the title have."""
    counts = Counter(one.level for one in found if one.level > 1)
    return max(counts, key=lambda level: (counts[level], -level), default=_DEFAULT_LEVEL)
