"""stormcell elasticsearch: a copy of the store, for triage in Kibana."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stormcell.protocols import Projection
    from stormcell.store import SqliteStore
    from stormcell.types import Difference, Dossier, Projected, Step

app = typer.Typer(no_args_is_help=True, help="Keep a copy of the groups in Elasticsearch, for triage in Kibana.")

KIND = "elasticsearch"

Url = Annotated[
    str,
    typer.Option(
        "--url",
        metavar="URL",
        help="Where Elasticsearch is: http(s)://HOST:9200, several with commas, or cloud:ID (default: the exporter"
        " of this kind in notifications.exporters). Secrets are read from the environment.",
    ),
]
Prefix = Annotated[
    str, typer.Option("--prefix", metavar="NAME", help="How the names of indices begin (default: stormcell).")
]

_SHOWN = 20


@app.command(
    "setup",
    epilog=options.examples(
        "stormcell elasticsearch setup --url http://localhost:9200",
        "stormcell elasticsearch setup --url http://localhost:9200 --dry-run --json",
    ),
)
def setup(
    url: Url = "",
    prefix: Prefix = "",
    config: options.Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the requests.")] = False,
    as_json: options.Json = False,
) -> None:
    """Make templates, indices and aliases; what is there already stays as it is."""
    from stormcell.cli.output import print_json, say

    with chosen_exporter(url, prefix, config) as (exporter, target):
        steps = exporter.setup(target, dry_run=dry_run)
    if as_json:
        print_json([_step_json(step) for step in steps])
        return
    _print_steps(steps, requests=dry_run)
    changes = sum(step.state != "there" for step in steps)
    say(f"{changes} of {len(steps)} {'to be done' if dry_run else 'done'}, the others were there.")


@app.command(
    "push",
    epilog=options.examples(
        "stormcell elasticsearch push --store out --url http://localhost:9200",
        "stormcell elasticsearch push --store /var/lib/stormcell --dry-run",
    ),
)
def push(
    store: options.Store = None,
    url: Url = "",
    prefix: Prefix = "",
    config: options.Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what differs; write nothing.")] = False,
    as_json: options.Json = False,
) -> None:
    """Bring the copies of all groups up to date.

    What is up to date is passed over. Copies of groups that are no more are taken out. A push that was broken off
    goes on where it was.
    """
    from stormcell.errors import NotFoundError

    if dry_run:
        found = _compared(store, url, prefix, config)
        _show_differences(found, as_json=as_json)
        return
    with (
        options.open_store(store) as opened,
        chosen_exporter(url, prefix, config) as (exporter, target),
        _progress("Pushing", opened) as told,
    ):
        if not opened.statuses():
            raise NotFoundError(
                f"{opened.path} holds no groups; name the right store, or empty the copies by a rebuild"
            )
        done = exporter.project(_all(opened), target, whole=True, told=told)
        exporter.note(opened.totals(time.time_ns()), target)
    _show_projected(done, as_json=as_json)


@app.command(
    "rebuild",
    epilog=options.examples("stormcell elasticsearch rebuild --store out --url http://localhost:9200"),
)
def rebuild(
    store: options.Store = None,
    url: Url = "",
    prefix: Prefix = "",
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Make all copies anew, in new indices that then take the place of the old ones in one step.

    Only what is in the store is there then, and the history. One that was broken off goes on where it was.
    """
    with options.open_store(store) as opened, chosen_exporter(url, prefix, config) as (exporter, target):
        with _progress("Rebuilding", opened) as told:
            done = exporter.rebuild(_all(opened), target, told=told)
        # What came in meanwhile went into the old indices.
        since = exporter.project(_all(opened), target, whole=True)
        exporter.note(opened.totals(time.time_ns()), target)
    refused = [*done.refused, *(one for one in since.refused if one not in done.refused)]
    _show_projected(
        replace(
            done,
            groups=done.groups + since.groups,
            removed=done.removed + since.removed,
            written=done.written + since.written,
            deleted=done.deleted + since.deleted,
            refused=refused,
        ),
        as_json=as_json,
    )


@app.command(
    "check", epilog=options.examples("stormcell elasticsearch check --store out --url http://localhost:9200")
)
def check(
    store: options.Store = None,
    url: Url = "",
    prefix: Prefix = "",
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Compare the copies with the store, document by document; exit with 1 where they differ."""
    found = _compared(store, url, prefix, config)
    _show_differences(found, as_json=as_json)
    if found:
        raise typer.Exit(1)


@contextmanager
def chosen_exporter(url: str, prefix: str, config: Path | None) -> Iterator[tuple[Projection, str]]:
    """Give the exporter and what it is told: of the settings but for what the command line says."""
    from stormcell.errors import SettingsError
    from stormcell.protocols import Projection
    from stormcell.registry import exporter

    told = [one for one in options.settings(config).notifications.exporters if one.kind == KIND]
    if not url and len(told) != 1:
        raise SettingsError(
            f"notifications.exporters has {len(told) or 'no'} exporters of the kind {KIND}; expected one, or --url"
        )
    given: dict[str, Any] = dict(told[0].options) if len(told) == 1 else {}
    if prefix:
        given["prefix"] = prefix
    made = exporter(KIND, given)
    if not isinstance(made, Projection):
        raise SettingsError(
            f"the exporter {KIND} keeps no copies: it lacks methods of stormcell.protocols.Projection"
        )
    try:
        yield made, url or told[0].target
    finally:
        close = getattr(made, "close", None)
        if close is not None:
            close()


def _all(opened: SqliteStore) -> Iterable[Dossier]:
    from stormcell.store.dossiers import dossiers

    return dossiers(opened)


@contextmanager
def _progress(title: str, opened: SqliteStore) -> Iterator[Callable[[int], None]]:
    from stormcell.cli.output import progress

    total = len(opened.statuses())
    with progress(title) as update:
        yield lambda done: update(done, total)


def _compared(store: Path | None, url: str, prefix: str, config: Path | None) -> list[Difference]:
    with options.open_store(store) as opened, chosen_exporter(url, prefix, config) as (exporter, target):
        return list(exporter.compare(_all(opened), target))


def _show_projected(done: Projected, *, as_json: bool) -> None:
    from stormcell.cli.output import counted, print_json, say
    from stormcell.errors import DeliveryError

    if as_json:
        names = ("groups", "unchanged", "removed", "old", "written", "deleted")
        print_json({name: getattr(done, name) for name in names} | {"refused": list(done.refused)})
    else:
        say(
            f"{counted(done.groups, 'group')} written, {done.unchanged:,} up to date, {done.removed:,} taken out;"
            f" {counted(done.written, 'document')} written, {done.deleted:,} deleted."
        )
        if done.old:
            say(f"Left out: {counted(done.old, 'group')} resolved and ended longer ago than retention_days.")
        for reason in done.refused[:_SHOWN]:
            say(f"  refused: {reason}")
    if done.refused:
        raise DeliveryError(
            f"{counted(len(done.refused), 'document')} refused; mend what the server says, and push again",
            retryable=False,
        )


def _show_differences(found: Sequence[Difference], *, as_json: bool) -> None:
    from stormcell.cli.output import counted, print_json, say

    if as_json:
        print_json(
            [{"group": one.group, "what": one.what, "expected": one.expected, "found": one.found} for one in found]
        )
        return
    if found:
        _print_table(
            ("group", "what", "expected", "found"),
            [(one.group, one.what, one.expected, one.found) for one in found],
        )
    say(f"{counted(len(found), 'difference')}." if found else "The copies are as the store is.")


def _print_steps(steps: Sequence[Step], *, requests: bool) -> None:
    columns = ("what", "state", "request") if requests else ("what", "state")
    rows = [(step.what, step.state, f"{step.method} {step.path} {step.body}".rstrip()) for step in steps]
    _print_table(columns, [row[: len(columns)] for row in rows])


def _step_json(step: Step) -> dict[str, Any]:
    import json

    return {
        "what": step.what,
        "state": step.state,
        "method": step.method,
        "path": step.path,
        "body": json.loads(step.body) if step.body else None,
    }


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.text import Text

    from stormcell.cli.output import console, table
    from stormcell.escape import terminal

    printer = console()
    result = table(piped=not printer.is_terminal)
    for column in columns:
        result.add_column(column, overflow="fold")
    for row in rows:
        result.add_row(*(Text(terminal(cell)) for cell in row))
    printer.print(result)
