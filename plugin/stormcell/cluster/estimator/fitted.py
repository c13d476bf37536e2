"""What an estimator has found, and what it makes of rows by it, however it was fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stormcell.cluster.assignment import Nearest
from stormcell.cluster.estimator.parameters import Parameters
from stormcell.cluster.estimator.solving import Found
from stormcell.cluster.estimator.spaces import Centres, MatrixSpace, MixedSpace, Space, Table, distances, nearest
from stormcell.cluster.estimator.stream import Medoids
from stormcell.cluster.estimator.validation import check_names, checked_sample_weight, names_of, not_fitted
from stormcell.distance.gower import FittedMixed
from stormcell.types import FloatArray, IntArray


class Fitted(Parameters):
    """Medoids in a space; the attributes are those of ``KMedoids``."""

    cluster_centers_: Any
    medoid_indices_: IntArray
    labels_: IntArray
    distances_: FloatArray
    runner_up_: IntArray
    margins_: FloatArray
    inertia_: float
    n_iter_: int
    n_features_in_: int
    feature_names_in_: NDArray[np.object_]
    metric_: FittedMixed | str

    _space: Space
    _centres: Centres

    def predict(self, X: Any) -> IntArray:
        """Return the cluster of each row: the nearest medoid, the earlier of two at one distance.

        Parameters
        ----------
        X : as for fit, n rows; for "precomputed" with a column for each row of the X of fit

        Returns
        -------
        IntArray, shape (n,)

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError, TypeError
            If X has other columns than at fit, or is not what the metric takes.
        """
        table, every = self._rows(X)
        return nearest(self._space, table, every, self._centres).nearest

    def transform(self, X: Any) -> FloatArray:
        """Return the distances of each row to the medoids, shape (n, n_clusters); see predict."""
        table, every = self._rows(X)
        return np.concatenate(list(distances(self._space, table, every, self._centres)))

    def score(self, X: Any, y: None = None, sample_weight: Any = None) -> float:
        """Return minus the weighted sum of the distances to the nearest medoids; see predict."""
        table, every = self._rows(X)
        weights = checked_sample_weight(sample_weight, len(every))
        return -float(weights @ nearest(self._space, table, every, self._centres).d1.astype(np.float64))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each column that transform gives: kmedoids0 and so on."""
        self._check_fitted()
        return np.array([f"kmedoids{slot}" for slot in range(len(self.medoid_indices_))], dtype=object)

    def _read(self, X: Any) -> Table:
        """Read X as rows of the space of fit."""
        self._check_fitted()
        if isinstance(self._space, MixedSpace):  # which compares the names itself, in any order
            return self._space.read(X)
        me = type(self).__name__
        check_names(me, getattr(self, "feature_names_in_", None), names_of(getattr(X, "columns", None)))
        table = self._space.read(X)
        d = self._space.shape(table)[1]
        if d != self.n_features_in_:
            raise ValueError(f"X has {d} features, but {me} is expecting {self.n_features_in_} features as input")
        return table

    def _rows(self, X: Any) -> tuple[Table, IntArray]:
        table = self._read(X)
        return table, np.arange(self._space.shape(table)[0])

    @property
    def _fitted(self) -> bool:
        return hasattr(self, "medoid_indices_")

    def _check_fitted(self) -> None:
        if not self._fitted:
            raise not_fitted(type(self).__name__)

    def _settle(self, medoids: Medoids, centres: Centres, found: Found) -> None:
        self._centres = centres
        self.cluster_centers_ = None if isinstance(self._space, MatrixSpace) else medoids.rows
        self.medoid_indices_ = medoids.numbers
        self.inertia_ = found.loss
        self.n_iter_ = found.iterations

    def _describe(self, found: Nearest, which: IntArray) -> None:
        """Say of each row what is known of the one that it equals."""
        self.labels_ = found.nearest[which]
        self.distances_ = found.d1[which]
        self.runner_up_ = found.second[which]
        self.margins_ = (found.d2 - found.d1)[which]
