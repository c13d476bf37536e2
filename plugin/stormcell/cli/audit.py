"""stormcell audit: who changed what, and whether what is told of it is what was written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.types import AuditCheck, Seal

app = typer.Typer(no_args_is_help=True, help="See who changed what, and check that nobody changed that.")

_SEAL = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


@app.command(
    "list",
    epilog=options.examples(
        "stormcell audit list --store /var/lib/stormcell",
        "stormcell audit list --who ann --action publish --limit 20",
        "stormcell audit list --group g-0061af --json | jq '.[].detail'",
    ),
)
def list_(
    who: Annotated[
        str, typer.Option("--who", metavar="NAME", help="Only what this one did, by a token's name.")
    ] = "",
    action: Annotated[str, typer.Option("--action", metavar="ACTION", help="Only this, such as merge.")] = "",
    group: Annotated[str, typer.Option("--group", metavar="GROUP", help="Only the history of this group.")] = "",
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """List who changed what, newest first."""
    from stormcell.cli.history import line
    from stormcell.cli.output import counted, print_json, say
    from stormcell.operate.history import entry_json, history_of

    with options.open_store(store) as opened:
        id = history_of(opened, group, limit=1)[0] if group else ""
        # One more than is shown tells whether there are others.
        entries = opened.newest_entries(who=who, action=action, group=id, limit=limit + 1)
    shown = entries[:limit]
    if as_json:
        print_json([entry_json(entry) for entry in shown])
    else:
        for entry in shown:
            typer.echo(f"{entry.number:>6}  {line(entry)}")
    more = f"; there are more, --limit {limit * 10} shows them" if len(entries) > limit else ""
    say(f"{counted(len(shown), 'change')}{more}")


@app.command(
    "seal",
    epilog=options.examples("stormcell audit seal --store /var/lib/stormcell | ssh vault tee --append seals.txt"),
)
def seal(store: options.Store = None, as_json: options.Json = False) -> None:
    """Print the seal of the newest entry, to be kept where nobody who may write the store can reach it.

    By it `stormcell audit verify --since SEAL` finds out whether that entry and all before it are still the same.
    A sidecar also tells it in its log, and at /api/v1/audit/seal.
    """
    from stormcell.cli.output import print_json
    from stormcell.errors import StoreError

    with options.open_store(store) as opened:
        found = opened.audit_seal()
    if not found.seal:
        raise StoreError("no entry of the audit log is sealed yet; the next change that somebody makes will be")
    if as_json:
        print_json({"number": found.number, "seal": found.seal})
    else:
        typer.echo(str(found))


@app.command(
    "verify",
    epilog=options.examples(
        "stormcell audit verify --store /var/lib/stormcell",
        'stormcell audit verify --store /var/lib/stormcell --since "$(ssh vault tail --lines 1 seals.txt)"',
    ),
)
def verify(
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="NUMBER:SEAL", help="A seal that was kept elsewhere (stormcell audit seal)."
        ),
    ] = "",
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Check that no entry of the audit log was altered, taken out, put in or moved; tell the first that was.

    Without --since this finds changes of those who did not make all later seals anew, which takes no more than
    being able to write the file. Exits with 1 where something is wrong.
    """
    from stormcell.cli.output import counted, print_json, say
    from stormcell.errors import StoreError

    kept = _parsed(since)
    with options.open_store(store) as opened:
        found = opened.verify_audit(kept)
    if as_json:
        print_json(_json(found, kept))
    if not found.holds:
        raise StoreError(
            f"the audit log is not what was written: {found.problem}. Up to there {counted(found.sealed, 'seal')}"
            " fit; compare with a copy of the store, and find out who may write it"
        )
    if not as_json:
        compared = f", and entry {kept.number} is the one whose seal you kept" if kept else ""
        typer.echo(f"{counted(found.sealed, 'seal')} checked, up to {found.head}: nothing was changed{compared}")
    if found.unsealed:
        say(f"{found.unsealed:,} of the entries are from before there were seals: of them nothing can be told")
    if kept is None:
        say("whoever may write the file can make all seals anew: give one that was kept elsewhere with --since")


def _parsed(text: str) -> Seal | None:
    from stormcell.types import Seal

    if not text:
        return None
    found = _SEAL.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(
            "expected NUMBER:SEAL as `stormcell audit seal` prints it, such as 17:9f86d081..., with 64 hex digits"
        )
    return Seal(int(found[1]), found[2])


def _json(found: AuditCheck, kept: Seal | None) -> dict[str, Any]:
    return {
        "holds": found.holds,
        "problem": found.problem,
        "number": found.number or None,
        "sealed": found.sealed,
        "unsealed": found.unsealed,
        "since": str(kept) if kept else None,
        "start": {"number": found.start.number, "seal": found.start.seal},
        "head": {"number": found.head.number, "seal": found.head.seal},
    }
