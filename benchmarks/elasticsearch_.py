"""Copies of groups in a real Elasticsearch: rate beside the bare client's, memory, and rebuilds broken off."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from _elastic_store import ROWS, fill
from _report import Result, arguments, report
from _timing import child
from stormcell_exporters.elasticsearch import ElasticsearchExporter

if TYPE_CHECKING:
    from tests.services.elastic import Elasticsearch

ROOT = Path(__file__).parents[1]
CHILD = Path(__file__).with_name("_elastic_child.py")
RUNS = 3
LEAST = 0.8
"""The rate of a push, at least, as a part of what the bare helper reaches with documents that are made already."""
MOST = 1.2
"""The peak memory of a push of twice as many groups, at most, as a multiple."""
_HELD = 77


def job(what: str, store: Path, node: Elasticsearch, prefix: str) -> dict[str, Any]:
    """Run a job in a process of its own and return what it found."""
    return child([sys.executable, str(CHILD), what, str(store), node.url, prefix], what)


@contextmanager
def fresh(node: Elasticsearch, prefix: str) -> Iterator[str]:
    """Make indices ready, and take them away at the end."""
    ElasticsearchExporter(prefix).setup(node.url)
    try:
        yield prefix
    finally:
        for index in node.call("GET", f"{prefix}-*"):
            node.call("DELETE", index)


def rates(store: Path, node: Elasticsearch, runs: int) -> tuple[float, float, float]:
    """Return documents a second, ours and the bare helper's, the best of runs in turn, and our peak memory."""
    ours, theirs, peak = 0.0, 0.0, 0.0
    for run in range(runs):
        for what in ("bare", "push"):
            with fresh(node, f"bench-{what}-{run}") as prefix:
                found = job(what, store, node, prefix)
                rate = found["written"] / found["seconds"]
                print(f"  {what:<6} {found['written']:,} documents in {found['seconds']:.1f} s", flush=True)
                if what == "bare":
                    theirs = max(theirs, rate)
                else:
                    ours, peak = max(ours, rate), max(peak, found["peak"])
    return ours, theirs, peak


def broken_off(store: Path, node: Elasticsearch, prefix: str) -> dict[str, Any]:
    """Kill a rebuild once a part of it is there, and return what the next one found."""
    command = [sys.executable, str(CHILD), "rebuild", str(store), node.url, prefix]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    return job("rebuild", store, node, prefix)


def sizes(node: Elasticsearch, prefix: str, kind: str) -> float:
    """Return the bytes that a document takes on the disk."""
    index = f"{prefix}-{kind}"
    node.call("POST", f"{index}/_forcemerge?max_num_segments=1&flush=true")
    found = node.call("GET", f"{index}/_stats/store,docs")["_all"]["primaries"]
    return float(found["store"]["size_in_bytes"] / max(found["docs"]["count"], 1))


def measure(node: Elasticsearch, folder: Path, *, quick: bool) -> list[Result]:
    """Return all figures."""
    groups = 400 if quick else 10_000
    half, whole = folder / "half.db", folder / "whole.db"
    fill(half, groups // 2)
    fill(whole, groups)
    with fresh(node, "bench-warm") as prefix:
        job("push", half, node, prefix)
    print(f"\n{groups:,} groups with {groups * ROWS:,} members", flush=True)
    ours, theirs, peak = rates(whole, node, 1 if quick else RUNS)
    with fresh(node, "bench-half") as prefix:
        less = job("push", half, node, prefix)["peak"]
    with fresh(node, "bench-again") as prefix:
        job("push", whole, node, prefix)
        again = job("push", whole, node, prefix)
        resumed = broken_off(whole, node, prefix)
        compared = job("check", whole, node, prefix)
        member, group = sizes(node, prefix, "members"), sizes(node, prefix, "groups")
    target = None if quick else 1.0
    return [
        Result("push", ours, "documents/s"),
        Result("bare parallel_bulk of made documents", theirs, "documents/s"),
        Result.at_least("push over bare parallel_bulk", ours / theirs, "x", None if quick else LEAST),
        Result("peak memory of a push", peak / 1e6, "MB"),
        Result.at_most("peak memory, twice over once the groups", peak / less, "x", None if quick else MOST),
        Result.at_most("documents sent by a push of the same", again["written"] + again["deleted"], "", 0),
        Result("groups a second in a push of the same", groups / again["seconds"], "groups/s"),
        Result.at_least("groups that a rebuild finds which was killed before", resumed["unchanged"], "", target),
        Result.at_most("differences after it", compared["differences"], "", 0),
        Result("seconds of a check", compared["seconds"], "s"),
        Result("bytes of a member on the disk", member, "B"),
        Result("bytes of a group on the disk", group, "B"),
    ]


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    ready = subprocess.run([str(ROOT / "scripts" / "services" / "elasticsearch")], check=False)
    if ready.returncode:
        raise SystemExit(ready.returncode if ready.returncode == _HELD else 1)
    # A peer of another benchmark may have put a package `tests` of its own where ours would be looked for.
    ours = sys.modules["tests"] = ModuleType("tests")
    ours.__path__ = [str(ROOT / "tests")]
    from tests.services.elastic import start_elasticsearch
    from tests.services.servers import Servers

    with tempfile.TemporaryDirectory() as name:
        servers = Servers(Path(name))
        try:
            # As it comes, not as the tests start it.
            node = start_elasticsearch(servers, java="")
            results = measure(node, Path(name), quick=options.quick)
        finally:
            servers.end()
    report("elasticsearch", results, as_json=options.json)


if __name__ == "__main__":
    main()
