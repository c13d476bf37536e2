"""What Stormcell in a service costs it beside the SDK's batch processors, and that all is accounted for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from _board import Board
from _report import arguments
from _sdk_sampling import sampling_rows
from _sdk_service import LOGS, SPANS
from _sidecar_process import running
from _timing import child, one_core

ROUNDS = 3
SECONDS = 6
"""Turns of each side, and how long each is, at the pace of a busy service."""
STORMS = 8
"""Turns of each side at full speed."""
HELD = 4000
PAST = 120
"""Requests of which memory is taken, and the seconds over which they came."""
SPENT = 10
"""Seconds of a busy service of which time is taken."""
THREADS = 100
EACH = 10_000
IMPORTS = 5

_CHILD = Path(__file__).with_name("_sdk_child.py")
_IMPORT = """
import json, time
import opentelemetry.sdk._logs.export, opentelemetry.sdk.trace.export
began = time.perf_counter()
import stormcell.sdk
print(json.dumps({"seconds": time.perf_counter() - began}))
"""


def calls(board: Board, folder: Path) -> None:
    """Take the time of single calls, ours and the SDK's by turns in one process.

    The targets are for a busy service. At full speed queues fill on both sides, and dropping takes time: the SDK
    logs each.
    """
    sizes = (1, 1, 2) if board.quick else (ROUNDS, SECONDS, STORMS)
    found = _job("cost", folder / "cost", *sizes)
    found["busy"] |= {f"beside {name}": took for name, took in _beside(folder, *sizes[:2]).items()}
    for pace, words in (("busy", "2,000 a second"), ("full", "full speed")):
        took, held = found[pace], pace == "busy"
        for signal, name in (("spans", "on_end"), ("records", "on_emit")):
            for share, most in (("p50", 1.5), ("p99", 2)):
                ours, sdk = took[f"ours {signal} {share}"], took[f"sdk {signal} {share}"]
                board.at_most(f"{name}, {words}, {share}", ours, "us")
                board.at_most(f"{name}, {words}, {share}, of the SDK", sdk, "us")
                board.at_most(
                    f"{name}, {words}, {share}, ours to the SDK's", ours / sdk, "x", most if held else None
                )
                if signal == "records" and held:
                    annotated = took[f"annotated {signal} {share}"]
                    board.at_most(f"{name}, {words}, {share}, annotated", annotated, "us")
    request = f"request of {SPANS} spans and {LOGS} records, from due to done"
    for share in ("p50", "p99"):
        for side, words in (
            ("ours", ""),
            ("beside ours", ", grouped in a process of its own"),
            ("annotated", ", annotated"),
            ("sdk", ", of the SDK"),
        ):
            board.at_most(f"{request}, {share}{words}", found["busy"][f"{side} requests {share}"] / 1000, "ms")
    board.at_most("dropped at full speed", 100 * found["dropped"]["ours"], "%")
    board.at_most("dropped at full speed by the SDK", 100 * found["dropped"]["sdk"], "%")


def _beside(folder: Path, rounds: int, seconds: int) -> dict[str, float]:
    found: dict[str, float] = _job("beside", folder / "cost-beside", rounds, seconds)["busy"]
    return found


def memory(board: Board, folder: Path, endpoint: str) -> None:
    """Take what a service holds with ours and with the SDK's."""
    requests = HELD // 20 if board.quick else HELD
    found = {
        name: _job("held", name, folder / f"held-{name}", endpoint, requests, PAST)
        for name in ("batch", "encoding", "embedded", "beside", "forward")
    }
    with _another(folder / "held-shared"):
        found["embedded, another process groups"] = _job(
            "held", "embedded", folder / "held-shared", "", requests, PAST
        )
    found["grouped in a process of its own"] = found.pop("beside")
    least = found["batch"]
    for name in (
        "embedded",
        "grouped in a process of its own",
        "embedded, another process groups",
        "forward",
    ):
        added = {key: (found[name][key] - least[key]) / 1e6 for key in ("memory", "peak")}
        board.at_most(f"memory added, {name}", added["memory"], "MB", 40)
        board.at_most(f"memory added at most, {name}", added["peak"], "MB")
        board.at_least(f"spans and records that it was given, {name}", found[name]["passed"], "")
    board.at_most("memory of that process", found["grouped in a process of its own"]["beside"] / 1e6, "MB")
    board.at_most("memory added by encoding OTLP", (found["encoding"]["memory"] - least["memory"]) / 1e6, "MB")
    board.at_most("memory with the SDK's", least["memory"] / 1e6, "MB")


@contextmanager
def _another(folder: Path) -> Iterator[None]:
    """Let another service group in a folder meanwhile."""
    command = [sys.executable, str(_CHILD), "engine", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.communicate()


def time_spent(board: Board, folder: Path, endpoint: str) -> None:
    """Take the time of a core that each span and each record takes in all, at the pace of a busy service."""
    seconds = 1 if board.quick else SPENT
    for signal in ("spans", "records"):
        cpu = {
            name: _job("spent", name, folder / f"spent-{signal}-{name}", endpoint, seconds, signal)["cpu"] * 1e6
            for name in ("nothing", "encoding", "embedded", "forward")
        }
        for name, words in (
            ("embedded", "embedded"),
            ("forward", "forward"),
            ("encoding", "the SDK's, which encodes OTLP only"),
        ):
            board.at_most(f"time of a core for each of the {signal}, {words}", cpu[name] - cpu["nothing"], "us")


def threads(board: Board, folder: Path) -> None:
    """Look for spans and records of many threads that are neither processed nor counted as dropped."""
    count, each = (10, 1000) if board.quick else (THREADS, EACH)
    for signal in ("spans", "records"):
        found = _job("threads", folder / f"threads-{signal}", count, each, signal)
        counts, given, words = found["counts"], count * each, f"{signal} of {count} threads"
        board.at_least(f"{words}", given, "")
        board.at_most(f"{words}, not accounted for", abs(astray(given, counts)), "", 0)
        board.at_most(f"{words}, processed but not sent", abs(counts["processed"] - found["sent"]), "", 0)
        board.at_most(f"{words}, dropped", 100 * (1 - counts["processed"] / given), "%")


def astray(given: int, counts: dict[str, int]) -> int:
    """Return how many were given and neither processed nor dropped; less than 0 where there are more of these."""
    return given - sum(counts.values())


def sampling(board: Board) -> None:
    """See what sampling saves and keeps of the traces of known incidents."""
    rows = sampling_rows(quick=board.quick)
    board.results += [replace(row, target=None, met=None) for row in rows] if board.quick else rows


def importing(board: Board) -> None:
    """Take the time of the import beside what a service with the SDK has loaded, the best of some."""
    runs = 1 if board.quick else IMPORTS
    took = min(child([sys.executable, "-c", _IMPORT], "import")["seconds"] for _ in range(runs))
    board.at_most("import of stormcell.sdk", 1000 * took, "ms")


def _job(name: str, *arguments: object) -> dict[str, Any]:
    return child([sys.executable, str(_CHILD), name, *map(str, arguments)], name)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    one_core()
    board = Board(options.quick)
    with TemporaryDirectory() as name:
        folder = Path(name)
        importing(board)
        calls(board, folder)
        with running(folder / "sidecar") as sidecar:
            memory(board, folder, sidecar.url)
            time_spent(board, folder, sidecar.url)
        threads(board, folder)
    sampling(board)
    board.end("sdk", as_json=options.json)


if __name__ == "__main__":
    main()
