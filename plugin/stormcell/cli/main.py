"""The command line. Each command imports what it needs when it runs, so that --help is quick."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from stormcell import __version__
from stormcell.cli import (
    audit,
    background,
    codebook_commands,
    demo,
    draft,
    drafts_changing,
    elasticsearch,
    elasticsearch_similar,
    embedder,
    evaluate,
    explain,
    families,
    feedback,
    group,
    groups,
    history,
    kibana,
    learn,
    options,
    outbox,
    report,
    runbooks,
    settings,
    sidecar,
    similar,
    templates,
    token,
    web,
)
from stormcell.cli.output import drop_output, unheard
from stormcell.errors import OutputError, StormcellError
from stormcell.escape import terminal


class _Commands(TyperGroup):
    """Runs a command to the point where all that it printed has left the process."""

    def invoke(self, ctx: Any) -> object:
        try:
            result: object = super().invoke(ctx)
        except BrokenPipeError:
            # Whoever read our output (head, say) has had enough.
            drop_output()
            raise typer.Exit from None
        finally:
            with unheard():
                sys.stdout.flush()
        return result


app = typer.Typer(
    name="stormcell",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help is there twice as fast
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"stormcell {__version__}")
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Group a storm of alerts, logs and spans into a few incidents, each shown by one real event.

    Start with `stormcell demo`.
    """


app.command("demo", epilog=options.examples("stormcell demo", "stormcell demo --out /tmp/demo"))(demo.demo)
app.command(
    "group",
    epilog=options.examples(
        "stormcell group export/",
        "stormcell group export/ --out out",
        "zcat logs.jsonl.gz | stormcell group - --json | jq '.groups[].title'",
    ),
)(group.group)
app.command(
    "learn",
    epilog=options.examples("stormcell learn last-week/ --out out", "stormcell group export/ --out out"),
)(learn.learn)
app.command(
    "sidecar",
    epilog=options.examples(
        "stormcell sidecar", "stormcell sidecar --data /var/lib/stormcell --config stormcell.yaml"
    ),
)(sidecar.sidecar)
app.command(
    "web",
    epilog=options.examples("stormcell web --store out", "stormcell web --store /var/lib/stormcell --port 8080"),
)(web.web)
app.command("explain", epilog=options.examples("stormcell explain 6640e9e0dd1c3f1d --store out"))(explain.explain)
app.command(
    "report",
    epilog=options.examples(
        "stormcell report --store out", 'stormcell report --store out --out monday.html --title "Monday, 10:00"'
    ),
)(report.report)
app.command("evaluate", epilog=options.examples("stormcell evaluate export/ --truth truth.csv"))(evaluate.evaluate)
groups.app.command(
    "background",
    epilog=options.examples("stormcell groups background --store out --search timeout --service cart"),
)(background.background)
groups.app.command("history", epilog=options.examples("stormcell groups history g-0061af --store out"))(
    history.history
)
groups.app.command("similar", epilog=options.examples("stormcell groups similar g-0061af --store out"))(
    similar.similar
)
for name, command, example in (
    ("merge", feedback.merge, "merge g-0061af g-91be02"),
    ("split", feedback.split, "split g-0061af 6640e9e0dd1c3f1d"),
    ("move", feedback.move, "move 6640e9e0dd1c3f1d g-91be02 --by ann"),
    ("pin", feedback.pin, "pin 6640e9e0dd1c3f1d"),
    ("feedback", feedback.list_feedback, "feedback --json > feedback.jsonl"),
    ("undo", feedback.undo, "undo f-42c0"),
):
    groups.app.command(name, epilog=options.examples(f"stormcell groups {example}"))(command)
app.add_typer(groups.app, name="groups")
app.add_typer(draft.app, name="draft")
app.add_typer(families.app, name="families")
app.add_typer(codebook_commands.app, name="codebook")
app.add_typer(runbooks.app, name="runbooks")
app.add_typer(drafts_changing.app, name="drafts")
app.add_typer(outbox.app, name="outbox")
app.add_typer(audit.app, name="audit")
app.add_typer(token.app, name="token")
elasticsearch.app.command(
    "similar",
    epilog=options.examples(
        "stormcell elasticsearch similar g-0061af --store out --url http://localhost:9200",
        "stormcell elasticsearch similar g-0061af --service cart --since 2026-01-01",
    ),
)(elasticsearch_similar.similar)
app.add_typer(elasticsearch.app, name="elasticsearch")
app.add_typer(kibana.app, name="kibana")
app.add_typer(settings.app, name="config")
app.add_typer(embedder.app, name="embedder")
app.add_typer(templates.app, name="templates")


def main() -> None:
    """Run the command line; an error of ours becomes one clear message and its exit code."""
    _settle_streams()
    try:
        app()
    except StormcellError as error:
        _fail(str(error), error.exit_code)
    except OSError as error:
        if error.filename is not None:  # not about a stream
            raise
        drop_output()
        _fail(f"cannot print the result: {error.strerror}; send it elsewhere", OutputError.exit_code)


def _fail(message: str, code: int) -> NoReturn:
    lines = (terminal(line) for line in message.splitlines())
    sys.stderr.write("stormcell: " + "\n".join(lines) + "\n")
    raise SystemExit(code) from None


def _settle_streams() -> None:
    """Let printing survive closed streams, and encodings that lack a character."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  stays open for good
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
