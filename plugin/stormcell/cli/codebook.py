"""stormcell codebook: the versions of the model, and which of them is live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.types import Codebook, StoredCodebook

app = typer.Typer(no_args_is_help=True, help="Train codebooks, see what they are, and say which one is live.")

Named = Annotated[
    str,
    typer.Argument(
        metavar="CODEBOOK", help="Its version, or the start of it; `live` or `canary`; or a file, such as cb.json."
    ),
]


@app.command(
    "list",
    epilog=options.examples(
        "stormcell codebook list --store out",
        "stormcell codebook list --json | jq -r '.[] | select(.state == \"live\").version'",
    ),
)
def list_(store: options.Store = None, as_json: options.Json = False) -> None:
    """List codebooks, those stored last first: what each is, and how well it fits what it was trained on.

    Loss is the mean dissimilarity of an event to the one that speaks for it; new is the share of events that
    are too far from all.
    """
    from stormcell.cli.codebook_told import print_list
    from stormcell.cli.output import counted, print_json, say
    from stormcell.operate.codebooks_json import stored_json

    with options.open_store(store) as opened:
        found = opened.codebooks()
    if as_json:
        print_json([stored_json(one) for one in found])
        return
    if found:
        print_list(found)
    live = next((f"{one.version} is live" for one in found if one.state == "live"), "none is live")
    train = f"{options.program()} codebook train PATH..."
    say(f"{counted(len(found), 'codebook')}, {live}" if found else f"no codebook yet; train one with: {train}")


@app.command(
    "show",
    epilog=options.examples(
        "stormcell codebook show --store out",
        "stormcell codebook show cb-0d5e --all",
        "stormcell codebook show cb.json --json | jq '.fields'",
    ),
)
def show(
    codebook: Named = "live",
    every: Annotated[
        bool, typer.Option("--all", help="List every codeword, not only the 20 that stand for most.")
    ] = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Show a codebook, the live one by default.

    Prints where it comes from, how its fields weigh, and the events that speak for its codewords.
    """
    from stormcell.cli.codebook_told import print_codebook
    from stormcell.cli.output import print_json
    from stormcell.operate.codebooks_json import codebook_json

    found, stored = read(codebook, store)
    if as_json:
        print_json(codebook_json(found, stored))
    else:
        print_codebook(found, stored, every=every)


@app.command(
    "diff",
    epilog=options.examples(
        "stormcell codebook diff live cb-0d5e --store out", "stormcell codebook diff before.json after.json"
    ),
)
def diff(
    before: Named,
    after: Named,
    every: Annotated[bool, typer.Option("--all", help="List all that differs, not only the first 20.")] = False,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Show what differs between two codebooks: codewords that are new, gone or moved, fields, and weights."""
    from stormcell.cli.codebook_told import print_differences
    from stormcell.cli.output import print_json
    from stormcell.codebook.comparing import compare
    from stormcell.operate.codebooks_json import differences_json

    (old, _), (new, _) = read(before, store), read(after, store)
    found = compare(old, new)
    if as_json:
        print_json(differences_json(old, new, found))
    else:
        print_differences(old, new, found, every=every)


@app.command("verify", epilog=options.examples("stormcell codebook verify --store /var/lib/stormcell"))
def verify(store: options.Store = None, as_json: options.Json = False) -> None:
    """Check the file of every codebook against its version and the store; exit 1 if one is not as it should be."""
    from stormcell.cli.codebook_told import print_findings
    from stormcell.cli.output import counted, print_json, say
    from stormcell.operate import codebooks
    from stormcell.operate.codebooks_json import finding_json

    with options.open_store(store) as opened:
        count = len(opened.codebooks())
        found = codebooks.verify(opened)
    if as_json:
        print_json({"codebooks": count, "findings": [finding_json(one) for one in found]})
    elif found:
        print_findings(found)
    say(
        f"{counted(count, 'codebook')}, {counted(len(found), 'file')} not as it should be"
        if found
        else f"{counted(count, 'codebook')}, all whole"
    )
    if found:
        raise typer.Exit(1)


@app.command(
    "notes",
    epilog=options.examples(
        "stormcell codebook notes --store out --last 10", "stormcell codebook notes --kind promoted --json"
    ),
)
def notes(
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="Only of this kind, such as promoted or drift-began.")
    ] = "",
    codebook: Annotated[
        str, typer.Option("--codebook", metavar="CODEBOOK", help="Only of this version, or the start of it.")
    ] = "",
    last: Annotated[int | None, typer.Option("--last", metavar="N", min=1, help="Only the last N.")] = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Tell what happened to the model, newest first: trained, promoted, rolled back, drifted, and why."""
    from stormcell.cli.codebook_told import note_line
    from stormcell.cli.output import counted, print_json, say
    from stormcell.operate.codebooks import find
    from stormcell.operate.codebooks_json import note_json
    from stormcell.types import NoteKind

    if kind and kind not in list(NoteKind):
        raise typer.BadParameter(f"--kind: {kind!a} is none of {', '.join(NoteKind)}")
    with options.open_store(store) as opened:
        version = find(opened, codebook).version if codebook else None
        found = opened.notes(*([NoteKind(kind)] if kind else []), version=version, limit=last)
    if as_json:
        print_json([note_json(one) for one in found])
        return
    for one in found:
        typer.echo(note_line(one))
    say(counted(len(found), "note"))


def read(name: str, store: Path | None) -> tuple[Codebook, StoredCodebook | None]:
    """Return a codebook by its version, the start of it, as "live" or "canary", or of a file.

    Raises
    ------
    CodebookError, InputError
        If the file is no codebook, or cannot be read.
    StoreError
        If it is not in the store, or there is no store.
    """
    from stormcell.codebook import document
    from stormcell.operate import codebooks

    if name.endswith(".json") or Path(name).is_file():
        return document.load(contents(name), name), None
    with options.open_store(store) as opened:
        stored = codebooks.find(opened, name)
        return codebooks.opened(opened, stored.version), stored


def contents(name: str) -> bytes:
    """Return what is in a file; "-" is standard input.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    import sys

    from stormcell.errors import InputError

    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror or error}; name a codebook's file") from error
