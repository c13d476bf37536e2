"""The environment of pages: what they print is cleaned and escaped, and they are shipped, never a user's."""

from __future__ import annotations

import json

from jinja2 import Environment, FunctionLoader, StrictUndefined, Undefined
from markupsafe import Markup

from stormcell import escape, files
from stormcell.times import rfc3339, spoken
from stormcell.types import Value


def html_environment(folder: str) -> Environment:
    """Return an environment over a folder of the shipped templates, such as ``report``.

    Templates name others relative to the folder. Whatever is printed loses its control and bidirectional
    characters and is escaped; what is neither text nor a number is refused, so that no page shows "None".

    Filters: ``clean`` (on one line), ``counted`` (``3|counted("event")``), ``iso`` and ``utc`` (a time in ns, for
    ``<time datetime>`` and for people), ``percent`` (of a part in [0, 1]), ``spoken`` (a duration in ns) and
    ``thousands`` (``1,204``).
    """
    root = files.shipped("templates") / folder

    def source(name: str) -> tuple[str, str, None] | None:
        parts = name.split("/")
        path = root.joinpath(*parts)
        if ".." in parts or not path.is_file():
            return None
        return path.read_text(encoding="utf-8"), str(path), None

    environment = Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        finalize=_printed,
        auto_reload=False,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        clean=escape.terminal,
        counted=counted,
        iso=rfc3339,
        percent=percent,
        spoken=spoken,
        thousands=thousands,
        utc=utc,
    )
    return environment


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, such as ``1 event`` or ``1,204 events``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def percent(part: float) -> str:
    """Return a part in [0, 1] as whole percents; what is neither none nor all is never shown as such."""
    if 0 < part < 0.005:
        return "<1%"
    if 0.995 <= part < 1:
        return ">99%"
    return f"{part:.0%}"


def text_of(value: Value) -> str:
    """Return what an attribute holds: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def thousands(number: int) -> str:
    """Return a whole number such as ``1,204``."""
    return f"{number:,}"


def utc(time: int) -> str:
    """Return a time in ns for people, such as ``2026-01-02 03:04:05 UTC``."""
    return f"{rfc3339(time)[:19].replace('T', ' ')} UTC"


def _printed(value: object) -> str:
    """Return what ``{{ value }}`` prints, before it is escaped."""
    if isinstance(value, Markup):
        return Markup(escape.visible(value))  # noqa: S704  what hides is shown in letters that need no escape
    if isinstance(value, str):
        return escape.visible(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Undefined):
        return str(value)  # raises what it is that is missing; of an "if" without "else" it is empty
    raise TypeError(f"cannot print a {type(value).__name__}: print one of its parts")
