"""Finding draft templates and choosing one for a group.

Files without front matter are parts for others to extend or include.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from stormcell import files
from stormcell.errors import TemplateError
from stormcell.render.drafts import POSTMORTEM, RUNBOOK
from stormcell.render.front_matter import DEFAULT, SUFFIX, Template, parse
from stormcell.types import Group, Signal

KINDS = (RUNBOOK, POSTMORTEM)
SHIPPED = "stormcell/"
"""Prefix under which a template finds the shipped one of the same name, to extend it."""


@dataclass(frozen=True, slots=True)
class Library:
    """All templates of one kind, and the source of every file by the name that others extend it by.

    Attributes
    ----------
    templates : tuple of Template
        In the order in which they are tried.
    sources : mapping of str to (str, str)
        File name to source and path. The front matter is commented out, so that line numbers stay true.
    hidden : mapping of str to tuple of str
        File name to the paths of those of the same name that it hides.
    """

    templates: tuple[Template, ...]
    sources: Mapping[str, tuple[str, str]]
    hidden: Mapping[str, tuple[str, ...]]

    def shipped(self, template: Template) -> bool:
        """Whether a template is one of ours."""
        shipped = self.sources.get(SHIPPED + template.file)
        return shipped is not None and shipped[1] == template.path

    def choose(self, group: Group) -> Template:
        """Return the first template that fits ``group``."""
        return next(template for template, why in self.reasons(group) if why)

    def reasons(self, group: Group) -> Iterator[tuple[Template, str]]:
        """Yield the templates in the order in which they are tried, each with why it fits; "" where it does not.

        The exemplar decides. Where no template but the default fits it, the alert does that speaks beside it, if
        there is one. The last is the default, which fits always.
        """
        *several, default = self.templates
        for template in several:
            yield template, template.why(group.medoid, group.template)
        alert = next((event for event in group.exemplars if event.signal is Signal.ALERT), None)
        if alert is not None and alert.uid != group.medoid.uid:
            for template in several:
                why = template.why(alert, alert.text)
                yield template, why and f"beside the exemplar, {why}"
        yield default, default.why(group.medoid, group.template) or "it is the default"


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
    hidden: dict[str, tuple[str, ...]] = {}
    made: dict[str, str] = {}
    folder = files.shipped("templates") / kind
    shipped = read(folder)
    for name, path, text in (*own_files(folders, kind), *shipped):
        template, made[path] = parse(name, path, text)
        if name in sources:
            hidden[name] = (*hidden.get(name, ()), path)
            continue
        sources[name] = (made[path], path)
        if template is not None:
            found[template.name] = template
    sources |= {SHIPPED + name: (made[path], path) for name, path, _ in shipped}
    if DEFAULT not in found:
        if DEFAULT + SUFFIX in sources:
            _, path = sources[DEFAULT + SUFFIX]
            raise TemplateError(f"{path}:1: expected front matter with a title, found none; begin it with ---")
        raise TemplateError(f"{folder}: there is no {DEFAULT}{SUFFIX}; install stormcell anew")
    ranked = sorted(found.values(), key=lambda one: (one.name == DEFAULT, -one.priority, one.name))
    return Library(tuple(ranked), sources, hidden)


def own_files(folders: Sequence[Path], kind: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, path and text of each file of one kind in folders of people, in the order of their rank.

    Runbook templates lie in a folder itself or in its folder ``runbook``, those of postmortems in ``postmortem``.

    Raises
    ------
    TemplateError
        If a folder or file cannot be read.
    """
    for folder in folders:
        direct = read(folder)  # raises where the folder itself is not there
        if kind == RUNBOOK:
            yield from direct
        if (folder / kind).is_dir():
            yield from read(folder / kind)


def read(folder: Traversable) -> list[tuple[str, str, str]]:
    """Return name, path and text of each template in a folder, by name.

    Raises
    ------
    TemplateError
        If the folder or a file cannot be read.
    """
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        return [
            (entry.name, str(entry), entry.read_text(encoding="utf-8-sig").replace("\r\n", "\n"))
            for entry in entries
            if entry.name.endswith(SUFFIX)
        ]
    except UnicodeDecodeError as error:
        raise TemplateError(f"{folder}: a template is not UTF-8: {error}") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise TemplateError(f"cannot read the templates in {folder}: {reason}; check the folder") from error
