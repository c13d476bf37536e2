"""Our side, called as a user would: all that the benchmarks know of Stormcell's engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from _data import Records
from _timing import timed
from stormcell.types import Clustering, DoubleArray, FloatArray, IntArray

if TYPE_CHECKING:
    from stormcell.cluster.solve import Method
    from stormcell.distance.vectors import Metric

COSINE_SCALE = 0.5
"""By which a vector among mixed fields counts ``1 - cos``: opposite ones are 1 apart."""


def from_matrix(D: FloatArray, start: IntArray) -> tuple[float, Clustering]:
    """Return seconds and solution of FasterPAM on a matrix, from given medoids."""
    from stormcell.cluster.solve import kmedoids

    return timed(lambda: kmedoids(D, len(start), init=start), warm=True)


def from_rows(
    X: FloatArray, k: int, *, seed: int = 0, weights: DoubleArray | None = None, method: Method = "auto"
) -> tuple[float, Clustering]:
    """Return seconds and solution of k-medoids on rows at Euclidean distance, all included."""
    from stormcell.cluster.solve import kmedoids
    from stormcell.distance.vectors import Vectors

    def solve() -> Clustering:
        return kmedoids(Vectors(X, "euclidean"), k, seed=seed, weights=weights, method=method)

    return timed(solve, warm=True)


def vector_distances(X: FloatArray, metric: Metric) -> tuple[float, FloatArray]:
    """Return seconds and matrix of all distances between rows."""
    from stormcell.distance.vectors import Vectors

    def solve() -> FloatArray:
        points = Vectors(X, metric)
        return points.cross(points)

    return timed(solve, warm=True)


def gower_matrix(rows: Records) -> tuple[float, FloatArray]:
    """Return seconds and matrix of Gower's dissimilarity, from raw columns."""
    from stormcell.distance.gower import gower

    columns, kinds = _columns(rows)
    return timed(lambda: gower(columns, kinds=kinds), warm=True)


def mixed(rows: Records, vectors: FloatArray, k: int, method: Method) -> tuple[float, Clustering]:
    """Return seconds and solution for mixed fields and a vector that weighs as much as they all, all included."""
    from stormcell.cluster.solve import kmedoids
    from stormcell.distance.gower import Mixed

    columns, kinds = _columns(rows)
    columns["vector"], kinds["vector"] = vectors, "vector"
    weights = dict.fromkeys(columns, 1.0) | {"vector": float(len(columns) - 1)}

    def solve() -> Clustering:
        return kmedoids(Mixed(kinds=kinds, weights=weights).fit(columns).points(columns), k, method=method)

    return timed(solve, warm=True)


def _columns(rows: Records) -> tuple[dict[str, Any], dict[str, str]]:
    numeric = {f"n{at}": column for at, column in enumerate(rows.numeric.T)}
    # Missing is NaN, whatever the kind.
    codes = {f"c{at}": np.where(column < 0, np.nan, column) for at, column in enumerate(rows.codes.T)}
    return numeric | codes, dict.fromkeys(numeric, "numeric") | dict.fromkeys(codes, "categorical")
