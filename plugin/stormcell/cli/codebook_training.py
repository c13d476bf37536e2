"""stormcell codebook train: events in, a codebook out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.operate.people import Person
    from stormcell.store import SqliteStore
    from stormcell.types import Codebook, ModelNote, Value


def train(
    paths: options.Paths,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="The folder whose store keeps it; made if it is not there."),
    ],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the sample that it is trained on.")] = 0,
    parent: Annotated[
        str,
        typer.Option(
            "--parent", metavar="CODEBOOK", help="Whose ids are kept for what is still there; `none` for no one's."
        ),
    ] = "live",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was interrupted.")] = False,
    promote: Annotated[bool, typer.Option("--promote", help="Make it live where no other is.")] = False,
    config: options.Config = None,
    strict: options.Strict = False,
    as_json: options.Json = False,
) -> None:
    """Train a codebook: what the events of some hours or weeks look like, each kind spoken for by a real one.

    It is stored as a candidate. The same events, settings and seed give the same codebook, whatever interrupted
    the training.
    """
    from stormcell.cli.output import counted, print_json, progress, say, say_problems
    from stormcell.cli.person import person
    from stormcell.codebook.document import dump
    from stormcell.decode import Report
    from stormcell.operate.training import Training
    from stormcell.store import SqliteStore

    settings, who = options.settings(config), person("")
    report = Report()
    with (
        Training.into(out / "codebooks", settings) as training,
        SqliteStore(out / options.STORE_NAME, create=True) as store,
    ):
        if training.interrupted and not resume:
            say("An interrupted training is dropped; --resume would have gone on with it.")
        with progress("Training") as update:
            codebook = training.train(
                paths,
                report,
                seed=seed,
                parent=_parent(parent, store),
                resume=resume,
                strict=strict,
                progress=update,
            )
        document = dump(codebook)
        stored = store.add_codebook(codebook, document, [_note(codebook, who)])
        training.forget()
        live = _promoted(store, codebook, who) if promote else ""
        state = store.codebook(codebook.version).state
    say_problems(report)
    told = codebook.provenance
    if as_json:
        print_json(
            {
                "version": codebook.version,
                "state": state.value,
                "stored": stored,
                "file": str(out / "codebooks" / f"{codebook.version}.json"),
                "bytes": len(document),
                "codewords": len(codebook.codewords),
                "radius": codebook.codewords[0].radius,
                "events": told.events,
                "rows": told.rows,
                "sampled": told.sampled,
                "seed": told.seed,
                "parent": told.parent or None,
                "metrics": dict(told.metrics),
            }
        )
        return
    from stormcell.cli.output import console

    console().print(
        f"Trained {codebook.version} on {counted(told.events, 'event')}: "
        f"{counted(len(codebook.codewords), 'codeword')}, mean dissimilarity "
        f"{told.metrics['loss']:.4f}, {told.metrics['new']:.1%} of the events new.\n"
        f"{'Stored' if stored else 'It was stored before'} in {out}; state: {state.value}.",
        soft_wrap=True,
    )
    if live:
        say(f"{live} is live and stays so: look at `codebook diff`, then `codebook promote {codebook.version}`.")
    elif state.value == "candidate":
        say(f"Next: {options.program()} codebook promote {codebook.version} --store {out}")


def _parent(name: str, store: SqliteStore) -> Codebook | None:
    from stormcell.cli.codebook import contents
    from stormcell.codebook.document import load
    from stormcell.operate import codebooks

    if name == "none" or (name == "live" and store.live_codebook() is None):
        return None
    if name.endswith(".json") or Path(name).is_file():
        return load(contents(name), name)
    return codebooks.opened(store, codebooks.find(store, name).version)


def _note(codebook: Codebook, who: Person) -> ModelNote:
    from stormcell.types import ModelNote, NoteKind

    told = codebook.provenance
    detail: dict[str, Value] = {"by": who.name, "events": told.events, "codewords": len(codebook.codewords)}
    return ModelNote(who.now, NoteKind.TRAINED, codebook.version, detail)


def _promoted(store: SqliteStore, codebook: Codebook, who: Person) -> str:
    """Make a codebook live where none is; return the version of another that is."""
    from stormcell.operate.codebooks import promote

    live = store.live_codebook()
    if live is not None and live.version != codebook.version:
        return live.version
    promote(store, codebook.version, who, expected="" if live is None else live.version)
    return ""
