"""stormcell group: files in, groups out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stormcell.config import Settings
    from stormcell.decode import Report
    from stormcell.types import Draft, Grouping

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Write groups.json, groups.ndjson, drafts and the store there."),
]


def group(
    paths: options.Paths,
    out: Out = None,
    config: options.Config = None,
    strict: options.Strict = False,
    as_json: options.Json = False,
) -> None:
    """Group alerts, logs and spans into incidents.

    Formats are recognised by content: OTLP as JSON lines or protobuf, Alertmanager webhooks; plain, .gz or .zst.
    """
    settings = options.settings(config)
    grouping, report = read_and_group(paths, settings, strict=strict)
    drafts = write(grouping, report, out, settings) if out is not None else []
    show(grouping, report, as_json=as_json)
    if out is not None and not as_json:
        _say_written(out, drafts)


def read_and_group(paths: Sequence[str], settings: Settings, *, strict: bool) -> tuple[Grouping, Report]:
    """Read files and group their events, with progress bars."""
    from stormcell.cli.output import progress
    from stormcell.decode import Report, read
    from stormcell.pipeline import group as group_events

    report = Report()
    with progress("Reading") as update:
        grouping = group_events(read(paths, report, strict=strict, progress=update), settings)
    return grouping, report


def write(grouping: Grouping, report: Report, out: Path, settings: Settings) -> list[Draft]:
    """Write everything under ``out``, each file whole or not at all; return the drafts."""
    from stormcell.errors import OutputError
    from stormcell.files import write_atomic
    from stormcell.registry import exporter
    from stormcell.render import Drafter, groups_json
    from stormcell.store import SqliteStore

    drafter = Drafter(settings.drafts.templates)
    members = {group.id: [m for m in grouping.memberships if m.group == group.id] for group in grouping.groups}
    drafts = [drafter.draft(group, members[group.id]) for group in grouping.groups]
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = out / "drafts"
        # Drafts of an earlier run would stand beside those of this one as if they belonged together.
        for old in folder.glob("g-*.md"):
            old.unlink()
    except OSError as error:
        raise OutputError(f"cannot write to {out}: {error.strerror}; name another place with --out") from error
    write_atomic(out / "groups.json", groups_json(grouping))
    exporter("ndjson").export(grouping.groups, out / "groups.ndjson")
    for draft in drafts:
        write_atomic(draft_path(out, draft), draft.markdown.encode())
    problems = "".join(f"{problem}\n" for problem in report.problems)
    write_atomic(out / "problems.txt", problems.encode("utf-8", "backslashreplace"))
    with SqliteStore(out / options.STORE_NAME, create=True) as store:
        store.save(grouping, drafts)
    return drafts


def draft_path(out: Path, draft: Draft) -> Path:
    """Return where a draft is written."""
    return out / "drafts" / f"{draft.group}.{draft.kind}.md"


def show(grouping: Grouping, report: Report, *, as_json: bool) -> None:
    """Print the groups, and on standard error what became of the rest."""
    import sys

    from stormcell.cli.output import console, say, say_problems

    if as_json:
        from stormcell.render import groups_json

        sys.stdout.write(groups_json(grouping).decode())
    elif grouping.groups:
        from stormcell.cli.table import groups_table

        printer = console()
        printer.print(groups_table(grouping.groups, piped=not printer.is_terminal))
    background = len(grouping.background)
    incidents = "1 incident" if len(grouping.groups) == 1 else f"{len(grouping.groups):,} incidents"
    if grouping.events == 0:
        say("No events in the input: nothing to group.")
    else:
        say(
            f"{grouping.events:,} events: {incidents}, "
            f"{background:,} events ({background / grouping.events:.0%}) set apart as background"
            + (f", {grouping.duplicates:,} duplicates dropped" if grouping.duplicates else "")
            + "."
        )
    if grouping.learning:
        say("Too little was seen to know what is usual (see background.learning_buckets): nothing was set apart.")
    say_problems(report)


def _say_written(out: Path, drafts: Sequence[Draft]) -> None:
    from stormcell.cli.output import say

    say(f"Written to {out}: groups.json, groups.ndjson, {options.STORE_NAME}, {len(drafts)} drafts in drafts/.")
    if drafts:
        say(f"Next: stormcell groups show {drafts[0].group} --store {out}")
