"""stormcell draft: runbooks and postmortems, and whether they still hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stormcell.operate.checking import Finding
    from stormcell.store import SqliteStore
    from stormcell.types import Draft

app = typer.Typer(
    no_args_is_help=True,
    help="Write drafts of runbooks and postmortems, in which every value names its source, and verify them.",
)

Template = Annotated[
    str,
    typer.Option("--template", metavar="NAME", help="The template (default: the first that fits the group)."),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the Markdown there (default: standard output).")
]

_STDIN = "-"


@app.command(
    "runbook",
    epilog=options.examples(
        "stormcell draft runbook g-0061af --store out",
        "stormcell draft runbook g-0061af --store out --template latency --out runbook.md",
    ),
)
def runbook(
    group: options.OneGroup,
    template: Template = "",
    out: Out = None,
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Write a runbook draft of a group: what it means, where to look, what to do."""
    _write("runbook", group, template, out, store, config, as_json=as_json)


@app.command(
    "postmortem",
    epilog=options.examples(
        "stormcell draft postmortem g-0061af --store out > postmortem.md",
        "stormcell draft postmortem g-0061af --store out --template sre",
        "stormcell draft postmortem g-0061af --store out --json | jq '.sources[0]'",
    ),
)
def postmortem(
    group: options.OneGroup,
    template: Template = "",
    out: Out = None,
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Write a postmortem draft of a group.

    Impact in numbers, timeline, detection and evidence come from its events and the audit log; causes, judgements
    and plans are left to fill in. Layouts: default, sre and pagerduty.
    """
    _write("postmortem", group, template, out, store, config, as_json=as_json)


@app.command(
    "check",
    epilog=options.examples(
        "stormcell draft check postmortem.md --store out",
        "stormcell draft check --all --store out",
        "git show HEAD:postmortem.md | stormcell draft check - --store out --json",
    ),
)
def check(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE...]", help="Drafts, edited or not; - is standard input."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All drafts in the store, and those in drafts/ beside it, too.")
    ] = False,
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Verify every value of drafts against the store; exit with 1 if one does not hold.

    What stands before a footnote's reference must be what its source holds. Text around it may be edited freely.
    """
    from stormcell.cli.output import counted, print_json, say
    from stormcell.errors import InputError, NotFoundError
    from stormcell.operate.checking import Finding, Verdict
    from stormcell.operate.checking import check as verify

    if not files and not every:
        raise InputError("there is nothing to check: name a file, - for standard input, or --all")
    settings = options.settings(config)
    found: list[tuple[str, Sequence[Finding]]] = []
    with options.open_store(store) as opened:
        for name, markdown in (*_read(files or ()), *(_stored(opened) if every else ())):
            try:
                found.append((name, verify(opened, markdown, settings)))
            except NotFoundError as error:
                found.append((name, [Finding(0, 1, Verdict.MISSING, str(error))]))
    broken = [(name, one) for name, findings in found for one in findings if not one.holds]
    if as_json:
        print_json([_finding_json(name, one) for name, findings in found for one in findings])
    elif broken:
        _print_table(broken)
    values = sum(len(findings) for _, findings in found)
    held = f"{counted(values - len(broken), 'value')} of {values:,} hold in {counted(len(found), 'draft')}"
    if values == len(broken) + 1:
        held = held.replace(" hold ", " holds ")
    say(f"{held}.")
    if broken:
        raise typer.Exit(1)


def _write(
    kind: str,
    group: str,
    template: str,
    out: Path | None,
    store: Path | None,
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    from stormcell.cli.output import counted, print_bytes, print_json, say
    from stormcell.errors import InputError
    from stormcell.operate.drafting import draft

    if out is not None and out.is_dir():
        raise InputError(f"{out} is a folder; name the file to write with --out, such as {out / f'{kind}.md'}")
    settings = options.settings(config)
    with options.open_store(store) as opened:
        made = draft(opened, group, kind, settings, template)
    if out is not None:
        from stormcell.files import write_atomic

        write_atomic(out, made.markdown.encode("utf-8", "backslashreplace"))
    if as_json:
        print_json(_draft_json(made))
    elif out is None:
        print_bytes(made.markdown.encode("utf-8", "backslashreplace"))
    blanks = made.markdown.count("to fill in")
    say(
        f"{kind.capitalize()} of {made.group} by template {made.template}: "
        f"{counted(len(made.sources), 'value')} with a source, {counted(blanks, 'place')} to fill in."
    )


def _draft_json(made: Draft) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "group": made.group,
        "kind": made.kind,
        "template": made.template,
        "markdown": made.markdown,
        "sources": [{"footnote": number, **asdict(one)} for number, one in enumerate(made.sources, 1)],
    }


def _finding_json(name: str, one: Finding) -> dict[str, Any]:
    return {"file": name, "line": one.line, "footnote": one.footnote, "state": one.state.value, "told": one.told}


def _read(files: Sequence[str]) -> Iterator[tuple[str, str]]:
    import sys

    from stormcell.errors import InputError

    for name in files:
        try:
            data = sys.stdin.buffer.read() if name == _STDIN else Path(name).read_bytes()
            yield name, data.decode("utf-8")
        except IsADirectoryError as error:
            raise InputError(
                f"{name} is a folder; name the drafts in it, such as {Path(name) / '*.md'}"
            ) from error
        except OSError as error:
            raise InputError(f"cannot read {name}: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise InputError(
                f"{name} is not UTF-8: {error.reason} at byte {error.start}; is it a draft?"
            ) from error


def _stored(store: SqliteStore) -> Iterator[tuple[str, str]]:
    """Yield the drafts that the store holds, and those in ``drafts/`` beside it where they are others."""
    kept = set()
    for id in sorted(store.statuses()):
        for one in store.drafts(id):
            kept.add(one.markdown)
            yield f"{one.group}.{one.kind} (in the store)", one.markdown
    names = [str(path) for path in sorted((store.path.parent / "drafts").glob("g-*.md"))]
    yield from ((name, markdown) for name, markdown in _read(names) if markdown not in kept)


def _print_table(broken: Sequence[tuple[str, Finding]]) -> None:
    from rich.text import Text

    from stormcell.cli.output import console, table
    from stormcell.escape import terminal

    printer = console()
    shown = table(piped=not printer.is_terminal)
    for column in ("place", "footnote", "state", "why"):
        shown.add_column(column, overflow="fold")
    for name, one in broken:
        shown.add_row(
            Text(terminal(f"{name}:{one.line}")),
            Text(f"[^{one.footnote}]" if one.footnote else "-"),
            Text(one.state.value),
            Text(terminal(one.told)),
        )
    printer.print(shown)
