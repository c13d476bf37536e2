"""stormcell codebook send, merge, push and pull: codebooks of several sites, and where others find them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.codebook.federated import Site
    from stormcell.config import Settings
    from stormcell.decode import Report
    from stormcell.store import SqliteStore
    from stormcell.types import Codebook, Value

_LIVE = "live"
_Registry = Annotated[
    str, typer.Option("--registry", metavar="NAME", help="Where codebooks are kept: mlflow, or folder.")
]
_Target = Annotated[
    str,
    typer.Option("--target", metavar="URL", help="The server's URL, such as http://mlflow:5000, or the folder."),
]
_Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="The folder whose store keeps it; made if it is not there.")
]


def send(
    paths: options.Paths,
    site: Annotated[
        str, typer.Option("--site", metavar="NAME", help="What this site is called: a-z, 0-9, - and _.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="What is to be sent; - is standard output.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the sample that it is trained on.")] = 0,
    config: options.Config = None,
    strict: options.Strict = False,
    as_json: options.Json = False,
) -> None:
    """Write what a site contributes to a codebook of several sites: few of its events, and what they speak for.

    Personal data and secrets in them are masked, whatever privacy.mask says. Of all other events there are only
    counts. Send the file to where `stormcell codebook merge` runs.
    """
    from stormcell.cli.output import counted, print_bytes, print_json, say, say_problems
    from stormcell.codebook.federated import finer
    from stormcell.codebook.site_document import checked_name, dump_site
    from stormcell.decode import Report
    from stormcell.errors import InputError
    from stormcell.files import write_atomic

    checked_name(site)
    to_stdout = str(out) == "-"
    if to_stdout and as_json:
        raise InputError("--json prints on standard output, and so does --out -: name a file, or leave --json out")
    report = Report()
    made = _site(paths, site, finer(options.settings(config)), report, seed=seed, strict=strict)
    document = dump_site(made)
    if to_stdout:
        print_bytes(document)
    else:
        write_atomic(out, document)
    say_problems(report)
    told, words = made.codebook.provenance, made.codebook.codewords
    if as_json:
        print_json(
            {
                "site": site,
                "file": str(out),
                "bytes": len(document),
                "medoids": len(words),
                "events": told.events,
                "metrics": dict(told.metrics),
            }
        )
    else:
        say(
            f"{counted(len(words), 'event')} of {told.events:,} speak for site {site}: {len(document):,} bytes"
            f"{'' if to_stdout else f' in {out}'}."
        )


def merge(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="What sites sent; - is standard input.")],
    out: _Out,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Of the sample that is taken of many sites' medoids.")
    ] = 0,
    parent: Annotated[
        str,
        typer.Option(
            "--parent", metavar="CODEBOOK", help="Whose ids are kept for what is still there; `none` for no one's."
        ),
    ] = _LIVE,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Merge what sites sent into one codebook, stored as a candidate.

    The order of the files makes no difference. The mean dissimilarity that is told is an estimate, as nobody sees
    all events.
    """
    from stormcell.cli.codebook import contents
    from stormcell.cli.output import counted, print_json, say
    from stormcell.cli.person import person
    from stormcell.codebook.document import dump
    from stormcell.codebook.federated import merge as merged
    from stormcell.codebook.site_document import load_site
    from stormcell.operate.people import CLI
    from stormcell.store import SqliteStore
    from stormcell.types import ModelNote, NoteKind

    settings = options.settings(config)
    sites = [load_site(contents(file), file) for file in files]
    with SqliteStore(out / options.STORE_NAME, create=True) as store:
        codebook = merged(sites, settings, seed=seed, parent=_parent(parent, store))
        told, count = codebook.provenance, len(codebook.codewords)
        detail: dict[str, Value] = {
            "by": CLI,
            "events": told.events,
            "codewords": count,
            "sites": list(told.sites),
        }
        note = ModelNote(person("").now, NoteKind.TRAINED, codebook.version, detail)
        stored = store.add_codebook(codebook, dump(codebook), [note])
        state = store.codebook(codebook.version).state.value
    if as_json:
        print_json(
            {
                "version": codebook.version,
                "state": state,
                "stored": stored,
                "file": str(out / "codebooks" / f"{codebook.version}.json"),
                "sites": list(told.sites),
                "codewords": count,
                "medoids": sum(len(site.codebook.codewords) for site in sites),
                "events": told.events,
                "parent": told.parent or None,
                "metrics": dict(told.metrics),
            }
        )
        return
    from stormcell.cli.output import console

    console().print(
        f"Merged {counted(len(sites), 'site')} into {codebook.version}: {counted(count, 'codeword')} for "
        f"{counted(told.events, 'event')}, mean dissimilarity about {told.metrics['loss']:.4f}.\n"
        f"{'Stored' if stored else 'It was stored before'} in {out}; state: {state}.",
        soft_wrap=True,
    )
    if state == "candidate":
        say(f"Next: {options.program()} codebook promote {codebook.version} --store {out}")


def push(
    registry: _Registry,
    target: _Target,
    codebook: Annotated[
        str, typer.Argument(metavar="[CODEBOOK]", help="Its version, or the start of it (default: the live one).")
    ] = _LIVE,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Put a codebook into a registry, with what it is: live, a canary, a candidate.

    Done again, it brings that up to date: push after each promotion.
    """
    from stormcell.cli.output import print_json, say
    from stormcell.operate import codebooks
    from stormcell.registry import registry as found

    place = found(registry)
    with options.open_store(store) as opened:
        stored = codebooks.find(opened, codebook)
        codebooks.opened(opened, stored.version)  # never hands on what is damaged
        document = opened.codebook_document(stored.version)
    where = place.push(stored, document, target)
    if as_json:
        print_json({"version": stored.version, "state": stored.state.value, "registry": registry, "where": where})
    else:
        say(f"{stored.version}, {stored.state.value}, is at {where}.")


def pull(
    registry: _Registry,
    target: _Target,
    out: _Out,
    codebook: Annotated[
        str, typer.Argument(metavar="[CODEBOOK]", help="Its whole version (default: the one that is live there).")
    ] = _LIVE,
    by: options.By = "",
    as_json: options.Json = False,
) -> None:
    """Take a codebook from a registry into the store of a folder, as a candidate.

    It is checked against its version, so that it is the one that was pushed. Nothing becomes live by that.
    """
    from stormcell.cli.output import print_json, say
    from stormcell.cli.person import person
    from stormcell.codebook.document import load
    from stormcell.errors import CodebookError
    from stormcell.operate import codebooks
    from stormcell.operate.codebooks_json import changed_json
    from stormcell.registry import registry as found
    from stormcell.store import SqliteStore

    wanted = "" if codebook == _LIVE else codebook
    data = found(registry).pull(wanted, target)
    name = f"{codebook} from the registry {registry}"
    version = load(data, name).version
    if wanted not in ("", version):
        raise CodebookError(f"{name}: expected {wanted}, found {version}: it was exchanged there; push it again")
    with SqliteStore(out / options.STORE_NAME, create=True) as opened:
        done = codebooks.add(opened, data, name, person(by))
    if as_json:
        print_json(changed_json(done))
        return
    state = done.codebook.state.value
    say(f"{version} is in {out}{'' if done.changed else ', as before'}; state: {state}.")
    if state == "candidate":
        say(f"Next: {options.program()} codebook promote {version} --store {out}")


def _site(paths: list[str], name: str, settings: Settings, report: Report, *, seed: int, strict: bool) -> Site:
    """Read files in stretches, so that memory is bounded, and return what a site sends of them."""
    from itertools import islice

    from stormcell.cli.output import progress
    from stormcell.codebook.federated import site_of
    from stormcell.codebook.training import Trainer
    from stormcell.decode import read
    from stormcell.errors import InputError
    from stormcell.features.rows import build_rows

    trainer = Trainer(settings, seed=seed)
    with progress("Training") as update:
        events = iter(read(paths, report, strict=strict, progress=update))
        while stretch := list(islice(events, settings.codebook.stretch_events)):
            trainer.offer(build_rows(stretch, settings))
    if report.broken and not trainer.events:
        raise InputError(f"no event could be read: {report.problems[0]}")
    return site_of(trainer, name, settings)


def _parent(name: str, store: SqliteStore) -> Codebook | None:
    from stormcell.operate import codebooks

    if name == "none" or (name == _LIVE and store.live_codebook() is None):
        return None
    return codebooks.opened(store, codebooks.find(store, name).version)
