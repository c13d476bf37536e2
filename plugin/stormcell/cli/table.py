"""The table of groups: what an on-call engineer sees first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from stormcell.cli.output import WIDE, table
from stormcell.escape import terminal
from stormcell.semconv import SEVERITIES
from stormcell.text.shorten import shorten
from stormcell.times import spoken
from stormcell.types import Group

if TYPE_CHECKING:
    from rich.table import Table

_SERVICES = 2
_EXEMPLAR = 100
_STYLES = {"fatal": "bold red", "error": "red", "warn": "yellow", "info": ""}


def groups_table(groups: Sequence[Group], *, piped: bool, width: int = WIDE) -> Table:
    """Return a table, one group a line, in the order given; with fewer columns where the terminal is narrow."""
    result = table(piped=piped)
    wide = width >= WIDE
    result.add_column("group", no_wrap=True)
    result.add_column("worst", no_wrap=True)
    if wide:
        result.add_column("exemplar", ratio=5, overflow="fold")
        result.add_column("", no_wrap=True)
        result.add_column("most blamed", ratio=3, overflow="fold")
    else:
        result.add_column("exemplar, most blamed", ratio=1, overflow="fold")
    result.add_column("events", justify="right", no_wrap=True)
    result.add_column("from (UTC)", no_wrap=True)
    if wide:
        result.add_column("for", justify="right", no_wrap=True)
    for group in groups:
        exemplar = terminal(shorten(group.medoid.text, _EXEMPLAR)) or "(no text)"
        blamed = terminal(", ".join(f"{part.name} {part.blame:.0%}" for part in group.services[:_SERVICES]))
        what = (
            (Text(exemplar), Text(group.medoid.signal.value, style="dim"), Text(blamed))
            if wide
            else (Text.assemble(exemplar, (f"\n{blamed}" if blamed else "", "dim")),)
        )
        lasted = (Text(spoken(group.last_seen - group.first_seen)),) if wide else ()
        result.add_row(
            Text(group.id, style="cyan"),
            _severity(group.most_severe.severity),
            *what,
            Text(f"{group.count:,}"),
            Text(_clock(group.first_seen, seconds=wide)),
            *lasted,
        )
    return result


def _severity(severity: int) -> Text:
    for name, style in _STYLES.items():
        if severity >= SEVERITIES[name]:
            return Text(name, style=style)
    return Text("-")


def _clock(time: int, *, seconds: bool) -> str:
    clock = datetime.fromtimestamp(time // 1_000_000_000, UTC)
    return f"{clock:%m-%d %H:%M:%S}" if seconds else f"{clock:%m-%d %H:%M}"
