"""Slots: what stands in the holes of a template, in one text."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    holes = holes_of(template)
    return tuple(
        Slot(name, kind_of(value), value) for name, value in zip(holes.names, holes.values(text), strict=False)
    )


def differing(template: str, one: str, other: str) -> int:
    """Return which slots of a template differ between two of its texts, a bit each; see Comparison."""
    comparison = Comparison(template, one)
    comparison.add(other)
    return comparison.bits


class Comparison:
    """Finds which slots of a template differ among its texts; in whatever order they come it is the same.

    A text that is not the template's to its end counts as far as it is.

    Parameters
    ----------
    template : str
    text : str
        The first of them.
    known : int
        Slots that are known to differ, a bit each.
    """

    __slots__ = ("_holes", "_open", "_text", "_values", "bits")

    def __init__(self, template: str, text: str, known: int = 0) -> None:
        self._holes = holes_of(template)
        self._text, self._values = text, self._holes.values(text)
        self.bits = known
        self._open = self._left()

    @property
    def settled(self) -> bool:
        """Whether all slots are known to differ, so that no text can tell more."""
        return not self._open

    def add(self, text: str) -> bool:
        """Look at one more text; return whether more slots differ by it."""
        if text == self._text:
            return False
        if not self._values:
            # The first was none of the template's: this one may be, to compare others with.
            self._text, self._values = text, self._holes.values(text)
            return False
        news = self._holes.differing(text, self._values, self._open)
        if news:
            self.bits |= news
            self._open = self._left()
        return news > 0

    def _left(self) -> tuple[bool, ...]:
        """Return for each slot whether it still is to be compared, up to the last that is."""
        left = ~self.bits & ((1 << self._holes.count) - 1)
        return tuple([bool(left >> at & 1) for at in range(left.bit_length())])


class _Constant(NamedTuple):
    """What stands between two holes.

    Attributes
    ----------
    pieces : tuple of str
        Its words and signs.
    said : str
        As it is spelled, without the blanks around it.
    starts, ends : bool
        Whether its first word starts and its last word ends there: not so in ``P<num>High``.
    sign : bool
        Whether it begins with a sign that ends words, so that the point in 3.5 is none.
    last : bool
        Whether it ends the text.
    """

    pieces: tuple[str, ...]
    said: str
    starts: bool
    ends: bool
    sign: bool
    last: bool


class Holes:
    """Where the holes of a template are in its texts.

    Attributes
    ----------
    names : tuple of str
        The word before each.
    count : int
        How many are looked at.
    """

    def __init__(self, template: str) -> None:
        parts = _HOLE.split(template)
        keys = [_KEY.search(part) for part in parts]
        self.names = tuple([key[1] if key else "" for key in keys[:-1]])
        self.count = min(len(parts) - 1, MOST)
        constants = [_constant(part, last=at == len(parts) - 1) for at, part in enumerate(parts)]
        self._start, self._others = constants[0], constants[1 : MOST + 1]

    def values(self, text: str) -> tuple[str, ...]:
        """Return what stands in each hole; nothing where the text is not of the template."""
        text, at = self._begun(text)
        found = []
        for constant in self._others if at >= 0 else ():
            begin, end = _next(constant, text, at)
            if begin < 0:
                return ()
            found.append(text[at:begin].strip())
            at = end
        return tuple(found)

    def differing(self, text: str, values: Sequence[str], wanted: Sequence[bool]) -> int:
        """Return which wanted slots differ from these values, a bit each, as far as the text is followed."""
        text, at = self._begun(text)
        bits = 0
        if at >= 0:
            for number, (constant, want) in enumerate(zip(self._others, wanted, strict=False)):
                begin, end = _next(constant, text, at)
                if begin < 0:
                    break
                if want and text[at:begin].strip() != values[number]:
                    bits |= 1 << number
                at = end
        return bits

    def _begun(self, text: str) -> tuple[str, int]:
        """Return what is read of a text, and where its first hole begins; -1 where it is not of the template."""
        text = text[:MAX_CHARACTERS].rstrip()
        return text, _behind(self._start, text, 0) if self._start.pieces else 0


@lru_cache(4096)
def holes_of(template: str) -> Holes:
    """Return where the holes of a template are."""
    return Holes(template)


def _constant(part: str, *, last: bool) -> _Constant:
    pieces, said = tuple(_PIECE.findall(part)), part.strip()
    sign = pieces[:1] != () and pieces[0] in _ENDS
    starts = not sign and not part[:1].isalnum() and said[:1].isalnum()
    return _Constant(pieces, said, starts, not part[-1:].isalnum(), sign, last)


def _behind(constant: _Constant, text: str, at: int) -> int:
    """Return where the text goes on behind words and signs that come one after the other from ``at``; else -1."""
    if text.startswith(constant.said, at):
        at += len(constant.said)
    else:
        for piece in constant.pieces:
            while text[at : at + 1].isspace():
                at += 1
            if not text.startswith(piece, at):
                return -1
            at += len(piece)
    cut = constant.ends and text[at : at + 1].isalnum() and text[at - 1 : at].isalnum()
    return -1 if cut else at


def _next(constant: _Constant, text: str, start: int) -> tuple[int, int]:
    """Return the first place from ``start`` on where words and signs come one after the other; else -1.

    The last ones end the text.
    """
    pieces, _, starts, _, sign, last = constant
    if not pieces:
        return (len(text), len(text)) if last else (start, start)
    begin = text.find(pieces[0], start)
    while begin >= 0:
        end = _behind(constant, text, begin)
        if end >= 0 and (not last or end == len(text)):
            # A word is not the end of another.
            if sign:
                inside = text[begin + 1 : begin + 2].isalnum()
            else:
                inside = starts and begin > 0 and text[begin - 1].isalnum()
            if not inside:
                return begin, end
        begin = text.find(pieces[0], begin + 1)
    return -1, -1
