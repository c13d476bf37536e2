"""stormcell config: the settings in force, checked and documented."""

from __future__ import annotations

from typing import Annotated

import typer

from stormcell.cli import options

app = typer.Typer(no_args_is_help=True, help="See and check the settings.")


@app.command("show", epilog=options.examples("STORMCELL_GROUPING__GATE=2 stormcell config show"))
def show(config: options.Config = None, as_json: options.Json = False) -> None:
    """Print the settings in force: defaults, overridden by the file, overridden by STORMCELL_* variables."""
    import sys

    import yaml

    from stormcell.cli.output import print_json

    values = options.settings(config).model_dump(mode="json")
    if as_json:
        print_json(values)
    else:
        sys.stdout.write(yaml.safe_dump(values, sort_keys=False))


@app.command(
    "check",
    epilog=options.examples(
        "stormcell config check --config stormcell.yaml",
        "stormcell config check --against last-week/",
        "stormcell config check --against alerts.jsonl logs.jsonl --json",
    ),
)
def check(
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH]...", help="More files or folders for --against.")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="PATH",
            help="Group the events of these files or folders and tell what rules, silences and routes do to them.",
        ),
    ] = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Check the settings, and the exporters, publishers and files they name; exit 2 if one is wrong.

    What they name that is not on this machine is told, and no failure: it may be where they are used.

    With --against, tell of each rule, silence, maintenance and route which events and groups it is about, and
    which groups the rules merge or split; exit 1 if a rule cannot be kept.
    """
    from stormcell.cli.output import print_json, say
    from stormcell.cli.settings_files import check_files
    from stormcell.errors import InputError
    from stormcell.registry import exporter, publisher

    if more and not against:
        raise InputError("files are only read with --against PATH...")
    settings = options.settings(config)
    for one in settings.notifications.exporters:
        exporter(one.kind, one.options)
    for place in settings.drafts.publish:
        publisher(place.kind, place.options)
    absent = check_files(settings)
    for told in absent:
        say(told)
    if against:
        from stormcell.cli.check import check_against

        if not check_against([*against, *(more or ())], settings, as_json=as_json):
            raise typer.Exit(1)
    elif as_json:
        print_json({"valid": True, "not_here": absent})
    elif absent:
        say("The settings are valid, and name what is not on this machine.")
    else:
        say("The settings are valid.")


@app.command("reference", epilog=options.examples("stormcell config reference > settings.md"))
def reference() -> None:
    """Print every setting with its default and its meaning, as Markdown."""
    import sys

    from stormcell.config import reference as as_markdown

    sys.stdout.write(as_markdown())


@app.command("metrics", epilog=options.examples("stormcell config metrics > metrics.md"))
def metrics() -> None:
    """Print every metric of the sidecar with its meaning, as Markdown."""
    import sys

    from stormcell.telemetry.names import reference as as_markdown

    sys.stdout.write(as_markdown())
