"""How fast OTLP becomes rows on one core, and how much memory a million events take."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from _board import Board
from _otlp import as_json, log_requests, said, span_requests, write
from _report import arguments
from _timing import job, one_core

SPEED = 100_000
"""Events whose time is taken, of each kind."""

MANY = 1_000_000
RUNS = 3


def speed(board: Board, folder: Path, count: int) -> None:
    """Take the CPU time from files in the system's cache to rows, each in a fresh process; the best of some."""
    write(folder / "warm.pb", chain(log_requests(said(500)), span_requests(500)))
    requests = {"logs": list(log_requests(said(count))), "spans": list(span_requests(count))}
    for kind, target in (("logs", 1e5), ("spans", 6e4)):
        write(folder / f"{kind}.pb", requests[kind])
        best = _best(folder / f"{kind}.pb", count)
        board.at_least(f"{kind} from protobuf to rows", count / best["seconds"], f"{kind}/s", target)
        board.at_most(f"{kind}, rows", best["rows"], "")
    for kind, held in requests.items():
        (folder / f"{kind}.jsonl").write_bytes(b"".join(as_json(request) + b"\n" for request in held))
        best = _best(folder / f"{kind}.jsonl", count)
        board.at_least(f"{kind} from JSON to rows", count / best["seconds"], f"{kind}/s")


def _best(path: Path, count: int) -> dict[str, Any]:
    runs = [job("ingest", path) for _ in range(RUNS)]
    _expect(runs[0]["events"], count)
    return min(runs, key=lambda run: run["seconds"])


def memory(board: Board, folder: Path, count: int) -> None:
    """Take the peak memory of a process that reads files with half logs and half spans."""
    write(folder / "many-logs.pb", log_requests(said(count // 2)))
    write(folder / "many-spans.pb", span_requests(count // 2))
    many = job("ingest", folder / "many-logs.pb", folder / "many-spans.pb")
    _expect(many["events"], count)
    size = sum(path.stat().st_size for path in folder.glob("many-*"))
    board.at_most(f"{count} events, size of the files", size / 1e6, "MB")
    board.at_most(f"{count} events, rows", many["rows"], "")
    board.at_least(f"{count} events from files to rows", count / many["seconds"], "events/s")
    board.at_most(f"{count} events, peak memory", many["peak"] / 1e6, "MB", 200)


def _expect(events: int, count: int) -> None:
    if events != count:
        raise SystemExit(f"expected {count} events, found {events}")


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    one_core()
    board = Board(options.quick)
    with TemporaryDirectory() as folder:
        speed(board, Path(folder), 2000 if options.quick else SPEED)
        memory(board, Path(folder), 10_000 if options.quick else MANY)
    board.end("ingest", as_json=options.json)


if __name__ == "__main__":
    main()
