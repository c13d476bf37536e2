"""How stable the medoids are: whether another sample of the same rows would have given them too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stormcell.cluster.checks import as_given, as_points, checked_weights
from stormcell.cluster.quality.silhouette import spread
from stormcell.cluster.solve import kmedoids
from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Stability:
    """How often the medoids are found again.

    Attributes
    ----------
    medoids : DoubleArray, shape (k,)
        For each medoid, the share of the resamples that found it, or a row as good, again.
    share : float
        Their mean.
    """

    medoids: DoubleArray
    share: float


def medoid_stability(
    data: FloatArray | Points,
    clustering: Clustering,
    *,
    weights: DoubleArray | None = None,
    resamples: int = 20,
    seed: int = 0,
) -> Stability:
    """Cluster bootstrap samples of the rows and look for the medoids among those found.

    A medoid counts as found again if a medoid of the sample is the same row or lies within its cluster's radius:
    no farther from it than its cluster's rows are on average (weighted). The idea is that of Hennig 2007,
    "Cluster-wise assessment of cluster stability", doi:10.1016/j.csda.2006.11.025, applied to medoids.

    A sample draws as many rows as there are, with replacement; a row of weight w is drawn as w equal rows would
    be. So a cluster of a single row of weight 1, which about a third of the samples lack, is not stable.

    Parameters
    ----------
    data : FloatArray, shape (n, n), or Points of length n
        What was clustered.
    clustering : Clustering
    weights : DoubleArray, shape (n,), optional
        Positive; 1 each by default. Weights that sum to less than n only say how likely each row is drawn.
    resamples : int
        At least 1.
    seed : int
        For the draws and for the seeding of each sample.

    Returns
    -------
    Stability

    Raises
    ------
    ValueError
        If there are no resamples, or a shape or weight is wrong.
    """
    data = as_given(data)
    n, k = len(data), len(clustering.medoids)
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, found {resamples}")
    if len(clustering.labels) != n:
        raise ValueError(f"the clustering is of {len(clustering.labels)} rows, the data has {n}")
    weights = checked_weights(weights, n)
    points = as_points(data)
    medoids = points.take(clustering.medoids)
    radius = spread(clustering, weights)
    draws = max(n, round(float(weights.sum())))
    rng = np.random.default_rng(seed)
    found = np.zeros(k)
    for _ in range(resamples):
        times = rng.multinomial(draws, weights / weights.sum())
        rows = np.flatnonzero(times)
        sample = data[np.ix_(rows, rows)] if isinstance(data, np.ndarray) else data.take(rows)
        # Fewer different rows than medoids: each is a medoid.
        again = kmedoids(sample, min(k, len(rows)), weights=times[rows].astype(np.float64), seed=seed)
        chosen = rows[again.medoids]
        near = medoids.cross(points.take(chosen)).min(axis=1) <= radius
        found += near | np.isin(clustering.medoids, chosen)
    return Stability(found / resamples, float(found.mean() / resamples))
