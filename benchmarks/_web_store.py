"""A store of many groups: those of real telemetry, again and again, each time a little earlier."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stormcell.store import SqliteStore
from stormcell.types import Event, Group, Grouping, Membership

_DATA = Path(__file__).parent / "data" / "trainticket-overlap"
_APART = 3_600_000_000_000
"""ns from one time to the next."""
_HELD = 3
"""Atoms that each copy holds: a list looks at none of them."""
_BATCH = 500


def group_example(folder: Path) -> Path:
    """Group the telemetry; return the store."""
    command = [sys.executable, "-m", "stormcell", "group", str(_DATA), "--out", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "stormcell.db"


def fill(path: Path, source: Path, groups: int) -> None:
    """Make a store of so many groups out of those of another."""
    with SqliteStore(source, create=False) as store:
        found = [(group, store.memberships(group.id)[:_HELD]) for group in store.groups()]
    made = _copies(found, groups)
    with SqliteStore(path, create=True) as store:
        while batch := [one for _, one in zip(range(_BATCH), made, strict=False)]:
            inside = sorted((group for group, _ in batch), key=lambda group: (group.first_seen, group.id))
            atoms = tuple(atom for _, held in batch for atom in held)
            events = sum(group.count for group in inside)
            store.save(Grouping(events, 0, tuple(inside), atoms), [])


def _copies(found: list[tuple[Group, list[Membership]]], groups: int) -> Iterator[tuple[Group, list[Membership]]]:
    for at in range(groups):
        group, atoms = found[at % len(found)]
        back = at // len(found) * _APART
        yield _copy(group, atoms, f"g-{at:012x}", f"{at:x}-", back)


def _copy(group: Group, atoms: list[Membership], id: str, mark: str, back: int) -> tuple[Group, list[Membership]]:
    def moved(event: Event) -> Event:
        return replace(event, uid=mark + event.uid, time=event.time - back)

    held = [
        replace(
            atom,
            group=id,
            runner_up=None,
            links=(),
            rows=tuple(
                replace(row, event=moved(row.event), members=tuple(mark + uid for uid in row.members))
                for row in atom.rows
            ),
        )
        for atom in atoms
    ]
    members = sorted(uid for atom in held for row in atom.rows for uid in row.members)
    copied = replace(
        group,
        id=id,
        medoid=moved(group.medoid),
        earliest=moved(group.earliest),
        latest=moved(group.latest),
        most_severe=moved(group.most_severe),
        exemplars=tuple(map(moved, group.exemplars)),
        first_seen=group.first_seen - back,
        last_seen=group.last_seen - back,
        members=tuple(members),
        profile=None,
    )
    return copied, held
