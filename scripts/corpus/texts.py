"""Assembles the corpus: short texts that programs say, out of the sources that fetch.py brings.

String literals of at least three words (what is logged, raised, shown), the first sentences of comments and
docstrings, lines of documentation, and summaries in rule files. Slots (``{}``, ``%s``) are left empty or filled
with values, half and half, for logs hold values.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator

from fetch import Source

_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.){12,400})"|`([^`\n]{12,400})`|\'((?:[^\'\\\n]|\\.){12,400})\'')
_COMMENT = re.compile(r"(?:^|\n)[ \t]*(?:///?|\*|#)[ \t]+([A-Z][^\n]{15,200})|\"\"\"([A-Z][^\n\"]{15,200})")
_RULE = re.compile(
    r"(?:^|\n)[ \t-]*(?:summary|description|message|title|help)[\"']?:[ \t]*[\"']?([^\n\"']{15,300})"
)
_PROSE = re.compile(r"(?:^|\n)(?:[-*#] ?)*([A-Z][^\n|<>]{20,300})")
_SENTENCE = re.compile(r"(?<=[a-z0-9)][.!?])\s")
_SLOT = re.compile(
    r"\{\{.*?\}\}|\$\{[^}]*\}|\{[A-Za-z_0-9.!:,()\[\] -]*\}|%\([a-zA-Z_]+\)[a-z]|%[-+#0-9.]*[a-zA-Z]|\$[a-zA-Z_]+"
)
_ESCAPE = re.compile(r"\\[nrt]|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\")
_WORD = re.compile(r"[A-Za-z][a-z]+(?=\W|_|[A-Z]|\Z)")
_CODE = re.compile(
    r"[;=]\s*$|^\s*(?:import|return|if|for|while|def|func|class|public|private|select|@)\b"
    r"|::|=>|\(\)|&&|</"
)
_SPACE = re.compile(r"\s+")
_NAMES = ("default", "orders", "api", "frontend", "users", "cache", "worker", "primary", "eu-west-1")
_LONGEST = 240


def texts(source: Source, most: int) -> list[str]:
    """Return at most ``most`` texts of a source, no two of them the same but for case and signs."""
    found: dict[str, tuple[bool, bytes, str]] = {}
    for path, content in source.files():
        for comment, text in _said(path, content):
            # By hash: a sample that does not depend on the order of files.
            rank = (comment, hashlib.sha256(text.encode()).digest(), text)
            key = re.sub(r"[\W\d_]+", " ", text).lower()
            found[key] = min(rank, found.get(key, rank))
    said = sorted(rank for rank in found.values() if not rank[0])[:most]
    comments = sorted(rank for rank in found.values() if rank[0])[: most // 4]
    return [fill(text) for _, _, text in said[: most - len(comments)] + comments]


def _said(path: str, content: str) -> Iterator[tuple[bool, str]]:
    """Yield each text of a file, with whether it is only said to those who read the source."""
    if path.endswith((".md", ".rst")):
        patterns = (_PROSE,)
    elif path.endswith((".yaml", ".yml")):
        patterns = (_RULE,)
    else:
        patterns = (_LITERAL, _COMMENT)
    for pattern in patterns:
        for match in pattern.finditer(content):
            text = _ESCAPE.sub(" ", next(group for group in match.groups() if group is not None))
            for sentence in _SENTENCE.split(text)[:2]:
                clean = _SPACE.sub(" ", sentence).strip(" \"'`*-:")
                if _is_text(clean):
                    yield pattern is _COMMENT, clean[:_LONGEST]


def _is_text(text: str) -> bool:
    """Whether it is something said to people and not code, a path or a list of names."""
    words = _WORD.findall(text)
    letters = sum(map(len, words))
    return len(words) >= 3 and text.count(" ") >= 2 and letters > 0.55 * len(text) and not _CODE.search(text)


def fill(text: str) -> str:
    """Empty the slots of a text or fill them with values; the same text always alike."""
    chance = random.Random(text)
    filled = chance.random() < 0.5
    return _SPACE.sub(" ", _SLOT.sub(lambda _: _value(chance) if filled else "", text)).strip()


def _value(chance: random.Random) -> str:
    number = chance.randrange(10 ** chance.randrange(1, 7))
    return chance.choice(
        (
            str(number),
            f"{number / 10:.1f}",
            f"{number}ms",
            f"{chance.randrange(100)}%",
            ".".join(["10", *(str(chance.randrange(256)) for _ in range(3))]) + f":{chance.randrange(65536)}",
            f"node-{chance.randrange(100)}",
            f"/var/lib/data/{chance.randrange(1000)}",
            f"{chance.getrandbits(64):016x}",
            chance.choice(_NAMES),
        )
    )
