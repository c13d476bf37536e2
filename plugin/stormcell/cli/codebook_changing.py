"""stormcell codebook promote, rollback, reject, export and import."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options
from stormcell.cli.codebook import app as app  # with these commands besides its own

if TYPE_CHECKING:
    from stormcell.operate.codebooks import StateSet

_Version = Annotated[
    str, typer.Argument(metavar="CODEBOOK", help="Its version, or the start of it; or `live` or `canary`.")
]
_Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; is kept with it.")]


class Format(StrEnum):
    """How a codebook is exported."""

    DOCUMENT = "document"
    CONFIGMAP = "configmap"


@app.command(
    "promote",
    epilog=options.examples(
        "stormcell codebook promote cb-0d5e --store out --by ann --why 'covers the new checkout'",
        "stormcell codebook promote canary",
    ),
)
def promote(
    codebook: _Version,
    by: options.By = "",
    why: _Why = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Make a codebook live, after a look whether it is whole; the one that was live is retired.

    A sidecar that runs goes on with it at its next tick. Whoever promotes another at the same time is told.
    """
    from stormcell.cli.person import person
    from stormcell.operate import codebooks

    with options.open_store(store) as opened:
        done = codebooks.promote(opened, codebook, person(by), why=why)
    _tell(done, "retired", as_json)
    if done.changed and done.before:
        _say_back(store)


@app.command(
    "rollback",
    epilog=options.examples(
        "stormcell codebook rollback --store out --by ann --why 'calls everything new'",
        "stormcell codebook rollback --to cb-0d5e",
    ),
)
def rollback(
    to: Annotated[
        str, typer.Option("--to", metavar="CODEBOOK", help="To this one, that was live once (default: the last).")
    ] = "",
    by: options.By = "",
    why: _Why = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Make the codebook live that was before; the one that is live now is rejected.

    Once more, and it is the one before that. A rejected codebook can be promoted again by hand.
    """
    from stormcell.cli.person import person
    from stormcell.operate import codebooks

    with options.open_store(store) as opened:
        done = codebooks.roll_back(opened, person(by), to=to, why=why)
    _tell(done, "rejected", as_json)


@app.command("reject", epilog=options.examples("stormcell codebook reject cb-0d5e --why 'a day without traffic'"))
def reject(
    codebook: _Version,
    by: options.By = "",
    why: _Why = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Say that a codebook is not to become live; one that is live is rolled back instead."""
    from stormcell.cli.person import person
    from stormcell.operate import codebooks

    with options.open_store(store) as opened:
        _tell(codebooks.reject(opened, codebook, person(by), why=why), "", as_json)


@app.command(
    "export",
    epilog=options.examples(
        "stormcell codebook export live --store out --out codebook.json",
        "stormcell codebook export --format configmap | kubectl apply --server-side -f -",
    ),
)
def export(
    codebook: _Version = "live",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to (default: standard output).")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="The codebook alone, or a Kubernetes manifest that holds it.")
    ] = Format.DOCUMENT,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Of the ConfigMap.")] = "stormcell-codebook",
    namespace: Annotated[str, typer.Option("--namespace", metavar="NAME", help="Of the ConfigMap.")] = "",
    store: options.Store = None,
) -> None:
    """Write a codebook, the live one by default, as `stormcell codebook import` takes it.

    A ConfigMap holds it as codebook.json, or, where that is more than 1 MiB, as codebook.json.gz. Apply it with
    --server-side: else kubectl keeps a second copy in an annotation, for which there is less room.
    """
    from stormcell.cli.output import print_bytes, say
    from stormcell.operate import codebooks

    with options.open_store(store) as opened:
        version = codebooks.find(opened, codebook).version
        codebooks.opened(opened, version)  # never hands on what is damaged
        data = opened.codebook_document(version)
    if form is Format.CONFIGMAP:
        import yaml

        from stormcell.operate.config_map import config_map

        manifest = config_map(version, data, name=name, namespace=namespace)
        data = yaml.safe_dump(manifest, sort_keys=False, width=2**31).encode()
    if out is None:
        print_bytes(data)
        return
    from stormcell.files import write_atomic

    write_atomic(out, data)
    say(f"{version} is in {out}.")


@app.command(
    "import",
    epilog=options.examples(
        "stormcell codebook import codebook.json --store out",
        "ssh site stormcell codebook export | stormcell codebook import - --by ann",
    ),
)
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What was exported; - is standard input.")],
    by: options.By = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Take a codebook that was exported into the store, as a candidate; a damaged file of one is mended.

    It is checked against its version: what was altered or cut short on its way is refused.
    """
    from stormcell.cli.codebook import contents
    from stormcell.cli.output import print_json, say
    from stormcell.cli.person import person
    from stormcell.operate import codebooks
    from stormcell.operate.codebooks_json import changed_json
    from stormcell.store import SqliteStore

    data = contents(file)
    with SqliteStore(_place(store), create=True) as opened:
        done = codebooks.add(opened, data, file, person(by))
    if as_json:
        print_json(changed_json(done))
    found = done.codebook
    article = "a " if found.state in ("candidate", "canary") else ""
    said = "" if done.changed else "; it was in the store before"
    say(f"{found.version} is {article}{found.state.value}{said}.")
    if found.state == "candidate":
        say(f"Make it live with: {options.program()} codebook promote {found.version}{options.at(store)}")


def _place(store: Path | None) -> Path:
    """Return where the store is, or is to be: a name without an ending that is not there yet is a folder."""
    place = options.store_path(store)
    return place if place.exists() or place.suffix else place / options.STORE_NAME


def _tell(done: StateSet, replaced: str, as_json: bool) -> None:
    from stormcell.cli.output import print_json, say
    from stormcell.operate.codebooks_json import changed_json

    if as_json:
        print_json(changed_json(done))
    one = done.codebook
    if not done.changed:
        say(f"Nothing has changed: {one.version} is {one.state.value} already.")
    elif replaced and done.before:
        say(f"{one.version} is {one.state.value}; {done.before}, live until now, is {replaced}.")
    else:
        say(f"{one.version} is {one.state.value}.")


def _say_back(store: Path | None) -> None:
    from stormcell.cli.output import say

    say(f"Go back with: {options.program()} codebook rollback{options.at(store)}")
