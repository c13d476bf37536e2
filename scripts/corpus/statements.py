"""Log statements out of released sources: what they say, which of them are kept, and how they are written down."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

MOST = 110
"""Statements a system at most."""
_LONGEST = 300
_LEVELS = {"warning": "warn", "exception": "error", "critical": "error", "fatal": "error", "notice": "info"}
_WEIGHTS = {"info": 1.0, "warn": 1.0, "error": 1.0, "debug": 0.3, "trace": 0.1}
_WITHOUT_A_SLOT = 0.6  # most lines of a log hold values, and a text that never changes is no task
_WORD = re.compile(r"[A-Za-z]{2,}")
_LETTERS = re.compile(r"[^a-z]+")
_BANNER = re.compile(r"[-=*#_~]{5,}|[^\x20-\x7e\t]")
_UNFILLED = re.compile(r"%[-+#0]*\d*[svdqw]\b|\{\}")
_NOT_THE_PROGRAM = re.compile(
    r"(?i)/(?:e2e|hack|examples?|samples?|tests?|testutils?|mocks?|fake|benchmarks?)/|/Test[A-Z]\w*\.java$"
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a value.

    Attributes
    ----------
    verb : str
        How the value is written: "{}", "+", "%s", "%d", "%q"; "klog=", "logfmt=" and "json=" for the value of a
        key, with the type after it where the call says one.
    expression : str
        The source of the value.
    """

    verb: str
    expression: str


Part = str | Slot


@dataclass(frozen=True, slots=True)
class Statement:
    """A log call, the true template of what it logs.

    Attributes
    ----------
    parts : tuple of str and Slot
    level : str
        "trace", "debug", "info", "warn" or "error".
    file : str
        Where in the archive.
    """

    parts: tuple[Part, ...]
    level: str
    file: str

    @classmethod
    def of(cls, parts: Iterable[Part], level: str, file: str) -> Statement:
        """Return a statement with neighbouring constants joined and space at its ends left away."""
        joined: list[Part] = []
        for part in parts:
            if isinstance(part, str) and joined and isinstance(joined[-1], str):
                joined[-1] += part
            elif part != "":
                joined.append(part)
        if joined and isinstance(joined[0], str):
            joined[0] = joined[0].lstrip()
        if joined and isinstance(joined[-1], str):
            joined[-1] = joined[-1].rstrip()
        level = level.lower()
        return cls(tuple(part for part in joined if part != ""), _LEVELS.get(level, level), file)

    @property
    def constants(self) -> list[str]:
        """What is always the same."""
        return [part for part in self.parts if isinstance(part, str)]

    @property
    def key(self) -> str:
        """The letters of its constants: statements that share them cannot be told apart."""
        return _LETTERS.sub(" ", " ".join(self.constants).lower()).strip()

    def is_fit(self) -> bool:
        """Whether it is one line of at least two constant words, out of the program itself."""
        text = " ".join(self.constants)
        return (
            len(_WORD.findall(text)) >= 2
            and len(text) <= _LONGEST
            and len(self.parts) <= 25
            and not _BANNER.search(text)
            and not _UNFILLED.search(text)
            and not _NOT_THE_PROGRAM.search(self.file)
            and _apart(self.parts)
        )

    def row(self) -> str:
        """Return it as one line of JSON."""
        parts = [part if isinstance(part, str) else [part.verb, part.expression] for part in self.parts]
        row = {"level": self.level, "file": self.file, "parts": parts}
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _apart(parts: Sequence[Part]) -> bool:
    """Whether no two slots touch three times: of values without anything between them no template is left."""
    touching = sum(isinstance(a, Slot) and isinstance(b, Slot) for a, b in pairwise(parts))
    return touching <= 2


def chosen(system: str, statements: Iterable[Statement], most: int = MOST) -> list[Statement]:
    """Return a sample of the statements that are fit, by file; the same every time.

    Ranked by hash and not drawn: one statement more in a source does not change the rest of the sample.
    """
    found: dict[str, tuple[float, str, Statement]] = {}
    for statement in statements:
        if statement.is_fit() and statement.level in _WEIGHTS:
            digest = hashlib.sha256(f"{system}\0{statement.key}".encode()).digest()
            chance = int.from_bytes(digest[:8], "big") / 2**64
            weight = _WEIGHTS[statement.level] * (1 if len(statement.parts) > 1 else _WITHOUT_A_SLOT)
            rank = (1 - chance) ** (1 / weight)  # a weighted sample: the largest are kept
            entry = (-rank, statement.row(), statement)
            found[statement.key] = min(entry, found.get(statement.key, entry))
    return sorted((entry[2] for entry in sorted(found.values())[:most]), key=lambda kept: (kept.file, kept.row()))


def document(system: str, head: dict[str, str], statements: Sequence[Statement]) -> str:
    """Return the file of a system: a statement a line."""
    told = json.dumps({"system": system, **head}, ensure_ascii=False)
    return told[:-1] + ', "statements": [\n' + ",\n".join(kept.row() for kept in statements) + "\n]}\n"


def printf(template: str, arguments: Sequence[str]) -> list[Part] | None:
    """Return the parts of a printf format of Go, Java or Python; None where the arguments do not fit it."""
    parts: list[Part] = []
    used, end = 0, 0
    for match in _PRINTF.finditer(template):
        parts.append(template[end : match.start()])
        end = match.end()
        if match["verb"] == "%":
            parts.append("%")
        elif match["verb"] == "n":
            parts.append("\n")
        elif used == len(arguments) or match["star"]:
            return None
        else:
            parts.append(Slot(f"%{match['how']}{match['verb']}", arguments[used]))
            used += 1
    parts.append(template[end:])
    return parts


_PRINTF = re.compile(r"%(?P<star>\[\d+\]|\d+\$|[-+#0 ,]*\*)?(?P<how>[-+#0 ,]*\d*(?:\.\d+)?)(?P<verb>[A-Za-z%])")


def braces(parts: Sequence[Part], arguments: Sequence[str]) -> list[Part] | None:
    """Return the parts with ``{}`` filled, as SLF4J does; None where there are too few arguments."""
    filled: list[Part] = []
    left = list(arguments)
    for part in parts:
        if not isinstance(part, str):
            filled.append(part)
            continue
        first, *others = part.split("{}")
        filled.append(first)
        for other in others:
            if not left:
                return None
            filled += [Slot("{}", left.pop(0)), other]
    return filled


def readme(documents: Sequence[dict[str, Any]]) -> str:
    """Return the README of the folder that holds the systems, as read from their files."""
    counts = f"{len(documents)} systems, {sum(len(held['statements']) for held in documents):,} statements"
    rows = [
        f"| {held['system']} | {held['language']} | {held['split']} | {len(held['statements'])} "
        f"| {held['name']} {held['version']} | {held['licence']} | {held['copyright']} |"
        for held in documents
    ]
    return _README.format(counts=counts, rows="\n".join(rows))


_README = """\
# Log statements with their true templates

The log calls of released programs: {counts}. What a call says between its values is the true
template of every line that it logs, so a miner of templates can be judged without anyone labelling lines by hand.
`benchmarks/_log_lines.py` fills in the values, by seed; no line here was logged by a running system.

Written by `scripts/make-log-statements` out of the archives in `scripts/corpus/log_systems.toml`, each checked
against its SHA-256; running it again writes the same bytes. A file is a system, a line of it a statement:

    {{"level":"info","file":"/a/Broker.java","parts":["Registered ",["{{}}","brokerId"]," at ",["+","path"]]}}

A part is a constant text, or the verb and the source of a value. Verbs are `{{}}` (SLF4J), `+` (concatenated or
interpolated), those of printf, and `klog=`, `logfmt=` and `json=` (the value of a key, with its type where the
call says it). Structured calls are written as the program does: klog's text format; logfmt with `msg="..."`
(Prometheus, Thanos); the text and then `key=value` (logrus, zerolog's console, structlog); the text, a tab and
JSON (zap's console).

Left out are calls whose text is computed elsewhere, texts of less than two constant words or of more than one
line, banners, tests and vendored code. Of statements whose constant letters are the same one is kept; of the rest
a weighted sample, chosen by hash: rarely debug and trace, and fewer of the texts that hold no value. What stands
around a message at run time (time, level, thread, prefixes, fields that a logger carries along) is not there.

`split`: settings of a miner may be chosen on the systems marked `tune`; figures come from those marked `test`.

## Systems, licences and credit

The constant texts are quoted from these releases under their licences; see [NOTICE](../../../NOTICE) for the
texts of those that ask for it.

| system | language | split | statements | release | licence | copyright |
| --- | --- | --- | --- | --- | --- | --- |
{rows}
"""
