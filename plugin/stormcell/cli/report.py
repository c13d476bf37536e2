"""stormcell report: a storm as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stormcell.cli import options

_STDOUT = "-"


def report(
    store: options.Store = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to write it; - is standard output.")
    ] = Path("report.html"),
    title: Annotated[str, typer.Option("--title", help="What to call it.")] = "",
    top: Annotated[
        int,
        typer.Option("--top", min=1, metavar="N", help="Show so many groups: the most severe, then the largest."),
    ] = 100,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Write a report of the groups: one HTML file that needs nothing beside it and loads nothing.

    It shows when the groups happened, how alike they are, and of each its exemplar, whom it blames, its members
    and what was done with it.
    """
    from stormcell import files
    from stormcell.cli.output import counted, print_bytes, print_json, say
    from stormcell.errors import InputError
    from stormcell.operate.reporting import storm
    from stormcell.render.report import report_html
    from stormcell.times import SystemClock

    piped = str(out) == _STDOUT
    if piped and as_json:
        raise InputError("--json and --out - both want standard output; name a file with --out")
    if out.is_dir():
        raise InputError(f"{out} is a folder; name the file to write with --out, such as {out / 'report.html'}")
    settings = options.settings(config)
    with options.open_store(store) as opened:
        found = storm(opened, settings, title=title, most=top, now=SystemClock().now())
    data = report_html(found).encode("utf-8")
    if piped:
        print_bytes(data)
    else:
        files.write_atomic(out, data)
    groups, events = found.left_out
    if as_json:
        print_json(
            {
                "path": str(out),
                "bytes": len(data),
                "groups": len(found.materials),
                "groups_left_out": groups,
                "events_left_out": events,
            }
        )
        return
    place = "" if piped else f" in {out}; open it in a browser"
    say(f"{counted(len(found.materials), 'group')}, {len(data) / 1000:,.0f} kB{place}.")
    if groups:
        left = f"{counted(groups, 'group')} with {counted(events, 'event')}"
        say(f"Left out: {left}; `--top {groups + len(found.materials)}` shows all.")
