"""stormcell elasticsearch similar: whether this was seen before, also by groups that the store has forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options
from stormcell.cli.elasticsearch import KIND, Prefix, Url, chosen_exporter

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stormcell.config import RecurrenceSettings
    from stormcell.protocols import Memory, Projection
    from stormcell.store import SqliteStore
    from stormcell.types import Past, Remembered, Similar


def similar(
    group: Annotated[str, typer.Argument(metavar="GROUP", help="A group's id, or the start of it.")],
    service: Annotated[str, typer.Option("--service", help="Only groups that accuse this service.")] = "",
    since: Annotated[
        str,
        typer.Option("--since", metavar="TIME", help="Only groups seen from then on: 2026-01-31, or RFC 3339."),
    ] = "",
    top: Annotated[int, typer.Option("--top", min=1, max=50, help="How many past groups to show.")] = 5,
    store: options.Store = None,
    url: Url = "",
    prefix: Prefix = "",
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Find the groups in Elasticsearch most like one of the store, with their runbooks.

    Copies stay there when the store forgets a group. Likely ones are found by their portraits and then compared as
    `stormcell groups similar` does: it is printed by what each differs, field by field.
    """
    from stormcell.cli.output import print_json, say
    from stormcell.cli.recall import recalled
    from stormcell.errors import StoreError

    begin = _time(since)
    settings = options.settings(config)
    with options.open_store(store) as opened:
        asked = opened.group(group)
        if asked is None:
            raise StoreError(f"no group {group!r} in the store; `stormcell groups list` shows them all")
        past, _ = recalled(opened, settings)
        with chosen_exporter(url, prefix, config) as (exporter, target):
            likely = _likely(asked.id, past, settings.recurrence, _memory(exporter), target, service, begin)
        found = _nearest(asked.id, past, likely, settings.recurrence, top)
        copies, kept = {each.id: each for each in likely}, {each.id for each in past}
        if as_json:
            shown = [_json(copies[each.group], each, kept) for each in found]
            print_json({"group": asked.id, "similar": shown})
            return
        for number, each in enumerate(found, 1):
            _print(opened, number, copies[each.group], each, kept)
    if not found:
        say("None is like it there; `stormcell elasticsearch push` brings the groups of a store.")


def _memory(exporter: Projection) -> Memory:
    from stormcell.errors import SettingsError
    from stormcell.protocols import Memory

    if not isinstance(exporter, Memory):
        raise SettingsError(f"the exporter {KIND} finds no groups: it lacks the method `similar`")
    return exporter


def _likely(
    group: str,
    past: Sequence[Past],
    settings: RecurrenceSettings,
    memory: Memory,
    target: str,
    service: str,
    since: int | None,
) -> Sequence[Remembered]:
    """Return the copies whose portraits fit a group best."""
    from stormcell.features.likeness import usual
    from stormcell.features.portrait import CANDIDATES, question

    profiles = {each.id: each.profile for each in past if each.profile is not None}
    asked = question(profiles[group], settings, usual(profiles.values()))
    if not len(asked):
        return []
    return memory.similar(asked.tolist(), target, service=service, since=since, most=CANDIDATES, exclude=group)


def _nearest(
    group: str, past: Sequence[Past], likely: Sequence[Remembered], settings: RecurrenceSettings, most: int
) -> list[Similar]:
    """Return the likely ones that are nearest by their profiles."""
    from stormcell.groups.recurrence import compare
    from stormcell.groups.recurrence import similar as find_similar
    from stormcell.types import Past

    candidates = [Past(each.id, each.status, each.first_seen, each.profile) for each in likely if each.id != group]
    asked = next(each for each in past if each.id == group)
    return find_similar(compare([asked, *candidates], settings, past), group, most)


def _time(text: str) -> int | None:
    from stormcell.times import parse

    if not text:
        return None
    try:
        return parse(text)
    except ValueError:
        raise typer.BadParameter(
            f"expected a time such as 2026-01-31 or 2026-01-31T22:00:00Z, found {text!r}", param_hint="--since"
        ) from None


def _json(copy: Remembered, each: Similar, kept: Collection[str]) -> Mapping[str, Any]:
    from stormcell.cli.recall import shares_json
    from stormcell.times import rfc3339

    return {
        "id": copy.id,
        "title": copy.title,
        "status": copy.status,
        "first_seen": rfc3339(copy.first_seen),
        "last_seen": rfc3339(copy.last_seen),
        "in_store": copy.id in kept,
        "dissimilarity": each.dissimilarity,
        "fields": shares_json(each.shares),
        "runbook": {"markdown": copy.runbook} if copy.runbook else None,
    }


def _print(store: SqliteStore, number: int, copy: Remembered, each: Similar, kept: Collection[str]) -> None:
    from stormcell.cli.output import console
    from stormcell.cli.recall import runbook_of, runbook_place, shares_line
    from stormcell.escape import terminal
    from stormcell.times import readable

    runbook = runbook_of(store, copy.id)
    place = "in Elasticsearch; --json prints it" if copy.runbook and not runbook else runbook_place(store, runbook)
    gone = "" if copy.id in kept else ", no longer in the store"
    lines = [
        f"{number}. {copy.id}  {each.dissimilarity:.3f} away  {copy.title}",
        f"   {copy.status}, from {readable(copy.first_seen)}{gone}",
        f"   differs by {shares_line(each.shares)}",
        f"   runbook: {place}",
    ]
    console().print("\n".join(map(terminal, lines)), soft_wrap=True)
