"""Reading a draft back: its footnotes, what each says it is from, and what stands before each reference.

People edit drafts, and formatters do: what counts is what a reader sees, not how it is written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Final

from stormcell import escape
from stormcell.render.footnotes import OF_COMMANDS
from stormcell.render.known import Key, seen
from stormcell.types import Source

REFERENCE: Final = "\0"
"""What stands for a reference in what is seen: no text of a draft holds it."""

_REACH: Final = 10_000
"""Longest text before a reference that is looked at: of a file of one long line, all of it would be too much."""

_MARKER = re.compile(r"^\[//\]: # \(Stormcell: (\w+) of ([\w.-]+) as ([0-9a-f]{10})\)", re.MULTILINE)
_DEFINITION = re.compile(r" {0,3}\[\^([0-9]{1,9})\]:[ \t]*(.*)", re.DOTALL)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?)*")
_BLANK = re.compile(r"`\s+`\Z")
_INLINE = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)"
    r"|(?P<ticks>`+)"
    r"|\[\^(?P<number>[0-9]{1,9})\]"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A place where a footnote is cited.

    Attributes
    ----------
    number, line : int
        Of the footnote; of the line, from 1.
    seen, written : str
        What is seen of its paragraph, with ``REFERENCE`` for references, and how that is written.
    seen_to, written_to : int
        Where it stands in these.
    commands : str or None
        Where it cites what commands above hold: these.
    """

    number: int
    line: int
    seen: str
    written: str
    seen_to: int
    written_to: int
    commands: str | None

    @property
    def before(self) -> str:
        """What is seen before it, as far back as a value can reach."""
        return self.seen[max(0, self.seen_to - _REACH) : self.seen_to]

    @property
    def raw(self) -> str:
        """How that is written."""
        return self.written[max(0, self.written_to - _REACH) : self.written_to]


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote; ``key`` says what it is from, None where it cannot be read."""

    number: int
    line: int
    key: Key | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A draft as read; kind, group and basis are "" where it does not say."""

    kind: str
    group: str
    basis: str
    notes: tuple[Note, ...]
    references: tuple[Reference, ...]


def read(markdown: str) -> Reading:
    """Read a draft; whatever is in it, something is read."""
    kind, group, basis = found.groups() if (found := _MARKER.search(markdown)) else ("", "", "")
    notes: list[Note] = []
    references: list[Reference] = []
    commands: list[str] = []
    for number, lines in _blocks(markdown):
        if _FENCE.match(lines[0]):
            commands += lines[1:]
        elif _DEFINITION.match(lines[0]):
            notes += _notes(number, lines)
        else:
            cited = lines[0].lstrip().startswith(OF_COMMANDS)
            references += _references(number, lines, "\n".join(commands) if cited else None)
            if cited:
                commands = []
    return Reading(kind, group, basis, tuple(notes), tuple(references))


def shows(reference: Reference, value: str) -> bool:
    """Whether ``value`` is what stands before a reference, or, where it cites commands, what these hold."""
    if reference.commands is not None and reference.before.rstrip().endswith((":", REFERENCE)):
        # As a word of a command, or as it is, in what is added to a runbook.
        words = "|".join(map(re.escape, (escape.shell(value), escape.terminal(value))))
        return re.search(rf"(?<![\w.-])(?:{words})(?![\w-]|\.\w)", reference.commands) is not None
    if reference.raw.endswith(f"](<{value}>)"):
        return True
    before = reference.before.rstrip(" ")
    # Who makes a value bold does not change it.
    texts = (before, before.rstrip("*_~"))
    if (wanted := seen(value)) and any(_ends(text, wanted) for text in texts):
        return True
    return not value.strip() and (before.endswith("*empty*") or _BLANK.search(reference.raw) is not None)


def shown(reference: Reference, most: int = 60) -> str:
    """Return what stands before a reference, back to the one before that, for people."""
    if reference.commands is not None and reference.before.rstrip().endswith((":", REFERENCE)):
        return ""
    text = (
        reference.before.rpartition(REFERENCE)[2].rpartition(" | ")[2].strip().removeprefix("| ").lstrip("([{*> ")
    )
    return text if len(text) <= most else "…" + text[1 - most :]


def _ends(before: str, value: str) -> bool:
    """Whether text ends with a value, and not in the midst of a word."""
    if not before.endswith(value):
        return False
    rest = before[: len(before) - len(value)]
    if not rest or rest[-1] in (" ", REFERENCE):
        return True
    if rest[-1].isalnum():
        return False
    return not (value[0].isalnum() and rest[-1] in "-._" and not rest[:-1].endswith(REFERENCE))


def _blocks(markdown: str) -> Iterator[tuple[int, list[str]]]:
    """Yield fences, runs of footnotes and paragraphs, each with the number of its first line."""
    block: list[str] = []
    start, fence = 1, ""
    for number, line in enumerate([*markdown.replace("\r", "").split("\n"), ""], 1):
        opened = _FENCE.match(line)
        if fence:
            if opened and opened[1].startswith(fence) and not opened[2].strip():
                yield start, [*block, line]
                block, fence = [], ""
            else:
                block.append(line)
            continue
        apart = (
            not line.strip() or opened or _DEFINITION.match(line) or _row(line) or _row(block[0] if block else "")
        )
        if block and apart:
            yield start, block
            block = []
        if not block:
            start = number
        if line.strip():
            block.append(line)
        if opened:
            fence = opened[1]
    if block:
        yield start, block


def _row(line: str) -> bool:
    """Whether it is a row of a table, which is a paragraph of its own."""
    return line.lstrip().startswith("|")


def _notes(number: int, lines: Sequence[str]) -> Iterator[Note]:
    if found := _DEFINITION.match(" ".join([lines[0], *(line.strip() for line in lines[1:])])):
        yield Note(int(found[1]), number, _key(found[2]))


def _key(text: str) -> Key | None:
    """Return what a footnote says it is from: an event or an entry of the audit log, a field, and how."""
    if text.startswith("event "):
        source = Source.EVENT
        uid, rest = _code(text.removeprefix("event "))
    elif text.startswith("entry "):
        source = Source.AUDIT
        uid, _, rest = text.removeprefix("entry ").partition(" of the audit log")
        uid = uid.strip("`")
    else:
        return None
    if not uid or not rest.startswith(", field "):
        return None
    field, rest = _code(rest.removeprefix(", field "))
    if not field or (rest.strip() and not rest.startswith(";")):
        return None
    return (source.value, uid, field, seen(_seen(rest.removeprefix(";"))))


def _code(text: str) -> tuple[str, str]:
    """Return what the code span at the start of ``text`` shows, and the rest; "" where there is none."""
    ticks = re.match("`+", text)
    if ticks is None or (end := _end(text, ticks.end(), ticks[0])) < 0:
        return "", text
    return _stripped(text[ticks.end() : end]), text[end + len(ticks[0]) :]


def _end(text: str, start: int, ticks: str) -> int:
    """Return where a run of just so many backticks begins; -1 if there is none."""
    found = re.compile(f"(?<!`){ticks}(?!`)").search(text, start)
    return found.start() if found else -1


def _stripped(code: str) -> str:
    padded = len(code) > 1 and code[0] == code[-1] == " " and code.strip(" ")
    return code[1:-1] if padded else code


def _seen(text: str) -> str:
    return "".join(part for part, _, _ in _inline(text))


def _references(number: int, lines: Sequence[str], commands: str | None) -> Iterator[Reference]:
    table = _row(lines[0])
    text, starts = "", []
    for one in lines:
        starts.append(len(text))
        text += _PREFIX.sub("", one, count=1) + "\n"
    parts: list[str] = []
    length, cites = 0, []
    for part, cited, at in _inline(text, table=table):
        if cited is not None:
            cites.append((cited, number + bisect_right(starts, at) - 1, length, at))
        single = re.sub(r"\s+", " ", part)
        if single[:1] == " " and parts and parts[-1][-1:] == " ":
            single = single[1:]
        if single:
            parts.append(single)
            length += len(single)
    whole = "".join(parts)
    for cited, line, seen_to, at in cites:
        yield Reference(cited, line, whole, text, seen_to, at, commands)


def _inline(text: str, *, table: bool = False) -> Iterator[tuple[str, int | None, int]]:
    """Yield what is seen, in parts, each with the number that it cites, if any, and where it stands."""
    at = 0
    while match := _INLINE.search(text, at):
        if match.start() > at:
            yield text[at : match.start()], None, at
        at = match.end()
        if match["escaped"]:
            yield match["escaped"], None, match.start()
        elif match["entity"]:
            yield unescape(match["entity"]), None, match.start()
        elif match["number"]:
            yield REFERENCE, int(match["number"]), match.start()
        elif (end := _end(text, at, match["ticks"])) < 0:
            yield match["ticks"], None, match.start()
        else:
            code = _stripped(text[at:end].replace("\n", " "))
            yield code.replace("\\|", "|") if table else code, None, match.start()
            at = end + len(match["ticks"])
    yield text[at:], None, at
