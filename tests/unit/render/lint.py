"""What is wrong with a Markdown document by the rules that linters share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_HEADING = re.compile(r"(#{1,6}) +(.*)")
_FENCE = re.compile(r"(`{3,}|~{3,})")
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_URL = re.compile(r"(?<![<(])\bhttps?://", re.IGNORECASE)


def problems(markdown: str) -> list[str]:
    """Return what is wrong, each with its line; nothing where all is well."""
    lines = markdown.split("\n")
    found = [f"{number}: space at the end" for number, line in enumerate(lines, 1) if line != line.rstrip()]
    found += ["the end: not one line break"] if not markdown.endswith("\n") or markdown.endswith("\n\n") else []
    found += ["blank lines: more than one"] if "\n\n\n" in markdown else []
    plain, unclosed = _outside_fences(lines)
    found += ["fences: one is not closed"] if unclosed else []
    return found + _of_headings(plain) + _of_blocks(lines, plain) + _of_urls(plain)


def _outside_fences(lines: Sequence[str]) -> tuple[list[str | None], bool]:
    """Return the lines, None for those of fences, and whether a fence is left open."""
    plain: list[str | None] = []
    fence = ""
    for line in lines:
        opened = _FENCE.match(line)
        plain.append(None if fence or opened else line)
        if fence:
            fence = "" if opened and opened[1].startswith(fence) else fence
        elif opened:
            fence = opened[1]
    return plain, bool(fence)


def _of_headings(plain: Sequence[str | None]) -> list[str]:
    heads = [match for line in plain if line is not None and (match := _HEADING.match(line))]
    levels = [len(match[1]) for match in heads]
    found = [] if levels.count(1) == 1 and levels[0] == 1 else ["headings: not one first heading"]
    found += [f"headings: {b} after {a}" for a, b in pairwise(levels) if b > a + 1]
    second = [match[2] for match in heads if len(match[1]) == 2]
    return found + [f"headings: twice {name}" for name in {name for name in second if second.count(name) > 1}]


def _of_blocks(lines: Sequence[str], plain: Sequence[str | None]) -> list[str]:
    kinds = [_kind(line) for line in plain]
    found = []
    for at, (one, other) in enumerate(pairwise(kinds), 1):
        if one != other and "" not in (one, other) and {one, other} & {"heading", "table", "fence", "note"}:
            found.append(f"{at}: {other} right after {one}: {lines[at]!r}")
        if one == other == "heading":
            found.append(f"{at}: headings without a blank line")
    return found


def _kind(line: str | None) -> str:
    if line is None:
        return "fence"
    if _HEADING.match(line):
        return "heading"
    if line.startswith("|"):
        return "table"
    if line.startswith("[^"):
        return "note"
    return "text" if line.strip() else ""


def _of_urls(plain: Sequence[str | None]) -> list[str]:
    texts = ((number, _CODE.sub("", line)) for number, line in enumerate(plain, 1) if line is not None)
    return [f"{number}: a bare URL" for number, text in texts if _URL.search(text)]
