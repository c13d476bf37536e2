"""stormcell group: files in, groups out."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from stormcell.config import Settings
    from stormcell.decode import Report
    from stormcell.features.knowledge import Knowledge
    from stormcell.store import SqliteStore
    from stormcell.types import Draft, Feedback, Group, Grouping, Membership, Outcome, RuleOutcome

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Write groups.json, groups.ndjson, drafts and the store there."),
]


def group(
    paths: options.Paths,
    out: Out = None,
    config: options.Config = None,
    live: Annotated[
        bool, typer.Option("--live", help="Let time pass: tick by tick, as `stormcell sidecar` would have.")
    ] = False,
    strict: options.Strict = False,
    as_json: options.Json = False,
) -> None:
    """Group alerts, logs and spans into incidents.

    Formats are recognised by content: OTLP as JSON lines or protobuf, Alertmanager webhooks; plain, .gz or .zst.
    """
    from stormcell.cli.learn import knowledge_of

    settings = options.settings(config)
    if live:
        from stormcell.cli.replay import read_and_replay

        grouping, report = read_and_replay(paths, settings, strict=strict, out=out)
    else:
        knowledge = knowledge_of(out, settings)
        grouping, report = read_and_group(paths, settings, knowledge, strict=strict, out=out)
        if out is not None:
            write(grouping, report, out, settings, knowledge)
    show(grouping, report, as_json=as_json)
    if out is not None and not as_json:
        _say_written(out, grouping)


def read_and_group(
    paths: Sequence[str], settings: Settings, knowledge: Knowledge, *, strict: bool, out: Path | None = None
) -> tuple[Grouping, Report]:
    """Read files and group their events, with progress bars, as people wanted it of the groups in ``out``.

    Raises
    ------
    InputError
        If there is nothing in them but problems.
    """
    from stormcell.cli.output import progress
    from stormcell.decode import Report, read
    from stormcell.errors import InputError
    from stormcell.pipeline import group as group_events

    report = Report()
    with progress("Reading") as update:
        events = read(paths, report, strict=strict, progress=update)
        grouping = group_events(events, settings, knowledge, feedback=_feedback_of(out))
    if report.broken and not report.events:
        raise InputError(f"no event could be read: {report.problems[0]}")
    return _with_statuses(grouping, out), report


def _feedback_of(out: Path | None) -> list[Feedback]:
    with _store_of(out) as store:
        return [] if store is None else store.feedback()


def _with_statuses(grouping: Grouping, out: Path | None) -> Grouping:
    """Return the grouping with the statuses that people gave its groups."""
    with _store_of(out) as store:
        known = {} if store is None else store.statuses()
    groups = (replace(group, status=known.get(group.id, group.status)) for group in grouping.groups)
    return replace(grouping, groups=tuple(groups))


@contextmanager
def _store_of(out: Path | None) -> Iterator[SqliteStore | None]:
    """Open the store of earlier runs into the same folder; None if there is none."""
    from stormcell.store import SqliteStore

    path = None if out is None else out / options.STORE_NAME
    if path is None or not path.exists():
        yield None
        return
    with SqliteStore(path, create=False) as store:
        yield store


def write(grouping: Grouping, report: Report, out: Path, settings: Settings, knowledge: Knowledge) -> list[Draft]:
    """Write everything under ``out``, or leave it as it was; return the drafts."""
    members: dict[str | None, list[Membership]] = {}
    for membership in grouping.memberships:
        members.setdefault(membership.group, []).append(membership)

    def save(store: SqliteStore, drafts: Sequence[Draft]) -> None:
        store.save(grouping, drafts, knowledge.snapshot())

    return write_files(grouping, members, report, out, settings, save)


def write_files(
    grouping: Grouping,
    members: Mapping[str | None, Sequence[Membership]],
    report: Report,
    out: Path,
    settings: Settings,
    save: Callable[[SqliteStore, Sequence[Draft]], None],
) -> list[Draft]:
    """Write groups, drafts and problems, and let ``save`` fill the store, or leave all as it was."""
    from stormcell.files import all_or_nothing, write_atomic
    from stormcell.registry import exporter
    from stormcell.render import RUNBOOK, Drafter, groups_json
    from stormcell.store import SqliteStore
    from stormcell.types import Material

    drafter = Drafter(settings.drafts)
    drafts = [drafter.draft(RUNBOOK, Material(group, members[group.id])) for group in grouping.groups]
    problems = "".join(f"{problem}\n" for problem in report.problems)
    with all_or_nothing(out) as unfinished:
        write_atomic(unfinished / "groups.json", groups_json(grouping))
        exporter("ndjson").export(grouping.groups, unfinished / "groups.ndjson")
        for draft in drafts:
            write_atomic(draft_path(unfinished, draft), draft.markdown.encode())
        write_atomic(unfinished / "problems.txt", problems.encode("utf-8", "backslashreplace"))
        with SqliteStore(out / options.STORE_NAME, create=True) as store:
            save(store, drafts)
    # Drafts of an earlier run would stand beside those of this one as if they belonged together.
    current = {draft_path(out, draft) for draft in drafts}
    for old in out.glob("drafts/g-*.md"):
        if old not in current:
            old.unlink(missing_ok=True)
    return drafts


def draft_path(out: Path, draft: Draft) -> Path:
    """Return where a draft is written."""
    return out / "drafts" / f"{draft.group}.{draft.kind}.md"


def show(grouping: Grouping, report: Report, *, as_json: bool) -> None:
    """Print the groups, and on standard error what became of the rest."""
    from stormcell.cli.output import console, counted, print_bytes, say, say_problems

    if as_json:
        from stormcell.render import groups_json

        print_bytes(groups_json(grouping))
    elif grouping.groups:
        from stormcell.cli.table import groups_table

        printer = console()
        printer.print(groups_table(grouping.groups, piped=not printer.is_terminal, width=printer.width))
    background = len(grouping.background)
    if grouping.events == 0:
        say("No events in the input: nothing to group.")
    else:
        say(
            f"{counted(grouping.events, 'event')}: {counted(len(grouping.groups), 'incident')}, "
            f"{counted(background, 'event')} ({background / grouping.events:.0%}) set apart as background"
            + (f", {counted(grouping.duplicates, 'duplicate')} dropped" if grouping.duplicates else "")
            + "."
        )
    if grouping.learning and grouping.events:
        seen = counted(grouping.buckets, "stretch")
        say(
            f"Still learning what is usual ({seen} of time seen; see `stormcell learn` and "
            "background.learning_buckets): from what came too early nothing was set apart."
        )
    say_outcomes(grouping.outcomes)
    say_rules(grouping.rules)
    say_problems(report)


def say_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Say what became of feedback, where it could not be followed."""
    from stormcell.cli.output import say
    from stormcell.types import State

    honoured = sum(outcome.state is State.HONOURED for outcome in outcomes)
    if outcomes:
        say(f"Feedback honoured: {honoured} of {len(outcomes)}.")
    for outcome in outcomes:
        if outcome.state in (State.OVERRULED, State.IMPOSSIBLE):
            say(f"  {outcome.feedback} {outcome.state}: {outcome.why}")


def say_rules(rules: Sequence[RuleOutcome]) -> None:
    """Say which rules of the house could not be kept."""
    from stormcell.cli.output import say
    from stormcell.types import State

    for outcome in rules:
        if outcome.state in (State.OVERRULED, State.IMPOSSIBLE):
            say(f"Rule {outcome.rule} {outcome.state}: {outcome.why}")


def worst(groups: Sequence[Group]) -> Group:
    """Return the group to look at first: the most severe, of these the one with the most events."""
    return max(groups, key=lambda group: (group.most_severe.severity, group.count))


def _say_written(out: Path, grouping: Grouping) -> None:
    from stormcell.cli.output import counted, say

    made = f"groups.json, groups.ndjson, {options.STORE_NAME}, {counted(len(grouping.groups), 'draft')} in drafts/"
    say(f"Written to {out}: {made}.")
    if grouping.groups:
        say(f"Next: {options.program()} groups show {worst(grouping.groups).id} --store {out}")
