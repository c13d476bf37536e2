"""What the clusterers of other packages share: checks, and a solution out of what those packages return."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stormcell.cluster.solve import label
from stormcell.distance.vectors import Vectors
from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray, IntArray


def refuse_unequal(weights: DoubleArray, solver: str) -> None:
    """Refuse weights that would change the solution, where the solver has no place for them.

    Raises
    ------
    ValueError
        If the weights are not all equal.
    """
    if weights.min() < weights.max():
        raise ValueError(
            f"{solver} knows no weights, found weights from {weights.min():g} to {weights.max():g}: "
            "give none, or choose the clusterer 'fasterpam'"
        )


def euclidean_rows(points: Points, solver: str) -> DoubleArray:
    """Return the rows of numbers behind the points, shape (n, d).

    Raises
    ------
    ValueError
        If the points are anything but rows at Euclidean distance.
    """
    wanted = f"{solver} computes with rows of numbers and takes only points Vectors(X, 'euclidean')"
    if not isinstance(points, Vectors):
        raise ValueError(f"{wanted}, found {type(points).__name__}: choose the clusterer 'fasterpam'")
    if points.metric != "euclidean":
        raise ValueError(f"{wanted}, found the metric {points.metric!r}: choose the clusterer 'fasterpam'")
    # In single precision k-means takes many more rounds to settle.
    return points.rows.astype(np.float64)


def nearest_members(rows: DoubleArray, labels: IntArray, centres: DoubleArray) -> IntArray:
    """Return the member of each cluster that is nearest to its centre; none for a cluster without members.

    Parameters
    ----------
    rows : DoubleArray, shape (n, d)
    labels : IntArray, shape (n,)
        Cluster of each row.
    centres : DoubleArray, shape (k, d)

    Returns
    -------
    IntArray, shape (at most k,)
        Different rows.
    """
    found = []
    for cluster, centre in enumerate(centres):
        members = np.flatnonzero(labels == cluster)
        if len(members):
            found.append(members[((rows[members] - centre) ** 2).sum(axis=1).argmin()])
    return np.array(found, dtype=np.int64)


def solution(points: Points, medoids: IntArray, k: int, weights: DoubleArray, iterations: int) -> Clustering:
    """Return the solution with given medoids: every point goes to the nearest.

    Where there are fewer than ``k`` different ones, as for points that have twins, the points that add most to
    the loss complete them one by one.
    """
    chosen = np.unique(medoids)
    found = label(points, chosen, weights=weights)
    if len(chosen) < k:
        nearest = found.nearest
        for _ in range(k - len(chosen)):
            added = weights * nearest
            added[chosen] = -1
            one = np.array([added.argmax()])
            chosen = np.append(chosen, one)
            nearest = np.minimum(nearest, points.cross(points.take(one))[:, 0])
        found = label(points, chosen, weights=weights)
    return replace(found, iterations=iterations)
