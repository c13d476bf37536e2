"""The k-medoids of scikit-learn-extra 0.3.0 as clusterers. None of them knows weights."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from stormcell.cluster.checks import checked_k, checked_weights
from stormcell.cluster.solvers.common import euclidean_rows, nearest_members, refuse_unequal, solution
from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray

_MAX_ITERATIONS = 300


class _Solver:
    """What the three share.

    Raises
    ------
    ImportError
        If scikit-learn-extra cannot be imported.
    """

    def __init__(self) -> None:
        try:
            import sklearn_extra.cluster
        # With numpy 2 its compiled modules raise ValueError.
        except (ImportError, ValueError) as error:
            raise ImportError(
                "it needs scikit-learn-extra, which works with Python 3.11 and numpy before 2 only: "
                f"pip install 'stormcell[scikit-learn-extra]' ({error})"
            ) from error
        self._package: Any = sklearn_extra.cluster


class _Precomputed(_Solver):
    _method: str
    _init: str

    def cluster(self, points: Points, k: int, *, weights: DoubleArray | None = None, seed: int = 0) -> Clustering:
        """See Clusterer."""
        k, weights = checked_k(k, len(points)), checked_weights(weights, len(points))
        refuse_unequal(weights, f"scikit-learn-extra's {self._method}")
        estimator = self._package.KMedoids(
            n_clusters=k,
            metric="precomputed",
            method=self._method,
            init=self._init,
            max_iter=_iterations(self._method, k),
            random_state=seed,
        )
        with warnings.catch_warnings():
            # Points that have twins: `solution` keeps each medoid in its own cluster.
            warnings.filterwarnings("ignore", "Cluster .* is empty")
            found = estimator.fit(points.cross(points))
        return solution(points, found.medoid_indices_, k, weights, getattr(found, "n_iter_", 0))


class Alternate(_Precomputed):
    """``sklearn_extra.cluster.KMedoids(method="alternate")`` with its defaults; takes any points.

    Assigns points and moves medoids in turns, as k-means does (Park & Jun, "A simple and fast algorithm for
    K-medoids clustering", Expert Systems with Applications 36(2), 2009).
    """

    _method = "alternate"
    _init = "heuristic"


class PAM(_Precomputed):
    """``sklearn_extra.cluster.KMedoids(method="pam")`` from BUILD, as the book defines it; takes any points."""

    _method = "pam"
    _init = "build"


class CLARA(_Solver):
    """``sklearn_extra.cluster.CLARA`` with its defaults; takes rows at Euclidean distance.

    The medoids are found by ``cluster_centers_``, which its labels belong to. Where a sample is nearly all of the
    points, its ``medoid_indices_`` can be numbers within one sample looked up in another.
    """

    def cluster(self, points: Points, k: int, *, weights: DoubleArray | None = None, seed: int = 0) -> Clustering:
        """See Clusterer."""
        rows = euclidean_rows(points, "scikit-learn-extra's CLARA")
        k, weights = checked_k(k, len(points)), checked_weights(weights, len(points))
        refuse_unequal(weights, "scikit-learn-extra's CLARA")
        estimator = self._package.CLARA(n_clusters=k, max_iter=_iterations("pam", k), random_state=seed)
        found = estimator.fit(rows)
        medoids = nearest_members(rows, found.labels_.astype(np.int64), found.cluster_centers_)
        return solution(points, medoids, k, weights, int(found.n_iter_))


def _iterations(method: str, k: int) -> int:
    """Return the iterations allowed: none where BUILD is already the optimum, which PAM warns about."""
    return 0 if method == "pam" and k == 1 else _MAX_ITERATIONS
