"""How long Python takes to import stormcell, and the command to say --help."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from _report import Result, arguments, report
from _timing import one_core

RUNS = 10


def measure(command: list[str]) -> tuple[float, float]:
    """Return the median CPU seconds and wall seconds of a command over fresh processes."""
    cpu, wall = [], []
    for run in range(RUNS + 1):
        used = _children_cpu()
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        if run:  # the first one fills the caches and writes bytecode
            wall.append(time.perf_counter() - started)
            cpu.append(_children_cpu() - used)
    return median(cpu), median(wall)


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__).parse_args()
    one_core()
    bare_cpu, bare_wall = measure([sys.executable, "-c", "pass"])
    import_cpu, import_wall = measure([sys.executable, "-c", "import stormcell"])
    help_cpu, help_wall = measure([str(Path(sys.executable).with_name("stormcell")), "--help"])
    report(
        "coldstart",
        [
            Result("python -c pass, CPU", bare_cpu, "s"),
            Result("python -c pass, wall", bare_wall, "s"),
            Result.at_most("import stormcell, CPU", import_cpu, "s", 0.15),
            Result("import stormcell, wall", import_wall, "s"),
            Result("stormcell --help, CPU", help_cpu, "s"),
            Result.at_most("stormcell --help, wall", help_wall, "s", 0.25),
        ],
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
