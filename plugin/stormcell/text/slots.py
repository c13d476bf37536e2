"""Slots: what stands in the holes of a template, in one text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from stormcell.text.masking import MAX_CHARACTERS, kind_of

_HOLE: Final = re.compile(r"<(?:\*|[a-z]{1,32})>")
_PIECE: Final = re.compile(r"\w+|[^\w\s]")
_ENDS: Final = frozenset(":.!?")
_KEY: Final = re.compile(r"([\w.-]+)\s*[=:]\s*[\"']?\Z")
MOST: Final = 40
"""Slots of a template that are looked at."""


class Slot(NamedTuple):
    """One value.

    Attributes
    ----------
    name : str
        The word before it, as in ``orderId=...`` or ``date: ...``; "" where there is none.
    kind : str
        What it looks like: "num", "ip", "uuid", ...; "text" for anything else.
    value : str
        As in the text.
    """

    name: str
    kind: str
    value: str


def slots(template: str, text: str) -> tuple[Slot, ...]:
    """Return what stands in each hole of a template; nothing where the text is not one of its.

    Words and signs of the template are looked for in the text one after the other, each as early as it comes;
    blanks do not count. Only the first ``MOST`` holes are filled.

    Parameters
    ----------
    template : str
        With ``<*>`` or ``<kind>`` for values.
    text : str
    """
    names = [constant.key for constant in _constants(template)]
    return tuple(
        Slot(name, kind_of(value), value) for name, value in zip(names, _values(template, text), strict=False)
    )


def differing(template: str, one: str, other: str) -> int:
    """Return which slots of a template differ between two texts, a bit each."""
    pairs = zip(_values(template, one), _values(template, other), strict=False)
    return sum([1 << at for at, (a, b) in enumerate(pairs) if a != b])


@lru_cache(4096)
def every(template: str) -> int:
    """Return all slots of a template that are looked at, a bit each."""
    return (1 << min(len(_constants(template)) - 1, MOST)) - 1


# The text of a row is compared with many.
@lru_cache(4096)
def _values(template: str, text: str) -> tuple[str, ...]:
    """Return what stands in each hole."""
    start, *others = _constants(template)
    text = text[:MAX_CHARACTERS].rstrip()
    at = _behind(start, text, 0)
    if not others or at is None:
        return ()
    found = []
    for number, constant in enumerate(others[:MOST]):
        span = _next(constant, text, at, last=number == len(others) - 1)
        if span is None:
            return ()
        found.append(text[at : span[0]].strip())
        at = span[1]
    return tuple(found)


class _Constant(NamedTuple):
    """What stands between two holes.

    Attributes
    ----------
    pieces : tuple of str
        Its words and signs.
    starts, ends : bool
        Whether its first word starts and its last word ends there: not so in ``P<num>High``.
    key : str
        The name that it gives to the value behind it.
    """

    pieces: tuple[str, ...]
    starts: bool
    ends: bool
    key: str


@lru_cache(4096)
def _constants(template: str) -> tuple[_Constant, ...]:
    found = []
    for constant in _HOLE.split(template):
        key = _KEY.search(constant)
        starts, ends = not constant[:1].isalnum(), not constant[-1:].isalnum()
        found.append(_Constant(tuple(_PIECE.findall(constant)), starts, ends, key[1] if key else ""))
    return tuple(found)


def _behind(constant: _Constant, text: str, at: int) -> int | None:
    """Return where the text goes on behind words and signs that come one after the other from ``at`` on."""
    for piece in constant.pieces:
        while text[at : at + 1].isspace():
            at += 1
        if not text.startswith(piece, at):
            return None
        at += len(piece)
    cut = constant.ends and text[at - 1 : at].isalnum() and text[at : at + 1].isalnum()
    return None if constant.pieces and cut else at


def _next(constant: _Constant, text: str, start: int, *, last: bool) -> tuple[int, int] | None:
    """Return the first place from ``start`` on where words and signs come one after the other.

    The last ones end the text.
    """
    if not constant.pieces:
        return (len(text), len(text)) if last else (start, start)
    first = constant.pieces[0]
    begin = text.find(first, start)
    while begin >= 0:
        end = _behind(constant, text, begin)
        # A point ends words, so that the one in 3.5 is none; a word is not the end of another.
        after, ahead = text[begin + 1 : begin + 2].isalnum(), text[max(begin - 1, 0) : begin].isalnum()
        inside = after if first in _ENDS else constant.starts and first[0].isalnum() and ahead
        if end is not None and not inside and (end == len(text) or not last):
            return begin, end
        begin = text.find(first, begin + 1)
    return None
