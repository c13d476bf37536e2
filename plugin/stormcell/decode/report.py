"""What went wrong while reading, kept short, safe to print, and without personal data and secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from stormcell.errors import DecodeError
from stormcell.privacy import conceal, conceal_start, says_secret

KEPT_PROBLEMS = 100
"""How many problems a report keeps in full; the others are only counted."""

SHOWN = 60
"""Characters shown of a value that was found in place of the expected one."""

_MOST = 4096
"""Characters of a name that are shown, and of a value that are looked at."""

JsonPath = tuple[str | int, ...]
"""Where in a document: names and positions from the outside in."""


class _Missing:
    """The type of MISSING."""


MISSING = _Missing()
"""Stands for a value that is not there, where None would mean null."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that could not be read.

    Attributes
    ----------
    file : str
        As named by the user or found in a folder, safe to print; "stdin" for standard input.
    line : int
        Counted from 1; of a document over many lines, the first. The number of the message in a binary
        file; 0 where neither makes sense.
    message : str
        What was expected and what was found.
    """

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


@dataclass(slots=True)
class Report:
    """What a reading met so far; owned by the caller, brought up to date while events are read.

    Attributes
    ----------
    files : int
        Files read, empty ones included, ignored ones not.
    bytes : int
        Read from disk or standard input, before decompression.
    events : int
        Handed out.
    broken : int
        All problems.
    problems : list of Problem
        The first of them, at most KEPT_PROBLEMS.
    ignored : list of str
        Files in folders that hold plain text and no telemetry: a README, a table.
    """

    files: int = 0
    bytes: int = 0
    events: int = 0
    broken: int = 0
    problems: list[Problem] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """Count a problem, and keep it while there is room."""
        self.broken += 1
        if len(self.problems) < KEPT_PROBLEMS:
            self.problems.append(problem)


class BrokenFileError(Exception):
    """Nothing more can be read from this file; what came before stands.

    Attributes
    ----------
    message : str
    line : int or None
        None where the raiser does not know it.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class Scribe:
    """Knows where the reading is, and writes problems into the report.

    Attributes
    ----------
    file : str
    line : int
        Where the reading is now.
    report : Report
    strict : bool
        Raise the first problem.
    name : str
        Of the attribute that is being read, "" outside of attributes: its value is not shown if it says secret.
    """

    __slots__ = ("file", "line", "name", "report", "strict")

    def __init__(self, report: Report, *, strict: bool) -> None:
        self.file = ""
        self.line = 0
        self.name = ""
        self.report = report
        self.strict = strict

    def problem(self, message: str, line: int | None = None) -> None:
        """Note a problem, here or at another line of the same file.

        Raises
        ------
        DecodeError
            If the run is strict.
        """
        problem = Problem(self.file, self.line if line is None else line, message)
        self.report.add(problem)
        if self.strict:
            raise DecodeError(str(problem))

    def broken(self, path: JsonPath, expected: str, value: object = MISSING) -> None:
        """Note that the element at a path is not what it should be."""
        secret = any(says_secret(name) for name in (self.name, *path) if isinstance(name, str))
        found = "a secret" if secret and value is not MISSING else show(value)
        self.problem(f"{show_path(path)}: expected {expected}, found {found}")


def show_path(path: JsonPath) -> str:
    """Write a path as ``resourceLogs[0].scopeLogs``; the document itself is "(top)"."""
    shown = "".join(
        f"[{part}]" if isinstance(part, int) else f".{printable(conceal_start(part, _MOST))}" for part in path
    )
    return shown.removeprefix(".") or "(top)"


def show(value: object) -> str:
    """Name a found value in a few words, without control codes."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict):
        if not value:
            return "an empty object"
        keys = ", ".join(quote(str(key)) for key in list(value)[:3])
        return f"an object with {keys}" + (" and more" if len(value) > 3 else "")
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return _shorten(conceal(repr(value)))


def quote(text: str) -> str:
    r"""Quote a text in ASCII, shortened: quotes, controls and everything beyond ASCII as ``\u`` escapes.

    Secrets are masked before, for half of one is not known for what it is.
    """
    shown = conceal_start(text, _MOST)
    quoted = json.dumps(shown[:SHOWN]).replace("\x7f", "\\u007f")
    return quoted if len(shown) <= SHOWN and len(text) <= _MOST else f'{quoted[:-1]}..."'


def printable(text: str) -> str:
    """Replace what a terminal would act on or cannot show."""
    if text.isprintable():
        return _shorten(text, _MOST)
    return _shorten("".join(c if c.isprintable() else ascii(c)[1:-1] for c in text), _MOST)


def _shorten(text: str, most: int = SHOWN) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
