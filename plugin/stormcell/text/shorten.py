"""Shortening texts for people."""

from __future__ import annotations

_HEAD = 0.4
_WORD = 15


def shorten(text: str, most: int) -> str:
    """Return ``text`` on one line, its middle left out where it has more than ``most`` characters.

    The start says what kind of thing it is; the end of an error message says what went wrong.
    """
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    head = int((most - 3) * _HEAD)
    start, end = line[:head], line[-(most - 3 - head) :]
    # Cut between words where one ends nearby.
    if " " in start[-_WORD:]:
        start = start[: start.rindex(" ")]
    if " " in end[:_WORD]:
        end = end[end.index(" ") + 1 :]
    return f"{start.rstrip()} … {end.lstrip()}"
