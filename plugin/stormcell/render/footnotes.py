"""The footnotes of one draft: which facts it shows, in which order."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from stormcell import escape
from stormcell.render.facts import Blank
from stormcell.types import Fact, Source

TO_FILL_IN: Final = "to fill in:"
"""How a place begins that a draft leaves to people, in emphasis."""

OF_COMMANDS: Final = "From the events:"
"""How a line begins that cites what the commands above it hold."""


class Footnotes:
    """Numbers facts as they are cited; equal facts share a number."""

    def __init__(self) -> None:
        self._numbers: dict[Fact, int] = {}
        self._pending: list[Fact | Blank] = []

    @property
    def sources(self) -> tuple[Fact, ...]:
        """The facts cited so far; the first is footnote 1."""
        return tuple(self._numbers)

    def cite(self, fact: Fact) -> str:
        """Return the footnote reference of ``fact``."""
        number = self._numbers.setdefault(fact, len(self._numbers) + 1)
        return f"[^{number}]"

    def defer(self, value: Fact | Blank) -> None:
        """Note a value in a place that takes no footnote; ``settle`` cites it."""
        if value not in self._pending:
            self._pending.append(value)

    def settle(self) -> str:
        """Return a line that cites all deferred values and says what is to be filled in."""
        facts = [value for value in self._pending if isinstance(value, Fact)]
        blanks = [blank(value) for value in self._pending if isinstance(value, Blank)]
        self._pending.clear()
        # A space between references: "[^1][^2]" is a reference link to some readers.
        parts = [" ".join([OF_COMMANDS, *map(self.cite, facts)])] if facts else []
        return " · ".join([*parts, *blanks])

    @property
    def settled(self) -> bool:
        """Whether no deferred value waits to be cited."""
        return not self._pending

    def definitions(self) -> str:
        """Return the footnotes, one a line."""
        return "".join(f"[^{number}]: {definition(fact)}\n" for fact, number in self._numbers.items())


def blank(value: Blank) -> str:
    """Return how a draft shows what a person is to fill in."""
    return f"*{TO_FILL_IN} {escape.markdown(value.what)}*"


def definition(fact: Fact) -> str:
    """Return where a fact comes from, as its footnote says it."""
    how = f"; {escape.markdown(fact.how)}" if fact.how else ""
    if fact.source is Source.AUDIT:
        return f"entry {escape.markdown(fact.uid)} of the audit log, field {escape.code(fact.field)}{how}"
    return f"event {escape.code(fact.uid)}, field {_field(fact.field)}{how}"


_field = lru_cache(maxsize=256)(escape.code)
