"""stormcell groups similar: whether this was seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.store import SqliteStore
    from stormcell.types import Family, Similar


def similar(
    group: Annotated[str, typer.Argument(metavar="GROUP", help="A group's id, or the start of it.")],
    store: options.Store = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many past groups to show.")] = 5,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Find the past groups most like one, with their runbooks.

    Prints by what each differs from it, field by field, and the family that it belongs to.
    """
    from stormcell.cli.output import print_json, say
    from stormcell.cli.recall import recalled, runbook_json, runbook_of, shares_json
    from stormcell.errors import StoreError
    from stormcell.groups.recurrence import compare, family_of
    from stormcell.groups.recurrence import similar as find_similar

    settings = options.settings(config)
    with options.open_store(store) as opened:
        asked = opened.group(group)
        if asked is None:
            raise StoreError(f"no group {group!r} in the store; `stormcell groups list` shows them all")
        past, _ = recalled(opened, settings)
        families = opened.families()
        compared = compare(past, settings.recurrence)
        found = find_similar(compared, asked.id, top)
        family = family_of(compared, asked.id, families)
        if not as_json:
            say(_family_line(family, families, settings.recurrence.radius))
            for number, each in enumerate(found, 1):
                _print(opened, number, each, families)
            if not found:
                say("There is no other group in the store.")
            return
        print_json(
            {
                "group": asked.id,
                "family": None
                if family is None
                else {
                    "id": family[0].id,
                    "exemplar": family[0].exemplar,
                    "dissimilarity": family[1].dissimilarity,
                    "fields": shares_json(family[1].shares),
                },
                "similar": [
                    {
                        **_told(opened, each),
                        "family": _family_id(families, each.group),
                        "dissimilarity": each.dissimilarity,
                        "fields": shares_json(each.shares),
                        "runbook": runbook_json(runbook_of(opened, each.group)),
                    }
                    for each in found
                ],
            }
        )


def _family_line(family: tuple[Family, Similar] | None, families: list[Family], radius: float) -> str:
    from stormcell.cli.output import counted

    if not families:
        return "No families are known: `stormcell families` looks for them."
    if family is None:
        return f"Of no family: no exemplar is within {radius:g} of it."
    known, far = family
    members = counted(len(known.members), "incident")
    return f"Of family {known.id} ({members}), {far.dissimilarity:.3f} from its exemplar {known.exemplar}."


def _family_id(families: list[Family], group: str) -> str | None:
    return next((family.id for family in families for member in family.members if member.group == group), None)


def _told(store: SqliteStore, each: Similar) -> dict[str, Any]:
    from stormcell.times import rfc3339

    group = store.group(each.group)
    assert group is not None  # it was among the groups of the same store
    return {
        "id": group.id,
        "title": group.title,
        "status": group.status,
        "first_seen": rfc3339(group.first_seen),
        "last_seen": rfc3339(group.last_seen),
    }


def _print(store: SqliteStore, number: int, each: Similar, families: list[Family]) -> None:
    from stormcell.cli.output import console
    from stormcell.cli.recall import runbook_of, runbook_place, shares_line
    from stormcell.escape import terminal
    from stormcell.times import readable

    group = store.group(each.group)
    assert group is not None  # it was among the groups of the same store
    lines = [
        f"{number}. {group.id}  {each.dissimilarity:.3f} away  {group.title}",
        f"   {group.status}, from {readable(group.first_seen)}, family {_family_id(families, group.id) or 'none'}",
        f"   differs by {shares_line(each.shares)}",
        f"   runbook: {runbook_place(store, runbook_of(store, group.id))}",
    ]
    console().print("\n".join(map(terminal, lines)), soft_wrap=True)
