"""stormcell evaluate: score the grouping on data whose incidents are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.evaluation import Evaluation
    from stormcell.types import Feedback

_SQLITE = b"SQLite format 3\0"


def evaluate(
    paths: options.Paths,
    truth: Annotated[
        Path,
        typer.Option(
            "--truth",
            metavar="CSV",
            help='Columns uid, signal, incident, class; incident "noise" is background.',
        ),
    ],
    predictions: Annotated[
        Path | None,
        typer.Option("--predictions", metavar="DIR", help="Write A.json and B.json, in the form of groups.json."),
    ] = None,
    feedback: Annotated[
        Path | None,
        typer.Option(
            "--feedback",
            metavar="FILE",
            help="Try what was said of groups: a store, or lines of `groups feedback --json`. Fails if one that "
            "applies to the input is not honoured.",
        ),
    ] = None,
    config: options.Config = None,
    strict: options.Strict = False,
    as_json: options.Json = False,
) -> None:
    """Score the grouping against known incidents.

    Mode A, telling incidents apart: the background is learned from everything, only the incidents' events are
    grouped. Mode B, end to end: everything, background set apart; an event in no group counts as one of its own.
    """
    from stormcell.cli.output import print_json, progress, say_problems
    from stormcell.decode import Report, read
    from stormcell.evaluation import evaluate as score
    from stormcell.evaluation import read_truth
    from stormcell.types import State

    settings = options.settings(config)
    labels = read_truth(truth)
    said = None if feedback is None else _said(feedback)
    report = Report()
    with progress("Reading") as update:
        result = score(read(paths, report, strict=strict, progress=update), labels, settings, said)
    if predictions is not None:
        from stormcell.files import all_or_nothing, write_atomic
        from stormcell.render import groups_json

        with all_or_nothing(predictions) as unfinished:
            write_atomic(unfinished / "A.json", groups_json(result.a.grouping))
            write_atomic(unfinished / "B.json", groups_json(result.b.grouping))
    say_problems(report)
    if as_json:
        print_json(result.as_json())
    else:
        _print(result)
    if any(outcome.state is State.IMPOSSIBLE for outcome in result.outcomes):
        raise typer.Exit(1)


def _said(place: Path) -> list[Feedback]:
    """Read feedback from a store, its folder, or a file of lines."""
    from stormcell.evaluation.replay import read_feedback

    try:
        with place.open("rb") as file:
            is_store = file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        is_store = place.is_dir()
    if not is_store:
        return read_feedback(place)
    with options.open_store(place) as opened:
        return opened.feedback()


def _print(result: Evaluation) -> None:
    from stormcell.cli.output import console, table
    from stormcell.escape import terminal
    from stormcell.types import State

    printer = console()
    piped = not printer.is_terminal
    scores = table(piped=piped)
    for column in ("mode", "method"):
        scores.add_column(column, no_wrap=True)
    names = (
        "ARI",
        "precision",
        "recall",
        "F1",
        "homogeneity",
        "completeness",
        "contamination",
        "inc. recall",
    )
    for column in (*names, "groups/truth"):
        scores.add_column(column, justify="right", no_wrap=True)
    services = table(piped=piped)
    services.add_column("true service found", no_wrap=True)
    for column in ("most blamed @1", "@3", "exemplar's @1", "@3", "incidents"):
        services.add_column(column, justify="right", no_wrap=True)
    plain = result.plain or (None, None)
    for name, mode, without in zip("AB", (result.a, result.b), plain, strict=True):
        methods = {"stormcell": mode.stormcell, **mode.baselines}
        if without is not None:
            methods = {"stormcell": methods.pop("stormcell"), "without feedback": without, **methods}
        for method, got in methods.items():
            fit = got.agreement
            values = (fit.ari, fit.precision, fit.recall, fit.f1, fit.homogeneity, fit.completeness)
            end = (f"{got.contamination:.3f}", f"{got.incident_recall:.3f}") if name == "B" else ("", "")
            scores.add_row(
                name, method, *(f"{value:.3f}" for value in values), *end, f"{got.groups}/{got.incidents}"
            )
        hits = mode.services
        shares = (hits.blamed_at_1, hits.blamed_at_3, hits.exemplar_at_1, hits.exemplar_at_3)
        if hits.incidents:
            services.add_row(f"mode {name}", *(f"{share:.2f}" for share in shares), str(hits.incidents))
    printer.print(scores)
    if services.row_count:
        printer.print(services)
    printer.print(
        f"{result.events:,} events, {result.labelled:,} with a label, {result.unlabelled:,} without; "
        f"{result.unmatched:,} labels without an event. silence: a new group after 300 s without an event."
    )
    for outcome in result.outcomes:
        if outcome.state is State.HONOURED:
            why = "needed" if outcome.needed else "holds without it, too"
        else:
            why = outcome.why
        printer.print(terminal(f"feedback {outcome.feedback}  {outcome.state}: {why}"), soft_wrap=True)
