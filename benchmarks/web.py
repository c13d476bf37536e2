"""How soon the list of groups is there, what it costs to look whether anything is new, and what the pages hold."""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from _board import Board
from _report import arguments
from _sidecar_process import running
from _web_store import fill, group_example

GROUPS = 5000
TIMES = 100
PAGES = {
    "list": "/",
    "list by severity": "/?sort=severity",
    "list of a text that is rare": "/?text=nothing+like+it",
    "list of a service": "/?service=ts-order-service",
}


@contextmanager
def served(store: Path) -> Iterator[str]:
    """Serve a store as a process of its own; yield the address."""
    command = [sys.executable, "-m", "stormcell", "web", "--store", str(store), "--port", "0", "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


class Visitor:
    """Asks for pages over one connection, as a browser does, and keeps the cookie."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc)
        self._headers: dict[str, str] = {}

    def get(self, path: str, tag: str = "") -> tuple[int, float, float, str, int]:
        """Return the status, seconds to the first byte and to the last, the version of the page, and its bytes."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers={**self._headers, "If-None-Match": tag})
        answer = self._connection.getresponse()
        first = time.perf_counter() - began
        content = answer.read()
        whole = time.perf_counter() - began
        if cookie := answer.getheader("set-cookie"):
            self._headers["Cookie"] = cookie.partition(";")[0]
        return answer.status, first, whole, answer.getheader("etag") or "", len(content)


def pages(board: Board, address: str, groups: int, times: int) -> None:
    """Ask for the list, in several ways, one time after the other."""
    visitor = Visitor(address)
    _, _, whole, _, _ = visitor.get("/")
    board.at_most("first page after the start, all of it", 1000 * whole, "ms")
    for name, path in PAGES.items():
        asked = [visitor.get(path) for _ in range(times)]
        if any(status != 200 for status, *_ in asked):
            raise SystemExit(f"{path} was not answered with a page")
        middle, late = _shares([first for _, first, _, _, _ in asked])
        board.at_most(f"{name}, {groups} groups: first byte, median", middle, "ms")
        board.at_most(f"{name}, {groups} groups: first byte, 99 %", late, "ms")
        middle, late = _shares([whole for _, _, whole, _, _ in asked])
        board.at_most(f"{name}, {groups} groups: whole page, median", middle, "ms")
        board.at_most(f"{name}, {groups} groups: whole page, 99 %", late, "ms", 1000)
    board.at_most("list, bytes of the page", asked[0][4] / 1e3, "kB")
    tag = visitor.get("/")[3]
    polled = [visitor.get("/", tag) for _ in range(times)]
    if any(status != 304 for status, *_ in polled):
        raise SystemExit("what did not change was told as changed")
    middle, late = _shares([whole for _, _, whole, _, _ in polled])
    board.at_most("looking whether anything is new, nothing is: median", middle, "ms")
    board.at_most("looking whether anything is new, nothing is: 99 %", late, "ms")


def memory(board: Board, folder: Path, store: Path, times: int) -> None:
    """See what the pages add to a sidecar that has the store."""
    data = folder / "data"
    data.mkdir()
    store.rename(data / "stormcell.db")
    with running(data) as sidecar:
        time.sleep(1)
        before = sidecar.memory()
        visitor = Visitor(sidecar.url)
        for _ in range(times):
            visitor.get("/")
        board.at_most("memory that the pages add to a sidecar", (sidecar.memory() - before) / 1e6, "MB")


def _shares(seconds: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile, in ms."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return 1000 * cuts[49], 1000 * cuts[98]


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    board = Board(options.quick)
    groups, times = (200, 10) if options.quick else (GROUPS, TIMES)
    with TemporaryDirectory() as name:
        folder = Path(name)
        store = folder / "many.db"
        fill(store, group_example(folder / "example"), groups)
        with served(store) as address:
            pages(board, address, groups, times)
        memory(board, folder, store, times)
    board.end("web", as_json=options.json)


if __name__ == "__main__":
    main()
