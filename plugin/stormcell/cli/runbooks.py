"""stormcell runbooks: the runbooks that people wrote, and which of them fit a group."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stormcell.config import Settings
    from stormcell.runbooks.library import LeftOut, Library
    from stormcell.types import Matched, Runbook

_SHOWN = 0.005
"""Parts of a score below this are not shown; they would read 0.00."""

app = typer.Typer(no_args_is_help=True, help="Find the runbooks that you have for a group, and add to them.")

Folders = Annotated[
    list[Path] | None,
    typer.Option("--runbooks", metavar="DIR", help="A folder of Markdown (default: those of drafts.runbooks)."),
]


@app.command(
    "list",
    epilog=options.examples("stormcell runbooks list --runbooks runbooks/", "stormcell runbooks list --json"),
)
def list_runbooks(runbooks: Folders = None, config: options.Config = None, as_json: options.Json = False) -> None:
    """List the runbooks, and tell what of the folders could not be read."""
    from stormcell.cli.output import console, counted, print_json, say, table

    library = _library(runbooks, options.settings(config))
    if as_json:
        shown = [{"name": x.name, "title": x.title, "path": x.path, "url": x.url} for x in library.runbooks]
        print_json({"runbooks": shown, "left_out": _left_out_json(library)})
    elif library.runbooks:
        from rich.text import Text

        from stormcell.escape import terminal

        printer = console()
        result = table(piped=not printer.is_terminal)
        for column in ("path", "title", "url"):
            result.add_column(column, overflow="fold")
        for one in library.runbooks:
            result.add_row(*(Text(terminal(text)) for text in (one.path, one.title, one.url or "-")))
        printer.print(result)
    _say_left_out(library.left_out)
    say(f"{counted(len(library.runbooks), 'runbook')}, {counted(len(library.left_out), 'problem')}.")


@app.command(
    "match",
    epilog=options.examples(
        "stormcell runbooks match g-0061af --store out --runbooks runbooks/",
        "stormcell runbooks match g-0061af --store out --json | jq '.runbooks[0].path'",
    ),
)
def match(
    group: options.OneGroup,
    runbooks: Folders = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many runbooks to show.")] = 5,
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Find the runbooks that fit a group.

    Prints what each score is a sum of, also for the nearest of those that do not fit.
    """
    from stormcell.cli.output import console, print_json, say
    from stormcell.escape import terminal
    from stormcell.operate.drafting import material
    from stormcell.runbooks.matching import FITS

    settings = options.settings(config)
    library = _library(runbooks, settings)
    with options.open_store(store) as opened:
        found = material(opened, group, settings)
    ranked = library.rank(found, top)
    fitting = len(library.match(found, top))
    if as_json:
        print_json(
            {
                "group": found.group.id,
                "fits_from": FITS,
                "runbooks": [_matched_json(one, fits=at < fitting) for at, one in enumerate(ranked)],
                "left_out": _left_out_json(library),
            }
        )
        return
    _say_left_out(library.left_out)
    say(
        f"{fitting} of {len(library.runbooks):,} runbooks {'fits' if fitting == 1 else 'fit'} {found.group.id}, "
        f"{found.group.title}."
    )
    for at, one in enumerate(ranked):
        lines = [
            f"{at + 1}. {one.runbook.title}  {one.score:.2f}{'' if at < fitting else '  does not fit'}",
            f"   {one.runbook.path}{f'  {one.runbook.url}' if one.runbook.url else ''}",
            *(f"   {value:6.2f}  {name}" for name, value in one.why if value >= _SHOWN),
        ]
        console().print("\n".join(map(terminal, lines)), soft_wrap=True)


@app.command(
    "amend",
    epilog=options.examples(
        "stormcell runbooks amend g-0061af --store out --runbooks runbooks/ | patch -p1 -d runbooks",
        "stormcell runbooks amend g-0061af --store out --runbook node/disk.md",
    ),
)
def amend(
    group: options.OneGroup,
    runbooks: Folders = None,
    runbook: Annotated[
        str,
        typer.Option("--runbook", metavar="PATH", help="Which, by path or name (default: the best that fits)."),
    ] = "",
    store: options.Store = None,
    config: options.Config = None,
) -> None:
    """Print what a group adds to a runbook, as a unified diff.

    Services hit, commands with their names, when it was seen: under its own headings. Nothing is written.
    """
    from stormcell.cli.output import print_text, say
    from stormcell.operate.drafting import material
    from stormcell.render.context import context
    from stormcell.render.runbooks import amendment

    settings = options.settings(config)
    library = _library(runbooks, settings)
    with options.open_store(store) as opened:
        found = material(opened, group, settings)
    chosen = _chosen(library, runbook, found.group.id, library.match(found, 1))
    diff = amendment(chosen, context(found)).diff
    if diff:
        print_text(diff)
        say(f"{found.group.id} adds to {chosen.path}; apply it with `patch -p1` in its folder.")
    else:
        say(f"{found.group.id} adds nothing to {chosen.path}: it is told there, or the file is too long.")


def _library(folders: Sequence[Path] | None, settings: Settings) -> Library:
    from stormcell.errors import SettingsError
    from stormcell.runbooks.library import load

    chosen = folders or settings.drafts.runbooks
    if not chosen:
        raise SettingsError(
            "no folder of runbooks is known; name one with --runbooks DIR, or in drafts.runbooks of stormcell.yaml"
        )
    for folder in chosen:
        if not folder.is_dir():
            raise SettingsError(f"there is no folder {folder}; name one that holds runbooks in Markdown")
    return load(chosen)


def _chosen(library: Library, wanted: str, group: str, best: Sequence[Matched]) -> Runbook:
    from stormcell.errors import InputError, NotFoundError

    if not wanted:
        if not best:
            raise NotFoundError(
                f"none of {len(library.runbooks):,} runbooks fits {group}; name one with --runbook PATH "
                f"(`stormcell runbooks match {group}` shows the nearest)"
            )
        return best[0].runbook
    found = [one for one in library.runbooks if wanted in (one.path, one.name)]
    if len(found) != 1:
        seen = f"{len(found)} runbooks are" if found else "no runbook is"
        raise InputError(f"{seen} called {wanted!r}; name one by its path, as `stormcell runbooks list` prints it")
    return found[0]


def _matched_json(one: Matched, *, fits: bool) -> dict[str, Any]:
    return {
        "name": one.runbook.name,
        "title": one.runbook.title,
        "path": one.runbook.path,
        "url": one.runbook.url,
        "score": one.score,
        "fits": fits,
        "why": [{"part": name, "value": value} for name, value in one.why],
    }


def _left_out_json(library: Library) -> list[dict[str, str]]:
    return [{"path": one.path, "why": one.why} for one in library.left_out]


def _say_left_out(left_out: Sequence[LeftOut]) -> None:
    from stormcell.cli.output import say

    for one in left_out:
        say(f"left out {one.path}: {one.why}")
