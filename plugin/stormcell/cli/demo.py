"""stormcell demo: the main job on bundled real input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_DATA = "trainticket"


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")] = Path(
        "stormcell-demo"
    ),
    as_json: options.Json = False,
) -> None:
    """See it work: group a slice of real telemetry from a ticket shop in which several faults overlap."""
    from stormcell.cli.group import draft_path, read_and_group, show, worst, write
    from stormcell.cli.output import console, say

    settings = options.settings(None)
    data = _data()
    say(f"Grouping {data} (real alerts, logs and spans of TrainTicket, a shop of 40 services) ...")
    grouping, report = read_and_group([str(data)], settings, strict=False)
    drafts = write(grouping, report, out, settings)
    show(grouping, report, as_json=as_json)
    first = worst(grouping.groups)
    draft = next(draft for draft in drafts if draft.group == first.id)
    if not as_json:
        lines = (
            f"A runbook draft of the worst:   {draft_path(out, draft)}",
            f"Why an event is where it is:    stormcell explain {first.members[0]} --store {out}",
            f"All about one incident:         stormcell groups show {first.id} --store {out}",
            "Now yours:                      stormcell group PATH... --out out",
        )
        console().print("", *lines, sep="\n", soft_wrap=True)


def _data() -> Path | Traversable:
    """Return the bundled input: in the package when installed, in the checkout when editable."""
    from importlib.resources import files

    packaged = files("stormcell") / "examples" / _DATA
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[3] / "examples" / _DATA
