"""stormcell groups: what the store holds."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from stormcell.types import Event, Group, Membership

app = typer.Typer(no_args_is_help=True, help="See the groups in the store, and say what is wrong with them.")

_SHOWN_MEMBERS = 20
_ID = 16


class Status(StrEnum):
    """Where a group is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@app.command("list", epilog=options.examples("stormcell groups list --store out"))
def list_groups(
    store: options.Store = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only groups of this status.")] = None,
    as_json: options.Json = False,
) -> None:
    """List the groups."""
    from stormcell.cli.output import console, counted, print_json, say
    from stormcell.render import group_json

    with options.open_store(store) as opened:
        groups = opened.groups(status=status)
    if as_json:
        print_json([group_json(group) for group in groups])
        return
    if groups:
        from stormcell.cli.table import groups_table

        printer = console()
        printer.print(groups_table(groups, piped=not printer.is_terminal, width=printer.width))
    say(counted(len(groups), "group"))


@app.command("export", epilog=options.examples("stormcell groups export --store out > groups.json"))
def export_groups(store: options.Store = None) -> None:
    """Print what the store holds as groups.json: the groups, their members, and the background."""
    from stormcell.cli.output import print_bytes
    from stormcell.render import groups_json

    with options.open_store(store) as opened:
        print_bytes(groups_json(opened.grouping()))


@app.command("show", epilog=options.examples("stormcell groups show g-0061af --store out"))
def show_group(
    group: options.OneGroup,
    store: options.Store = None,
    members: Annotated[bool, typer.Option("--members", help="List every member, not only the first 20.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show one group.

    Prints its exemplar, its earliest and most severe event, blame, fields and members.
    """
    from stormcell.cli.output import console, print_json
    from stormcell.operate.find import group_of
    from stormcell.render import group_json

    with options.open_store(store) as opened:
        found = group_of(opened, group)
        memberships = opened.memberships(found.id)
    if as_json:
        print_json({**group_json(found), "atoms": [_atom_json(atom) for atom in memberships]})
        return
    printer = console()
    _print_group(printer, found)
    _print_members(printer, memberships, every=members)


def _set_status(status: Status, group: str, store: Path | None, by: str) -> None:
    from stormcell.cli.output import say
    from stormcell.cli.person import person
    from stormcell.groups import lifecycle
    from stormcell.operate.status import set_status

    with options.open_store(store) as opened:
        done = set_status(opened, group, lifecycle.Status(status), person(by))
    say(f"{done.group.id} is {status}, was {done.before}.")


@app.command("ack", epilog=options.examples("stormcell groups ack g-0061af --store out --by ann"))
def acknowledge(group: options.OneGroup, by: options.By = "", store: options.Store = None) -> None:
    """Mark a group as acknowledged."""
    _set_status(Status.ACKNOWLEDGED, group, store, by)


@app.command("resolve", epilog=options.examples("stormcell groups resolve g-0061af --store out"))
def resolve(group: options.OneGroup, by: options.By = "", store: options.Store = None) -> None:
    """Mark a group as resolved."""
    _set_status(Status.RESOLVED, group, store, by)


@app.command("reopen", epilog=options.examples("stormcell groups reopen g-0061af --store out"))
def reopen(group: options.OneGroup, by: options.By = "", store: options.Store = None) -> None:
    """Mark a group as open again."""
    _set_status(Status.OPEN, group, store, by)


def _print_group(printer: Console, group: Group) -> None:
    from stormcell.cli.output import counted
    from stormcell.escape import terminal
    from stormcell.times import readable, spoken

    lines = [
        terminal(f"{group.id}  {group.title}"),
        f"  {counted(group.count, 'event')} ("
        + ", ".join(counted(count, signal) for signal, count in group.signals.items())
        + f") from {readable(group.first_seen)} for {spoken(group.last_seen - group.first_seen)}; {group.status}",
        "",
        f"  exemplar     {_line(group.medoid)}",
        f"  earliest     {_line(group.earliest)}",
        f"  most severe  {_line(group.most_severe)}",
        *(f"  its {event.signal:<9}{_line(event)}" for event in group.exemplars if event.uid != group.medoid.uid),
        *([f"  its trace    {terminal(group.trace)}"] if group.trace else []),
        "",
        "  blame        " + terminal(", ".join(f"{part.name} {part.blame:.0%}" for part in group.services[:8])),
        f"  radius       {group.radius:.3f}"
        + (f", mean margin to the runner-up {group.margin:.3f}" if group.margin is not None else ""),
        "  differences  " + (", ".join(f"{s.name} {s.share:.3f}" for s in group.fields if s.share > 0) or "none"),
        "",
    ]
    printer.print("\n".join(lines), soft_wrap=True)


def _print_members(printer: Console, memberships: Sequence[Membership], *, every: bool) -> None:
    from rich.text import Text

    from stormcell.cli.output import WIDE, table
    from stormcell.escape import terminal
    from stormcell.times import readable

    rows = sorted(
        ((row, atom) for atom in memberships for row in atom.rows),
        key=lambda pair: (pair[0].event.time, pair[0].event.uid),
    )
    shown = rows if every else rows[:_SHOWN_MEMBERS]
    piped = not printer.is_terminal
    result = table(piped=piped)
    # On a narrow terminal what explain tells as well gives way to the rest.
    named = ("time", "event", "count", "service", "text", "distance", "margin")[
        : 7 if printer.width >= WIDE else 5
    ]
    for column in named:
        result.add_column(
            column,
            justify="right" if column in ("count", "distance", "margin") else "left",
            overflow="fold",
            # An id in two parts cannot be copied; most are this long.
            min_width=_ID if column == "event" else None,
        )
    for row, atom in shown:
        event = row.event
        time = readable(event.time)
        cells = (
            Text(time if piped else time[11:23]),
            Text(terminal(event.uid), style="cyan"),
            Text(str(len(row.members))),
            Text(terminal(event.service)),
            Text(terminal(event.text[:100])),
            Text(f"{atom.dissimilarity:.3f}" if atom.shares or atom.dissimilarity else "-"),
            Text("-" if atom.margin is None else f"{atom.margin:.3f}"),
        )
        result.add_row(*cells[: len(named)])
    printer.print(result)
    if len(rows) > len(shown):
        printer.print(f"... and {len(rows) - len(shown):,} more rows; --members lists them all")


def _line(event: Event) -> str:
    from stormcell.escape import terminal
    from stormcell.times import readable

    text = terminal(event.text[:120])
    return f"{terminal(event.uid)}  {readable(event.time)}  {event.signal}  {terminal(event.service)}  {text}"


def _atom_json(atom: Membership) -> dict[str, Any]:
    return {
        "members": sorted(uid for row in atom.rows for uid in row.members),
        "dissimilarity": atom.dissimilarity,
        "runner_up": atom.runner_up,
        "margin": atom.margin,
    }
