"""scikit-learn's k-means as clusterers: the medoids are the members nearest to the centres.

Which point belongs to which medoid is then decided by the medoids, so that near the borders of clusters it may
differ from what k-means itself says.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from stormcell.cluster.checks import checked_k, checked_weights
from stormcell.cluster.solvers.common import euclidean_rows, nearest_members, solution
from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray


class KMeans:
    """``sklearn.cluster.KMeans`` with its defaults; takes rows at Euclidean distance, and weights.

    Raises
    ------
    ImportError
        If scikit-learn cannot be imported.
    """

    _name = "KMeans"

    def __init__(self) -> None:
        try:
            import sklearn.cluster
        except ImportError as error:
            raise ImportError(f"it needs scikit-learn: pip install 'stormcell[scikit-learn]' ({error})") from error
        self._estimator: Any = getattr(sklearn.cluster, self._name)

    def cluster(self, points: Points, k: int, *, weights: DoubleArray | None = None, seed: int = 0) -> Clustering:
        """See Clusterer."""
        from threadpoolctl import threadpool_limits

        rows = euclidean_rows(points, f"scikit-learn's {self._name}")
        k, weights = checked_k(k, len(points)), checked_weights(weights, len(points))
        # Threads add up their parts in the order in which they end: the solution would vary from run to run.
        with threadpool_limits(1, user_api="openmp"), warnings.catch_warnings():
            # Points that have twins; `solution` completes the medoids.
            warnings.filterwarnings("ignore", "Number of distinct clusters")
            found = self._estimator(n_clusters=k, random_state=seed).fit(rows, sample_weight=weights)
        medoids = nearest_members(rows, found.labels_.astype(np.int64), found.cluster_centers_)
        return solution(points, medoids, k, weights, int(found.n_iter_))


class MiniBatchKMeans(KMeans):
    """``sklearn.cluster.MiniBatchKMeans`` with its defaults; takes rows at Euclidean distance, and weights."""

    _name = "MiniBatchKMeans"
