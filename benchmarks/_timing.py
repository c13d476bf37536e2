"""One core and one thread, the best of five, and children whose seconds and memory are measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

_THREADS = tuple(f"{name}_NUM_THREADS" for name in ("OPENBLAS", "OMP", "MKL", "NUMBA", "RAYON"))
_SHORT = 3.0
_RUNS = 5

Found = TypeVar("Found")


class NotMeasuredError(Exception):
    """A peer that cannot be run here; says why."""


def one_core() -> None:
    """Keep this process and its children on one core, with one thread in every library.

    Libraries read the number of threads when they are imported, so where it was not set the program starts anew.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    wanted = dict.fromkeys(_THREADS, "1")
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | wanted)  # noqa: S606 - itself


def timed(function: Callable[[], Found], *, warm: bool = False) -> tuple[float, Found]:
    """Return the seconds of a call and what it returned: the best of five where it takes less than three seconds.

    Parameters
    ----------
    function : callable
    warm : bool
        Call it once before, unmeasured: for code that is compiled or loaded by its first call.
    """
    if warm:
        function()
    best, found = _once(function)
    for _ in range(_RUNS - 1 if best < _SHORT else 0):
        seconds, again = _once(function)
        if seconds < best:
            best, found = seconds, again
    return best, found


def _once(function: Callable[[], Found]) -> tuple[float, Found]:
    started = time.perf_counter()
    found = function()
    return time.perf_counter() - started, found


def child(command: list[str], label: str) -> dict[str, Any]:
    """Run a command and return the JSON of its last line.

    Raises
    ------
    NotMeasuredError
        If it fails; with its last words.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotMeasuredError(f"{label}: {error}") from error
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        words = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NotMeasuredError(f"{label} exited with {done.returncode}: {words}")
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def job(name: str, *arguments: str | Path | int) -> dict[str, Any]:
    """Run a job of ``_child.py`` in a fresh process of this Python and return what it printed."""
    program = Path(__file__).with_name("_child.py")
    return child([sys.executable, str(program), name, *map(str, arguments)], name)


def peak_memory() -> int:
    """Return the most memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: under Linux a child takes over the peak of the process that started it.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
