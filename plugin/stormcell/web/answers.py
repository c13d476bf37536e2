"""What a view answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Undo:
    """A form that takes back what was done: where it is posted, and with which fields."""

    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message after something was done.

    Attributes
    ----------
    text : str
    undo : Undo or None
    bad : bool
        Whether it tells that something was not done.
    """

    text: str
    undo: Undo | None = None
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page: a template that extends ``layout.html``, relative to templates/web, and what it prints."""

    template: str
    data: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a page, for what is loaded into one."""

    template: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on to a path of ours, and tell there what was done; what every change answers.

    The script of the pages shows the toast and brings the page up to date where the path is the one that is shown;
    without it a browser goes there.
    """

    path: str
    toast: Toast | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file to keep: ``name`` is ASCII without quotes."""

    content: bytes
    name: str
    media_type: str


Answer = Page | Fragment | Redirect | Download
