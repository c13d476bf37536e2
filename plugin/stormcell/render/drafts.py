"""Runbook drafts: a template chosen by the exemplar, filled with facts that name their source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING

from stormcell.errors import TemplateError
from stormcell.types import Draft, Group, Membership

if TYPE_CHECKING:
    from jinja2.environment import Environment

    from stormcell.render.templates import Library

KIND = "runbook"

_GAPS = re.compile(r"\n{3,}")


class Drafter:
    """Writes drafts; reads its templates at the first one.

    Parameters
    ----------
    folders : sequence of Path
        Folders of ``*.md.j2`` that come before the shipped templates.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = tuple(folders)
        self._loaded: tuple[Library, Environment] | None = None

    def draft(self, group: Group, memberships: Sequence[Membership]) -> Draft:
        """Return the runbook draft of ``group``.

        Parameters
        ----------
        group : Group
        memberships : sequence of Membership
            Those of the group; others are passed over.

        Raises
        ------
        TemplateError
            If a template is broken; it names file and line.
        """
        from stormcell.render.context import context
        from stormcell.render.environment import footnotes

        library, environment = self._load()
        chosen = library.choose(group)
        facts = context(group, memberships)
        name = f"{chosen.name}.md.j2"
        _, path = library.sources[name]
        with footnotes() as notes:
            try:
                text = environment.get_template(name).render(group=facts, shape=chosen.title)
            except Exception as error:  # a template may raise anything
                raise _broken(error, path) from error
            if not notes.settled:
                raise TemplateError(f"{path}: it uses the filter shell but no sources() after it; add that")
            body = _GAPS.sub("\n\n", text).strip("\n")
            markdown = f"{body}\n\n{notes.definitions()}"
            return Draft(group.id, KIND, chosen.name, markdown, notes.sources)

    def _load(self) -> tuple[Library, Environment]:
        if self._loaded is None:
            from jinja2 import FunctionLoader

            from stormcell.render.environment import environment
            from stormcell.render.templates import load

            library = load(self._folders, KIND)

            def source(name: str) -> tuple[str, str, None] | None:
                found = library.sources.get(name)
                return (*found, None) if found else None

            self._loaded = library, environment(FunctionLoader(source))
        return self._loaded


def _broken(error: Exception, path: str) -> TemplateError:
    """Say where in which template ``error`` arose."""
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    where = f"{path}:1"
    for frame, line in walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith(".j2"):
            where = f"{frame.f_code.co_filename}:{line}"
    if isinstance(error, TemplateSyntaxError):
        where = f"{error.filename or path}:{error.lineno}"
    what = f"there is no template {error.name}" if isinstance(error, TemplateNotFound) else str(error)
    return TemplateError(f"{where}: {what}")
