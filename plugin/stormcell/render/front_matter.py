"""The front matter of draft templates: YAML between two lines of ``---`` that says when a template is chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import yaml

from stormcell.errors import TemplateError
from stormcell.types import Event, Signal

SUFFIX = ".md.j2"
DEFAULT = "default"

MAX_SEARCHED = 1000
"""Longest text that a pattern is tried on, in characters: a bad pattern then costs little."""

_KEYS = ("title", "priority", "owner", "match")
_CONDITIONS = ("alert", "service", "signal", "status", "template")
_CHANNEL = re.compile(r"owner:\s+[^\"'\s].*\s#\S")
"""An owner without quotes that names a channel, such as ``owner: team shop, #shop``."""

# That of libyaml, where it is there, takes a tenth of the time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FRONT = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold, all of it, for a template to fit; empty for whatever.

    Patterns are searched for whatever the case: one that does not ignore it by itself, in the lowered text.
    """

    alert: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    signal: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    template: tuple[re.Pattern[str], ...] = ()

    def why(self, event: Event, masked: str) -> str:
        """Return what of it an event with this masked text meets; "" if not all of it is met."""
        found = []
        if self.alert:
            found.append(_like("alert", event.text if event.signal is Signal.ALERT else None, self.alert))
        if self.service:
            found.append(_like("service", event.service, self.service))
        if self.signal:
            found.append(f"signal {event.signal}" if event.signal in self.signal else "")
        if self.status:
            found.append(f"status {event.status}" if event.status in self.status else "")
        if self.template:
            searched = masked[:MAX_SEARCHED]
            lowered = searched.lower()
            matches = (one.search(searched if one.flags & re.IGNORECASE else lowered) for one in self.template)
            match = next((match for match in matches if match), None)
            found.append(f"template has {match.group()!r}" if match else "")
        return ", ".join(found) if all(found) else ""

    def told(self) -> str:
        """Return it in words."""
        values = {name: getattr(self, name) for name in _CONDITIONS}
        values["template"] = tuple(f"~{one.pattern}" for one in self.template)
        return ", ".join(f"{name} {' or '.join(texts)}" for name, texts in values.items() if texts)


@dataclass(frozen=True, slots=True)
class Template:
    """A template that may be chosen; one without conditions, but for the default, by its name alone.

    Attributes
    ----------
    name : str
        Of its file, without the ending.
    title : str
        What starts the draft's heading.
    priority : int
        The highest is tried first.
    owner : str
        Who is called for it, and how; may be empty.
    match : tuple of Condition
        Any of them must hold.
    path : str
        Of its file.
    """

    name: str
    title: str
    priority: int
    match: tuple[Condition, ...]
    owner: str = ""
    path: str = ""

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}{SUFFIX}"

    def why(self, event: Event, masked: str) -> str:
        """Return by what it fits an event with this masked text; "" where it does not."""
        reasons = (one.why(event, masked) for one in self.match)
        return next((reason for reason in reasons if reason), "")


def parse(name: str, path: str, text: str) -> tuple[Template | None, str]:
    """Split a file into its front matter (None for a part) and the source for jinja2.

    The front matter is commented out in the source, so that line numbers stay true.

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
        front = yaml.load(match[1], _LOADER)  # noqa: S506  a safe one
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
        title, priority, owner = front.get("title"), front.get("priority", 0), front.get("owner", "")
        if not isinstance(title, str) or not title.strip():
            raise self._error("title", "expected a title, a text")
        if not isinstance(priority, int) or isinstance(priority, bool):
            raise self._error("priority", f"expected a whole number, found {priority!r}")
        if not isinstance(owner, str):
            raise self._error("owner", f"expected a text, found {owner!r}")
        if any(map(_CHANNEL.match, self._lines)):
            raise self._error("owner", "YAML takes what comes after ' #' for a comment; put the owner in quotes")
        match = front.get("match", [])
        if not isinstance(match, list) or ("match" in front and not match and name != DEFAULT):
            raise self._error("match", f"expected a list of conditions on {', '.join(_CONDITIONS)}")
        conditions = tuple(self._condition(entry) for entry in match)
        return Template(name, title.strip(), priority, conditions, owner.strip(), self._path)

    def _condition(self, entry: Any) -> Condition:
        if not isinstance(entry, dict) or not entry:
            raise self._error("match", f"expected conditions on {', '.join(_CONDITIONS)}, found {entry!r}")
        for key in entry:
            if key not in _CONDITIONS:
                raise self._error(key, f"unknown condition {key!r}; expected {', '.join(_CONDITIONS)}")
        texts = {key: self._texts(key, value) for key, value in entry.items()}
        for text in texts.get("signal", ()):
            if text not in list(Signal):
                raise self._error(text, f"unknown signal {text!r}; expected {', '.join(Signal)}")
        patterns = tuple(self._pattern(text) for text in texts.pop("template", ()))
        return Condition(**texts, template=patterns)

    def _texts(self, key: str, value: Any) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(one, str) and one for one in values):
            raise self._error(key, f"expected a text or a list of texts, found {value!r}")
        return tuple(values)

    def _pattern(self, text: str) -> re.Pattern[str]:
        try:
            # A pattern without capitals is searched for in the lowered text: that takes a quarter of the time.
            return re.compile(text, re.NOFLAG if text == text.lower() else re.IGNORECASE)
        except re.error as error:
            raise self._error(text, f"{text!r} is not a regular expression: {error}") from error

    def _error(self, near: Any, what: str) -> TemplateError:
        """Name the first line that holds ``near``; the front matter's first line where none does."""
        lines = (number for number, line in enumerate(self._lines, 1) if near and str(near) in line)
        return TemplateError(f"{self._path}:{next(lines, 1)}: {what}")


def _like(what: str, text: str | None, globs: Sequence[str]) -> str:
    if text is None:
        return ""
    lowered = text[:MAX_SEARCHED].lower()
    found = next((glob for glob in globs if fnmatchcase(lowered, glob.lower())), "")
    return f"{what} is like {found}" if found else ""
