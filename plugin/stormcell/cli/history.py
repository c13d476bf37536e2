"""stormcell groups history: who changed a group, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.types import AuditEntry


def history(group: options.OneGroup, store: options.Store = None, as_json: options.Json = False) -> None:
    """Show who changed a group, oldest first.

    Of a group that is no more, such as one that was merged, name the whole id.
    """
    from stormcell.cli.output import counted, print_json, say
    from stormcell.operate.history import entry_json, history_of

    with options.open_store(store) as opened:
        id, entries = history_of(opened, group)
    if as_json:
        print_json({"group": id, "entries": [entry_json(entry) for entry in entries]})
        return
    for entry in entries:
        typer.echo(line(entry))
    say(counted(len(entries), "change"))


def line(entry: AuditEntry) -> str:
    """Return an entry of the audit log in one line that is harmless on a terminal."""
    from stormcell.escape import terminal
    from stormcell.times import readable

    more = ", ".join(f"{name} {_spelled(value)}" for name, value in entry.detail.items() if name != "by" and value)
    target = f" of {entry.target}" if entry.target else ""
    return terminal(
        f"{readable(entry.time)}  {entry.action}{target} by {entry.signature}{f': {more}' if more else ''}"
    )


def _spelled(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
