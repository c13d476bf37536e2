"""The command line. Each command imports what it needs when it runs, so that --help is quick."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from stormcell import __version__
from stormcell.cli import demo, evaluate, explain, group, groups, options, settings
from stormcell.errors import StormcellError
from stormcell.escape import terminal

app = typer.Typer(
    name="stormcell",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
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

    Start with [bold]stormcell demo[/bold].
    """


app.command("demo")(demo.demo)
app.command(
    "group",
    epilog=options.examples(
        "stormcell group export/",
        "stormcell group export/ --out out",
        "zcat logs.jsonl.gz | stormcell group - --json | jq '.groups[].title'",
    ),
)(group.group)
app.command("explain", epilog=options.examples("stormcell explain 6640e9e0dd1c3f1d --store out"))(explain.explain)
app.command("evaluate", epilog=options.examples("stormcell evaluate export/ --truth truth.csv"))(evaluate.evaluate)
app.add_typer(groups.app, name="groups")
app.add_typer(settings.app, name="config")


def main() -> None:
    """Run the command line; an error of ours becomes one clear message and its exit code."""
    try:
        app()
    except StormcellError as error:
        lines = (terminal(line) for line in str(error).splitlines())
        sys.stderr.write("stormcell: " + "\n".join(lines) + "\n")
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # Whoever read our output (head, say) has had enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
