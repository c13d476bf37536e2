"""KMedoids: k-medoids as scikit-learn's estimators are used. Does not import scikit-learn."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal, Self, get_args

import numpy as np

from stormcell.cluster.estimator.fitted import Fitted
from stormcell.cluster.estimator.parameters import clusterer_tags, unchanged_on_error
from stormcell.cluster.estimator.solving import Options, solve, too_few
from stormcell.cluster.estimator.spaces import (
    MixedSpace,
    Table,
    nearest,
    space_of,
)
from stormcell.cluster.estimator.stream import Medoids, Memory, search
from stormcell.cluster.estimator.validation import (
    checked_count,
    checked_places,
    checked_sample_weight,
    names_of,
    seed_of,
)
from stormcell.cluster.seeding import Init
from stormcell.cluster.solve import Method
from stormcell.distance.gower import Mixed
from stormcell.types import DoubleArray, FloatArray, IntArray


class KMedoids(Fitted):
    """Weighted k-medoids clustering.

    Every cluster is shown by one of its rows, the medoid; the weighted sum of the distances of all rows to their
    medoids is made small.

    Rows of numbers give the same clusters in whatever order they come, and a row of weight 2 counts as two rows:
    equal rows are merged, and the different ones put into an order that only their values decide. A matrix of
    dissimilarities and a table of mixed columns are taken in the order given.

    Parameters
    ----------
    n_clusters : int
        1 to the number of rows of a weight above 0. Where fewer of these differ, the medoids that are left over
        are equal to others, and their clusters are empty.
    metric : {"euclidean", "manhattan", "cosine", "precomputed"} or Mixed
        For "precomputed", X is a square matrix of dissimilarities at fit, and at predict, transform and score has
        a row for each new point and a column for each point of fit. ``Mixed(...)`` compares the columns of a table
        (data frame, mapping of name to cells, array), missing values included; it learns ranges and categories
        from the X of fit, or of the first partial_fit.
    method : {"auto", "exact", "sampled"}
        See ``stormcell.cluster.kmedoids``. "auto" is exact up to 10,000 different rows. For "precomputed"
        always exact.
    init : {"k-medoids++", "lab", "build", "random"} or array of int, shape (n_clusters,)
        How to seed, or the rows of X to start from (which partial_fit, that has no X of its own, leaves aside).
    max_iter : int
        Most passes of the local search over the rows.
    random_state : int, RandomState, Generator or None
        For all that is drawn at random; None draws something else every time.
    reservoir_size : int
        Most rows that partial_fit remembers.

    Attributes
    ----------
    cluster_centers_ : array, shape (n_clusters, n_features), or mapping of name to cells
        The medoids' rows, in lexicographic order; of Mixed their columns. None for "precomputed".
    medoid_indices_ : IntArray, shape (n_clusters,)
        The medoids' rows in X (the first of equal ones); after partial_fit, rows counted through all batches.
    labels_ : IntArray, shape (n,)
        Of each row of X (of the last batch), the cluster: the nearest medoid, the earlier of two at one distance.
    distances_ : FloatArray, shape (n,)
        To the own medoid.
    runner_up_ : IntArray, shape (n,)
        The cluster of the second nearest medoid, -1 where there is one medoid.
    margins_ : FloatArray, shape (n,)
        How much farther the second nearest medoid is; inf where there is one medoid.
    inertia_ : float
        The weighted sum of the distances to the own medoid; after partial_fit, an estimate for all rows so far.
    n_iter_ : int
        Passes over the rows (rounds, if sampled).
    n_features_in_ : int
    feature_names_in_ : array of str
        Only where X has names for its columns.
    metric_ : FittedMixed or str
        The metric, with what it has learned from X.

    Notes
    -----
    Distances are in single precision. Where two medoids are so close to equally far that this could decide, they
    are compared in double precision, so the label of a row of numbers does not depend on the rows around it.
    Medoids at distance 0 of each other cannot be told apart by it: all that is near them goes to the earlier one.

    Examples
    --------
    >>> model = KMedoids(2).fit([[1, 1], [1, 2], [8, 8], [9, 8], [9, 9]])
    >>> model.labels_, model.medoid_indices_
    (array([0, 0, 1, 1, 1]), array([0, 3]))
    """

    _estimator_type = "clusterer"  # what scikit-learn before 1.6 looks for
    _sizes: DoubleArray
    _memory: Memory | None
    _seen: int

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        metric: Literal["euclidean", "manhattan", "cosine", "precomputed"] | Mixed = "euclidean",
        method: Method = "auto",
        init: Init | IntArray | Sequence[int] = "k-medoids++",
        max_iter: int = 100,
        random_state: int | np.random.RandomState | np.random.Generator | None = 0,
        reservoir_size: int = 20_000,
    ) -> None:
        self.n_clusters = n_clusters
        self.metric = metric
        self.method = method
        self.init = init
        self.max_iter = max_iter
        self.random_state = random_state
        self.reservoir_size = reservoir_size

    @unchanged_on_error
    def fit(self, X: Any, y: None = None, sample_weight: Any = None, *, pinned: Any = None) -> Self:
        """Find the medoids of X.

        Parameters
        ----------
        X : array-like of finite numbers, shape (n, d); or what the metric takes
        y : ignored
        sample_weight : array-like, shape (n,), optional
            At least 0, 1 each by default. A row of weight 0 takes no part in the choice of medoids but gets a
            label (and Mixed learns from it).
        pinned : array-like of int, shape (p,), optional
            Rows that are medoids whatever it costs.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter has a value it may not have, X is not what the metric takes, or X has fewer rows of a
            weight above 0 than ``n_clusters``.
        TypeError
            If X is sparse or holds what is no number, or a parameter is of another kind.
        """
        k = self._checked_parameters()
        table = self._learned(X)
        n = self._space.shape(table)[0]
        weights = checked_sample_weight(sample_weight, n)
        start = self.init if isinstance(self.init, str) else checked_places("init", self.init, weights)
        fixed = checked_places("pinned", [] if pinned is None else pinned, weights)
        found = solve(self._space, table, weights, k, start, fixed, self._options())
        medoids = self._space.ordered(table, found.medoids)
        self._settle(
            Medoids(self._space.take(table, medoids), medoids), self._space.centres(table, medoids), found
        )
        self._describe(nearest(self._space, table, found.first, self._centres), found.which)
        self._sizes = np.bincount(self.labels_, weights=weights, minlength=k).astype(np.float64)
        self._seen = n
        return self

    @unchanged_on_error
    def partial_fit(
        self, X: Any, y: None = None, sample_weight: Any = None, *, strata: Sequence[Hashable] | None = None
    ) -> Self:
        """Take the next batch of a stream, and find the medoids of all rows so far from a sample of them.

        The sample holds at most ``reservoir_size`` rows (see ``stormcell.cluster.reservoir.Reservoir``).
        The search starts from the present medoids, which take part whether the sample holds them or not. A medoid
        that stays keeps its number, and one that moves gives its number to the nearest new one. After ``fit``,
        each medoid stands for its cluster.

        Parameters
        ----------
        X : as for fit
            The first batch has at least ``n_clusters`` rows. Not for "precomputed".
        y : ignored
        sample_weight : array-like, shape (n,), optional
            As for fit.
        strata : sequence of hashable, length n, optional
            What kind each row is of, such as a service: the sample holds a row of every kind, if it has room.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As fit.
        """
        k = self._checked_parameters()
        # The metric of an estimator that is fitted stays, whatever parameter is set since.
        metric = self._space.metric if self._fitted else self.metric
        if isinstance(metric, str) and metric == "precomputed":
            raise ValueError(
                "partial_fit needs rows, but 'precomputed' gives only how far those of one batch are apart"
            )
        if self.reservoir_size < k:
            raise ValueError(f"reservoir_size must be at least n_clusters ({k}), found {self.reservoir_size}")
        fitted = self._fitted
        table = self._read(X) if fitted else self._learned(X)
        every = np.arange(self._space.shape(table)[0])
        weights = checked_sample_weight(sample_weight, len(every))
        if strata is not None and len(strata) != len(every):
            raise ValueError(f"strata must hold {len(every)} kinds, one a row, found {len(strata)}")
        counting = np.flatnonzero(weights > 0)
        if not fitted and len(counting) < k:
            raise ValueError(too_few(len(counting), k))
        options = self._options()
        memory = self._memory or self._recalled(options.seed)
        kinds = None if strata is None else [strata[row] for row in counting.tolist()]
        memory.add(self._space.take(table, counting), self._seen + counting, weights[counting], kinds)
        present = Medoids(self.cluster_centers_, self.medoid_indices_) if fitted else None
        init = self.init if isinstance(self.init, str) else "k-medoids++"
        medoids, found = search(self._space, memory, k, present, init, options)
        self._settle(medoids, self._space.centres(medoids.rows, np.arange(k)), found)
        self._describe(nearest(self._space, table, every, self._centres), every)
        self._memory = memory
        self._seen += len(every)
        return self

    def fit_predict(self, X: Any, y: None = None, sample_weight: Any = None, *, pinned: Any = None) -> IntArray:
        """Fit and return the labels of X; see fit."""
        return self.fit(X, y, sample_weight, pinned=pinned).labels_

    def fit_transform(
        self, X: Any, y: None = None, sample_weight: Any = None, *, pinned: Any = None
    ) -> FloatArray:
        """Fit and return the distances of X to the medoids; see fit and transform."""
        return self.fit(X, y, sample_weight, pinned=pinned).transform(X)

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn, which alone asks, should know."""
        precomputed = isinstance(self.metric, str) and self.metric == "precomputed"
        return clusterer_tags(precomputed=precomputed, mixed=isinstance(self.metric, Mixed))

    def _checked_parameters(self) -> int:
        if not isinstance(self.method, str) or self.method not in get_args(Method):
            raise ValueError(f"method must be one of {', '.join(get_args(Method))}, found {self.method!r}")
        if isinstance(self.init, str) and self.init not in get_args(Init):
            raise ValueError(f"init must be one of {', '.join(get_args(Init))}, or rows, found {self.init!r}")
        checked_count("max_iter", self.max_iter)
        checked_count("reservoir_size", self.reservoir_size)
        return checked_count("n_clusters", self.n_clusters)

    def _options(self) -> Options:
        return Options(self.method, self.max_iter, seed_of(self.random_state))

    def _learned(self, X: Any) -> Table:
        """Read X and forget what was learned from another one."""
        space = space_of(self.metric, X)
        table = space.read(X)
        self._space, self._memory, self._seen = space, None, 0
        self.metric_ = space.metric
        self.n_features_in_ = space.shape(table)[1]
        names = names_of(list(table) if isinstance(space, MixedSpace) else getattr(X, "columns", None))
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return table

    def _recalled(self, seed: int) -> Memory:
        """Return a memory of the clusters of fit, or of nothing."""
        memory = Memory(self._space, self.reservoir_size, seed)
        if self._fitted:
            filled = np.flatnonzero(self._sizes > 0)
            centres = self._space.take(self.cluster_centers_, filled)
            memory.add(centres, self.medoid_indices_[filled], self._sizes[filled], None)
        return memory
