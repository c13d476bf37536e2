"""stormcell group --live: files as the sidecar would have taken them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stormcell.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stormcell.config import Settings
    from stormcell.decode import Report
    from stormcell.store import SqliteStore
    from stormcell.types import Draft, Grouping, Membership


def read_and_replay(
    paths: Sequence[str], settings: Settings, *, strict: bool, out: Path | None
) -> tuple[Grouping, Report]:
    """Read files and let time pass over their events; with ``out``, write everything there.

    Raises
    ------
    InputError
        If there is nothing in them but problems.
    """
    from stormcell.cli.group import write_files
    from stormcell.cli.output import progress
    from stormcell.decode import Report, read
    from stormcell.engine.replay import replay
    from stormcell.errors import InputError
    from stormcell.store import SqliteStore

    report = Report()
    with tempfile.TemporaryDirectory() as scratch:
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        with SqliteStore((out or Path(scratch)) / options.STORE_NAME, create=True) as store:
            with progress("Replaying") as update:
                replay(read(paths, report, strict=strict, progress=update), store, settings)
            if report.broken and not report.events:
                raise InputError(f"no event could be read: {report.problems[0]}")
            grouping = store.grouping()
            members: dict[str | None, Sequence[Membership]] = {
                group.id: store.memberships(group.id) for group in grouping.groups
            }
    if out is not None:

        def save(store: SqliteStore, drafts: Sequence[Draft]) -> None:
            store.save_drafts(drafts)

        write_files(grouping, members, report, out, settings, save)
    return grouping, report
