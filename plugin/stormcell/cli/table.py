"""The table of groups: what an on-call engineer sees first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from stormcell.cli.output import table
from stormcell.escape import terminal
from stormcell.text.shorten import shorten
from stormcell.times import spoken
from stormcell.types import Group

if TYPE_CHECKING:
    from rich.table import Table

_SERVICES = 2
_EXEMPLAR = 100
_SEVERITY = ((21, "fatal", "bold red"), (17, "error", "red"), (13, "warn", "yellow"), (9, "info", ""))


def groups_table(groups: Sequence[Group], *, piped: bool) -> Table:
    """Return a table, one group a line, in the order given."""
    result = table(piped=piped)
    result.add_column("group", no_wrap=True)
    result.add_column("worst", no_wrap=True)
    result.add_column("exemplar", ratio=5, overflow="fold")
    result.add_column("", no_wrap=True)
    result.add_column("most blamed", ratio=3, overflow="fold")
    result.add_column("events", justify="right", no_wrap=True)
    result.add_column("from (UTC)", no_wrap=True)
    result.add_column("for", justify="right", no_wrap=True)
    for group in groups:
        blamed = ", ".join(f"{part.name} {part.blame:.0%}" for part in group.services[:_SERVICES])
        result.add_row(
            Text(group.id, style="cyan"),
            _severity(group.most_severe.severity),
            Text(terminal(shorten(group.medoid.text, _EXEMPLAR)), overflow="fold"),
            Text(group.medoid.signal.value, style="dim"),
            Text(terminal(blamed)),
            Text(f"{group.count:,}"),
            Text(_clock(group.first_seen)),
            Text(spoken(group.last_seen - group.first_seen)),
        )
    return result


def _severity(severity: int) -> Text:
    for least, name, style in _SEVERITY:
        if severity >= least:
            return Text(name, style=style)
    return Text("-")


def _clock(time: int) -> str:
    return f"{datetime.fromtimestamp(time // 1_000_000_000, UTC):%m-%d %H:%M:%S}"
