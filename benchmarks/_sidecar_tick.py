"""Ticks of the engine over a storm, in a process of its own; prints one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from _sidecar_storm import SECOND, requests
from stormcell.config import Settings
from stormcell.decode.report import Report
from stormcell.decode.requests import Requests
from stormcell.engine.assigner import Verdicts
from stormcell.engine.keeping import keep
from stormcell.engine.live import Live, Memory
from stormcell.engine.tick import Tick
from stormcell.features.knowledge import Knowledge
from stormcell.features.rows import build_rows
from stormcell.store import SqliteStore
from stormcell.types import Record, Request

START = 1_699_999_200 * SECOND
"""A quarter of an hour begins."""
STORM = 120
"""Seconds that the incident has gone on when the first tick comes."""
TICKS = 4


def main() -> None:
    """Hold what came in so many seconds, an incident in the last two minutes; then tick as the sidecar does.

    The second argument is how many quarters of an hour before are known: without any, all is grouped.
    """
    seconds, known = map(int, sys.argv[1:])
    settings, reader = Settings(), Requests(Settings(), Report())
    live = Live(settings, Memory(_usual(settings, reader, seconds, known)))
    calm = max(seconds - STORM, 0)
    _extend(live, reader, requests(START, calm, 1, incident=False))
    _extend(live, reader, requests(START + calm * SECOND, seconds - calm, 2, incident=True))
    took, used, atoms, rows = [], [], 0, 0
    with TemporaryDirectory() as folder, SqliteStore(Path(folder) / "store.db", create=True) as store:
        for at in range(TICKS):
            now = live.end()
            wall, cpu = time.perf_counter(), time.process_time()
            found = _tick(live, store, now, settings)
            took.append(time.perf_counter() - wall)
            used.append(time.process_time() - cpu)
            atoms, rows = len(found.solution.surprise), len(found.solution.rows)
            del found
            _extend(live, reader, requests(now, settings.live.tick_seconds, 3 + at, incident=True))
        grouped = sum(group.count for group in store.groups())
    # The first loads and compiles what the others have at hand, and reads what they know.
    best = {"seconds": min(took[1:]), "cpu": min(used[1:]), "first": took[0]}
    print(json.dumps({**best, "atoms": atoms, "rows": rows, "grouped": grouped}))


def _usual(settings: Settings, reader: Requests, seconds: int, known: int) -> Knowledge:
    """Return what is known where each quarter of an hour before was like one of three."""
    knowledge = Knowledge(settings)
    for seed in range(min(known, 3)):
        coming = requests(START, seconds, 100 + seed, incident=False)
        rows = build_rows(_records(reader, coming), settings, knowledge.miner)
        for at in range(seed + 1, known + 1, 3):
            back = at * int(settings.background.bucket_seconds) * SECOND
            knowledge.learn_rows(replace(rows, first=rows.first - back))
    return knowledge


def _records(reader: Requests, coming: Iterable[Request]) -> Iterable[Record]:
    return (record for request in coming for record in reader.records(request))


def _extend(live: Live, reader: Requests, coming: Iterable[Request]) -> None:
    for request in coming:
        live.extend(reader.records(request), request.received)


def _tick(live: Live, store: SqliteStore, now: int, settings: Settings) -> Tick:
    """Make a tick, store what changed and be ready to assign by it, as the engine does."""
    found = live.tick(now, store.statuses(), store.feedback())
    knowledge = live.settled_knowledge(found)
    keep(store, found, knowledge, live, settings, now)
    live.commit(found, knowledge)
    Verdicts(settings, found)
    return found


if __name__ == "__main__":
    main()
