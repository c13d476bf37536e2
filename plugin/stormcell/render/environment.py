"""The sandbox that templates run in: whatever they print is escaped, and a fact cites itself.

Markup marks what this module made safe, and jinja2 hands it on through macros and blocks. Gluing other text
to it would slip that text past the escape, so templates cannot glue: they print one value after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from jinja2 import BaseLoader, StrictUndefined, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateAssertionError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from stormcell import escape
from stormcell.render.beyond import Link
from stormcell.render.facts import Blank
from stormcell.render.footnotes import Footnotes, blank
from stormcell.render.runbooks import Amendment
from stormcell.runbooks.pages import longest_fence
from stormcell.types import Fact

_NOTES: ContextVar[Footnotes] = ContextVar("footnotes")

# The rest of jinja2's filters glue texts, print what is not meant to be read or mark text as safe.
_FILTERS = (
    *("batch", "default", "first", "groupby", "int", "last", "length", "list", "map", "max", "min"),
    *("reject", "rejectattr", "reverse", "round", "select", "selectattr", "slice", "sort", "unique"),
)
_GLOBALS = ("dict", "namespace", "range")

_OURS = ("stormcell.render.", "stormcell.types.")
_NOTHING = object()

_REFUSED = (
    (nodes.Concat, "'~' would skip the escape of one side; print the values one after the other"),
    (nodes.Slice, "'[:]' could cut an escape in two; take the start of a list with the filter head"),
)


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox without ways to glue text to Markup."""

    intercepted_binops = frozenset(("+", "%", "*"))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for kind, message in _REFUSED:
            if found := tree.find(kind):
                raise TemplateAssertionError(message, found.lineno, name, filename)
        return tree

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
        if isinstance(left, Markup) or isinstance(right, Markup):
            raise SecurityError(f"'{operator}' would skip an escape; print the values one after the other")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: object, attribute: str) -> object:
        _refuse_markup(obj)
        # Our own frozen values need no search for what is unsafe, which takes longer than all else.
        if not attribute.startswith("_") and type(obj).__module__.startswith(_OURS):
            found = getattr(obj, attribute, _NOTHING)
            if found is not _NOTHING and not callable(found):
                return found
        return super().getattr(obj, attribute)

    def getitem(self, obj: object, argument: object) -> object:
        _refuse_markup(obj)
        return super().getitem(obj, argument)


def environment(loader: BaseLoader) -> ImmutableSandboxedEnvironment:
    """Return the sandbox: filters code, diff, head, link and shell, the test known, the function sources."""
    sandbox = _Environment(
        loader=loader,
        autoescape=True,
        finalize=_finalize,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    sandbox.filters = {name: sandbox.filters[name] for name in _FILTERS}
    sandbox.globals = {name: sandbox.globals[name] for name in _GLOBALS}
    sandbox.filters.update(code=_code, diff=_diff, head=_head, link=_link, reverse=_reverse, shell=_shell)
    sandbox.tests["known"] = _known
    sources: Callable[[], Markup] = _sources
    sandbox.globals["sources"] = sources
    return sandbox


@contextmanager
def footnotes() -> Iterator[Footnotes]:
    """Collect what is printed inside the block, in this thread."""
    notes = Footnotes()
    token = _NOTES.set(notes)
    try:
        yield notes
    finally:
        _NOTES.reset(token)


def _safe(markdown: str) -> Markup:
    """Mark Markdown made by this room as printable."""
    return Markup(markdown)  # noqa: S704  the one door: every caller passes escaped text only


def _refuse_markup(obj: object) -> None:
    if isinstance(obj, Markup):
        raise SecurityError("what a macro or block printed has no parts; take the part before it is printed")


@pass_context  # without it jinja2 would print constants at compile time, escaped for HTML instead
def _finalize(context: Context, value: object) -> Markup:
    return _printed(value)


def _printed(value: object) -> Markup:
    """Return what ``{{ value }}`` prints."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, Fact):
        return _cited(escape.markdown(value.value) if value.value.strip() else "*empty*", value)
    if isinstance(value, Blank):
        return _safe(blank(value))
    if isinstance(value, str | int | float | Undefined):
        return _safe(escape.markdown(str(value)))
    raise TypeError(f"cannot print a {type(value).__name__}: print one of its parts")


def _cited(markdown: str, fact: Fact) -> Markup:
    return _safe(markdown + _NOTES.get().cite(fact))


def _code(value: object, table: bool = False) -> Markup:
    """Filter: a code span, with its footnote; ``table=true`` in a table cell."""
    if isinstance(value, Fact):
        return _cited(escape.code(value.value, table=table), value)
    return _safe(escape.code(value, table=table)) if isinstance(value, str) else _printed(value)


def _link(value: object) -> Markup:
    """Filter: a link of the settings, under its name. What events bring is never made one."""
    if not isinstance(value, Link):
        raise TypeError(f"cannot link a {type(value).__name__}: only the links of the settings are")
    return _cited(f"[{escape.markdown(value.name)}](<{value.url.value}>)", value.url)


def _diff(value: object) -> Markup:
    """Filter: what an incident adds to a runbook, in a fence; ``sources()`` after it cites what is added."""
    if not isinstance(value, Amendment):
        raise TypeError(f"cannot show a {type(value).__name__} as a diff")
    for fact in value.facts:
        _NOTES.get().defer(fact)
    fence = "`" * max(3, longest_fence(value.diff) + 1)
    # Tabs stay: without them the diff would not apply.
    lines = ("\t".join(map(escape.terminal, line.split("\t"))) for line in value.diff.rstrip("\n").split("\n"))
    return _safe("\n".join([f"{fence}diff", *lines, fence]))


def _shell(value: object) -> Markup:
    """Filter: one word of a command; ``sources()`` after the block cites it.

    What is unknown makes the shell stop with "to fill in" instead of running with an empty word.
    """
    if isinstance(value, Fact):
        _NOTES.get().defer(value)
        return _safe(escape.shell(value.value))
    if isinstance(value, Blank):
        _NOTES.get().defer(value)
        name = "".join(letter if letter.isalnum() else "_" for letter in value.what.upper())
        return _safe(f'"${{{name}:?to fill in}}"')
    if isinstance(value, str):
        return _safe(escape.shell(value))
    raise TypeError(f"cannot put a {type(value).__name__} into a command")


def _head(values: Sequence[object], count: int) -> tuple[object, ...]:
    """Filter: the first ``count`` of a list."""
    if isinstance(values, str):
        raise TypeError("head takes a list, not a text")
    return tuple(values[:count])


def _reverse(values: Iterable[object]) -> tuple[object, ...]:
    """Filter: a list from its end; of a text that would put what escapes behind what it escapes."""
    if isinstance(values, str):
        raise TypeError("reverse takes a list, not a text")
    return tuple(values)[::-1]


def _known(value: object) -> bool:
    """Test: whether an event told it."""
    return isinstance(value, Fact)


def _sources() -> Markup:
    """Print the sources of all that ``shell`` printed since the last call."""
    return _safe(_NOTES.get().settle())
