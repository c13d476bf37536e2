"""Cuts Java, Scala and Go source into tokens: as much of their syntax as it takes to read a log call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HOLE = r'\$\{(?:[^{}"]|"(?:[^"\\\n]|\\.)*"|\{[^{}]*\})*\}'
_TOKEN = re.compile(
    rf"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<string>[a-z]*\"{{3}}.*?\"{{3,}}|(?:\b(?:s|f|raw)\"(?:{_HOLE}|[^"\\\n]|\\.)*\")|\"(?:[^"\\\n]|\\.)*\"|`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\[^\n]{{1,6}}?)')
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<number>\d[\w.]*)
    |(?P<sign>->|=>|\+\+|&&|\|\||[=!<>+*/-]=|:=|\.\.\.|[^\s\w])
    """,
    re.DOTALL | re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": "", "a": "", "v": "", "0": ""}
_ESCAPE = re.compile(r"\\u+([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\(.)", re.DOTALL)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_SPACE = re.compile(r"\s+")
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes
    ----------
    kind : str
        "string", "char", "name", "number" or "sign".
    text : str
        Of a string or character: what it stands for, unless it has a prefix.
    start, end : int
        Where in the source.
    prefix : str
        Of an interpolated string of Scala: "s" or "f"; its text is as written.
    """

    kind: str
    text: str
    start: int
    end: int
    prefix: str = ""


Span = tuple[int, int]
"""From one token to before another."""


class Code:
    """A source file as tokens.

    Attributes
    ----------
    tokens : list of Token
    partner : dict of int to int
        Of each bracket, the number of the one that it goes with.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self.tokens = list(_tokens(source))
        self.partner: dict[int, int] = {}
        opened: list[int] = []
        for at, token in enumerate(self.tokens):
            if token.kind != "sign":
                continue
            if token.text in "([{":
                opened.append(at)
            elif token.text in _PAIRS and opened and self.tokens[opened[-1]].text == _PAIRS[token.text]:
                self.partner[at] = opened[-1]
                self.partner[opened.pop()] = at

    def is_sign(self, at: int, sign: str) -> bool:
        """Whether a token is there and is that sign."""
        return 0 <= at < len(self.tokens) and self.tokens[at].kind == "sign" and self.tokens[at].text == sign

    def split(self, span: Span, sign: str) -> list[Span]:
        """Return the parts of a span between signs that stand outside any bracket within it."""
        parts, start, at = [], span[0], span[0]
        while at < span[1]:
            if self.is_sign(at, sign):
                parts.append((start, at))
                start = at + 1
            at = max(self.partner.get(at, at), at) + 1
        return [part for part in (*parts, (start, span[1])) if part[0] < part[1]]

    def arguments(self, bracket: int) -> list[Span] | None:
        """Return the arguments within a bracket; None if it is never closed."""
        if bracket not in self.partner:
            return None
        return self.split((bracket + 1, self.partner[bracket]), ",")

    def holds(self, span: Span, sign: str) -> bool:
        """Whether a sign stands in a span outside any bracket within it."""
        return self.split(span, sign) != [span]

    def text(self, span: Span) -> str:
        """Return the source of a span in one line, cut where it is long."""
        written = self._source[self.tokens[span[0]].start : self.tokens[span[1] - 1].end]
        return _SPACE.sub(" ", written)[:_LONGEST]

    def single(self, span: Span) -> Token | None:
        """Return the token of a span that is only one."""
        return self.tokens[span[0]] if span[1] - span[0] == 1 else None

    def called(self, span: Span) -> tuple[Sequence[str], list[Span]] | None:
        """Return the names and the arguments of a span that is one call as in ``a.b(c, d)``."""
        names, at = [], span[0]
        while at + 1 < span[1] and self.tokens[at].kind == "name":
            names.append(self.tokens[at].text)
            if self.is_sign(at + 1, "(") and self.partner.get(at + 1) == span[1] - 1:
                return names, self.arguments(at + 1) or []
            at += 2 if self.is_sign(at + 1, ".") else 1
        return None


def _tokens(source: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(source):
        kind, text = match.lastgroup or "", match[0]
        if kind == "comment":
            continue
        prefix = ""
        if kind == "string":
            quote = text.find("`") if text[0] == "`" else text.find('"')
            prefix, text = text[:quote], text[quote:]
            raw = text[0] == "`"
            width = 3 if text.startswith('"""') else 1
            text = text[width:-width]
            if not raw and not prefix:
                text = decode(text)
        elif kind == "char":
            text = decode(text[1:-1])
        yield Token(kind, text, match.start(), match.end(), prefix)


def decode(text: str) -> str:
    """Return what a string with backslashes stands for."""

    def plain(match: re.Match[str]) -> str:
        if match[3] is not None:
            return _ESCAPES.get(match[3], match[3])
        return chr(int(match[1] or match[2], 16))

    return _ESCAPE.sub(plain, text)
