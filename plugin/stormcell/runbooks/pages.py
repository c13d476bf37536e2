"""Markdown of runbooks, read by its lines: front matter, headings, sections, sentences. It never raises."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

MAX_FRONT: Final = 16_384
"""Longest front matter that is read, in characters."""

MAX_BRACKETS: Final = 200
"""Most brackets and braces of front matter that is read: thousands would take seconds."""

MEANING, IMPACT, DIAGNOSIS, MITIGATION, OTHER = "meaning", "impact", "diagnosis", "mitigation", "other"
KINDS: Final = (MEANING, IMPACT, DIAGNOSIS, MITIGATION, OTHER)

_KINDS: Final = (
    (MEANING, re.compile(r"meaning|summary|overview|description|symptom|about|background|what (it|this)", re.I)),
    (IMPACT, re.compile(r"impact|effect|consequence|severity|affected", re.I)),
    (DIAGNOSIS, re.compile(r"diagnos|triage|investigat|debug|troubleshoot|verif|check|inspect", re.I)),
    (MITIGATION, re.compile(r"mitigat|resol|remed|recover|repair|fix|action|procedure|steps|what to do", re.I)),
)
_FRONT: Final = re.compile(r"(---|\+\+\+)[ \t]*\n(.*?)^\1[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_HEADING: Final = re.compile(r" {0,3}(#{1,6})(?=[ \t]|\Z)")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})(.*)\Z")
_LINK: Final = re.compile(r"!?\[([^\]\[]*)\](?:\([^()\s]*\)|\[[^\]\[]*\])")
_TAG: Final = re.compile(r"<[^<>]{0,200}>|\{\{[^{}]{0,200}\}\}")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
_MARKS: Final = str.maketrans("", "", "`*#>")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: the number of its line from 0, its level from 1, what it says, and what its section is about."""

    line: int
    level: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Page:
    """A runbook taken apart.

    Attributes
    ----------
    title : str
        Its first heading; "" where it has none.
    sections : mapping of str to str
        The text by what it is about; what stands before any section is its meaning.
    """

    title: str
    sections: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Front:
    """Front matter (YAML, or TOML between ``+++``).

    Attributes
    ----------
    said : mapping
        What it says; nothing where it cannot be read.
    problem : str
        Why it cannot be; "" where it can, or there is none.
    """

    said: Mapping[str, Any]
    problem: str = ""


def front_matter(text: str) -> tuple[Front, str]:
    """Split a file into its front matter and the rest; what cannot be read is cut off all the same."""
    match = _FRONT.match(text)
    if match is None:
        return Front({}), text
    return _front(match[2], toml=match[1] == "+++"), text[match.end() :]


def _front(text: str, *, toml: bool) -> Front:
    if len(text) > MAX_FRONT or text.count("[") + text.count("{") > MAX_BRACKETS:
        return Front({}, f"it has more than {MAX_FRONT:,} characters or {MAX_BRACKETS} brackets")
    try:
        said = tomllib.loads(text) if toml else yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        return Front({}, f"line {line}: {error.problem}")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return Front({}, str(error))
    if said is None or isinstance(said, dict):
        return Front(said or {})
    return Front({}, "expected keys such as title and alerts")


def headings(lines: Sequence[str]) -> list[Heading]:
    """Return the headings of a text given by its lines; those inside fences are none."""
    found: list[Heading] = []
    kinds: list[tuple[int, str]] = []
    for number, line in _outside_fences(lines):
        match = _HEADING.match(line)
        if match is None:
            continue
        level, text = len(match[1]), plain(line[match.end() :])
        while kinds and kinds[-1][0] >= level:
            kinds.pop()
        first = not found and level == 1  # the title
        told = None if first else next((kind for kind, pattern in _KINDS if pattern.search(text)), None)
        inherited = kinds[-1][1] if kinds else OTHER
        kind = told or (MEANING if first else inherited if inherited != MEANING else OTHER)
        kinds.append((level, kind))
        found.append(Heading(number, level, text, kind))
    return found


def page(markdown: str) -> Page:
    """Take a runbook apart."""
    lines = markdown.split("\n")
    found = headings(lines)
    parts: dict[str, list[str]] = {kind: [] for kind in KINDS}
    parts[MEANING] += lines[: found[0].line if found else len(lines)]
    for at, heading in enumerate(found):
        end = found[at + 1].line if at + 1 < len(found) else len(lines)
        if heading.kind == OTHER:
            parts[OTHER].append(heading.text)
        parts[heading.kind] += lines[heading.line + 1 : end]
    title = next((heading.text for heading in found if heading.text), "")
    return Page(title, {kind: "\n".join(part) for kind, part in parts.items()})


def plain(text: str) -> str:
    """Return a text without links, tags and marks."""
    return _TAG.sub(" ", _LINK.sub(r"\1", text)).translate(_MARKS).strip()


def sentences(text: str) -> list[str]:
    """Return the sentences of a text: none goes beyond an empty line."""
    paragraphs = re.split(r"\n\s*\n", plain(text))
    found = (" ".join(one.split()) for part in paragraphs for one in _SENTENCE.split(part))
    return [one for one in found if one]


def longest_fence(text: str) -> int:
    """Return the length of the longest row of backticks or tildes in a text."""
    return max((len(row) for row in re.findall(r"`+|~+", text)), default=0)


def _outside_fences(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    fence = ""
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if fence:
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
        elif match and not (match[1][0] == "`" and "`" in match[2]):
            fence = match[1]
        else:
            yield number, line
