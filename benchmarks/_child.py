"""Jobs (_child.py JOB ...) that run in a process of their own, so that their memory and start can be measured."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from _timing import peak_memory, timed
from stormcell.types import FloatArray

FIELDS = 6
CHUNK = 10_000
SAMPLE = 30_000


def cold(path: str, k: str) -> dict[str, Any]:
    """Cluster few rows, first thing."""
    from stormcell.cluster.solve import kmedoids
    from stormcell.distance.vectors import Vectors

    X = np.load(path)
    started = time.perf_counter()
    found = kmedoids(Vectors(X, "euclidean"), int(k))
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "loss": found.loss, "numba": "numba" in sys.modules}


def rows(path: str, k: str) -> dict[str, Any]:
    """Cluster rows that are in memory; compiled code is loaded beforehand by fewer rows."""
    from stormcell.cluster.solve import kmedoids
    from stormcell.distance.vectors import Vectors

    X = np.load(path)
    kmedoids(Vectors(X[:20_000], "euclidean"), int(k))
    seconds, found = timed(lambda: kmedoids(Vectors(X, "euclidean"), int(k)))
    return {"seconds": seconds, "medoids": found.medoids.tolist()}


def onebatch(path: str, k: str) -> dict[str, Any]:
    """Cluster rows that are in memory with the peer."""
    from _peers import onebatch as solve

    seconds, medoids = solve(np.load(path), int(k), 0)
    return {"seconds": seconds, "medoids": medoids.tolist()}


def out_of_core(path: str, k: str) -> dict[str, Any]:
    """Cluster and label rows of a file: a pass that samples them, the search, a pass that labels them.

    The first columns are numeric fields, the rest one vector that weighs as much as they all.
    """
    from stormcell.cluster.assignment import assign_blocks
    from stormcell.cluster.reservoir import Reservoir
    from stormcell.cluster.solve import kmedoids
    from stormcell.distance.gower import Mixed

    started = time.perf_counter()
    sample, kept = Reservoir(SAMPLE, seed=0), np.empty((0, 0), dtype=np.float32)
    for first, part in chunks(path):
        known = np.concatenate([sample.handles, np.arange(first, first + len(part))])
        rows = np.concatenate([kept, part]) if first else part
        sample.offer(known[len(known) - len(part) :])
        kept = rows[np.searchsorted(known, sample.handles)]
    weights = dict.fromkeys(table(kept), 1.0) | {"vector": float(FIELDS)}
    fitted = Mixed(weights=weights).fit(table(kept))
    points = fitted.points(table(kept))
    medoids = points.take(kmedoids(points, int(k), weights=sample.estimates(), method="sampled").medoids)
    loss, labels = 0.0, []
    for found in assign_blocks((fitted.points(table(part)) for _, part in chunks(path)), medoids):
        loss += float(found.d1.sum(dtype=np.float64))
        labels.append(found.nearest.astype(np.int16))
    labelled = len(np.concatenate(labels))
    return {"seconds": time.perf_counter() - started, "loss": loss, "labelled": labelled}


def chunks(path: str) -> Iterator[tuple[int, FloatArray]]:
    """Yield the number of the first row and the rows of an .npy file of float32, some at a time.

    Not memory-mapped: what is read of a mapped file counts as memory of the process.
    """
    with Path(path).open("rb") as file:
        np.lib.format.read_magic(file)
        (n, columns), _, _ = np.lib.format.read_array_header_1_0(file)
        for first in range(0, n, CHUNK):
            rows = min(CHUNK, n - first)
            yield first, np.fromfile(file, np.float32, rows * columns).reshape(rows, columns)


def table(rows: FloatArray) -> dict[str, FloatArray]:
    """Return rows as named columns."""
    numeric = {f"n{at}": rows[:, at] for at in range(FIELDS)}
    return numeric | {"vector": rows[:, FIELDS:]}


def embed(count: str) -> dict[str, Any]:
    """Embed texts, first thing."""
    from stormcell.text.static import StaticEmbedder

    StaticEmbedder().embed(["disk full"] * int(count))
    return {}


def ingest(*paths: str) -> dict[str, Any]:
    """Make rows of files, as the program does; the time counts from when all modules are loaded."""
    from stormcell.config import Settings
    from stormcell.decode import read
    from stormcell.features.rows import build_rows

    warm = Path(paths[0]).with_name("warm.pb")
    build_rows(read([warm]), Settings())
    started = time.process_time()
    made = build_rows(read(paths), Settings())
    seconds = time.process_time() - started
    return {"seconds": seconds, "events": int(made.weight.sum()) + made.duplicates, "rows": len(made)}


_JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    "cold": cold,
    "embed": embed,
    "ingest": ingest,
    "rows": rows,
    "onebatch": onebatch,
    "out_of_core": out_of_core,
}


if __name__ == "__main__":
    print(json.dumps(_JOBS[sys.argv[1]](*sys.argv[2:]) | {"peak": peak_memory()}))
