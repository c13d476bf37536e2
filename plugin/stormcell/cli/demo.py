"""stormcell demo: the main job on bundled real input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.types import Grouping

_DATA = "trainticket"


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")] = Path(
        "stormcell-demo"
    ),
    as_json: options.Json = False,
) -> None:
    """See it work on bundled real telemetry.

    Groups 90 minutes of a ticket shop in which several faults overlap, and says what to try next.
    """
    from stormcell.cli.group import draft_path, read_and_group, show, worst, write
    from stormcell.cli.learn import knowledge_of
    from stormcell.cli.output import console, say
    from stormcell.files import shipped

    settings = options.settings(None)
    data = shipped("examples") / _DATA
    say(f"Grouping {data} (real alerts, logs and spans of TrainTicket, a shop of 40 services) ...")
    knowledge = knowledge_of(out, settings)
    grouping, report = read_and_group([str(data)], settings, knowledge, strict=False, out=out)
    drafts = write(grouping, report, out, settings, knowledge)
    show(grouping, report, as_json=as_json)
    if as_json or not grouping.groups:
        return
    first = worst(grouping.groups)
    draft = next(draft for draft in drafts if draft.group == first.id)
    program = options.program()
    lines = (
        f"A runbook draft of the worst:   {draft_path(out, draft)}",
        f"Why an event is where it is:    {program} explain {_telling(grouping)} --store {out}",
        f"All about one incident:         {program} groups show {first.id} --store {out}",
        f"The whole storm as one page:    {program} report --store {out} --out {out / 'report.html'}",
        f"To work on it in a browser:     {program} web --store {out}",
        f"Now yours:                      {program} group PATH... --out out",
    )
    console().print("", *lines, sep="\n", soft_wrap=True)


def _telling(grouping: Grouping) -> str:
    """Return an event whose explanation shows most: as far from its exemplar as any, and with a runner-up."""
    grouped = [membership for membership in grouping.memberships if membership.group is not None]
    chosen = max(grouped, key=lambda membership: (membership.margin is not None, membership.dissimilarity))
    return chosen.rows[0].event.uid
