"""stormcell codebook canary and retrain: a codebook that watches beside the live one, before it may take over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from pathlib import Path

    from stormcell.operate.codebooks import StateSet

app = typer.Typer(no_args_is_help=True, help="Let a codebook watch beside the live one, before it takes over.")

_Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; is kept with it.")]


@app.command(
    "start",
    epilog=options.examples("stormcell codebook canary start cb-0d5e --store out --by ann --why 'after drift'"),
)
def start(
    codebook: Annotated[str, typer.Argument(metavar="CODEBOOK", help="Its version, or the start of it.")],
    by: options.By = "",
    why: _Why = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Let a codebook watch beside the live one: it assigns a share of what comes, and changes nothing.

    A sidecar that runs sees it at its next tick, and compares both on the same events for rollout.windows
    windows. Then it says whether the canary keeps to the rules: see `stormcell codebook canary status`.
    """
    from stormcell.cli.person import person
    from stormcell.operate import canary

    with options.open_store(store) as opened:
        done = canary.start(opened, codebook, person(by), why=why)
    _tell(done, as_json)


@app.command("stop", epilog=options.examples("stormcell codebook canary stop --store out --why 'wrong week'"))
def stop(
    by: options.By = "",
    why: _Why = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Let the canary be a candidate again."""
    from stormcell.cli.person import person
    from stormcell.operate import canary

    with options.open_store(store) as opened:
        done = canary.stop(opened, person(by), why=why)
    _tell(done, as_json)


@app.command(
    "status",
    epilog=options.examples(
        "stormcell codebook canary status --store out",
        "stormcell codebook canary status --json | jq '.canary.watched.verdict'",
    ),
)
def status(store: options.Store = None, as_json: options.Json = False) -> None:
    """Show what is known of the canary by now, and what the rules say of it.

    Exits with 1 where they say that it is to be rejected.
    """
    from stormcell.cli.output import print_json, say
    from stormcell.operate import canary

    with options.open_store(store) as opened:
        found = canary.status(opened, windows=0)
    if as_json:
        print_json({name: found[name] for name in ("live", "probation", "canary", "retraining")})
    one = found["canary"]
    if one is None:
        command = f"{options.program()} codebook canary start CODEBOOK{options.at(store)}"
        say(f"No codebook is a canary; start one with: {command}")
        return
    watched = one["watched"]
    if watched is None:
        say(f"{one['version']} is a canary that no sidecar has seen yet; it does at its next tick.")
        return
    if not watched["events"]:
        say(f"{one['version']} is a canary that has seen no events yet.")
        return
    if not as_json:
        _print(watched)
    _say_verdict(one["version"], watched, store)
    if watched["verdict"] == "reject":
        raise typer.Exit(1)


def retrain(
    by: options.By = "",
    why: _Why = "",
    store: options.Store = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Ask the sidecar of this store to train a codebook of what came last; it becomes the canary.

    The sidecar hears that at its next tick, and trains beside its work: nothing waits for it. It trains once its
    sample of events is large enough; --config is to be that of the sidecar.
    """
    from stormcell.cli.output import print_json, say
    from stormcell.cli.person import person
    from stormcell.operate import canary

    with options.open_store(store) as opened:
        asked = canary.retrain(opened, person(by), options.settings(config), why=why)
    if as_json:
        print_json({"request": asked.number, "changed": asked.new, "waits": asked.waits})
    said = "is stored" if asked.new else "waits already"
    say(f"Request {asked.number} to train {said}; a sidecar that runs on this store hears it at its next tick.")
    if asked.waits:
        say(f"It trains once it can: {asked.waits}.")


def _print(watched: dict[str, Any]) -> None:
    from stormcell.cli.output import console, table

    printer = console()
    result = table(piped=not printer.is_terminal)
    for column in ("of the same events", "live", "canary"):
        result.add_column(column, justify="left" if column.startswith("of") else "right", no_wrap=True)
    for told, name, form in (
        ("new", "new", ".2%"),
        ("mean dissimilarity", "distance", ".4f"),
        ("mean radius", "radius", ".4f"),
        ("silhouette", "silhouette", ".3f"),
    ):
        result.add_row(told, *(format(watched[side][name], form) for side in ("live", "other")))
    printer.print(result)


def _say_verdict(version: str, watched: dict[str, Any], store: Path | None) -> None:
    from stormcell.cli.output import counted, say

    say(
        f"{version}: {counted(watched['windows'], 'window')}, {watched['events']:,.0f} events,"
        f" {watched['agreement']:.1%} of them of the same kind in both, churn {watched['churn']:.1%}"
    )
    for reason in watched["reasons"]:
        say(f"  {reason}")
    said = {"promote": "it keeps to the rules", "reject": "it breaks them", "wait": "nothing is decided yet"}
    more = f"; make it live with: {options.program()} codebook promote {version}{options.at(store)}"
    say(said[watched["verdict"]] + (more if watched["verdict"] == "promote" else ""))


def _tell(done: StateSet, as_json: bool) -> None:
    from stormcell.cli.output import print_json, say
    from stormcell.operate.codebooks_json import changed_json

    if as_json:
        print_json(changed_json(done))
    one = done.codebook
    was = "" if done.changed else "Nothing has changed: "
    say(f"{was}{one.version} is a {one.state.value}{'' if done.changed else ' already'}.")
