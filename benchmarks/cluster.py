"""k-medoids against kmedoids, scikit-learn-extra, R and onebatch on one core: seconds and losses."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

import numpy as np

import _ours
import _peers
from _board import Board, Run
from _data import K, clustered, euclidean, five, matrix_loss, start_of, vector_loss, zipf
from _report import arguments
from _timing import job, one_core, timed
from stormcell.types import FloatArray, IntArray

if TYPE_CHECKING:
    from stormcell.cluster.solve import Method

STARTS = 10
FRESH = 5


def swaps(board: Board, n: int, k: int) -> None:
    """Compare the search alone: the same matrix, the same random start."""
    board.title(f"search from one random start, n = {n}")
    D = euclidean(clustered(n))
    start = start_of(n, 0, k)

    def judged(found: tuple[float, IntArray]) -> Run:
        return Run(found[0], matrix_loss(D, found[1]))

    def own() -> Run:
        seconds, solution = _ours.from_matrix(D, start)
        return judged((seconds, solution.medoids))

    ours = board.run("stormcell", own)
    rows = board.run("kmedoids fasterpam, D", lambda: judged(_peers.fasterpam(D, start)))
    # The same numbers, as D is symmetric; but kmedoids reads columns, which this way lie in one piece.
    columns = board.run("kmedoids fasterpam, D.T", lambda: judged(_peers.fasterpam(D.T, start)))
    full = n == 10_000
    board.faster(f"kmedoids D over stormcell, n = {n}", ours, rows, 10 if full else None)
    board.faster(f"kmedoids D.T over stormcell, n = {n}", ours, columns, 2 if full else None)
    if n > 5000:
        return
    alternate = board.run(
        "scikit-learn-extra, alternate", lambda: judged(_peers.sklearn_extra(D, k, "alternate", 0))
    )
    board.faster(f"scikit-learn-extra alternate over stormcell, n = {n}", ours, alternate)
    if n <= 2000:  # minutes for more
        pam = board.run("scikit-learn-extra, pam", lambda: judged(_peers.sklearn_extra(D, k, "pam", 0)))
        board.faster(f"scikit-learn-extra pam over stormcell, n = {n}", ours, pam)
    by_r = board.run("R pam(pamonce = 6)", lambda: judged(_peers.r_pam(D, start)))
    board.faster(f"R pam over stormcell, n = {n}", ours, by_r, 100 if n == 5000 else None)


def equal_starts(board: Board, n: int, k: int) -> None:
    """Compare the losses that ours and kmedoids reach from the same random starts."""
    board.title(f"{STARTS} random starts, n = {n}: seconds of all, mean loss")
    D = euclidean(clustered(n))
    starts = [start_of(n, seed, k) for seed in range(STARTS)]

    def total(found: list[tuple[float, IntArray]]) -> Run:
        return Run(sum(seconds for seconds, _ in found), mean(matrix_loss(D, medoids) for _, medoids in found))

    def own() -> Run:
        found = [_ours.from_matrix(D, start) for start in starts]
        return total([(seconds, solution.medoids) for seconds, solution in found])

    ours = board.run("stormcell", own)
    theirs = board.run(
        "kmedoids fasterpam, D.T", lambda: total([_peers.fasterpam(D.T, start) for start in starts])
    )
    board.above(f"loss above kmedoids from equal starts, n = {n}", ours, theirs, 1e-3)


def rows_to_labels(board: Board, n: int, k: int, seeds: int) -> None:
    """Compare from rows to medoids: ours from samples, the peer from all distances. Losses: the mean of seeds."""
    board.title(f"from rows to medoids, n = {n}, d = 384")
    X = clustered(n)

    def own() -> Run:
        return _over_seeds(X, k, seeds)

    def peer() -> Run:
        _peers.package("kmedoids")  # before minutes go by
        distances, D = timed(lambda: _peers.sklearn_distances(X))
        found = [_peers.fasterpam(D, start_of(n, seed, k)) for seed in range(seeds)]
        return Run(distances + found[0][0], mean(vector_loss(X, medoids) for _, medoids in found))

    ours = board.run("stormcell", own)
    theirs = board.run("scikit-learn pairwise_distances, kmedoids fasterpam", peer)
    board.faster(f"scikit-learn and kmedoids D over stormcell, n = {n}", ours, theirs, 100)
    board.above(f"loss above scikit-learn and kmedoids, n = {n}", ours, theirs, 3e-3)


def against_onebatch(board: Board, n: int, k: int, seeds: int) -> None:
    """Compare with the peer that does not compute all distances either. Losses: the mean of seeds."""
    board.title(f"from rows to medoids, n = {n}, d = 64")
    X = zipf(n)

    def peer() -> Run:
        found = [_peers.onebatch(X, k, seed) for seed in range(seeds)]
        return Run(found[0][0], mean(vector_loss(X, medoids) for _, medoids in found))

    ours = board.run("stormcell", lambda: _over_seeds(X, k, seeds))
    theirs = board.run("onebatch", peer)
    board.faster(f"onebatch over stormcell, n = {n}", ours, theirs, 8)
    board.above(f"loss above onebatch, n = {n}", ours, theirs, 0)


def _over_seeds(X: FloatArray, k: int, seeds: int) -> Run:
    found = [_ours.from_rows(X, k, seed=seed) for seed in range(seeds)]
    return Run(found[0][0], mean(vector_loss(X, solution.medoids) for _, solution in found))


def losses(board: Board, name: str, X: FloatArray, k: int, seeds: int) -> None:
    """Compare the losses on one data set: the mean of seeds."""
    board.title(f"losses, {name}, n = {len(X)}, d = {X.shape[1]}")
    D = euclidean(X)
    starts = [start_of(len(X), seed, k) for seed in range(seeds)]

    def show(solver: str, solve: Callable[[int], tuple[float, IntArray]]) -> None:
        def made() -> Run:
            found = [solve(seed) for seed in range(seeds)]
            return Run(mean(took for took, _ in found), mean(vector_loss(X, medoids) for _, medoids in found))

        board.run(solver, made)

    def own(seed: int, method: Method) -> tuple[float, IntArray]:
        seconds, solution = _ours.from_rows(X, k, seed=seed, method=method)
        return seconds, solution.medoids

    def own_from_start(seed: int) -> tuple[float, IntArray]:
        seconds, solution = _ours.from_matrix(D, starts[seed])
        return seconds, solution.medoids

    show("stormcell, exact, distances included", lambda seed: own(seed, "exact"))
    show("stormcell, from samples, distances included", lambda seed: own(seed, "sampled"))
    show("stormcell, exact, from a matrix and a random start", own_from_start)
    show("kmedoids fasterpam, from the same", lambda seed: _peers.fasterpam(D.T, starts[seed]))
    show("scikit-learn-extra alternate, from the same", lambda seed: _peers.sklearn_extra(D, k, "alternate", seed))
    show("onebatch, distances included", lambda seed: _peers.onebatch(X, k, seed))


def cold(board: Board) -> None:
    """Measure what a fresh process pays for few rows, the import of what it uses not included."""
    board.title(f"200 rows in a fresh process, the median of {FRESH}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        np.save(path, clustered(200, 64))
        job("cold", path, 10)  # writes bytecode
        found = [job("cold", path, 10) for _ in range(FRESH)]
    peak = max(one["peak"] for one in found)
    ours = Run(median(one["seconds"] for one in found), found[0]["loss"], peak)
    board.run("stormcell", lambda: ours)
    board.at_most("200 rows in a fresh process", ours.seconds, "s", 0.15)
    board.at_most("numba imported for 200 rows", float(any(one["numba"] for one in found)), "", 0)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    one_core()
    board = Board(options.quick)
    k, seeds = (10, 2) if options.quick else (K, 3)
    cold(board)
    for n in (200, 500) if options.quick else (500, 2000, 5000, 10_000):
        swaps(board, n, k)
    equal_starts(board, 300 if options.quick else 2000, k)
    for name, X in five(500 if options.quick else 5000).items():
        losses(board, name, X, k, seeds)
    rows_to_labels(board, 1000 if options.quick else 20_000, k, seeds)
    against_onebatch(board, 2000 if options.quick else 100_000, k, seeds)
    board.end("cluster", as_json=options.json)


if __name__ == "__main__":
    main()
