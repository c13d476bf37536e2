"""How every benchmark says what it measured, and on what machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Result:
    """One figure.

    Attributes
    ----------
    name : str
    value : float
    unit : str
    target : float or None
        What it is held against; None for a figure that is only shown.
    met : bool or None
        Whether the target is; None without one.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    met: bool | None = None

    @classmethod
    def at_most(cls, name: str, value: float, unit: str, target: float | None) -> Result:
        """Return a figure that is to be ``target`` or less, where there is one."""
        return cls(name, value, unit, target, None if target is None else value <= target)

    @classmethod
    def at_least(cls, name: str, value: float, unit: str, target: float | None) -> Result:
        """Return a figure that is to be ``target`` or more, where there is one."""
        return cls(name, value, unit, target, None if target is None else value >= target)


def machine() -> dict[str, str | int]:
    """Return what the figures depend on besides the code."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "python": platform.python_version(),
        "numpy": version("numpy"),
    }


def report(bench: str, results: Sequence[Result], *, as_json: bool, printed: Sequence[Result] = ()) -> None:
    """Print the results as a table and, where asked for, as JSON in the last line.

    Parameters
    ----------
    bench : str
    results : sequence of Result
    as_json : bool
    printed : sequence of Result
        What was printed before: stands only in the JSON, ahead of the others.
    """
    here = machine()
    print(f"{bench} on {here['cpu']}, {here['cores']} cores, Python {here['python']}, numpy {here['numpy']}")
    width = max((len(result.name) for result in results), default=0)
    for result in results:
        held = ""
        if result.target is not None:
            held = f"  target {result.target:g}: {'met' if result.met else 'MISSED'}"
        print(f"  {result.name:<{width}}  {result.value:>12.4g} {result.unit}{held}")
    if as_json:
        every = [asdict(result) for result in (*printed, *results)]
        print(json.dumps({"bench": bench, "machine": here, "results": every}))


def arguments(description: str | None, *, quick: bool = False) -> argparse.ArgumentParser:
    """Return a parser that knows ``--json``, and ``--quick`` where asked for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    if quick:
        parser.add_argument("--quick", action="store_true", help="few rows and no targets: does everything run?")
    return parser


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
