from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster.estimator.kmedoids import KMedoids
from stormcell.distance.gower import Mixed
from stormcell.types import DoubleArray

HEAPS = np.array([[0.0, 0], [50, 0], [0, 50], [50, 50]])


def batches(count: int, n: int, heaps: DoubleArray = HEAPS, seed: int = 0) -> DoubleArray:
    """Return batches of rows around some places, shape (count, n, 2)."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=(count, n, 2)) + heaps[rng.integers(len(heaps), size=(count, n))])


@given(st.integers(5, 60), st.integers(1, 4))
def test_one_batch_that_is_remembered_whole_gives_what_fit_gives(n: int, k: int) -> None:
    (X,) = batches(1, n, seed=n)
    weights = np.arange(n) % 3 + 0.5
    one = KMedoids(k).partial_fit(X, sample_weight=weights)
    other = KMedoids(k).fit(X, sample_weight=weights)
    assert np.array_equal(one.medoid_indices_, other.medoid_indices_)
    assert np.array_equal(one.labels_, other.labels_)
    assert one.inertia_ == pytest.approx(other.inertia_)


@pytest.mark.slow
def test_memory_is_bounded_and_the_solution_near_that_of_all_rows() -> None:
    stream = batches(30, 200)
    model = KMedoids(4, reservoir_size=100)
    for batch in stream:
        model.partial_fit(batch)
        assert model._memory is not None
        assert len(model._memory) == len(model._memory.table) <= 100
    rows = stream.reshape(-1, 2)
    assert np.array_equal(rows[model.medoid_indices_], model.cluster_centers_)
    assert np.array_equal(model.labels_, model.predict(stream[-1]))
    best = KMedoids(4).fit(rows).inertia_
    assert -model.score(rows) < 1.2 * best
    assert model.inertia_ == pytest.approx(best, rel=0.2)


def test_clusters_keep_their_numbers() -> None:
    stream = batches(20, 100)
    model = KMedoids(4, reservoir_size=50).partial_fit(stream[0])
    names = model.predict(HEAPS)
    moved = 0
    for batch in stream[1:]:
        before = model.medoid_indices_
        model.partial_fit(batch)
        moved += int((before != model.medoid_indices_).any())
        assert np.array_equal(model.predict(HEAPS), names)
    assert moved


def test_medoids_take_part_after_the_sample_has_dropped_them() -> None:
    # 4 places for 4 medoids: nearly all of these are dropped, but the same rows in other batches change nothing.
    model = KMedoids(4, reservoir_size=4).partial_fit(HEAPS)
    for _ in range(20):
        model.partial_fit(HEAPS)
    assert model.medoid_indices_.tolist() == KMedoids(4).fit(HEAPS).medoid_indices_.tolist()


def test_a_rare_kind_is_remembered() -> None:
    model = KMedoids(2, reservoir_size=20)
    model.partial_fit([[0.0, 0.0]] * 10 + [[1e3, 1e3]], strata=["common"] * 10 + ["rare"])
    for _ in range(20):
        model.partial_fit(np.random.default_rng(0).normal(size=(500, 2)), strata=["common"] * 500)
    assert model.predict([[0, 0], [1e3, 1e3]]).tolist() == [0, 1]
    assert model._memory is not None
    assert (model._memory.table == 1e3).any()


def test_goes_on_from_a_fit() -> None:
    model = KMedoids(4).fit(HEAPS.repeat(25, axis=0))
    model.partial_fit([[0.0, 9.0], [0.0, 8.0]])
    # Each of the medoids stands for 25 rows, so two more move none.
    assert sorted(model.medoid_indices_) == [0, 25, 50, 75]
    assert model.inertia_ == pytest.approx(17)
    model.partial_fit([[0.0, 9.0]] * 60)
    assert [0, 9] in model.cluster_centers_.tolist()
    assert max(model.medoid_indices_) == 100
    assert model.fit(HEAPS).medoid_indices_.max() == 3


def test_rows_of_weight_0_are_counted_but_not_remembered() -> None:
    model = KMedoids(1).partial_fit([[5.0], [1.0]], sample_weight=[0, 1], strata=["a", "b"])
    assert (model.medoid_indices_.tolist(), model.labels_.tolist()) == ([1], [0, 0])
    model.partial_fit([[7.0], [2.0], [2.0]], sample_weight=[0, 1, 1])
    assert (model.medoid_indices_.tolist(), model.inertia_) == ([3], 1)
    model.partial_fit([[7.0]], sample_weight=[5])
    assert model.medoid_indices_.tolist() == [5]


def test_refuses_what_it_cannot_use_and_stays_as_it_was() -> None:
    with pytest.raises(ValueError, match="n_samples=2 should be >= n_clusters=3"):
        KMedoids(3).partial_fit([[1], [2]])
    with pytest.raises(ValueError, match=r"reservoir_size must be at least n_clusters \(3\), found 2"):
        KMedoids(3, reservoir_size=2).partial_fit([[1], [2], [3]])
    model = KMedoids(2).partial_fit([[1], [2], [3]])
    with pytest.raises(ValueError, match="strata must hold 1 kinds, one a row, found 2"):
        model.partial_fit([[4]], strata=["a", "b"])
    with pytest.raises(ValueError, match="X has 2 features, but KMedoids is expecting 1 features"):
        model.partial_fit([[4, 5]])
    assert model.partial_fit([[4]]).partial_fit([[4]] * 9).medoid_indices_.max() == 3


def test_a_batch_of_equal_rows() -> None:
    with pytest.warns(UserWarning, match="only 1 rows differ"):
        model = KMedoids(2).partial_fit([[1], [1], [1]])
    model.partial_fit([[9]])
    assert model.cluster_centers_.tolist() == [[1], [9]]


def test_n_clusters_may_change() -> None:
    stream = batches(2, 100)
    model = KMedoids(2).partial_fit(stream[0])
    model.set_params(n_clusters=4).partial_fit(stream[1])
    assert len(set(model.predict(HEAPS))) == 4


def test_tables_of_mixed_columns() -> None:
    model = KMedoids(2, metric=Mixed({"code": "categorical"}), reservoir_size=10)
    tables: list[dict[str, Any]] = [
        {"service": ["a", "a", "b"], "code": [200, 200, 500]},
        {"service": ["b", "c"], "code": ["500", None]},
        {"code": [500.0] * 30, "service": ["b"] * 30},
    ]
    for table in tables:
        model.partial_fit(table)
    assert model._memory is not None
    assert len(model._memory) == 10
    assert len(set(model.predict({"service": ["a", "b"], "code": [200, 500]}))) == 2
