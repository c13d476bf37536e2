"""Drafts: a template chosen by the exemplar, filled with facts that name their source."""

from __future__ import annotations

import re
from traceback import walk_tb
from typing import TYPE_CHECKING, Final

from stormcell.config import DraftsSettings
from stormcell.errors import NoTemplateError, TemplateError
from stormcell.types import Draft, Material

if TYPE_CHECKING:
    from jinja2.environment import Environment

    from stormcell.render.context import Context
    from stormcell.render.front_matter import Template
    from stormcell.render.runbooks import Shelf
    from stormcell.render.templates import Library
    from stormcell.types import Group

RUNBOOK: Final = "runbook"
POSTMORTEM: Final = "postmortem"

_GAPS = re.compile(r"\n{3,}")


class Drafter:
    """Writes drafts; reads the templates of a kind at the first one.

    Parameters
    ----------
    settings : DraftsSettings
    """

    def __init__(self, settings: DraftsSettings) -> None:
        self._settings = settings
        self._loaded: dict[str, tuple[Library, Environment]] = {}

    def draft(self, kind: str, material: Material, template: str = "") -> Draft:
        """Return a draft of a group.

        Parameters
        ----------
        kind : str
            "runbook" or "postmortem".
        material : Material
            Memberships of other groups are passed over.
        template : str
            The name of the template to use; "" for the first that fits the group.

        Raises
        ------
        TemplateError
            If there is no such template, or it is broken; it names file and line.
        """
        from stormcell.render.context import context
        from stormcell.render.environment import footnotes
        from stormcell.render.known import marker

        library, environment = self._load(kind)
        chosen = _chosen(library, kind, material.group, template)
        facts = context(material, self._settings.links)
        runbooks = self._shelf(kind, material, facts)
        _, path = library.sources[chosen.file]
        with footnotes() as notes:
            try:
                text = environment.get_template(chosen.file).render(
                    group=facts, shape=chosen.title, owner=chosen.owner, runbooks=runbooks
                )
            except Exception as error:  # a template may raise anything
                raise _broken(error, path) from error
            if not notes.settled:
                raise TemplateError(f"{path}: it uses the filter shell but no sources() after it; add that")
            body = _GAPS.sub("\n\n", text).strip("\n")
            markdown = f"{body}\n\n{marker(kind, material.group)}{notes.definitions()}"
            return Draft(material.group.id, kind, chosen.name, markdown, notes.sources)

    def _shelf(self, kind: str, material: Material, facts: Context) -> Shelf | None:
        """Return the runbooks of people beside a group; None where there are none, or the draft is no runbook."""
        if kind != RUNBOOK or not self._settings.runbooks:
            return None
        from stormcell.render.runbooks import library_of, shelf

        return shelf(library_of(self._settings.runbooks), material, facts)

    def _load(self, kind: str) -> tuple[Library, Environment]:
        if kind not in self._loaded:
            from jinja2 import FunctionLoader

            from stormcell.render.environment import environment
            from stormcell.render.templates import load

            library = load(self._settings.templates, kind)

            def source(name: str) -> tuple[str, str, None] | None:
                found = library.sources.get(name)
                return (*found, None) if found else None

            self._loaded[kind] = library, environment(FunctionLoader(source))
        return self._loaded[kind]


def _chosen(library: Library, kind: str, group: Group, name: str) -> Template:
    if not name:
        return library.choose(group)
    found = next((one for one in library.templates if one.name == name), None)
    if found is None:
        names = ", ".join(sorted(one.name for one in library.templates))
        raise NoTemplateError(f"there is no template {name!r} for a {kind}; there are {names}")
    return found


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
