"""Gower's dissimilarity and distances between vectors, against gower, R's daisy and scikit-learn on one core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import _ours
import _peers
from _board import Board, Run
from _data import clustered, gower_reference, records
from _report import arguments
from _timing import NotMeasuredError, one_core, timed
from stormcell.types import DoubleArray, FloatArray

if TYPE_CHECKING:
    from stormcell.distance.vectors import Metric

METRICS: tuple[Metric, ...] = ("euclidean", "manhattan", "cosine")


def speeds(board: Board, n: int) -> None:
    """Compare the seconds of a whole matrix."""
    board.title(f"Gower, 6 numeric and 8 categorical fields, n = {n}")
    rows = records(n)
    ours = board.run("stormcell", lambda: Run(_ours.gower_matrix(rows)[0]))
    codes = board.run("gower, float codes", lambda: Run(_peers.gower_codes(rows)[0]))
    if n <= 2000:  # a minute and more for 10,000
        frame = board.run("gower, data frame", lambda: Run(_peers.gower_frame(rows)[0]))
        board.faster(f"gower with a data frame over stormcell, n = {n}", ours, frame)
    daisy = board.run("R daisy", lambda: Run(_peers.daisy(rows, matrix=False)[0]))
    full = n == 10_000
    board.faster(f"gower with codes over stormcell, n = {n}", ours, codes, 40 if full else None)
    board.faster(f"R daisy over stormcell, n = {n}", ours, daisy, 50 if full else None)


def agreement(board: Board, n: int, missing: float) -> None:
    """Compare the values, where R is there with daisy's, and always with the definition."""
    print(f"\nlargest difference, n = {n}, {missing:.0%} of the cells missing", flush=True)
    rows = records(n, missing=missing)
    ours = _ours.gower_matrix(rows)[1]
    which = f"{missing:.0%} missing"
    _differ(board, f"stormcell and the definition, {which}", ours, gower_reference(rows, np.arange(n))[0], 1e-6)
    try:
        daisy = _peers.daisy(rows, matrix=True)[1]
    except NotMeasuredError as error:
        print(f"  R daisy not measured: {error}")
        return
    assert daisy is not None
    _differ(board, f"stormcell and R daisy, {which}", ours, daisy, 1e-6)
    try:
        _differ(board, f"gower and R daisy, {which}", _peers.gower_codes(rows)[1], daisy, None)
    except NotMeasuredError as error:
        print(f"  gower not measured: {error}")


def _differ(board: Board, name: str, one: FloatArray, other: DoubleArray, target: float | None) -> None:
    lacks = np.isnan(one) & ~np.isnan(other)
    worst = float(np.nanmax(np.abs(one - other)))
    print(f"  {name:<52} {worst:.3g}, {lacks.mean():.1%} NaN for a number", flush=True)
    board.at_most(f"largest difference of {name}", worst, "", target)
    board.at_most(f"NaN for a number, {name}", float(lacks.mean()), "", None if target is None else 0)


def vectors(board: Board, n: int) -> None:
    """Compare distances between vectors with scikit-learn's."""
    X = clustered(n, 64)
    pairwise = _peers.package("sklearn.metrics").pairwise_distances
    for metric in METRICS:
        board.title(f"{metric} distances, n = {n}, d = 64")
        found: dict[str, FloatArray] = {}

        def own(metric: Metric = metric, found: dict[str, FloatArray] = found) -> Run:
            seconds, found["ours"] = _ours.vector_distances(X, metric)
            return Run(seconds)

        def peer(metric: Metric = metric, found: dict[str, FloatArray] = found) -> Run:
            seconds, found["theirs"] = timed(lambda: pairwise(X, metric=metric))
            return Run(seconds)

        ours, theirs = board.run("stormcell", own), board.run("scikit-learn", peer)
        board.faster(f"scikit-learn {metric} over stormcell, n = {n}", ours, theirs)
        worst = float(np.abs(found["ours"] - found["theirs"]).max() / found["theirs"].max())
        print(f"  largest difference, as a share of the largest distance: {worst:.3g}")
        board.at_most(f"largest difference of {metric}, relative", worst, "")


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, quick=True).parse_args()
    one_core()
    board = Board(options.quick)
    for n in (200, 500) if options.quick else (500, 2000, 5000, 10_000):
        speeds(board, n)
    for missing in (0.0, 0.1):
        agreement(board, 300 if options.quick else 2000, missing)
    vectors(board, 500 if options.quick else 5000)
    board.end("gower", as_json=options.json)


if __name__ == "__main__":
    main()
