"""How long `stormcell group` takes on one core, how much memory, and how that grows with equal events."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from _report import Result, arguments, report
from _timing import one_core

DATA = Path(__file__).parent / "data" / "trainticket-overlap"
PROGRAM = Path(sys.executable).with_name("stormcell")
RUNS = 5
TIMES = 10
MORE = 20
"""Copies, beside ``TIMES``, between which growth is measured: with few, the arrays of a later stage hide it."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one run took; ``peak`` in bytes."""

    wall: float
    cpu: float
    peak: int
    events: int


def measure(paths: list[Path]) -> Usage:
    """Run the program over files, in a process of its own.

    Its peak memory counts from that of this process, which is far smaller.
    """
    started = time.perf_counter()
    command = [str(PROGRAM), "group", *map(str, paths), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        assert running.stdout is not None
        printed = running.stdout.read()
        _, status, used = os.wait4(running.pid, 0)
        wall = time.perf_counter() - started
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"{' '.join(command)} exited with {running.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit, json.loads(printed)["events"])


def multiply(folder: Path, copies: range) -> Iterator[Path]:
    """Write copies of the same telemetry, each event of each with an id of its own."""
    for source in sorted(DATA.glob("*.jsonl.gz")):
        with gzip.open(source, "rt", encoding="utf-8") as file:
            lines = file.readlines()
        for copy in copies:
            target = folder / f"{copy}.{source.name}"
            with gzip.open(target, "wt", encoding="utf-8", compresslevel=1) as file:
                for line in lines:
                    document = json.loads(line)
                    if copy:
                        _rename(document, copy)
                    file.write(json.dumps(document) + "\n")
            yield target


def _rename(document: Json, copy: int) -> None:
    for record in _records(document, "resourceLogs", "scopeLogs", "logRecords"):
        for pair in record["attributes"]:
            if pair["key"] == "log.record.uid":
                pair["value"]["stringValue"] += f"-{copy}"
    for span in _records(document, "resourceSpans", "scopeSpans", "spans"):
        for key in ("spanId", "parentSpanId"):
            if span.get(key):
                # One permutation of all ids a copy, so that children keep their parents.
                span[key] = f"{int(span[key], 16) * (2 * copy + 1) % 2**64:016x}"
    for alert in document.get("alerts", ()):
        alert["fingerprint"] += f"-{copy}"


def _records(document: Json, outer: str, middle: str, inner: str) -> Iterator[Json]:
    for holder in document.get(outer, ()):
        for scope in holder[middle]:
            yield from scope[inner]


def sizes() -> list[Result]:
    """Count what the events become. Imports the program itself, so that it must come after the measurements."""
    from stormcell import read
    from stormcell.config import Settings
    from stormcell.features.knowledge import Knowledge
    from stormcell.features.links import find_links, join
    from stormcell.pipeline import group_rows

    settings = Settings()
    knowledge = Knowledge(settings)
    rows = knowledge.learn(read([DATA]))
    grouping = group_rows(rows, knowledge, settings)
    return [
        Result("rows", len(rows), ""),
        Result("atoms", len(set(join(len(rows), find_links(rows, settings.links)).tolist())), ""),
        Result("atoms, repetitions joined", len(grouping.memberships), ""),
        Result("groups", len(grouping.groups), ""),
    ]


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__).parse_args()
    one_core()
    measure([DATA])  # fills the caches and writes bytecode
    runs = [measure([DATA]) for _ in range(RUNS)]
    wall, peak, events = median(run.wall for run in runs), max(run.peak for run in runs), runs[0].events
    with TemporaryDirectory() as folder:
        files = list(multiply(Path(folder), range(TIMES)))
        often = measure(files)
        more = measure(files + list(multiply(Path(folder), range(TIMES, MORE))))
    if (often.events, more.events) != (TIMES * events, MORE * events):
        raise SystemExit(f"expected {TIMES * events} and {MORE * events} events, found {often}, {more}")
    report(
        "group",
        [
            Result.at_most("stormcell group, wall", wall, "s", 3.0),
            Result("stormcell group, CPU", median(run.cpu for run in runs), "s"),
            Result.at_most("peak memory", peak / 1e6, "MB", 250),
            Result("events", events, ""),
            Result("throughput", events / wall, "events/s"),
            Result(f"same events {TIMES} times over, wall", often.wall, "s"),
            Result(f"same events {TIMES} times over, throughput", often.events / often.wall, "events/s"),
            Result(f"same events {TIMES} times over, peak memory", often.peak / 1e6, "MB"),
            Result.at_most(f"peak memory of {TIMES} times over one time", often.peak / peak, "x", 1.5),
            Result("memory an added event", (more.peak - often.peak) / (more.events - often.events), "B"),
            *sizes(),
        ],
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
