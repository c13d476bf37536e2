"""stormcell learn: history in, what is usual kept; and what a store knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stormcell.cli import options

if TYPE_CHECKING:
    from stormcell.config import Settings
    from stormcell.features.knowledge import Knowledge


def learn(
    paths: options.Paths,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The folder whose store learns; made if it is not there.")
    ],
    config: options.Config = None,
    strict: options.Strict = False,
    as_json: options.Json = False,
) -> None:
    """Learn what is usual from history, without grouping it.

    A day of ordinary telemetry tells the gate what to set apart from the first minute on: templates of logs, how
    often each occurs in a quarter of an hour, which service calls which. What is read twice is learned once.
    """
    from stormcell.cli.output import print_json, progress, say_problems
    from stormcell.decode import Report, read
    from stormcell.errors import InputError
    from stormcell.store import SqliteStore

    settings = options.settings(config)
    knowledge = knowledge_of(out, settings)
    report = Report()
    with progress("Learning") as update:
        rows = knowledge.learn(read(paths, report, strict=strict, progress=update))
    if report.broken and not report.events:
        raise InputError(f"no event could be read: {report.problems[0]}")
    out.mkdir(parents=True, exist_ok=True)
    with SqliteStore(out / options.STORE_NAME, create=True) as store:
        store.learn(knowledge.snapshot())
    say_problems(report)
    events = int(rows.weight.sum())
    background = knowledge.background
    if as_json:
        print_json(
            {
                "events": events,
                "buckets": background.buckets,
                "templates": background.templates,
                "learning": background.buckets < settings.background.learning_buckets,
            }
        )
    else:
        _print(events, knowledge, settings)


def _print(events: int, knowledge: Knowledge, settings: Settings) -> None:
    from stormcell.cli.output import console, counted
    from stormcell.times import spoken

    background = knowledge.background
    width = spoken(int(settings.background.bucket_seconds * 1e9))
    lines = [
        f"Learned {counted(events, 'event')}; known now: {counted(background.templates, 'template')} "
        f"over {counted(background.buckets, 'stretch')} of {width}.",
    ]
    missing = settings.background.learning_buckets - background.buckets
    if missing > 0:
        lines.append(f"Still learning: nothing is called usual before {missing} more of them were seen.")
    console().print("\n".join(lines), soft_wrap=True)


def knowledge_of(out: Path | None, settings: Settings) -> Knowledge:
    """Return what earlier runs into the same folder learned.

    Raises
    ------
    StoreError
        If it cannot be used.
    """
    from stormcell.errors import StoreError
    from stormcell.features.knowledge import Knowledge
    from stormcell.store import SqliteStore

    store = None if out is None else out / options.STORE_NAME
    if store is None or not store.exists():
        return Knowledge(settings)
    with SqliteStore(store, create=False) as opened:
        learned = opened.learned()
    try:
        return Knowledge(settings, learned)
    except ValueError as error:
        raise StoreError(f"{store} holds knowledge that cannot be used: {error}; name another folder") from error
