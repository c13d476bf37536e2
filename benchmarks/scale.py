"""A million rows: out of core from a file, in memory against onebatch, and as weighted templates."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import _ours
from _board import Board, Run
from _child import FIELDS
from _data import K, vector_loss, zipf
from _report import arguments
from _timing import job, one_core
from stormcell.types import IntArray

DIMENSIONS = 64
CHUNK = 50_000


def write_rows(path: Path, n: int) -> None:
    """Write n rows of six numeric fields and one vector to an .npy file, in chunks."""
    rows = np.lib.format.open_memmap(path, "w+", np.float32, (n, FIELDS + DIMENSIONS))
    vectors = zipf(n, DIMENSIONS)
    rng = np.random.default_rng(1)
    for at in range(0, n, CHUNK):
        part = vectors[at : at + CHUNK]
        rows[at : at + CHUNK, FIELDS:] = part
        noise = rng.normal(size=(len(part), FIELDS))
        rows[at : at + CHUNK, :FIELDS] = part[:, :FIELDS] + noise
    rows.flush()


def out_of_core(board: Board, folder: Path, n: int, k: int) -> None:
    """Cluster and label rows that are read in chunks and never held all."""
    board.title(f"out of core, n = {n}, vectors of {DIMENSIONS} and {FIELDS} numeric fields")
    path = folder / "rows.npy"
    write_rows(path, n)

    def own() -> Run:
        job("out_of_core", path, k)  # compiles what is compiled, once for a machine
        found = job("out_of_core", path, k)
        if found["labelled"] != n:
            raise SystemExit(f"expected {n} labelled rows, found {found['labelled']}")
        return Run(found["seconds"], found["loss"], found["peak"])

    ours = board.run("stormcell", own)
    path.unlink()
    assert ours is not None
    assert ours.peak is not None
    board.at_most(f"peak memory out of core, n = {n}", ours.peak / 1e6, "MB", 300)


def in_memory(board: Board, folder: Path, n: int, k: int) -> None:
    """Compare with the peer that does not compute all distances either."""
    board.title(f"in memory, n = {n}, d = {DIMENSIONS}")
    path = folder / "rows.npy"
    X = zipf(n, DIMENSIONS)
    np.save(path, X)

    def judged(name: str) -> Run:
        found = job(name, path, k)
        medoids: IntArray = np.array(found["medoids"])
        return Run(found["seconds"], vector_loss(X, medoids), found["peak"])

    ours, theirs = (
        board.run("stormcell", lambda: judged("rows")),
        board.run("onebatch", lambda: judged("onebatch")),
    )
    board.faster(f"onebatch over stormcell, n = {n}", ours, theirs, 25)
    board.above(f"loss above onebatch, n = {n}", ours, theirs, 0)


def weighted(board: Board, n: int, templates: int, k: int) -> None:
    """Cluster rows that are few templates many times over: with their counts as weights, and without."""
    board.title(f"{n} rows of {templates} templates, d = {DIMENSIONS}: the loss over all rows")
    X = zipf(templates, DIMENSIONS, centres=2 * k)
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, templates + 1)
    counts = (1 + rng.multinomial(n - templates, rng.permutation(share / share.sum()))).astype(np.float64)

    def own(weights: bool) -> Run:
        seconds, solution = _ours.from_rows(X, k, weights=counts if weights else None)
        return Run(seconds, vector_loss(X, solution.medoids, counts) / n)

    by_weight = board.run("stormcell, counts as weights", lambda: own(True))
    ignored = board.run("stormcell, counts ignored, as by every peer", lambda: own(False))
    board.above("loss with counts ignored above that with weights", ignored, by_weight)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    one_core()
    board = Board(options.quick)
    n, templates, k = (20_000, 2000, 10) if options.quick else (1_000_000, 20_000, K)
    with tempfile.TemporaryDirectory() as name:
        out_of_core(board, Path(name), n, k)
        in_memory(board, Path(name), n, k)
    weighted(board, n, templates, k)
    board.end("scale", as_json=options.json)


if __name__ == "__main__":
    main()
