"""stormcell kibana: dashboards, a rule and cases for groups that are in Elasticsearch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stormcell.protocols import Assets
    from stormcell.types import Step

app = typer.Typer(
    no_args_is_help=True,
    help="Put dashboards, a rule and cases for groups into Kibana.\n\n"
    "They read what the exporter `elasticsearch` writes. Credentials come from the environment: "
    "STORMCELL_KIBANA_API_KEY, or STORMCELL_KIBANA_USERNAME and STORMCELL_KIBANA_PASSWORD; "
    "with _FILE behind a name, from the file it names.",
)

Url = Annotated[str, typer.Option("--url", metavar="URL", help="Where Kibana is, with its base path.")]
Space = Annotated[str, typer.Option("--space", metavar="ID", help="The space (default: the default one).")]
Prefix = Annotated[str, typer.Option("--prefix", metavar="NAME", help="The prefix of the indices.")]
Ca = Annotated[str, typer.Option("--ca", metavar="FILE", help="Who may have signed Kibana's certificate, in PEM.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only read, and show what would be done.")]
MaybeUrl = Annotated[
    str, typer.Option("--url", metavar="URL", help="Look whether the Kibana there has all of it, instead.")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write to.")]
File = Annotated[
    Path | None,
    typer.Argument(
        metavar="[PATH]", help="A file or folder as `stormcell kibana export` writes it; ours by default."
    ),
]
Groups = Annotated[
    list[str] | None,
    typer.Argument(metavar="[GROUP]...", help="Which groups; all that are not resolved by default."),
]


@app.command("export", epilog=options.examples("stormcell kibana export kibana/"))
def export(folder: Folder, space: Space = "", prefix: Prefix = "stormcell", as_json: options.Json = False) -> None:
    """Write all of it as files: stormcell.ndjson to import by hand, and each object in a file of its own."""
    from stormcell.cli.output import counted, print_json, say
    from stormcell.files import all_or_nothing

    files = _assets(prefix, space, "").files()
    with all_or_nothing(folder) as unfinished:
        for path, content in files.items():
            place = unfinished / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    if as_json:
        print_json(sorted(files))
    else:
        say(f"wrote {counted(len(files), 'file')} to {folder}")


@app.command(
    "install",
    epilog=options.examples(
        "stormcell kibana install --url https://kibana:5601 --dry-run",
        "stormcell kibana install --url https://kibana:5601 --space operations",
    ),
)
def install(
    url: Url,
    space: Space = "",
    prefix: Prefix = "stormcell",
    ca: Ca = "",
    dry_run: DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Put data views, Discover sessions, dashboards and a rule into Kibana, or bring them up to date.

    What you changed in these objects is undone; the actions of the rule stay. Done again, it changes nothing.
    """
    _show(_assets(prefix, space, ca).install(url, dry_run=dry_run), as_json)


@app.command(
    "check",
    epilog=options.examples(
        "stormcell kibana check kibana/", "stormcell kibana check --url https://kibana:5601 --space operations"
    ),
)
def check(
    path: File = None,
    url: MaybeUrl = "",
    space: Space = "",
    prefix: Prefix = "stormcell",
    ca: Ca = "",
    as_json: options.Json = False,
) -> None:
    """Look for what is wrong with exported, perhaps edited objects; or for what a Kibana lacks."""
    from stormcell.cli.output import counted, print_json, say

    if url and path is not None:
        raise typer.BadParameter("name a path or a --url, not both")
    assets = _assets(prefix, space, ca)
    if url:
        found: Sequence[str] = [f"{one} is not there" for one in assets.missing(url)]
    else:
        found = assets.problems(assets.files() if path is None else _read(path))
    if as_json:
        print_json({"problems": list(found)})
    else:
        for problem in found:
            say(problem)
        say(counted(len(found), "problem") if found else "all is well")
    if found:
        raise typer.Exit(1)


@app.command("cases", epilog=options.examples("stormcell kibana cases --store out --url https://kibana:5601"))
def cases(
    url: Url,
    groups: Groups = None,
    store: options.Store = None,
    space: Space = "",
    prefix: Prefix = "stormcell",
    ca: Ca = "",
    dry_run: DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Open a case for each group that has none, with what is known of it and its runbook draft.

    A case is found again by its tags; what people write in it stays. A draft that was not ready then comes later.
    """
    from stormcell.operate.find import group_of
    from stormcell.store.dossiers import dossiers

    with options.open_store(store) as opened:
        if groups:
            ids = [group_of(opened, one).id for one in groups]
        else:
            ids = [id for id, status in opened.statuses().items() if status != "resolved"]
        steps = _assets(prefix, space, ca).cases(dossiers(opened, ids), url, dry_run=dry_run)
    _show(steps, as_json)


def _assets(prefix: str, space: str, ca: str) -> Assets:
    from stormcell.registry import assets

    return assets("kibana", prefix=prefix, space=space, ca_file=ca)


def _read(path: Path) -> dict[str, bytes]:
    from stormcell.errors import InputError

    try:
        if path.is_dir():
            files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
        else:
            files = {path.as_posix(): path}
        found = {name: file.read_bytes() for name, file in files.items() if name.endswith((".json", ".ndjson"))}
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if not found:
        raise InputError(f"there is no .ndjson or .json file at {path}")
    return found


def _show(steps: Sequence[Step], as_json: bool) -> None:
    from stormcell.cli.output import print_json, say

    if as_json:
        print_json([_json(step) for step in steps])
        return
    for step in steps:
        say(f"{step.state:>9}  {step.what}")
    if not steps:
        say("nothing to do")


def _json(step: Step) -> dict[str, Any]:
    return {
        "what": step.what,
        "state": step.state,
        "method": step.method,
        "path": step.path,
        "body": step.body,
    }
