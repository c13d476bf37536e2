"""What the sidecar takes in and holds, how soon it answers, and that no kill loses what it acknowledged."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from random import Random
from shutil import copytree
from tempfile import TemporaryDirectory

from _board import Board
from _report import arguments
from _sidecar_bodies import numbers
from _sidecar_process import Load, Sidecar, buckets, nothing, quantile, running
from _timing import child
from stormcell.config import JournalSettings
from stormcell.journal import Journal

BATCH = 1000
SECONDS = 60
STREAMS = 4
KILLS = 20
OFFERED = 85_000
"""Records a second that are offered, a little more than it is to take: the journal keeps what the engine has not
read, and what is offered for a minute must fit into it."""

BURST = 10
"""Seconds for which as many are offered as it takes."""

RATE = 2000
"""Records a second at which latency is taken."""

STARTS = 5
HELD = 600
"""Seconds of a shop's traffic that a tick goes over, an incident in its last two minutes."""
KNOWN = 6
"""Quarters of an hour before, of which it is known what is usual."""

_PATIENCE = 60.0
_ASSIGNMENT = "stormcell_assignment_duration_seconds"
_TICK = "stormcell_tick_duration_seconds"
_ROOMY = {"STORMCELL_JOURNAL__MIN_FREE_BYTES": "0"}


def generator(board: Board, seconds: float) -> None:
    """See how fast the load generator is where nothing is done with what it sends."""
    with nothing() as target:
        sent = Load(target, "--seconds", seconds, "--batch", BATCH, "--streams", STREAMS).result()
    board.at_least("records sent to a server that does nothing", sent["per_second"], "records/s", 200_000)


def start(board: Board, folder: Path, runs: int) -> None:
    """Take the time from the start of the process until it is ready, the best of some, and what it holds idle."""
    started = []
    for run in range(runs):
        with running(folder / f"start-{run}", **_ROOMY) as sidecar:
            started.append(sidecar.started)
            if run == runs - 1:
                time.sleep(1 if board.quick else 10)
                board.at_most("memory, idle", sidecar.memory() / 1e6, "MB", 80)
    board.at_most("process start to ready", min(started), "s", 0.6)


def burst(board: Board, folder: Path, seconds: float) -> None:
    """Send at full speed, and see what is taken in."""
    with running(folder / "burst", **_ROOMY) as sidecar:
        sent = Load(sidecar.target, "--seconds", seconds, "--batch", BATCH, "--streams", STREAMS).result()
    board.at_least(f"records accepted in {seconds} s, as many as it takes", sent["per_second"], "records/s")


def throughput(board: Board, folder: Path, seconds: float, rate: float) -> None:
    """Send at a rate, and see what is taken in, read by the engine and held."""
    held = []
    with running(folder / "speed", **_ROOMY) as sidecar:
        began = time.perf_counter()
        load = Load(
            *(sidecar.target, "--seconds", seconds, "--batch", BATCH, "--streams", STREAMS, "--rate", rate)
        )
        while not load.ended:
            held.append(sidecar.memory())
            time.sleep(min(1.0, seconds / 10))
        sent, engine = load.result(), sidecar.status()["engine"]
        offered = f"records accepted, {rate} a second offered"
        board.at_least(offered, sent["per_second"], "records/s", 80_000)
        board.at_least("records read by the engine meanwhile", engine["events"] / sent["seconds"], "records/s")
        board.at_most("records refused", sent["refused"] + sent["failed"], "", 0)
        board.at_most("acknowledged within, median", 1000 * sent["p50"], "ms")
        board.at_most("acknowledged within, 99 %", 1000 * sent["p99"], "ms")
        read = _read(sidecar, sent["acknowledged"])
        took = time.perf_counter() - began
        board.at_least("records read by the engine, until it had caught up", read / took, "records/s", 80_000)
        board.at_most("records not read a minute later", sent["acknowledged"] - read, "", 0)
        third = max(len(held) // 3, 1)
        board.at_most("memory after a third", held[third] / 1e6, "MB")
        board.at_most("memory after two thirds", held[-third] / 1e6, "MB")
        board.at_most("memory at the end", held[-1] / 1e6, "MB")
        board.at_most("memory, most", max(held) / 1e6, "MB", 250)


def _read(sidecar: Sidecar, wanted: int) -> int:
    """Wait until the engine has read so many records, or a minute has gone; return how many."""
    until = time.perf_counter() + _PATIENCE
    while (read := int(sidecar.status()["engine"]["events"])) < wanted and time.perf_counter() < until:
        time.sleep(0.1)
    return read


def latency(board: Board, folder: Path, seconds: float) -> None:
    """Send steadily, and see how soon it is known where an event belongs, and how long ticks take."""
    with running(folder / "latency", **_ROOMY) as sidecar:
        rate = ("--rate", RATE, "--batch", 20)
        Load(sidecar.target, "--seconds", seconds, *rate).result()  # so that groups live
        before = sidecar.metrics()
        sent = Load(sidecar.target, "--seconds", seconds, "--first", 10**9, *rate).result()
        after = sidecar.metrics()
    board.at_least(f"records accepted, sent at {RATE}/s", sent["per_second"], "records/s")
    for name, metric, shares in (("assigned", _ASSIGNMENT, (50, 99)), ("ticks done", _TICK, (50, 99))):
        was, is_now = buckets(before, metric), buckets(after, metric)
        if not is_now:
            print(f"  {metric} is not among the metrics: not measured", flush=True)
            continue
        for share in shares:
            target = 50 if (metric, share) == (_ASSIGNMENT, 99) else None
            board.at_most(f"{name} within, {share} %", 1000 * quantile(was, is_now, share / 100), "ms", target)


def tick(board: Board, seconds: int) -> None:
    """Take the time of a tick over all that is held, the best of some, until what changed is stored.

    Once where most of it is usual, and once where nothing is known to be and all is grouped.
    """
    for name, known, held, target in (("", KNOWN, seconds, 1), (", all of them grouped", 0, seconds // 2, None)):
        script = Path(__file__).with_name("_sidecar_tick.py")
        found = child([sys.executable, str(script), str(held), str(known)], "ticks")
        board.at_most(
            f"tick over {found['atoms']} atoms of {found['rows']} rows{name}", found["seconds"], "s", target
        )


def kills(board: Board, folder: Path, count: int) -> None:
    """Kill it at random moments while it takes in records, and look for those it had acknowledged."""
    chance, whole, records = Random(1), 0, 0  # noqa: S311
    for run in range(count):
        data, said = folder / f"kill-{run}", folder / f"kill-{run}.acknowledged"
        sidecar = Sidecar(data, **_ROOMY)
        load = Load(sidecar.target, "--rate", 20_000, "--batch", 100, "--acknowledged", said)
        try:
            _until_acknowledged(said)
            time.sleep(2 * chance.random())
        finally:
            sidecar.kill()
            load.kill()
        acknowledged = _acknowledged(said)
        # A copy: opening it mends it, which the sidecar is to do.
        lost = acknowledged - _kept(copytree(data / "journal", folder / f"kill-{run}.journal"))
        with running(data, **_ROOMY) as sidecar:
            read = _read(sidecar, len(acknowledged))
        records += len(acknowledged)
        whole += not lost and read >= len(acknowledged) > 0
        if lost or read < len(acknowledged):
            print(f"  kill {run}: {len(acknowledged)} acknowledged, {len(lost)} lost, {read} read", flush=True)
    board.at_least("kills that lost nothing", whole, f"of {count}", count)
    board.at_least("records acknowledged before those kills", records, "")


def _until_acknowledged(path: Path) -> None:
    until = time.perf_counter() + _PATIENCE
    while not (path.exists() and path.stat().st_size):
        if time.perf_counter() > until:
            raise SystemExit("nothing was acknowledged within a minute")
        time.sleep(0.01)


def _acknowledged(path: Path) -> set[int]:
    # The last line may have been cut by the kill of the load generator: what it would say was not said.
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    found: set[int] = set()
    for line in lines:
        first, last = map(int, line.split())
        found.update(range(first, last + 1))
    return found


class _Clock:
    def now(self) -> int:
        return time.time_ns()


def _kept(folder: Path) -> set[int]:
    with Journal(folder, JournalSettings(), _Clock()) as journal:
        return set(numbers(entry.request.body for entry in journal.read(journal.first)))


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    board, quick = Board(options.quick), options.quick
    with TemporaryDirectory() as name:
        folder = Path(name)
        generator(board, 1 if quick else 10)
        start(board, folder, 1 if quick else STARTS)
        burst(board, folder, 1 if quick else BURST)
        throughput(board, folder, 3 if quick else SECONDS, RATE if quick else OFFERED)
        latency(board, folder, 2 if quick else 20)
        tick(board, 10 if quick else HELD)
        kills(board, folder, 1 if quick else KILLS)
    board.end("sidecar", as_json=options.json)


if __name__ == "__main__":
    main()
