"""The skeleton of a text: its words and signs in order, with a hole wherever a value stands.

Two texts of one log statement have one skeleton, whatever the statement printed. Words that look like names
(``block_manager``, ``NameNode``, ``ERROR``) can be either; they are open, and what other texts have in their place
decides (see mining).

Made a token at a time, each looked up among those seen: tokens repeat far more often than texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from typing import Final, NamedTuple

HOLE: Final = "<*>"
OPEN: Final = ""
MOST_TOKENS: Final = 24
"""Tokens of a text that count; what follows is one hole."""

_CACHED_TOKENS: Final = 30_000
_CACHED_SKELETONS: Final = 20_000
_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
# Hexadecimal numbers in a shape; small letters only, as secrets of known shape may begin with capitals. It may
# make a difference whether one begins with a letter.
_HEXADECIMAL: Final = re.compile(rb"0[a-f]|[a-f]0")
# Not before what would look like the start of a token with it.
_LETTERED: Final = re.compile(rb"\b[a-f]+0[0a-f]*\b(?!//)")
_NUMBERED: Final = re.compile(rb"\b0x?[0a-f]+\b(?!//)")
_NAME: Final = re.compile(
    r"(?:[A-Za-z_*][\w$*]*(?:[./@:-]+[\w$*]+)+|[A-Za-z_]\w*\$[\w$]*|[A-Za-z]*_\w+|[A-Z]?[a-z]+[A-Z]\w*|[A-Z]{2,}[a-z]\w*|[A-Z]{3,})\Z"
)
_HARD: Final = "()[]{}<>\"'`,;|"
"""Signs that always stand alone; those of ``_SOFT`` do at the end of a word."""
_SOFT: Final = ":.!?"
_CHUNK: Final = r"(?:[^()\[\]{}<>\"'`,;|]|(?<=[a-z])'(?=[a-z]))"
_SIGNS: Final = re.compile(rf"{_CHUNK}+?(?=[:.!?]*(?:\Z|(?!{_CHUNK})))|[()\[\]{{}}<>\"'`,;|]|[:.!?]+")
_PATH: Final = re.compile(r"(?:[A-Za-z]:)?[/\\][\w.]")
_MASK: Final = re.compile(r"<[a-z]+>")
_PAIR: Final = re.compile(r"[\w.\])-]=(?=[^=\"'\s])")
_NOTHING: Final = frozenset(
    ("null", "None", "nil", "<nil>", "true", "false", "True", "False", "NULL", "undefined", "{}", "()", '""', "''")
)
_UNITS: Final = frozenset(
    (
        "B",
        "KB",
        "MB",
        "GB",
        "TB",
        "KiB",
        "MiB",
        "GiB",
        "TiB",
        "kB",
        "K",
        "M",
        "G",
        "ns",
        "us",
        "µs",
        "ms",
        "s",
        "%",
    )
)
_DATES: Final = frozenset(
    [
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
        "Sat",
        "Sun",
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "May",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
    ]
)
_AFTER: Final = _UNITS | frozenset(("UTC", "GMT", "AM", "PM"))
_BETWEEN: Final = frozenset(",;|/-")
_BESIDE: Final = _BETWEEN | _DATES
# What stands between quotes is a value, unless the message itself does: at the start, or as msg="...".
_QUOTED: Final = re.compile(
    r"(?<=[\s(:,\[{])\"(?:[^\"\\]|\\.){0,300}\"(?!\s*:)|(?<=[\s(:,\[{=])'[^'\n]{0,120}'(?=[\s.,;:)\]}!?]|\Z)"
    r"|(?<=[\w\]]=)(?<!\bmsg=)(?<!\bmessage=)(?<!\bevent=)\"(?:[^\"\\]|\\.){0,500}\""
)
_BRACKETS: Final = re.compile(r"\{[^{}]{0,500}\}|\[[^\[\]]{0,500}\]|<[A-Za-z][^<>\s]{0,60} [^<>]{0,100}>")
_LABEL: Final = re.compile(r"[A-Za-z]\w*: ")
_LIST: Final = f"[{HOLE}]"
_PARTS: Final = re.compile(r"[\s,;:=\"'|&]+")


class Skeleton(NamedTuple):
    """What is left of a text.

    Attributes
    ----------
    tokens : tuple of str
        Words and signs, ``HOLE`` for values, and ``OPEN`` for open names.
    names : tuple of str
        The open names, in their order.
    """

    tokens: tuple[str, ...]
    names: tuple[str, ...]


class _Tokens(dict[str, tuple[str, ...]]):
    """What each token of a text becomes: words, signs, holes, and open names marked by a leading NUL."""

    def __missing__(self, token: str) -> tuple[str, ...]:
        if len(self) >= _CACHED_TOKENS:
            self.clear()
        found = self[token] = tuple(_taken_apart(token))
        return found


class _Skeletons(dict[tuple[tuple[str, ...], ...], Skeleton]):
    """Skeletons by what the tokens of their texts become: texts of one statement nearly always have the same."""

    def __missing__(self, parts: tuple[tuple[str, ...], ...]) -> Skeleton:
        if len(self) >= _CACHED_SKELETONS:
            self.clear()
        tokens = _joined(chain.from_iterable(parts))
        if len(tokens) > MOST_TOKENS:
            tokens[MOST_TOKENS:] = [HOLE]
        names = tuple([token[1:] for token in tokens if token[0] == "\0"])
        closed = tuple([OPEN if token[0] == "\0" else token for token in tokens]) or (HOLE,)
        found = self[parts] = Skeleton(closed, names)
        return found


_seen = _Tokens()
_made = _Skeletons()


def shape(text: str) -> bytes:
    """Return a text with 0 for each row of digits: neither which they are nor how many makes a difference.

    Rows of more than 16 keep some.
    """
    made = text.encode("utf-8", "replace").translate(_DIGITS)
    if b"00" in made:
        made = made.replace(b"00", b"0").replace(b"00", b"0").replace(b"00", b"0").replace(b"00", b"0")
    return made


def folded(made: bytes) -> bytes:
    """Return a shape with every hexadecimal number of a length: its skeleton is the same.

    Numbers without a digit are words.
    """
    if _HEXADECIMAL.search(made) is None:
        return made
    return _NUMBERED.sub(b"0", _LETTERED.sub(b"a0", made))


def skeleton(text: str) -> Skeleton:
    """Return the skeleton of a text; what is masked already stands there as ``<kind>``."""
    if "\0" in text:
        text = text.replace("\0", " ")
    if "<" in text:
        text = _MASK.sub(HOLE, text)
    if "{" in text or "[" in text or "<" in text:
        text = _BRACKETS.sub(_bracket, text)
        if "{" in text:
            text = _BRACKETS.sub(_bracket, text)
    if '"' in text or "'" in text:
        text = _QUOTED.sub(HOLE, text)
    return _made[tuple(map(_seen.__getitem__, text.split()))]


_HOLES: Final = re.compile(r"<\*>(?: <\*>)+")
_QUOTES: Final = re.compile(r"([\"'`]) (.*?) \1")
_BEFORE_SIGN: Final = re.compile(r" (?=[)\]}>,;:.!?](?:\s|\Z|[^\w<]))|(?<=[(\[{]) |(?<=\w=) ")


def spell(tokens: Iterable[str]) -> str:
    """Write tokens as a text, with blanks as people set them."""
    text = _QUOTES.sub(r"\1\2\1", _BEFORE_SIGN.sub("", " ".join(tokens)))
    return _HOLES.sub(HOLE, text)


def _joined(tokens: Iterable[str]) -> list[str]:
    """Make one hole of neighbouring ones, with the units and the names of days and months beside them."""
    out: list[str] = []
    last = ""
    for token in tokens:
        if token is HOLE:
            if last is HOLE:
                continue
            if last in _BESIDE:
                if last in _DATES:
                    while out and (
                        out[-1] in _DATES or (out[-1] in _BETWEEN and out[-2:-1] and out[-2] in _DATES)
                    ):
                        out.pop()
                    if out and out[-1] is HOLE:
                        last = HOLE
                        continue
                elif len(out) > 1 and out[-2] is HOLE:
                    out.pop()
                    last = HOLE
                    continue
        elif last is HOLE and token in _AFTER:
            continue
        out.append(token)
        last = token
    return out


def _bracket(match: re.Match[str]) -> str:
    """Return a hole for brackets around a list, a map or a value, and words as they are."""
    found = match.group()
    inner = found[1:-1]
    if found[0] == "{":
        return HOLE
    if found[0] == "<":
        return HOLE if any(c.isdigit() for c in inner) else found
    if not inner:
        return _LIST
    if _LABEL.match(inner):
        return found
    parts = [part for part in _PARTS.split(inner) if part]
    words = sum(part.isalpha() and part.islower() for part in parts)
    valued = HOLE in inner or any(c.isdigit() or c in "=\"'" for c in inner)
    if len(parts) == 1 and (valued or inner in _NOTHING):
        return _LIST
    return _LIST if (valued or "," in inner) and words <= len(parts) // 3 else found


def _taken_apart(token: str) -> list[str]:
    """Return the words, signs and holes of one token."""
    if token in _NOTHING or token == HOLE or "://" in token or _PATH.match(token):
        return [HOLE]
    if token.isalpha() and token.islower():
        return [token]
    if HOLE in token:
        made: list[str] = []
        for number, piece in enumerate(token.split(HOLE)):
            made += [HOLE] if number else []
            made += _taken_apart(piece) if piece else []
        return _swallowed(made)
    pair = _PAIR.search(token)
    if pair is not None:
        value = token[pair.end() :].rstrip(")]}>,;.")
        return [*_plain(token[: pair.end()]), HOLE, *_plain(token[pair.end() + len(value) :])]
    return _swallowed(_plain(token))


def _plain(text: str) -> list[str]:
    """Split at signs, and tell words from values and names."""
    made = []
    for part in _SIGNS.findall(text):
        if part in _NOTHING or any(c.isdigit() for c in part) or _PATH.match(part):
            made.append(HOLE)
        elif part not in _AFTER and part not in _DATES and _NAME.match(part):
            made.append(f"\0{part}")
        else:
            made.append(part)
    return made


def _swallowed(made: list[str]) -> list[str]:
    """Let a hole take what is joined to it by a sign inside a token: ``10.0.0.1:80``, ``a-<*>.b``."""
    out: list[str] = []
    for part in made:
        if out and out[-1] == HOLE and part[0] not in _HARD + _SOFT:
            continue
        if part == HOLE and out and out[-1][0] not in _HARD + _SOFT and out[-1][-1] != "=":
            out[-1] = HOLE
            continue
        if part == HOLE and len(out) > 1 and out[-2] == HOLE and out[-1] in _SOFT:
            out.pop()
            continue
        out.append(part)
    return out
