"""stormcell codebook train: events in, a codebook out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
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
    from stormcell.codebook.document import dump
    from stormcell.decode import Report
    from stormcell.operate.training import Training
    from stormcell.store import SqliteStore

    settings = options.settings(config)
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
        stored = store.add_codebook(codebook, document, [_note(codebook)])
        training.forget()
        live = _promoted(store, codebook) if promote else ""
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
        f"{'Stored' if stored else 'It was stored before'} in {out}; it is {state.value}.",
        soft_wrap=True,
    )
    if live:
        say(f"{live} is live and stays so: look at `codebook diff`, then `codebook promote {codebook.version}`.")
    elif state.value == "candidate":
        say(f"Next: {options.program()} codebook promote {codebook.version} --store {out}")


def opened(name: str, store: Path | None) -> Codebook:
    """Return a codebook by the file that holds it, or as the store knows it.

    Raises
    ------
    CodebookError
        If it is damaged.
    StoreError
        If there is no such codebook.
    """
    from stormcell.codebook.document import load

    if Path(name).is_file():
        return load(Path(name).read_bytes(), name)
    with options.open_store(store) as found:
        return _stored(name, found)


def _stored(name: str, store: SqliteStore) -> Codebook:
    from stormcell.codebook.document import load
    from stormcell.errors import NotFoundError

    found = store.live_codebook() if name == "live" else store.codebook(name)
    if found is None:
        raise NotFoundError(
            "no codebook is live; make one so with `stormcell codebook promote`, or name one with --codebook"
        )
    return load(store.codebook_document(found.version), f"{found.version}.json")


def _parent(name: str, store: SqliteStore) -> Codebook | None:
    from stormcell.codebook.document import load

    if name == "none" or (name == "live" and store.live_codebook() is None):
        return None
    return load(Path(name).read_bytes(), name) if Path(name).is_file() else _stored(name, store)


def _note(codebook: Codebook) -> ModelNote:
    from stormcell.cli.person import person
    from stormcell.operate.people import CLI
    from stormcell.types import ModelNote, NoteKind

    told = codebook.provenance
    detail: dict[str, Value] = {
        "by": CLI,
        "events": told.events,
        "codewords": len(codebook.codewords),
        "parent": told.parent,
    }
    return ModelNote(person("").now, NoteKind.TRAINED, codebook.version, detail)


def _promoted(store: SqliteStore, codebook: Codebook) -> str:
    """Make a codebook live where none is; return the version of another that is."""
    from stormcell.cli.person import person
    from stormcell.operate.people import CLI
    from stormcell.types import CodebookState, ModelNote, NoteKind

    live = store.live_codebook()
    if live is not None:
        return "" if live.version == codebook.version else live.version
    who = person("")
    note = ModelNote(who.now, NoteKind.PROMOTED, codebook.version, {"by": CLI})
    entry = who.did("promote", codebook.version, ())
    store.set_codebook_state(codebook.version, CodebookState.LIVE, note=note, audit=[entry], expected="")
    return ""
