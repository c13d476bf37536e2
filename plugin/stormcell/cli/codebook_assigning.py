"""stormcell codebook assign and explain: what a codebook says of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options
from stormcell.cli.codebook import read as opened

if TYPE_CHECKING:
    from stormcell.operate.assigning import Tally
    from stormcell.types import Assigned, Codebook, Event

_SHOWN = 20
_TEXT = 160

Named = Annotated[
    str,
    typer.Option(
        "--codebook",
        metavar="CODEBOOK",
        help="Its version, or the start of it; `live` or `canary`; or a file, such as cb.json.",
    ),
]


def assign(
    paths: options.Paths,
    codebook: Named = "live",
    store: options.Store = None,
    config: options.Config = None,
    every: Annotated[
        bool, typer.Option("--all", help="List every codeword, not only the 20 most frequent.")
    ] = False,
    strict: options.Strict = False,
    as_json: options.Json = False,
) -> None:
    """Assign events to the codewords of a codebook, and show how many are of each and what is new.

    With --json one line an event: its uid, the codeword (null where it is new), and how near it is.
    """
    from stormcell.cli.output import print_bytes, progress, say_problems
    from stormcell.codebook.assigning import Assigning
    from stormcell.decode import Report, read
    from stormcell.errors import InputError
    from stormcell.operate.assigning import assigned, line, tallied

    settings = options.settings(config)
    assigning = Assigning(opened(codebook, store)[0], settings)
    report = Report()
    with progress("Assigning") as update:
        found = assigned(assigning, read(paths, report, strict=strict, progress=update))
        if as_json:
            for events, rows in found:
                print_bytes(b"".join(line(assigning.codebook, event, rows, at) for at, event in enumerate(events)))
        else:
            tally = tallied(assigning.codebook, found, settings)
    if report.broken and not report.events:
        raise InputError(f"no event could be read: {report.problems[0]}")
    if not as_json:
        _print_tally(assigning.codebook, tally, every=every)
    say_problems(report)


def explain(
    event: Annotated[
        str, typer.Argument(metavar="EVENT", help="An event's uid; for an alert its fingerprint will do.")
    ],
    paths: options.Paths,
    codebook: Named = "live",
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Explain which codeword an event is of, or why it is new.

    Prints the exact share of every field in its dissimilarity, the runner-up and the margin.
    """
    from stormcell.cli.output import console, print_json
    from stormcell.codebook.assigning import Assigning
    from stormcell.decode import read
    from stormcell.errors import InputError
    from stormcell.operate.assigning import shown

    settings = options.settings(config)
    assigning = Assigning(opened(codebook, store)[0], settings)
    asked = next((one for one in read(paths) if one.uid == event or one.uid.startswith(f"{event}@")), None)
    if asked is None:
        raise InputError(f"there is no event {event!r} in {', '.join(paths)}; name one of theirs by its uid")
    found, asked = assigning.assign(asked), shown(asked, settings)
    if as_json:
        print_json(_explained_json(assigning.codebook, asked, found))
    else:
        console().print("\n".join(_explained(assigning.codebook, asked, found)), soft_wrap=True)


def _print_tally(codebook: Codebook, tally: Tally, *, every: bool) -> None:
    from rich.text import Text

    from stormcell.cli.output import console, counted, say, table
    from stormcell.escape import terminal
    from stormcell.text.shorten import shorten

    if not tally.events:
        say("No events in the input: nothing to assign.")
        return
    words = {word.id: word for word in codebook.codewords}
    ranked = sorted(tally.codewords.items(), key=lambda one: (-one[1], one[0]))
    shown = ranked if every else ranked[:_SHOWN]
    printer = console()
    result = table(piped=not printer.is_terminal)
    result.add_column("codeword", no_wrap=True)
    result.add_column("exemplar", ratio=1, overflow="fold")
    for name in ("events", "share"):
        result.add_column(name, justify="right", no_wrap=True)
    rows = [(id, _told(words[id].medoid), count) for id, count in shown]
    if len(ranked) > len(shown):
        others = sum(count for _, count in ranked[len(shown) :])
        rows.append(("...", f"{counted(len(ranked) - len(shown), 'codeword')} more (see --all)", others))
    rows.append(("new", "", tally.new))
    for id, what, count in rows:
        cells = (id, terminal(shorten(what, _TEXT)), f"{count:,}", f"{count / tally.events:.1%}")
        result.add_row(*(Text(cell) for cell in cells))
    printer.print(result)
    if tally.examples:
        printer.print("\nNew, for example:")
    for event, nearest, far in tally.examples:
        lines = (f"  {event.uid}  {shorten(_told(event), _TEXT)}", f"    {far:.3f} from {nearest}, the nearest")
        printer.print("\n".join(map(terminal, lines)), soft_wrap=True)


def _told(event: Event) -> str:
    """Return an event in one line: what it is, whose, and what it says."""
    return f"{event.signal} {event.service or '-'}: {event.text or '(no text)'}"


def _explained(codebook: Codebook, event: Event, found: Assigned) -> list[str]:
    from stormcell.escape import terminal
    from stormcell.text.shorten import shorten
    from stormcell.times import readable

    words = {word.id: word for word in codebook.codewords}
    verdict = (
        f"Of codeword {found.codeword}, within its radius of {found.radius:.4f}"
        if found.codeword
        else f"New: beyond the radius of {found.radius:.4f} of the nearest codeword, {found.nearest}"
    )
    lines = [
        f"{event.uid} at {readable(event.time)}",
        f"  {shorten(_told(event), _TEXT)}",
        "",
        verdict,
        f"  spoken for by {words[found.nearest].medoid.uid}",
        f"  {shorten(_told(words[found.nearest].medoid), _TEXT)}",
        f"  Dissimilarity {found.dissimilarity:.4f}, the sum of:",
    ]
    for share in sorted(found.shares, key=lambda share: -share.share):
        lines.append(
            f"    {share.name:<8}  {share.share:.4f}  "
            f"differs by {share.dissimilarity:.4f}, weight {share.weight:g}"
            if share.weight
            else f"    {share.name:<8}  -       missing on one side, left out"
        )
    if found.runner_up:
        lines += [
            f"  Runner-up {found.runner_up} at {found.runner_up_dissimilarity:.4f}: margin {found.margin:.4f}",
            f"  {shorten(_told(words[found.runner_up].medoid), _TEXT)}",
        ]
    else:
        lines.append("  No runner-up: it is the only codeword.")
    return [terminal(line) for line in lines]


def _explained_json(codebook: Codebook, event: Event, found: Assigned) -> dict[str, Any]:
    from stormcell.cli.recall import shares_json

    words = {word.id: word for word in codebook.codewords}
    medoid = words[found.nearest].medoid
    return {
        "uid": event.uid,
        "codebook": codebook.version,
        "codeword": found.codeword or None,
        "nearest": found.nearest,
        "exemplar": {"uid": medoid.uid, "signal": medoid.signal, "service": medoid.service, "text": medoid.text},
        "dissimilarity": found.dissimilarity,
        "radius": found.radius,
        "fields": shares_json(found.shares),
        "runner_up": found.runner_up or None,
        "runner_up_dissimilarity": found.runner_up_dissimilarity if found.runner_up else None,
        "margin": found.margin if found.runner_up else None,
    }
