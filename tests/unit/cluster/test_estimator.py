from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stormcell.cluster.estimator import spaces
from stormcell.cluster.estimator.kmedoids import KMedoids
from stormcell.distance.gower import Mixed
from stormcell.types import DoubleArray

pytestmark = pytest.mark.slow

METRICS = ("euclidean", "manhattan", "cosine")
every_metric = pytest.mark.parametrize("metric", METRICS)


@dataclass(frozen=True)
class Case:
    """Rows, many of them equal or at equal distances, of weights that may be 0; k of those that count differ."""

    X: NDArray[Any]
    weights: DoubleArray
    k: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    d = draw(st.integers(1, 3))
    cell = draw(st.sampled_from([st.integers(1, 4).map(float), st.floats(0.5, 1e3, width=32)]))
    rows = draw(st.lists(st.tuples(*[cell] * d), min_size=1, max_size=14))
    X = np.array(rows, dtype=draw(st.sampled_from([np.float32, np.float64])))
    weights = draw(st.lists(st.integers(0, 3), min_size=len(X), max_size=len(X)).filter(any))
    count = len(np.unique(X[np.array(weights) > 0], axis=0))
    return Case(X, np.array(weights, dtype=np.float64), draw(st.integers(1, count)))


def heaps(n: int, k: int = 4, d: int = 3, seed: int = 0) -> DoubleArray:
    """Return rows in k far heaps, of which the first k rows are one each."""
    rng = np.random.default_rng(seed)
    heap = np.concatenate([np.arange(k), rng.integers(0, k, size=n - k)])
    return np.asarray(rng.normal(size=(n, d)) + 40 * np.eye(k, d)[heap] + 90 * (heap[:, None] == 3))


def exact(X: NDArray[Any], centres: NDArray[Any], metric: str) -> DoubleArray:
    left, right = X.astype(np.float64), centres.astype(np.float64)
    if metric == "cosine":
        left, right = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (left, right))
    apart = left[:, None, :] - right[None, :, :]
    if metric == "manhattan":
        return np.asarray(np.abs(apart).sum(axis=2))
    squares = (apart**2).sum(axis=2)
    return np.asarray(squares / 2 if metric == "cosine" else np.sqrt(squares))


@every_metric
@given(case=cases())
def test_says_what_is_so(metric: Any, case: Case) -> None:
    model = KMedoids(case.k, metric=metric).fit(case.X, sample_weight=case.weights)
    far = exact(case.X, model.cluster_centers_, metric)
    every = np.arange(len(case.X))
    assert np.array_equal(case.X[model.medoid_indices_], model.cluster_centers_)
    assert len(np.unique(model.cluster_centers_, axis=0)) == case.k
    np.testing.assert_allclose(model.distances_, far.min(axis=1), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(model.distances_, far[every, model.labels_], rtol=1e-6, atol=1e-12)
    assert model.inertia_ == pytest.approx(float(case.weights @ model.distances_), rel=1e-5, abs=1e-9)
    if case.k == 1:
        assert (model.runner_up_ == -1).all()
        assert (model.margins_ == np.inf).all()
    else:
        assert (model.runner_up_ != model.labels_).all()
        far[every, model.labels_] = np.inf
        np.testing.assert_allclose(model.distances_ + model.margins_, far.min(axis=1), rtol=1e-5, atol=1e-12)


@every_metric
@given(case=cases())
def test_predicts_the_labels_of_fit_whatever_rows_stand_around(metric: Any, case: Case) -> None:
    model = KMedoids(case.k, metric=metric).fit(case.X, sample_weight=case.weights)
    assert np.array_equal(model.predict(case.X), model.labels_)
    assert [int(model.predict(row[None])[0]) for row in case.X] == model.labels_.tolist()
    far = model.transform(case.X)
    assert far.dtype == np.float32
    assert far.shape == (len(case.X), case.k)
    assert np.array_equal(far.argmin(axis=1), model.labels_)
    np.testing.assert_allclose(far.min(axis=1), model.distances_, rtol=1e-6)
    if metric != "cosine":  # where different rows may have one direction
        assert np.array_equal(model.labels_[model.medoid_indices_], np.arange(case.k))


@every_metric
@given(case=cases(), seed=st.integers(0, 99))
def test_the_order_of_the_rows_is_nothing(metric: Any, case: Case, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(case.X))
    one = KMedoids(case.k, metric=metric).fit(case.X, sample_weight=case.weights)
    other = KMedoids(case.k, metric=metric).fit(case.X[order], sample_weight=case.weights[order])
    assert np.array_equal(one.cluster_centers_, other.cluster_centers_)
    assert np.array_equal(one.labels_[order], other.labels_)
    assert one.inertia_ == other.inertia_


@every_metric
@given(case=cases())
def test_a_weight_is_so_many_rows(metric: Any, case: Case) -> None:
    rows = case.X.repeat(case.weights.astype(int), axis=0)
    if len(rows) < case.k:
        return
    weighted = KMedoids(case.k, metric=metric).fit(case.X, sample_weight=case.weights)
    repeated = KMedoids(case.k, metric=metric).fit(rows)
    assert np.array_equal(weighted.cluster_centers_, repeated.cluster_centers_)
    assert np.array_equal(weighted.labels_, repeated.predict(case.X))
    assert weighted.inertia_ == repeated.inertia_
    assert weighted.score(case.X, sample_weight=case.weights) == pytest.approx(repeated.score(rows))


@every_metric
@given(case=cases(), power=st.integers(-20, 20))
def test_the_unit_is_nothing(metric: Any, case: Case, power: int) -> None:
    unit = 2.0**power
    one = KMedoids(case.k, metric=metric).fit(case.X, sample_weight=case.weights)
    other = KMedoids(case.k, metric=metric).fit(case.X * case.X.dtype.type(unit), sample_weight=case.weights * 8)
    assert np.array_equal(one.labels_, other.labels_)
    assert other.inertia_ == pytest.approx(8 * one.inertia_ * (1 if metric == "cosine" else unit), rel=1e-6)


def test_ties_go_to_the_earlier_medoid_in_large_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    # Large blocks are computed in single precision, which cannot tell all of these ties.
    monkeypatch.setattr(spaces, "_FEW", 1_000)
    grid = np.stack(np.meshgrid(np.arange(45.0), np.arange(45.0)), axis=-1).reshape(-1, 2) / 7 + 1000 / 3
    model = KMedoids(60).fit(grid)
    far = exact(grid, model.cluster_centers_, "euclidean").astype(np.float32)
    assert (np.sort(far, axis=1)[:, 0] == np.sort(far, axis=1)[:, 1]).sum() > 10
    assert np.array_equal(model.labels_, far.argmin(axis=1))
    assert np.array_equal(model.predict(grid[::-1]), model.labels_[::-1])
    assert np.array_equal(model.predict(grid[:50]), model.labels_[:50])


def test_finds_heaps_in_more_rows_than_a_matrix_holds() -> None:
    X = heaps(12_000)
    model = KMedoids(4).fit(X)
    assert len(set(model.labels_[:4])) == 4
    assert np.array_equal(model.predict(X), model.labels_)
    assert np.array_equal(KMedoids(4).fit(X[::-1]).cluster_centers_, model.cluster_centers_)


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "longdouble", "int8", "uint64", "bool", "object"]
)
def test_takes_numbers_of_any_type(dtype: str) -> None:
    X = np.array([[0, 0], [0, 0], [0, 1], [1, 1]]).astype(dtype)
    assert KMedoids(2).fit(X).labels_.tolist() in ([0, 0, 0, 1], [0, 0, 1, 1])


def test_takes_rows_as_they_lie_in_memory() -> None:
    X = heaps(30)
    wide = np.repeat(X, 2, axis=1)
    readonly = X.copy()
    readonly.setflags(write=False)
    expected = KMedoids(4).fit(X)
    for same in (np.asfortranarray(X), wide[:, ::2], readonly, X.tolist()):
        model = KMedoids(4).fit(same)
        assert np.array_equal(model.labels_, expected.labels_)
        assert np.array_equal(model.predict(same), expected.labels_)


class Sparse:
    def toarray(self) -> NDArray[Any]:
        return np.eye(3)


BAD_ROWS: dict[str, tuple[Any, type[Exception], str]] = {
    "nan": ([[0, 1], [2, np.nan]], ValueError, r"row 1, column 1 is NaN: fill it in, or use the metric Mixed\(\)"),
    "none": ([[0, 1], [2, None]], ValueError, "row 1, column 1 is NaN"),
    "inf": ([[0, 1], [-np.inf, 3]], ValueError, "row 1, column 0 is -inf"),
    "large": ([[0, 1], [1e19, 3]], ValueError, r"row 1, column 0 is 1e\+19: expected numbers up to 1e\+18"),
    "text": ([["a", "b"], ["c", "d"]], TypeError, r"must hold numbers, found <U1: .* Mixed\(\)"),
    "text among numbers": (
        np.array([[1, "b"], [2, 3]], dtype=object),
        ValueError,
        "could not convert string .*Mixed",
    ),
    "things": (np.array([[1, {}], [2, 3]], dtype=object), TypeError, "not 'dict'"),
    "complex": (np.eye(3) * 1j, ValueError, "Complex data not supported"),
    "times": (np.array([["2020-01-01"]], dtype="M8[D]"), TypeError, "must hold numbers"),
    "sparse": (Sparse(), TypeError, r"sparse input is not supported: make it dense with X.toarray\(\)"),
    "one dimension": (np.arange(3.0), ValueError, "got 1D array.*Reshape your data"),
    "three dimensions": (np.zeros((2, 2, 2)), ValueError, "got 3D array"),
    "a number": (3, ValueError, "got 0D array"),
    "no row": (np.empty((0, 2)), ValueError, r"0 sample\(s\)"),
    "no column": (np.empty((2, 0)), ValueError, r"0 feature\(s\) \(shape=\(2, 0\)\) while a minimum of 1"),
}


@pytest.mark.parametrize("bad", list(BAD_ROWS))
def test_refuses_what_is_no_table_of_numbers(bad: str) -> None:
    X, error, message = BAD_ROWS[bad]
    fitted = KMedoids(1).fit(np.eye(2))
    for act in (KMedoids(1).fit, KMedoids(1).partial_fit, fitted.predict, fitted.transform, fitted.score):
        with pytest.raises(error, match=message):
            act(X)
    assert fitted.predict(np.eye(2)).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_clusters": 0}, ValueError, "n_clusters must be at least 1, found 0"),
        ({"n_clusters": 2.5}, TypeError, "n_clusters must be a whole number, found 2.5"),
        ({"n_clusters": 4}, ValueError, "n_samples=3 should be >= n_clusters=4"),
        ({"metric": "hamming"}, ValueError, "euclidean, manhattan, cosine, precomputed, or Mixed.*'hamming'"),
        ({"metric": Mixed}, ValueError, "metric must be one of"),
        ({"metric": "precomputed"}, ValueError, r"must be square, found shape \(3, 2\)"),
        ({"metric": "cosine"}, ValueError, "row 0 is zero and has no direction"),
        ({"method": "fast"}, ValueError, "auto, exact, sampled, found 'fast'"),
        ({"init": "heuristic"}, ValueError, "k-medoids.., lab, build, random, or rows, found 'heuristic'"),
        ({"init": [0, 3]}, ValueError, "init must name different rows, 0 to 2"),
        ({"init": [0]}, ValueError, "init must name 2 different points"),
        ({"init": [0.5, 1]}, ValueError, "init must be the numbers of rows"),
        ({"max_iter": 0}, ValueError, "max_iter must be at least 1"),
        ({"reservoir_size": 0}, ValueError, "reservoir_size must be at least 1"),
        ({"random_state": "x"}, TypeError, "random_state must be a whole number, None, .*'x'"),
        ({"random_state": -1}, ValueError, "random_state must be at least 0"),
    ],
)
def test_refuses_parameters_that_mean_nothing(
    parameters: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        KMedoids(**{"n_clusters": 2} | parameters).fit([[0, 0], [1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -1, 1], "the weight of row 1 is -1.0"),
        ([1, 1, np.nan], "the weight of row 2 is nan"),
        ([np.inf, 1, 1], "the weight of row 0 is inf"),
        ([0, 0, 0], "zero for all rows"),
        ([1, 1], r"must hold 3 weights, one a row, found shape \(2,\)"),
        ([[1], [1], [1]], r"found shape \(3, 1\)"),
        ([1, 0, 0], "n_samples=1 should be >= n_clusters=2"),
    ],
)
def test_refuses_weights_that_are_none(weights: Any, message: str) -> None:
    X = [[0, 0], [1, 2], [3, 4]]
    with pytest.raises(ValueError, match=message):
        KMedoids(2).fit(X, sample_weight=weights)
    with pytest.raises(ValueError, match=message):
        KMedoids(2).partial_fit(X, sample_weight=weights)


def test_rows_of_weight_0_are_no_medoids_but_get_a_label() -> None:
    model = KMedoids(2).fit([[0], [1], [1000], [9], [10]], sample_weight=[1, 1, 0, 1, 1])
    assert model.labels_.tolist() == [0, 0, 1, 1, 1]
    assert 1000 not in model.cluster_centers_
    assert model.inertia_ == 2


def test_too_few_different_rows_leave_clusters_empty_and_say_so() -> None:
    with pytest.warns(UserWarning, match="only 2 rows differ, so 2 of 4 clusters are empty"):
        model = KMedoids(4).fit([[1], [5], [1], [1], [5]])
    assert len(set(model.medoid_indices_.tolist())) == 4
    assert len(set(model.labels_.tolist())) == 2
    assert np.array_equal(model.predict([[1], [5], [1], [1], [5]]), model.labels_)
    assert model.inertia_ == 0


def test_starts_where_it_is_told_and_keeps_what_is_pinned() -> None:
    X = heaps(40)
    found = KMedoids(4).fit(X)
    again = KMedoids(4, init=found.medoid_indices_).fit(X)
    assert (again.n_iter_, again.medoid_indices_.tolist()) == (1, found.medoid_indices_.tolist())
    other = next(row for row in range(40) if row not in found.medoid_indices_)
    pinned = KMedoids(4).fit(X, pinned=[other])
    assert other in pinned.medoid_indices_
    assert pinned.inertia_ > found.inertia_
    assert np.array_equal(KMedoids(4).fit_predict(X, pinned=[other]), pinned.labels_)


def test_refuses_places_that_cannot_be_medoids() -> None:
    X = [[0], [1], [1], [5]]
    with pytest.raises(ValueError, match="pinned names the rows 2 and 1, which are equal"):
        KMedoids(3).fit(X, pinned=[2, 0, 1])
    with pytest.raises(ValueError, match="pinned names row 3, whose weight is 0"):
        KMedoids(2).fit(X, sample_weight=[1, 1, 1, 0], pinned=[3])
    with pytest.raises(ValueError, match="row 3 is pinned but not in init"):
        KMedoids(2, init=[0, 1]).fit(X, pinned=[3])
    with pytest.raises(ValueError, match="2 points are pinned as medoids but k is 1"):
        KMedoids(1).fit(X, pinned=[0, 3])


def test_a_matrix_gives_what_its_rows_give() -> None:
    X = heaps(50)
    far = exact(X, X, "euclidean")
    weights = np.where(np.arange(50) % 7 == 6, 0, 1.0)
    one = KMedoids(4).fit(X, sample_weight=weights)
    other = KMedoids(4, metric="precomputed").fit(far, sample_weight=weights)
    assert sorted(one.medoid_indices_) == other.medoid_indices_.tolist()
    assert other.cluster_centers_ is None
    assert other.inertia_ == pytest.approx(one.inertia_)
    assert np.array_equal(other.predict(far), other.labels_)
    assert np.array_equal(other.transform(far[:3]), far[:3, other.medoid_indices_].astype(np.float32))
    with pytest.raises(ValueError, match="X has 3 features, but KMedoids is expecting 50 features as input"):
        other.predict(far[:, :3])
    with pytest.raises(ValueError, match=r"Negative values in data: row 2, column 1 is -1\.0"):
        other.predict(-1.0 * (np.arange(150).reshape(3, 50) == 101))
    with pytest.raises(ValueError, match="partial_fit needs rows"):
        KMedoids(4, metric="precomputed").partial_fit(far)


def test_clusters_a_table_of_mixed_columns() -> None:
    table = {
        "service": ["cart", "cart", None, "search", "search", "search"],
        "latency": [1.0, 2.0, 1.5, 80.0, None, 90.0],
    }
    model = KMedoids(2, metric=Mixed({"service": "categorical"})).fit(table)
    assert len(set(model.labels_[:3])) == len(set(model.labels_[3:])) == 1
    assert np.array_equal(model.predict(table), model.labels_)
    assert model.feature_names_in_.tolist() == ["service", "latency"]
    assert set(model.cluster_centers_["service"]) == {"cart", "search"}
    assert np.array_equal(model.predict(model.cluster_centers_), [0, 1])
    assert np.array_equal(model.predict({"latency": [85], "service": ["search"]}), [model.labels_[5]])
    with pytest.raises(ValueError, match="expected the columns"):
        model.predict({"service": ["cart"]})
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copy.predict(table), model.labels_)


class Frame:
    """As much of a data frame as is used."""

    def __init__(self, X: DoubleArray, columns: list[Any]) -> None:
        self.X, self.columns = X, columns

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.X.astype(dtype or float)


def test_knows_the_names_of_columns() -> None:
    X = heaps(20, d=4)
    model = KMedoids(2).fit(Frame(X, ["a", "b", "c", "d"]))
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert np.array_equal(model.predict(Frame(X, ["a", "b", "c", "d"])), model.labels_)
    with pytest.raises(ValueError, match="same order"):
        model.predict(Frame(X, ["b", "a", "c", "d"]))
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- e\nFeature names seen .* missing:\n- d\n"):
        model.predict(Frame(X, ["a", "b", "c", "e"]))
    with pytest.warns(UserWarning, match="does not have valid feature names, but KMedoids was fitted with"):
        model.predict(X)
    assert not hasattr(model.fit(X), "feature_names_in_")
    assert not hasattr(model.fit(Frame(X, [0, 1, 2, "d"])), "feature_names_in_")
    with pytest.warns(UserWarning, match="X has feature names, but KMedoids was fitted without"):
        model.predict(Frame(X, ["a", "b", "c", "d"]))
    with pytest.raises(ValueError, match="X has 3 features, but KMedoids is expecting 4 features as input"):
        model.predict(X[:, :3])


def test_random_states_of_all_kinds() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))

    def medoids(random_state: Any) -> tuple[int, ...]:
        model = KMedoids(5, init="random", max_iter=1, random_state=random_state).fit(X)
        return tuple(model.medoid_indices_.tolist())

    assert medoids(3) == medoids(np.int64(3))
    assert medoids(np.random.RandomState(1)) == medoids(np.random.RandomState(1))
    assert medoids(np.random.default_rng(1)) == medoids(np.random.default_rng(1))
    assert len({medoids(None) for _ in range(20)}) > 1


def test_parameters_by_name() -> None:
    model = KMedoids(3, metric="cosine")
    assert repr(model) == "KMedoids(n_clusters=3, metric='cosine')"
    assert model.set_params(n_clusters=4, max_iter=7) is model
    assert (model.get_params()["n_clusters"], model.get_params()["max_iter"]) == (4, 7)
    with pytest.raises(ValueError, match="KMedoids has no parameter 'clusters'; it has n_clusters, metric"):
        model.set_params(n_clusters=5, clusters=3)
    assert model.n_clusters == 4


def test_says_that_it_is_not_fitted() -> None:
    for act in (KMedoids().predict, KMedoids().transform, KMedoids().score):
        with pytest.raises(ValueError, match="this KMedoids is not fitted yet: call fit or partial_fit first"):
            act(np.eye(2))


def run(code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_small_fits_load_nothing_heavy() -> None:
    run(
        "import sys, numpy as np\n"
        "from stormcell.cluster.estimator.kmedoids import KMedoids\n"
        "X = np.random.default_rng(0).normal(size=(200, 5))\n"
        "model = KMedoids(4).fit(X)\n"
        "model.predict(X), model.transform(X), repr(model), model.partial_fit(X)\n"
        "heavy = {'sklearn', 'scipy', 'pandas', 'numba'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )


def test_its_package_offers_it_without_loading_it() -> None:
    run(
        "import sys, stormcell.cluster\n"
        "assert 'stormcell.cluster.estimator.kmedoids' not in sys.modules\n"
        "from stormcell.cluster import KMedoids, choose_k, Choice, CeilingWarning, Reservoir\n"
        "assert all(hasattr(stormcell.cluster, name) for name in stormcell.cluster.__all__)\n"
        "assert not hasattr(stormcell.cluster, 'KMeans')\n"
        "assert not {'sklearn', 'scipy', 'pandas', 'numba'} & set(sys.modules)\n"
    )


def test_is_not_fitted_without_scikit_learn_too() -> None:
    run(
        "import sys\n"
        "from stormcell.cluster.estimator.kmedoids import KMedoids\n"
        "try:\n"
        "    KMedoids().predict([[1.0]])\n"
        "except ValueError as error:\n"
        "    assert isinstance(error, AttributeError) and type(error).__name__ == 'NotFittedError'\n"
        "else:\n"
        "    raise SystemExit('no error')\n"
        "assert 'sklearn' not in sys.modules\n"
    )


def test_a_fit_that_fails_leaves_the_model_as_it_was() -> None:
    X = heaps(40)
    model = KMedoids(3).fit(X)
    before = model.predict(X)
    for wrong in (X[:2], X[:2, :1], X * np.nan):
        with pytest.raises(ValueError, match=r"."):
            model.fit(wrong)
        assert np.array_equal(model.predict(X), before)
    with pytest.raises(ValueError, match="features"):
        model.partial_fit(X[:, :1])
    assert np.array_equal(model.partial_fit(X).predict(X), KMedoids(3).fit(X).partial_fit(X).predict(X))


def test_of_no_rows_there_are_no_labels() -> None:
    model = KMedoids(2, metric=Mixed()).fit({"a": [1.0, 2, 9]})
    assert model.predict({"a": []}).tolist() == []
    assert model.transform({"a": []}).shape == (0, 2)


def test_a_stream_of_vectors_in_any_form() -> None:
    model = KMedoids(2, metric=Mixed({"a": "vector"})).partial_fit({"a": np.eye(3)})
    assert len(model.partial_fit({"a": [[1, 0, 0], None]}).labels_) == 2


def test_refuses_masked_arrays_and_numbers_that_single_precision_loses() -> None:
    with pytest.raises(TypeError, match="a masked array is not supported: fill it"):
        KMedoids(1).fit(np.ma.masked_equal([[1, 2], [3, 4]], 3))
    with pytest.raises(ValueError, match="no number above 2e-300: choose a smaller unit"):
        KMedoids(1).fit(np.array([[1e-300], [-2e-300]]))
