"""stormcell token: tokens for people and programs, of which the file keeps no more than hashes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from stormcell.access.tokens import StoredToken
    from stormcell.config.receivers import Granted
    from stormcell.types import Value

app = typer.Typer(
    no_args_is_help=True, help="Make, rotate and revoke tokens without restarting what asks for them."
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; stands in the audit log.")]
TokensFile = Annotated[
    Path | None,
    typer.Option(
        "--file", metavar="FILE", help="The file of tokens (default: receivers.tokens_file of the settings)."
    ),
]
Log = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="PATH",
        help="The sidecar's store, whose audit log keeps it (default: without --file, that of the settings).",
    ),
]
_DAY = 86_400 * 10**9


@app.command(
    "new",
    epilog=options.examples(
        "stormcell token new ann --role operator --file tokens.json",
        "stormcell token new collector --scope ingest > /etc/otelcol/token",
        "stormcell token new ci --role admin --expires 90d --json | jq -r .token",
        "stormcell token new bob --role viewer --file tokens.json --store /var/lib/stormcell --by ann",
    ),
)
def new(
    name: Name,
    role: Annotated[
        str,
        typer.Option(
            "--role", metavar="ROLE", help="viewer (looks), operator (changes groups too) or admin (all)."
        ),
    ] = "",
    scopes: Annotated[
        list[str] | None,
        typer.Option(
            "--scope", metavar="SCOPE", help="Instead: ingest, read, operate, train, administer; may be repeated."
        ),
    ] = None,
    expires: Annotated[
        str,
        typer.Option("--expires", metavar="TIME", help="It is good for so long, such as 90d; else without end."),
    ] = "",
    file: TokensFile = None,
    by: options.By = "",
    store: Log = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Make a token, keep its hash in the file, and print it: this once.

    A sidecar with this file as receivers.tokens_file knows it within a second.
    """
    from stormcell.access import tokens
    from stormcell.access.file import changing
    from stormcell.errors import InputError

    granted = _granted(name, role, scopes)
    lifetime = _lifetime(expires)
    place = _place(file, config)
    with _log(_store(file, store, config), by) as log, changing(place, create=True) as kept:
        if name in kept:
            raise InputError(f"there is a token of the name {name}; rotate it, or revoke it first")
        token, kept[name] = tokens.made(granted, time.time_ns(), lifetime)
        log("new-token", name, kept[name])
    _tell(place, name, token, kept[name], as_json, "made")


@app.command(
    "rotate",
    epilog=options.examples(
        "stormcell token rotate ann --file tokens.json",
        "stormcell token rotate collector --grace 7d > /etc/otelcol/token",
        "stormcell token rotate ci --grace 0",
    ),
)
def rotate(
    name: Name,
    grace: Annotated[
        str,
        typer.Option("--grace", metavar="TIME", help="The old one stays good for so long; 0 if it has leaked."),
    ] = "24h",
    expires: Annotated[
        str,
        typer.Option(
            "--expires",
            metavar="TIME",
            help="The new one is good for so long, or never (default: as the old one was).",
        ),
    ] = "",
    file: TokensFile = None,
    by: options.By = "",
    store: Log = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Make another token in the place of one, and print it: this once.

    The old one stays good for --grace; one that was rotated out before that is good no longer.
    """
    from stormcell.access import tokens
    from stormcell.access.file import changing

    overlap = _span("--grace", grace)
    lifetime = _lifetime(expires)
    place = _place(file, config)
    with _log(_store(file, store, config), by) as log, changing(place) as kept:
        old = tokens.named(kept, name)
        span = lifetime if expires else tokens.lifetime_of(old)
        token, kept[name] = tokens.rotated(old, time.time_ns(), overlap, span)
        log("rotate-token", name, kept[name])
    _tell(place, name, token, kept[name], as_json, "rotated")


@app.command("revoke", epilog=options.examples("stormcell token revoke ann --file tokens.json"))
def revoke(
    name: Name,
    file: TokensFile = None,
    by: options.By = "",
    store: Log = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Revoke a token: it opens nothing from now on, and who is logged in by it is no longer."""
    from stormcell.access import tokens
    from stormcell.access.file import changing
    from stormcell.cli.output import print_json, say

    place = _place(file, config)
    with _log(_store(file, store, config), by) as log, changing(place) as kept:
        log("revoke-token", name, tokens.named(kept, name))
        del kept[name]
    if as_json:
        print_json({"revoked": name, "file": str(place)})
    say(f"{name} is revoked; a sidecar that reads {place} no longer takes the token, within a second")


@app.command("list", epilog=options.examples("stormcell token list --file tokens.json"))
def list_(file: TokensFile = None, config: options.Config = None, as_json: options.Json = False) -> None:
    """List the tokens of the file: what they are good for, and until when. Neither tokens nor hashes are shown."""
    from stormcell.access.file import read
    from stormcell.cli.output import counted, print_json, say

    place = _place(file, config)
    kept = read(place)
    if as_json:
        print_json([_json(name, token) for name, token in sorted(kept.items())])
        return
    _print(kept)
    say(counted(len(kept), "token"))


def _place(file: Path | None, config: Path | None) -> Path:
    from stormcell.errors import InputError

    if file is not None:
        return file
    named = options.settings(config).receivers.tokens_file
    if not named:
        raise InputError("no file of tokens: name one with --file, or set receivers.tokens_file")
    return Path(named)


def _store(file: Path | None, store: Path | None, config: Path | None) -> Path | None:
    """Return where the audit log is; None where nothing tells.

    A file that was named may be that of any sidecar; that of the settings is of the one that keeps its data there.
    """
    if store is not None or file is not None:
        return store
    data = options.settings(config).live.data
    return data if (data / options.STORE_NAME).exists() else None


@contextmanager
def _log(store: Path | None, by: str) -> Iterator[Callable[[str, str, StoredToken], None]]:
    """Yield what notes a change of a token in the audit log; it is kept if all that is done until the end is."""
    from stormcell.cli.output import say
    from stormcell.cli.person import person

    if store is None:
        yield lambda action, name, token: None
        say("No audit log has this; with --store it would be in that of the sidecar.")
        return
    with options.open_store(store) as opened, opened.changing():
        yield lambda action, name, token: opened.audit(person(by).did(action, name, (), _logged(action, token)))


def _logged(action: str, token: StoredToken) -> dict[str, Value]:
    """Return what the audit log says of a token; of one that is revoked, what it was good for."""
    told: dict[str, Value] = {"may": list(token.granted)}
    if action == "revoke-token":
        return told
    if token.expires:
        told["until"] = _day(token.expires)
    if token.previous:
        told["the one before until"] = _day(token.previous.until)
    return told


def _granted(name: str, role: str, scopes: list[str] | None) -> Granted:
    """Return what a token is to be good for, having made sure that it may be called so."""
    from typing import get_args

    from pydantic import TypeAdapter, ValidationError

    from stormcell.config.receivers import ROLES, Granted, ScopeName, TokenName

    if bool(role) == bool(scopes):
        raise typer.BadParameter(
            "say what it is good for: --role viewer, operator or admin, or --scope for each scope"
        )
    if role and role not in ROLES:
        raise typer.BadParameter(f"--role: there is none called {role!a}; expected one of {', '.join(ROLES)}")
    known = get_args(ScopeName)
    for scope in scopes or ():
        if scope not in known:
            raise typer.BadParameter(
                f"--scope: there is none called {scope!a}; expected some of {', '.join(known)}"
            )
    try:
        TypeAdapter(TokenName).validate_python(name)
    except ValidationError as error:
        [wrong] = error.errors(include_url=False, include_input=False)
        why = str(wrong["ctx"]["error"]) if wrong["type"] == "value_error" else "expected 1 to 64 of A-Za-z0-9._-"
        raise typer.BadParameter(f"{name!a} cannot be the name of a token: {why}") from error
    return Granted.model_validate({"role": role} if role else {"scopes": sorted(set(scopes or ()))})


def _lifetime(expires: str) -> int | None:
    if expires in ("", "never"):
        return None
    span = _span("--expires", expires)
    if not span:
        raise typer.BadParameter("--expires: a token that is good for no time is of no use; expected such as 90d")
    return span


def _span(option: str, text: str) -> int:
    from stormcell.access.tokens import LONGEST
    from stormcell.times import duration

    try:
        span = duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option}: {error}") from error
    if span > LONGEST:
        raise typer.BadParameter(f"{option}: expected {LONGEST // _DAY}d at most, found {text}")
    return span


def _tell(place: Path, name: str, token: str, kept: StoredToken, as_json: bool, done: str) -> None:
    """Print a token, which nothing keeps."""
    from stormcell.cli.output import print_json, say

    if as_json:
        print_json({"token": token, "file": str(place), **_json(name, kept)})
    else:
        typer.echo(token)
    until = f" until {_day(kept.expires)}" if kept.expires else ""
    say(f"{name} was {done}, and may {', '.join(kept.granted)}{until}.")
    say(f"The token is shown this once: {place} holds no more than its hash.")
    if kept.previous is not None:
        say(f"The one before is good until {_day(kept.previous.until)}; if it has leaked, rotate with --grace 0.")


def _json(name: str, token: StoredToken) -> dict[str, Any]:
    held = token.model_dump(mode="json", exclude={"sha256", "previous"})
    until = token.previous and token.model_dump(mode="json")["previous"]["until"]
    return {"name": name, "state": _state(token), **held, "granted": list(token.granted), "previous_until": until}


def _state(token: StoredToken) -> str:
    from stormcell.access.tokens import nanoseconds

    return "expired" if token.expires and nanoseconds(token.expires) <= time.time_ns() else "good"


def _print(kept: Mapping[str, StoredToken]) -> None:
    from rich.text import Text

    from stormcell.access.tokens import nanoseconds
    from stormcell.cli.output import console, table

    printer = console()
    rows = table(piped=not printer.is_terminal)
    for title in ("name", "may", "since (UTC)", "expires"):
        rows.add_column(title, no_wrap=title != "may")
    rows.add_column("")
    for name, token in sorted(kept.items()):
        told = "expired" if _state(token) == "expired" else ""
        if token.previous and nanoseconds(token.previous.until) > time.time_ns():
            told = f"the one before until {_day(token.previous.until)}"
        rows.add_row(
            Text(name, style="cyan"),
            Text(token.role or ", ".join(token.granted)),
            Text(_day(token.rotated or token.created)),
            Text(_day(token.expires) if token.expires else "never"),
            Text(told),
        )
    if kept:
        printer.print(rows)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
