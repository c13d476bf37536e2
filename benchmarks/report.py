"""How long `stormcell report` takes and how large its pages are: of a real storm, and of a hundred groups."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from _report import Result, arguments, report
from _report_storm import make
from _timing import one_core

STORM = Path(__file__).parent / "data" / "trainticket-overlap"
RUNS = 5
GROUPS, ROWS = 100, 400
_MB = 1_000_000


def written(store: Path, runs: int) -> tuple[float, float]:
    """Return the median seconds from the start of the process to its end, and the size of the page in MB."""
    page, seconds = store / "report.html", []
    for run in range(runs + 1):
        started = time.perf_counter()
        _stormcell("report", "--store", store, "--out", page)
        if run:  # the first one fills the caches and writes bytecode
            seconds.append(time.perf_counter() - started)
    return median(seconds), page.stat().st_size / _MB


def _stormcell(*command: str | Path) -> None:
    program = [sys.executable, "-m", "stormcell", *map(str, command)]
    subprocess.run(program, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    one_core()
    groups, runs = (5, 1) if options.quick else (GROUPS, RUNS)
    with tempfile.TemporaryDirectory() as folder:
        storm, many = Path(folder) / "storm", Path(folder) / "many"
        _stormcell("group", STORM, "--out", storm)
        many.mkdir()
        make(many / "stormcell.db", groups, ROWS)
        seconds, size = written(storm, runs)
        longest, largest = written(many, runs)
    held = not options.quick
    report(
        "report",
        [
            Result.at_most("trainticket-overlap, wall", seconds, "s", 1.5 if held else None),
            Result("trainticket-overlap, page", size, "MB"),
            Result(f"{groups} groups of {ROWS} rows, wall", longest, "s"),
            Result.at_most(f"{groups} groups of {ROWS} rows, page", largest, "MB", 2.0 if held else None),
        ],
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
