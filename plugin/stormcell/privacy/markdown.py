"""Masks for personal data and secrets in Markdown, where escapes stand between the characters of a text."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from stormcell.escape import markdown
from stormcell.privacy.text import conceal
from stormcell.privacy.tokens import mask_private_keys

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_DEFINITION: Final = re.compile(r" {0,3}\[\^[^\]\s]{1,100}\]:")
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_ID: Final = re.compile(r"[\w:/-]{1,200}(?:@[\dT:.Z-]{1,40})?")  # an alert's ends with a time
_PIECE: Final = re.compile(
    r"(?P<span>(?<!`)(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`))"
    r"|(?P<reference>\[\^[^\]\s]{1,100}\])"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<entity>&(?:[a-zA-Z]{2,8}|#[0-9]{1,7});)"
    r"|(?P<plain>.)",
    re.DOTALL,
)
_NO_SPAN: Final = (sys.maxsize, sys.maxsize, "")
_MASK: Final = re.compile("(<[a-z]{1,32}>)")


class _Piece(NamedTuple):
    """A part of a line: what it shows, how it is written, and whether it is code."""

    shown: str
    written: str
    code: bool = False


def conceal_markdown(text: str) -> str:
    """Mask what ``conceal`` masks, in Markdown: escapes, references to footnotes and code spans hide nothing.

    The first code span of the definition of a footnote, if it may be the id by which an event is found again,
    stays as it is, and so does every code span that shows the same.
    """
    lines = mask_private_keys(text).split("\n")
    kept = frozenset(_ids(lines))
    return "\n".join(_conceal(line, kept, fenced) for line, fenced in zip(lines, _fenced(lines), strict=True))


def _ids(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if _DEFINITION.match(line) and (found := _SPAN.search(line)) and _ID.fullmatch(found[2]):
            yield found[2]


def _fenced(lines: Sequence[str]) -> Iterator[bool]:
    """Tell of each line whether it stands in a block of code."""
    fence = ""
    for line in lines:
        found = _FENCE.match(line)
        if not fence:
            fence = found[1] if found else ""
            yield False
        else:
            yield True
            if found and found[1].startswith(fence) and not line[found.end() :].strip():
                fence = ""


def _conceal(line: str, kept: frozenset[str], fenced: bool) -> str:
    pieces = [_Piece(line, line, True)] if fenced else list(_pieces(line, kept))
    shown = "".join(piece.shown for piece in pieces)
    masked = conceal(shown)
    return line if masked == shown else _masked(pieces, shown, masked)


def _pieces(line: str, kept: frozenset[str]) -> Iterator[_Piece]:
    for found in _PIECE.finditer(line):
        written = found[0]
        if found["span"]:
            ticks = found["ticks"]
            # As if it were one row of texts; what is kept shows nothing, so that nothing of it can be masked.
            if found["code"] in kept:
                yield _Piece("", written)
            else:
                yield _Piece("", ticks)
                yield from (_Piece(letter, letter, True) for letter in found["code"])
                yield _Piece("", ticks)
        elif found["reference"]:
            yield _Piece("", written)
        elif found["escaped"]:
            yield _Piece(found["escaped"], written)
        else:
            yield _Piece(html.unescape(written) if found["entity"] else written, written)


def _masked(pieces: Sequence[_Piece], shown: str, masked: str) -> str:
    """Return the line with its masks.

    What stays is found in the order in which it stands in both, each part as early as it can be, the last at the
    end: so all of it is found, and whatever else it is that lies between is masked.
    """
    if len(pieces) == 1 and pieces[0].code:
        return masked  # of a block of code
    parts = _MASK.split(masked)
    spans: list[tuple[int, int, str]] = []
    at = len(parts[0])
    for number in range(1, len(parts), 2):
        rest = parts[number + 1]
        last = number + 2 == len(parts)
        start = len(shown) - len(rest) if last else shown.find(rest, at + 1)
        if start <= at:
            return markdown(masked)  # it was masked otherwise than by putting masks in
        spans.append((at, start, parts[number]))
        at = start + len(rest)
    return "".join(_written(pieces, spans))


def _written(pieces: Iterable[_Piece], spans: Iterable[tuple[int, int, str]]) -> Iterator[str]:
    """Yield the pieces outside of the spans as they are written, and of each span its mask."""
    waiting = iter(spans)
    start, stop, mask = next(waiting, _NO_SPAN)
    at = 0
    for piece in pieces:
        if piece.shown and stop <= at:
            start, stop, mask = next(waiting, _NO_SPAN)
        end = at + len(piece.shown)
        if not piece.shown or end <= start:
            yield piece.written
        elif at <= start:
            yield mask if piece.code else mask.replace("<", "&lt;")
        at = end
