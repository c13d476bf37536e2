"""stormcell config: the settings in force, checked and documented."""

from __future__ import annotations

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


@app.command("check", epilog=options.examples("stormcell config check --config stormcell.yaml"))
def check(config: options.Config = None) -> None:
    """Check the settings file and the STORMCELL_* variables; exit 2 if one is wrong."""
    from stormcell.cli.output import say

    options.settings(config)
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
