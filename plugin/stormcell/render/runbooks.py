"""The runbooks that people wrote, as a draft shows them: which fit, why, and what is added to the best of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stormcell import escape
from stormcell.render.context import Context
from stormcell.types import Fact, Matched, Material, Runbook

if TYPE_CHECKING:
    from stormcell.runbooks.library import Library

OTHERS: Final = 3
"""Most runbooks that are named beside the best."""

MAX_WHY: Final = 3
"""Most parts of a score that a draft tells."""

MAX_DIFF: Final = 20_000
"""Characters of the longest diff that a draft shows."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """What an incident adds to a runbook.

    Attributes
    ----------
    diff : str
        To the text with it from the text as it is; "" where nothing is added, or too much to show.
    facts : tuple of Fact
        What the added lines hold.
    """

    diff: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a score, and its share of it in percent."""

    name: str
    percent: int


@dataclass(frozen=True, slots=True)
class Known:
    """A runbook that fits.

    Attributes
    ----------
    title, path, url : str
        ``url`` is "" where none is known.
    why : tuple of Reason
        The largest parts of its score, largest first.
    """

    title: str
    path: str
    url: str
    why: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The runbooks of people beside a group.

    Attributes
    ----------
    count : int
        How many there are.
    left_out : int
        Files and folders that could not be used.
    best : Known or None
        None where none fits.
    others : tuple of Known
    amendment : Amendment or None
        To the best.
    """

    count: int
    left_out: int
    best: Known | None = None
    others: tuple[Known, ...] = ()
    amendment: Amendment | None = None


@lru_cache(maxsize=2)
def library_of(folders: tuple[Path, ...]) -> Library:
    """Return the runbooks in some folders; a process reads them once, however many write drafts in it."""
    from stormcell.runbooks.library import load

    return load(folders)


def shelf(library: Library, material: Material, context: Context) -> Shelf:
    """Return the runbooks that fit a group, and what it adds to the best of them."""
    found = library.match(material, 1 + OTHERS)
    known = tuple(map(_known, found))
    return Shelf(
        count=len(library.runbooks),
        left_out=len(library.left_out),
        best=known[0] if known else None,
        others=known[1:],
        amendment=amendment(found[0].runbook, context) if found else None,
    )


def amendment(runbook: Runbook, context: Context) -> Amendment:
    """Return what a group adds to a runbook."""
    from stormcell.runbooks.amend import Additions, amended, difference

    parts = _parts(context)
    mark = escape.code(context.id.value)
    diff = difference(runbook, amended(runbook, Additions(mark, *(part.lines for part in parts))))
    if len(diff) > MAX_DIFF:
        return Amendment("", ())
    added = set(diff.split("\n"))
    cited = (fact for part in parts if part.lines and f"+{part.lines[0]}" in added for fact in part.facts)
    return Amendment(diff, tuple(dict.fromkeys(cited)))


class _Part:
    """Lines to add, and the facts that they hold."""

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = ()
        self.facts: list[Fact] = []

    def code(self, fact: Fact) -> str:
        self.facts.append(fact)
        return escape.code(fact.value)

    def shell(self, fact: Fact) -> str:
        self.facts.append(fact)
        return escape.shell(fact.value)


def _parts(context: Context) -> tuple[_Part, _Part, _Part]:
    """Return what goes under Impact, Diagnosis and Seen."""
    impact, diagnosis, seen = _Part(), _Part(), _Part()
    if context.affected:
        services = ", ".join(impact.code(one.name) for one in context.affected)
        more = ""
        if context.affected_more:
            more = f" and {impact.shell(context.affected_more)} more"
        impact.lines = (f"- In group {impact.code(context.id)}, reported by {services}{more}.",)
    if commands := _commands(context, diagnosis):
        first = f"- Commands for where group {diagnosis.code(context.id)} was:"
        diagnosis.lines = (first, "", "  ```sh", *(f"  {command}" for command in commands), "  ```")
    who = f"group {seen.code(context.id)}, exemplar {seen.code(context.exemplar.uid)}"
    seen.lines = (f"- {seen.code(context.first_seen)}: {who}, {seen.code(context.title)}",)
    return impact, diagnosis, seen


def _commands(context: Context, part: _Part) -> tuple[str, ...]:
    """Return commands with the names that the events give; none where a name is missing."""
    place = next(iter(context.places), None)
    if place is None:
        return ()
    if isinstance(place.pod, Fact) and isinstance(place.namespace, Fact):
        namespace, pod = part.shell(place.namespace), part.shell(place.pod)
        since = part.shell(context.first_seen)
        at = f"kubectl --namespace={namespace}"
        return (
            f"{at} describe pod/{pod}",
            f"{at} logs pod/{pod} --all-containers --timestamps --since-time={since}",
        )
    if isinstance(place.service, Fact):
        search = f"grep --fixed-strings --regexp={part.shell(place.service)}"
        return (f"kubectl get pods --all-namespaces --output=wide | {search}",)
    return ()


def _known(one: Matched) -> Known:
    parts = sorted(one.why, key=lambda part: -part[1])[:MAX_WHY]
    why = tuple(Reason(name, round(100 * value / one.score)) for name, value in parts)
    return Known(one.runbook.title, one.runbook.path, one.runbook.url, why)
