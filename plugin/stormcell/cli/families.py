"""stormcell families: incidents that come again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stormcell.store import SqliteStore
    from stormcell.types import Family, Past

app = typer.Typer(invoke_without_command=True, help="Find families of incidents that come again.")


@app.callback(
    epilog=options.examples("stormcell families --store out", "stormcell families show f-a28059 --store out")
)
def find(
    context: typer.Context,
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Cluster the groups in the store into families, save these, and list them.

    A family is two or more incidents that look alike, spoken for by one of them. How many there are follows from
    recurrence.radius. They keep their ids from run to run.
    """
    if context.invoked_subcommand is not None:
        return
    from stormcell.cli.output import counted, print_json, say
    from stormcell.cli.recall import recalled
    from stormcell.groups.recurrence import compare, find_families

    settings = options.settings(config)
    with options.open_store(store) as opened:
        past, made = recalled(opened, settings)
        families = find_families(compare(past, settings.recurrence), opened.families())
        opened.save_families(families, made)
        if as_json:
            print_json([_json(opened, family, past) for family in families])
            return
        if families:
            _print_table(opened, families, {each.id: each.first_seen for each in past})
    alone = len(past) - sum(len(family.members) for family in families)
    families_found = counted(len(families), "family") if len(families) == 1 else f"{len(families):,} families"
    say(f"{families_found} of {counted(len(past), 'group')}; {alone:,} came once only.")


@app.command("show", epilog=options.examples("stormcell families show f-a28059 --store out"))
def show(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="A family's id, or the start of it.")],
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Show one family as it was found last: its members, and by what each differs from the exemplar."""
    from stormcell.cli.output import console, counted, print_json
    from stormcell.cli.recall import runbook_of, runbook_place, shares_line
    from stormcell.escape import terminal
    from stormcell.times import readable

    with options.open_store(store) as opened:
        found = _one(opened.families(), family)
        if as_json:
            print_json(_json(opened, found, opened.past()))
            return
        first_seen = {each.id: each.first_seen for each in opened.past()}
        lines = [
            f"{found.id}  {_title(opened, found.exemplar)}",
            f"  {counted(len(found.members), 'incident')}, exemplar {found.exemplar}",
            f"  runbook: {runbook_place(opened, runbook_of(opened, found.exemplar))}",
            "",
        ]
    for member in found.members:
        lines.append(f"  {member.group}  {readable(first_seen[member.group])}  {member.dissimilarity:.3f}")
        if member.group != found.exemplar:
            lines.append(f"    differs by {shares_line(member.shares)}")
    console().print("\n".join(map(terminal, lines)), soft_wrap=True)


def _one(families: Sequence[Family], id: str) -> Family:
    from stormcell.errors import StoreError

    fitting = [each for each in families if each.id == id] or [each for each in families if each.id.startswith(id)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        named = ", ".join(each.id for each in fitting[:10])
        raise StoreError(f"{len(fitting)} families start with {id}: {named}; write more")
    raise StoreError(f"no family {id!r} in the store; `stormcell families` finds and lists them")


def _title(store: SqliteStore, group: str) -> str:
    found = store.group(group)
    return "(its exemplar is no longer in the store)" if found is None else found.title


def _json(store: SqliteStore, family: Family, past: Sequence[Past]) -> dict[str, Any]:
    from stormcell.cli.recall import runbook_json, runbook_of, shares_json
    from stormcell.times import rfc3339

    first_seen = {each.id: each.first_seen for each in past}
    times = [first_seen[member.group] for member in family.members]
    return {
        "id": family.id,
        "title": _title(store, family.exemplar),
        "exemplar": family.exemplar,
        "count": len(family.members),
        "first_seen": rfc3339(min(times)),
        "last_seen": rfc3339(max(times)),
        "radius": max(member.dissimilarity for member in family.members),
        "runbook": runbook_json(runbook_of(store, family.exemplar)),
        "members": [
            {
                "group": member.group,
                "first_seen": rfc3339(first_seen[member.group]),
                "dissimilarity": member.dissimilarity,
                "fields": shares_json(member.shares),
            }
            for member in family.members
        ],
    }


def _print_table(store: SqliteStore, families: Sequence[Family], first_seen: Mapping[str, int]) -> None:
    from rich.text import Text

    from stormcell.cli.output import WIDE, console, table
    from stormcell.escape import terminal
    from stormcell.times import readable

    printer = console()
    wide = printer.width >= WIDE
    result = table(piped=not printer.is_terminal)
    result.add_column("family", no_wrap=True)
    result.add_column("incidents", justify="right", no_wrap=True)
    result.add_column("exemplar", no_wrap=True)
    result.add_column("title", overflow="fold")
    if wide:
        result.add_column("last", no_wrap=True)
    for family in families:
        last = max(first_seen[member.group] for member in family.members)
        cells = (
            Text(terminal(family.id), style="cyan"),
            Text(f"{len(family.members):,}"),
            Text(terminal(family.exemplar)),
            Text(terminal(_title(store, family.exemplar))),
            Text(readable(last)),
        )
        result.add_row(*cells[: 5 if wide else 4])
    printer.print(result)
