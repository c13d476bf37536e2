"""One request, taken apart and checked, and the table's entry for what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stormcell.access import Scope
from stormcell.config import Settings
from stormcell.operate.people import Person
from stormcell.store import SqliteStore
from stormcell.web.answers import Answer
from stormcell.web.context import WebContext
from stormcell.web.paths import is_local
from stormcell.web.sessions import Session

Fields = Mapping[str, tuple[str, ...]]
"""The values of a query or a form by their names."""


@dataclass(frozen=True, slots=True)
class PageCall:
    """A request for a page.

    Attributes
    ----------
    context : WebContext
    store : SqliteStore
        Open for this call.
    session : Session
        Who asks, and what they may do.
    params : mapping of str to str
        Parts of the path, by their names in the table.
    query, form : Fields
    scripted : bool
        Whether the script of our pages asks, which puts what it gets into the page that is shown.
    """

    context: WebContext
    store: SqliteStore
    session: Session
    params: Mapping[str, str] = field(default_factory=dict)
    query: Fields = field(default_factory=dict)
    form: Fields = field(default_factory=dict)
    scripted: bool = False

    @property
    def settings(self) -> Settings:
        """Those of the program."""
        return self.context.settings

    @property
    def person(self) -> Person:
        """Who changes something, now."""
        return Person(self.session.principal.name, self.session.by, self.context.now())

    def asked(self, name: str, default: str = "") -> str:
        """Return the first value of a name in the query."""
        return first(self.query, name, default)

    def sent(self, name: str) -> str:
        """Return the first value of a name in the form, its line breaks as newlines."""
        return first(self.form, name).replace("\r\n", "\n")

    def back(self, default: str) -> str:
        """Return where the form wants to go on: a path of ours, or else the default."""
        return back_of(self.form, default)


def first(fields: Fields, name: str, default: str = "") -> str:
    """Return the first value of a name."""
    return next(iter(fields.get(name, ())), default)


def back_of(form: Fields, default: str) -> str:
    """Return where a form or a query wants to go on (``back``): a path of ours, or else the default."""
    path = first(form, "back")
    return path if is_local(path) else default


def whole(text: str, below: int = 10**9) -> int | None:
    """Return the whole number that a query or a form holds; None where it holds none, or none below a bound."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else below
    return number if number < below else None


@dataclass(frozen=True, slots=True)
class View:
    """A line of the table of pages.

    Attributes
    ----------
    method : str
        "GET" or "POST"; a POST takes a form with the field ``csrf`` and changes something.
    path : str
        As Starlette's router takes it; ``{name:rest}`` takes anything, slashes too.
    handler : callable
        Takes a PageCall, returns an answer; may block, runs in a thread.
    scope : Scope
        What who asks must be allowed.
    """

    method: str
    path: str
    handler: Callable[[PageCall], Answer]
    scope: Scope


def shows(path: str, handler: Callable[[PageCall], Answer]) -> View:
    """Return a view that shows something to who may read."""
    return View("GET", path, handler, Scope.READ)


def changes(path: str, handler: Callable[[PageCall], Answer]) -> View:
    """Return a view that changes something for who may operate."""
    return View("POST", path, handler, Scope.OPERATE)


def administers(path: str, handler: Callable[[PageCall], Answer]) -> View:
    """Return a view that changes the model for who may administer."""
    return View("POST", path, handler, Scope.ADMINISTER)
