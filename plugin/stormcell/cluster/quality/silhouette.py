"""How compact the clusters are and how far apart: silhouettes and the Davies-Bouldin index.

The weights count rows: a row of weight w counts as w equal rows. A row's own copies stand in its cluster, at
distance 0 from it, so that every index is what the repeated rows would give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stormcell.cluster.checks import as_given, as_points, check_values, checked_matrix, checked_weights
from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray, FloatArray, IntArray

_BLOCK_CELLS = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Silhouette:
    """The silhouette of every row.

    Attributes
    ----------
    rows : DoubleArray, shape (n,)
        In [-1, 1].
    mean : float
        Their weighted mean.
    """

    rows: DoubleArray
    mean: float


def silhouette(data: FloatArray | Points, labels: IntArray, *, weights: DoubleArray | None = None) -> Silhouette:
    """Return the silhouette (Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7).

    For a row, a is its mean distance to the other rows of its cluster, b the least mean distance to the rows of
    another cluster, and the silhouette (b - a) / max(a, b). It is 0 for a row alone in its cluster, and where
    a = b = 0. Time O(n²); the distances are looked at in blocks of rows, so Points need no matrix.

    Parameters
    ----------
    data : FloatArray, shape (n, n), or Points of length n
        Dissimilarities, finite, at least 0, with 0 on the diagonal.
    labels : IntArray, shape (n,)
        Any whole numbers, at least two different ones.
    weights : DoubleArray, shape (n,), optional
        Positive; 1 each by default. A row of weight w counts as w rows, so it has w - 1 others of its kind
        beside it: alone in its cluster it scores 0 only where w <= 1. A weight below 1 takes only itself away.

    Returns
    -------
    Silhouette

    Raises
    ------
    ValueError
        If there is only one cluster, or a shape or weight is wrong.
    """
    data = as_given(data)
    n, labels = len(data), np.asarray(labels)
    weights = checked_weights(weights, n)
    if labels.shape != (n,):
        raise ValueError(f"labels must be one for each of the {n} rows, found shape {labels.shape}")
    names, own = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"a silhouette needs at least two clusters, found {len(names)}")
    held = np.bincount(own, weights=weights)
    others = held[own] - np.minimum(weights, 1.0)
    alone = others <= 0
    others[alone] = 1.0
    order = np.argsort(own, kind="stable")
    starts = np.searchsorted(own[order], np.arange(len(names)))
    values = np.zeros(n)
    for rows, far in _blocks(data):
        sums = np.add.reduceat(far[:, order] * weights[order], starts, axis=1)
        places = np.arange(len(far))
        at = places, own[rows]
        # Its own distance is 0, but for rounding.
        within = (sums[at] - far[places, rows.start + places] * weights[rows]) / others[rows]
        sums /= held
        sums[at] = np.inf
        between = sums.min(axis=1)
        most = np.maximum(within, between)
        np.divide(between - within, most, out=values[rows], where=most > 0)
    values[alone] = 0.0
    return Silhouette(values, float(weights @ values / weights.sum()))


def medoid_silhouette(clustering: Clustering, *, weights: DoubleArray | None = None) -> Silhouette:
    """Return the medoid silhouette: 1 - d1 / d2, with the distances to the nearest and second nearest medoid.

    Lenssen & Schubert, "Medoid silhouette clustering with automatic cluster number selection", Information
    Systems 120 (2024), doi:10.1016/j.is.2023.102290. A row at distance 0 of a medoid scores 1, also where a
    second medoid lies in the same place (d1 = d2 = 0). Every medoid scores 1, so the mean rises towards 1 with
    the number of medoids: compare only numbers well below that of the rows.

    Parameters
    ----------
    clustering : Clustering
        With at least two medoids.
    weights : DoubleArray, shape (n,), optional
        Positive; 1 each by default.

    Raises
    ------
    ValueError
        If there is only one medoid, or a weight is wrong.
    """
    if len(clustering.medoids) < 2:
        raise ValueError("a medoid silhouette needs at least two medoids, found 1")
    weights = checked_weights(weights, len(clustering.labels))
    near = clustering.nearest.astype(np.float64)
    share = np.divide(near, clustering.runner_up, out=np.zeros_like(near), where=near > 0)
    return Silhouette(1.0 - share, float(1.0 - weights @ share / weights.sum()))


def davies_bouldin(
    data: FloatArray | Points, clustering: Clustering, *, weights: DoubleArray | None = None
) -> float:
    """Return the Davies-Bouldin index with medoids for centres; less is better, 0 the least.

    The mean over the clusters of the largest (s_i + s_j) / d_ij over the others, where s is the weighted mean
    distance of a cluster's rows to its medoid and d_ij the distance of two medoids (Davies & Bouldin 1979,
    doi:10.1109/TPAMI.1979.4766909, with p = q = 1). Two medoids in the same place are not apart: the index is inf.

    Parameters
    ----------
    data : FloatArray, shape (n, n), or Points of length n
        What was clustered.
    clustering : Clustering
        With at least two medoids.
    weights : DoubleArray, shape (n,), optional
        Positive; 1 each by default.

    Raises
    ------
    ValueError
        If there is only one medoid, or a shape or weight is wrong.
    """
    medoids, k = clustering.medoids, len(clustering.medoids)
    if k < 2:
        raise ValueError("the Davies-Bouldin index needs at least two clusters, found 1")
    weights = checked_weights(weights, len(data))
    if clustering.labels.shape != weights.shape:
        raise ValueError(f"the clustering is of {len(clustering.labels)} rows, the data has {len(weights)}")
    scatter = spread(clustering, weights)
    centres = as_points(data).take(medoids)
    apart = centres.cross(centres).astype(np.float64)
    np.fill_diagonal(apart, np.inf)
    ratio = np.full((k, k), np.inf)
    np.divide(scatter[:, None] + scatter[None, :], apart, out=ratio, where=apart > 0)
    return float(ratio.max(axis=1).mean())


def spread(clustering: Clustering, weights: DoubleArray) -> DoubleArray:
    """Return each cluster's weighted mean distance to its medoid, shape (k,)."""
    labels = clustering.labels
    sums = np.bincount(labels, weights=weights * clustering.nearest)
    return (sums / np.bincount(labels, weights=weights)).astype(np.float64)


def _blocks(data: FloatArray | Points) -> Iterator[tuple[slice, FloatArray]]:
    """Yield the dissimilarities to all rows, some rows at a time."""
    n = len(data)
    step = max(1, _BLOCK_CELLS // max(n, 1))
    if isinstance(data, np.ndarray):
        data = checked_matrix(data)
        check_values(data)
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        if isinstance(data, np.ndarray):
            # A slice costs nothing; Precomputed would copy the rows.
            yield rows, data[rows]
        else:
            yield rows, data.take(np.arange(rows.start, rows.stop)).cross(data)
