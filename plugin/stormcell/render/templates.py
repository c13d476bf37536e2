"""Finding draft templates, reading their front matter, choosing one for a group.

A template starts with front matter: YAML between two lines of ``---``. Files without it are parts for others
to extend or include.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from stormcell import files
from stormcell.errors import TemplateError
from stormcell.types import Event, Group, Signal

SUFFIX = ".md.j2"
DEFAULT = "default"
SHIPPED = "stormcell/"
"""Prefix under which a template finds the shipped one of the same name, to extend it."""

MAX_SEARCHED = 1000
"""Longest text that a pattern is tried on, in characters: a bad pattern then costs little."""

_KEYS = ("title", "priority", "match")
_CONDITIONS = ("alert", "service", "signal", "status", "template")
_FRONT = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold, all of it, for a template to fit; empty for whatever."""

    alert: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    signal: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    template: tuple[re.Pattern[str], ...] = ()

    def holds(self, medoid: Event, masked: str) -> bool:
        """Whether a group with this medoid and masked text meets it."""
        alert = medoid.text[:MAX_SEARCHED] if medoid.signal is Signal.ALERT else None
        return (
            (not self.alert or (alert is not None and _like(alert, self.alert)))
            and (not self.service or _like(medoid.service[:MAX_SEARCHED], self.service))
            and (not self.signal or medoid.signal in self.signal)
            and (not self.status or medoid.status in self.status)
            and (not self.template or any(one.search(masked[:MAX_SEARCHED]) for one in self.template))
        )


@dataclass(frozen=True, slots=True)
class Template:
    """A template that may be chosen; one without conditions, but for the default, by its name alone."""

    name: str
    title: str
    priority: int
    match: tuple[Condition, ...]

    def fits(self, group: Group) -> bool:
        """Whether any of its conditions holds; the default template always fits."""
        return self.name == DEFAULT or any(one.holds(group.medoid, group.template) for one in self.match)


@dataclass(frozen=True, slots=True)
class Library:
    """All templates, and the source of every file by the name that others extend it by.

    Attributes
    ----------
    templates : tuple of Template
        In the order in which they are tried.
    sources : mapping of str to (str, str)
        File name to source and path. The front matter is commented out, so that line numbers stay true.
    """

    templates: tuple[Template, ...]
    sources: Mapping[str, tuple[str, str]]

    def choose(self, group: Group) -> Template:
        """Return the first template that fits ``group``."""
        return next(template for template in self.templates if template.fits(group))


def load(folders: Sequence[Path], kind: str) -> Library:
    """Read the templates of one kind of draft from ``folders``, then the shipped ones.

    A file hides those of the same name in later folders.

    Raises
    ------
    TemplateError
        If a folder or file cannot be read, or its front matter is broken; it names file and line.
    """
    found: dict[str, Template] = {}
    sources: dict[str, tuple[str, str]] = {}
    shipped = files.shipped("templates") / kind
    for folder in (*folders, shipped):
        for name, path, text in _read(folder):
            template, source = parse(name, path, text)
            if name not in sources:
                sources[name] = (source, path)
                if template is not None:
                    found[template.name] = template
            if folder is shipped:
                sources[SHIPPED + name] = (source, path)
    if DEFAULT not in found:
        if DEFAULT + SUFFIX in sources:
            _, path = sources[DEFAULT + SUFFIX]
            raise TemplateError(f"{path}:1: expected front matter with a title, found none; begin it with ---")
        raise TemplateError(f"{shipped}: there is no {DEFAULT}{SUFFIX}; install stormcell anew")
    ranked = sorted(found.values(), key=lambda one: (one.name == DEFAULT, -one.priority, one.name))
    return Library(tuple(ranked), sources)


def parse(name: str, path: str, text: str) -> tuple[Template | None, str]:
    """Split a file into its front matter (None for a part) and the source for jinja2.

    Raises
    ------
    TemplateError
        If the front matter is broken.
    """
    if not text.startswith("---"):
        return None, text
    match = _FRONT.match(text)
    if match is None:
        raise TemplateError(f"{path}:1: the front matter has no end; close it with a line of ---")
    try:
        front = yaml.safe_load(match[1])
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise TemplateError(f"{path}:{line}: the front matter is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise TemplateError(f"{path}:1: the front matter is not YAML: {error}") from error
    source = "{#" + "\n" * (match[0].count("\n") - 1) + "#}\n" + text[match.end() :]
    return _Front(path, match[0]).template(name.removesuffix(SUFFIX), front), source


class _Front:
    """Turns front matter into a template, and what is wrong with it into an error."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def template(self, name: str, front: Any) -> Template:
        if not isinstance(front, dict):
            raise self._error("", f"expected keys {', '.join(_KEYS)}")
        for key in front:
            if key not in _KEYS:
                raise self._error(key, f"unknown key {key!r}; expected {', '.join(_KEYS)}")
        title, priority, match = front.get("title"), front.get("priority", 0), front.get("match")
        if not isinstance(title, str) or not title.strip():
            raise self._error("title", "expected a title, a text")
        if not isinstance(priority, int) or isinstance(priority, bool):
            raise self._error("priority", f"expected a whole number, found {priority!r}")
        if "match" in front and (not isinstance(match, list) or (not match and name != DEFAULT)):
            raise self._error("match", f"expected a list of conditions on {', '.join(_CONDITIONS)}")
        return Template(name, title, priority, tuple(self._condition(entry) for entry in match or ()))

    def _condition(self, entry: Any) -> Condition:
        if not isinstance(entry, dict) or not entry:
            raise self._error("match", f"expected conditions on {', '.join(_CONDITIONS)}, found {entry!r}")
        for key in entry:
            if key not in _CONDITIONS:
                raise self._error(key, f"unknown condition {key!r}; expected {', '.join(_CONDITIONS)}")
        texts = {key: self._texts(key, value) for key, value in entry.items()}
        patterns = tuple(self._pattern(text) for text in texts.pop("template", ()))
        return Condition(**texts, template=patterns)

    def _texts(self, key: str, value: Any) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(one, str) and one for one in values):
            raise self._error(key, f"expected a text or a list of texts, found {value!r}")
        return tuple(values)

    def _pattern(self, text: str) -> re.Pattern[str]:
        try:
            return re.compile(text, re.IGNORECASE)
        except re.error as error:
            raise self._error(text, f"{text!r} is not a regular expression: {error}") from error

    def _error(self, near: Any, what: str) -> TemplateError:
        """Name the first line that holds ``near``; the front matter's first line where none does."""
        lines = (number for number, line in enumerate(self._lines, 1) if near and str(near) in line)
        return TemplateError(f"{self._path}:{next(lines, 1)}: {what}")


def _read(folder: Traversable) -> list[tuple[str, str, str]]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        return [
            (entry.name, str(entry), entry.read_text(encoding="utf-8").replace("\r\n", "\n"))
            for entry in entries
            if entry.name.endswith(SUFFIX)
        ]
    except UnicodeDecodeError as error:
        raise TemplateError(f"{folder}: a template is not UTF-8: {error}") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise TemplateError(f"cannot read the templates in {folder}: {reason}; check the folder") from error


def _like(text: str, globs: Sequence[str]) -> bool:
    lowered = text.lower()
    return any(fnmatchcase(lowered, glob.lower()) for glob in globs)
