"""Trying templates out: which one a group would get and why, and whether all of them work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, nodes
from jinja2.loaders import DictLoader
from jinja2.meta import find_referenced_templates

from stormcell.config import DraftsSettings
from stormcell.errors import TemplateError
from stormcell.render.drafts import Drafter
from stormcell.render.environment import environment
from stormcell.render.front_matter import Template, parse
from stormcell.render.sample import samples
from stormcell.render.templates import KINDS, Library, load, own_files
from stormcell.types import Group


@dataclass(frozen=True, slots=True)
class Attempt:
    """A template that was tried for a group.

    Attributes
    ----------
    template : Template
    why : str
        By what it fits; "" where it does not.
    """

    template: Template
    why: str


def attempts(library: Library, group: Group) -> tuple[Attempt, ...]:
    """Return what is tried for ``group``, each once, in order; the last is the one that is chosen."""
    found: dict[str, Attempt] = {}
    for template, why in library.reasons(group):
        if why:
            return (*found.values(), Attempt(template, why))
        found.setdefault(template.name, Attempt(template, why))
    return tuple(found.values())


def problems(settings: DraftsSettings) -> tuple[str, ...]:
    """Return what is wrong with the templates in folders of people, each ``FILE:LINE: what``.

    Each file is read, its blocks are compared with those it fills, and every template of either kind, the shipped
    ones too, is drafted with groups made by hand: parts of people may break what they did not write.

    Raises
    ------
    TemplateError
        If a folder cannot be read.
    """
    found: list[str] = []
    for kind in KINDS:
        broken = list(_broken_files(settings, kind))
        found += broken or _broken_drafts(settings, kind)
    return tuple(dict.fromkeys(found))


def _broken_files(settings: DraftsSettings, kind: str) -> Iterator[str]:
    for name, path, text in own_files(settings.templates, kind):
        try:
            _, source = parse(name, path, text)
            environment(DictLoader({name: source})).get_template(name)
        except TemplateSyntaxError as error:
            yield f"{path}:{error.lineno}: {error}"
        except TemplateError as error:
            yield str(error)


def _broken_drafts(settings: DraftsSettings, kind: str) -> Iterator[str]:
    try:
        library = load(settings.templates, kind)
    except TemplateError as error:
        yield str(error)
        return
    shipped = load((), kind)
    own = [name for name, source in library.sources.items() if shipped.sources.get(name) != source]
    for name in own:
        yield from _unfilled(library, name)
    yield from _unused(library, own)
    drafter = Drafter(settings)
    for template in library.templates:
        for sample, material in samples().items():
            try:
                drafter.draft(kind, material, template.name)
            except TemplateError as error:
                yield f"{error} (drafted for a sample: {sample})"
                break


def blocks(library: Library, name: str) -> frozenset[str]:
    """Return the names of the blocks of a file, and of all that it extends."""
    found: set[str] = set()
    for tree in _line(library, name):
        found |= {block.name for block in tree.find_all(nodes.Block)}
    return frozenset(found)


def _unfilled(library: Library, name: str) -> Iterator[str]:
    """Yield the blocks of a file that nothing it extends has: nobody would ever see what is in them."""
    tree = next(iter(_line(library, name)))
    parent = _extended(tree)
    there = blocks(library, parent) if parent else frozenset()
    for node in tree.body:
        if there and isinstance(node, nodes.Block) and node.name not in there:
            path = library.sources[name][1]
            yield f"{path}:{node.lineno}: nothing shows a block {node.name}; there are {', '.join(sorted(there))}"


def _unused(library: Library, own: Sequence[str]) -> Iterator[str]:
    """Yield the files without front matter that no other file asks for."""
    reader = environment(DictLoader({}))
    templates = {template.path for template in library.templates}
    asked = {
        name for source, _ in library.sources.values() for name in find_referenced_templates(reader.parse(source))
    }
    for name in own:
        path = library.sources[name][1]
        if path not in templates and name not in asked:
            yield f"{path}:1: it has no front matter, and no template extends or includes it; begin it with ---"


def _line(library: Library, name: str | None) -> Iterator[nodes.Template]:
    """Yield a file, the one that it extends, and so on."""
    reader = environment(DictLoader({}))
    seen: set[str] = set()
    while name is not None and name in library.sources and name not in seen:
        seen.add(name)
        tree = reader.parse(library.sources[name][0])
        yield tree
        name = _extended(tree)


def _extended(tree: nodes.Template) -> str | None:
    """Return the name of the file that a template extends; None where there is none, or it is found out late."""
    found = tree.find(nodes.Extends)
    if found is None or not isinstance(found.template, nodes.Const):
        return None
    return str(found.template.value)
