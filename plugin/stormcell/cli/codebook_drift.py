"""stormcell codebook drift: whether what comes still looks like what a codebook was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.codebook.drift import Scores
    from stormcell.operate.drifting import Looked, Seen
    from stormcell.types import Codebook

_TOLD = 3
"""Fields of a window that are shown."""
_SHOWN_FROM = 0.5
"""Those are that reach this part of a threshold."""
_NOTES = 5
_TEXT = 80


def drift(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Files or folders with telemetry to look at, window by window; else what the sidecar watched.",
        ),
    ] = None,
    codebook: Annotated[
        str,
        typer.Option(
            "--codebook",
            metavar="CODEBOOK",
            help="Its version, or the start of it; `live` or `canary`; or a file, such as cb.json.",
        ),
    ] = "live",
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="Show the last N windows.")] = 24,
    store: options.Store = None,
    config: options.Config = None,
    strict: options.Strict = False,
    as_json: options.Json = False,
) -> None:
    """Tell whether what comes still looks like what a codebook was trained on; exit 1 if it does not.

    Prints for each window the fields that are farthest from the reference, in thresholds of `drift.psi`,
    `drift.ks` and `drift.unseen` (1x and more has drifted, if it lasts), and then what has drifted: which values,
    by how much, since when, and an event of each.

    Of files the mix is compared with the reference from the first window on; a sidecar learns for a day what is
    usual at each hour.
    """
    from stormcell.cli.codebook import read as read_codebook
    from stormcell.cli.output import print_json, say, say_problems
    from stormcell.decode import Report
    from stormcell.operate import drifting

    settings = options.settings(config)
    found, kept = read_codebook(codebook, store)
    report = Report()
    if paths:
        looked = _files(paths, found, settings, report, strict=strict)
    elif kept is None:
        raise typer.BadParameter("name files to look at: of the codebook in a file no windows are kept")
    else:
        with options.open_store(store) as opened:
            looked = drifting.stored(opened, found, settings.drift, last)
    if as_json:
        print_json(_json(found, looked, last))
    else:
        _print(found, looked, last)
    say_problems(report)
    if not looked.windows:
        say(
            "No window yet: the sidecar keeps one each drift.window_seconds of events."
            if not paths
            else "No events."
        )
    if looked.state.active:
        raise typer.Exit(1)


def _files(paths: list[str], codebook: Codebook, settings: Any, report: Any, *, strict: bool) -> Looked:
    from stormcell.cli.output import progress
    from stormcell.codebook.assigning import Assigning
    from stormcell.decode import read
    from stormcell.errors import InputError
    from stormcell.operate import drifting

    assigning = Assigning(codebook, settings)
    with progress("Looking") as update:
        events = read(paths, report, strict=strict, progress=update)
        looked = drifting.look(codebook, drifting.windows_of(assigning, events, settings), settings.drift)
    if report.broken and not report.events:
        raise InputError(f"no event could be read: {report.problems[0]}")
    return looked


def _print(codebook: Codebook, looked: Looked, last: int) -> None:
    from rich.text import Text

    from stormcell.cli.output import console, counted, say, table
    from stormcell.codebook.drift import sentences
    from stormcell.escape import terminal
    from stormcell.text.shorten import shorten
    from stormcell.times import readable

    printer = console()
    windows = looked.windows[-last:]
    if windows:
        result = table(piped=not printer.is_terminal)
        for name, numeric in (("window", False), ("events", True), ("new", True), ("distance", True)):
            result.add_column(name, justify="right" if numeric else "left", no_wrap=True)
        result.add_column("farthest", ratio=1, overflow="fold")
        for one in windows:
            scores = one.scores
            cells = (
                *(readable(scores.start), f"{scores.events:,.0f}", f"{scores.new:.1%}", f"{scores.distance:.3f}"),
                _farthest(scores),
            )
            result.add_row(*map(Text, cells), style="bold" if one.active else None)
        printer.print(result)
    texts = {word.id: f"{word.medoid.service}: {shorten(word.medoid.text, _TEXT)}" for word in codebook.codewords}
    for note in looked.notes[-_NOTES:]:
        printer.print("\n".join(map(terminal, sentences(note, texts))), soft_wrap=True)
    active = looked.state.active
    since = min((looked.state.fields[name].since for name in active), default=0)
    said = (
        f"{', '.join(active)} drifted from {codebook.version}, since {readable(since)}" if active else "no drift"
    )
    say(f"{counted(len(looked.windows), 'window')}, {said}")


def _farthest(scores: Scores) -> str:
    from stormcell.escape import terminal

    if scores.quiet:
        return "too few events"
    ranked = sorted(scores.fields.values(), key=lambda field: (-field.level, field.name))
    told = ", ".join(
        f"{terminal(field.name)} {field.level:.1f}x" for field in ranked[:_TOLD] if field.level >= _SHOWN_FROM
    )
    return (told or "-") + (" (surge)" if scores.surge else "")


def _json(codebook: Codebook, looked: Looked, last: int) -> dict[str, Any]:
    from stormcell.operate.codebooks_json import note_json
    from stormcell.times import rfc3339

    return {
        "codebook": codebook.version,
        "active": [
            {"field": name, "since": rfc3339(looked.state.fields[name].since)} for name in looked.state.active
        ],
        "windows": [_window(one) for one in looked.windows[-last:]],
        "notes": [note_json(note) for note in looked.notes],
    }


def _window(one: Seen) -> dict[str, Any]:
    from stormcell.codebook.drift import scores_json

    return {**scores_json(one.scores), "active": list(one.active)}
