"""Options that several commands share."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.errors import InputError, StoreError

if TYPE_CHECKING:
    from stormcell.config import Settings
    from stormcell.store import SqliteStore

STORE_NAME = "stormcell.db"

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Files or folders with OTLP logs and traces or Alertmanager webhooks; - is standard input.",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file (default: stormcell.yaml, if it is here)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first broken record.")]
Store = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="PATH",
        help="The store, or the folder that `stormcell group --out` wrote (default: stormcell.db here).",
    ),
]

OneGroup = Annotated[str, typer.Argument(metavar="GROUP", help="A group's id, or the start of it.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so; is kept with it.")]


class DraftKind(StrEnum):
    """What a draft is."""

    RUNBOOK = "runbook"
    POSTMORTEM = "postmortem"


def examples(*commands: str) -> str:
    """Return the end of a help text that shows ``commands``, one a line."""
    return "\n\n".join(("Examples:", *(f"  {command}" for command in commands)))


def program() -> str:
    """Return what to type to run this program: its name, or where it is if that is not on the path."""
    import shutil
    import sys

    if shutil.which("stormcell") or not Path(sys.argv[0]).name.startswith("stormcell"):
        return "stormcell"
    return os.path.relpath(sys.argv[0])


def at(store: Path | None) -> str:
    """Return how a command that is told to people names the store that this one was given; "" for the default."""
    import shlex

    return "" if store is None else f" --store {shlex.quote(str(store))}"


def settings(path: Path | None) -> Settings:
    """Read the settings, and try the regular expressions that they bring."""
    from stormcell.config import NotificationsSettings, RulesSettings, load

    found = load(path)
    if found.text.masks:
        from stormcell.cli.masks import try_out

        try_out(found.text.masks)
    if (found.rules, found.notifications) != (RulesSettings(), NotificationsSettings()):
        from stormcell.cli.masks import try_conditions

        try_conditions(found)
    return found


def store_path(path: Path | None) -> Path:
    """Return where a store is that is named as a file or as the folder that holds it; it need not be there."""
    place = path if path is not None else settings(None).store.path
    return place / STORE_NAME if place.is_dir() else place


def open_store(path: Path | None) -> SqliteStore:
    """Open an existing store, named as a file or as the folder that holds it.

    Raises
    ------
    InputError
        If there is none.
    StoreError
        If nothing is stored in it yet, or it cannot be read.
    """
    from stormcell.store import SqliteStore

    place = store_path(path)
    if not place.exists():
        if (place.parent / "journal").is_dir():
            raise StoreError(
                f"nothing is stored at {place} yet: a sidecar keeps its journal there, and stores the first "
                "groups live.tick_seconds and live.lateness_seconds after their events"
            )
        raise InputError(
            f"there is no store at {place}; name the folder that `stormcell group` or `stormcell codebook train` "
            "wrote with --out, or the data folder of a sidecar, with --store"
        )
    return SqliteStore(place, create=False)
