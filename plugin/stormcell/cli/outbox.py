"""stormcell outbox: groups on their way out, and those that were given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stormcell.store.outbox import Letter

app = typer.Typer(no_args_is_help=True, help="See what is to go out, and what could not.")

Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="[NUMBER]...", help="Which, as `stormcell outbox list` shows them.")
]
All = Annotated[bool, typer.Option("--all", help="All that were given up.")]


@app.command("list", epilog=options.examples("stormcell outbox list --store /var/lib/stormcell"))
def list_(store: options.Store = None, as_json: options.Json = False) -> None:
    """List revisions of groups that wait to be handed over, and those that were given up, with the reason.

    What is given up stays until it is tried again with `stormcell outbox retry`, or dropped.
    """
    from stormcell.cli.output import print_json, say

    with options.open_store(store) as opened:
        pending, dead = opened.outbox_pending(), opened.dead_letters()
    if as_json:
        print_json([_json(one, dead=False) for one in pending] + [_json(one, dead=True) for one in dead])
        return
    if pending or dead:
        _print(pending, dead)
    say(f"{len(pending):,} to be handed over, {len(dead):,} given up")


@app.command("retry", epilog=options.examples("stormcell outbox retry 17 18", "stormcell outbox retry --all"))
def retry(
    numbers: Numbers = None,
    everything: All = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Let what was given up be tried again; a sidecar that runs does so within half a minute."""
    wanted = _wanted(numbers, everything)
    with options.open_store(store) as opened:
        _done(opened.retry_dead(wanted), wanted, "to be tried again", as_json)


@app.command("drop", epilog=options.examples("stormcell outbox drop 17", "stormcell outbox drop --all"))
def drop(
    numbers: Numbers = None,
    everything: All = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Drop what was given up: it is never handed over."""
    wanted = _wanted(numbers, everything)
    with options.open_store(store) as opened:
        _done(opened.drop_dead(wanted), wanted, "dropped", as_json)


def _wanted(numbers: Sequence[int] | None, everything: bool) -> set[int] | None:
    if bool(numbers) == everything:
        raise typer.BadParameter("name numbers, or --all; `stormcell outbox list` shows them")
    return None if everything else set(numbers or ())


def _done(found: int, wanted: set[int] | None, what: str, as_json: bool) -> None:
    from stormcell.cli.output import print_json, say
    from stormcell.errors import StoreError

    if as_json:
        print_json({"found": found})
    else:
        say(f"{found:,} {what}")
    if wanted is not None and found < len(wanted):
        raise StoreError(
            f"{len(wanted) - found} of {len(wanted)} numbers were not given up; see `stormcell outbox list`"
        )


def _json(letter: Letter, *, dead: bool) -> dict[str, Any]:
    from stormcell.times import rfc3339

    return {
        "number": letter.number,
        "exporter": letter.exporter,
        "group": letter.group.id,
        "revision": letter.group.revision,
        "status": letter.group.status,
        "title": letter.group.title,
        "state": "dead" if dead else "pending",
        "put": rfc3339(letter.put),
        "due": None if dead else rfc3339(letter.due),
        "attempts": letter.attempts,
        "problem": letter.problem,
    }


def _print(pending: Sequence[Letter], dead: Sequence[Letter]) -> None:
    from rich.text import Text

    from stormcell.cli.output import console, table
    from stormcell.escape import terminal
    from stormcell.times import readable

    printer = console()
    result = table(piped=not printer.is_terminal)
    for column in ("number", "exporter", "group", "state", "tries", "problem"):
        result.add_column(column, overflow="fold")
    states = [f"due {readable(letter.due)}" for letter in pending] + ["given up"] * len(dead)
    for letter, state in zip([*pending, *dead], states, strict=True):
        cells = (
            f"{letter.number}",
            letter.exporter,
            f"{letter.group.id} r{letter.group.revision} {letter.group.status}",
            state,
            f"{letter.attempts}",
            letter.problem,
        )
        result.add_row(*(Text(terminal(cell)) for cell in cells))
    printer.print(result)
