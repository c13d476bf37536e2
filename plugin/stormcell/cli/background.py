"""stormcell groups background: what was set apart, by the gate or as strays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stormcell.types import Event, Membership


def background(
    search: Annotated[
        str, typer.Option("--search", metavar="TEXT", help="Only with an event whose text holds this.")
    ] = "",
    service: Annotated[str, typer.Option("--service", help="Only with an event of this service.")] = "",
    top: Annotated[int, typer.Option("--top", min=1, help="How many to show, the most surprising first.")] = 20,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """See what is in no group.

    Background is set apart, not lost: the gate found it usual, or it is a stray, unlike any group and alone.
    """
    from stormcell.cli.output import counted, print_json, say

    with options.open_store(store) as opened:
        atoms = opened.background(text=search, service=service)
    if as_json:
        print_json([_json(atom) for atom in atoms[:top]])
    elif atoms:
        _print([(atom, _asked(atom, search, service)) for atom in atoms[:top]])
    events = sum(len(row.members) for atom in atoms for row in atom.rows)
    more = f", of which {top} are shown" if len(atoms) > top else ""
    say(f"{counted(events, 'event')} in {counted(len(atoms), 'atom')} of background{more}")


def _asked(atom: Membership, search: str, service: str) -> Event:
    """Return the first event that was asked for."""
    events = [row.event for row in atom.rows]
    asked = (e for e in events if search.casefold() in e.text.casefold() and service in ("", e.service))
    return next(asked, events[0])


def _print(found: Sequence[tuple[Membership, Event]]) -> None:
    from rich.text import Text

    from stormcell.cli.output import console, table
    from stormcell.escape import terminal
    from stormcell.times import readable

    printer = console()
    result = table(piped=not printer.is_terminal)
    for column in ("time", "event", "service", "text", "why"):
        result.add_column(column, overflow="fold")
    result.add_column("surprise", justify="right")
    result.add_column("events", justify="right")
    for atom, event in found:
        result.add_row(
            Text(readable(event.time)),
            Text(terminal(event.uid), style="cyan"),
            Text(terminal(event.service)),
            Text(terminal(event.text[:100])),
            Text("stray" if atom.stray else "usual"),
            Text(f"{atom.surprise:.2f}"),
            Text(str(sum(len(row.members) for row in atom.rows))),
        )
    printer.print(result)


def _json(atom: Membership) -> dict[str, Any]:
    return {
        "members": sorted(uid for row in atom.rows for uid in row.members),
        "surprise": atom.surprise,
        "stray": atom.stray,
    }
