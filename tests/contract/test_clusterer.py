"""What every Clusterer keeps to: all that are registered here and whose package is installed."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.distance.points import Precomputed
from stormcell.distance.vectors import Vectors
from stormcell.protocols import Clusterer
from stormcell.registry import clusterer
from stormcell.types import Clustering, DoubleArray, FloatArray, IntArray
from tests.unit.cluster import points as enumerated

# The package that each needs.
NEEDS = {
    "fasterpam": "stormcell",
    "kmeans": "sklearn",
    "minibatch-kmeans": "sklearn",
    "sklearn-extra-alternate": "sklearn_extra",
    "sklearn-extra-clara": "sklearn_extra",
    "sklearn-extra-pam": "sklearn_extra",
}
INSTALLED = [name for name, package in NEEDS.items() if find_spec(package)]
ROWS_ONLY = {"kmeans", "minibatch-kmeans", "sklearn-extra-clara"}
NO_WEIGHTS = {name for name in NEEDS if name.startswith("sklearn-extra-")}

every_clusterer = pytest.mark.parametrize("name", INSTALLED)

coordinate = st.one_of(st.sampled_from([0.0, 1.0, 2.0, 5.0]), st.floats(-10, 10, width=16))
rows_in_a_plane = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=8)


def vectors(rows: object) -> Vectors:
    return Vectors(np.array(rows, dtype=np.float32), "euclidean")


def distances(points: Vectors) -> FloatArray:
    return points.cross(points)


def assert_solution(found: Clustering, points: Vectors, k: int, weights: DoubleArray) -> None:
    assert len(found.medoids) == k
    assert found.medoids.dtype == found.labels.dtype == found.second.dtype == np.int64
    assert found.nearest.dtype == found.runner_up.dtype == np.float32
    assert found.iterations >= 0
    enumerated.assert_consistent(found, enumerated.Points(distances(points), weights), rtol=1e-5)


def same(one: Clustering, other: Clustering) -> bool:
    names = ("medoids", "labels", "nearest", "runner_up", "second")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def blobs(rng: np.random.Generator, *sizes: int) -> tuple[Vectors, IntArray]:
    """Return heaps of spread 1 at a distance of 50 from each other, shuffled, and the heap of each point."""
    truth = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    centres = 50 * np.stack([np.arange(len(sizes)), np.arange(len(sizes)) % 2], axis=1)
    return vectors(rng.normal(size=(len(truth), 2)) + centres[truth]), truth


def test_all_of_ours_are_known_here() -> None:
    ours = {point.name for point in entry_points(group="stormcell.clusterers") if "stormcell" in point.value}
    assert ours == set(NEEDS)


@pytest.mark.heavy
def test_every_package_is_installed() -> None:
    assert list(NEEDS) == INSTALLED


@every_clusterer
def test_follows_the_protocol(name: str) -> None:
    assert isinstance(clusterer(name), Clusterer)


@every_clusterer
@given(rows=rows_in_a_plane, seed=st.integers(0, 2**32 - 1), data=st.data())
def test_gives_a_consistent_solution(
    name: str, rows: list[tuple[float, float]], seed: int, data: st.DataObject
) -> None:
    points, k = vectors(rows), data.draw(st.integers(1, len(rows)))
    weights = np.ones(len(rows))
    if name not in NO_WEIGHTS:
        weights = np.array(data.draw(st.lists(st.floats(0.5, 20), min_size=len(rows), max_size=len(rows))))
    assert_solution(clusterer(name).cluster(points, k, weights=weights, seed=seed), points, k, weights)


@every_clusterer
def test_takes_any_points_or_says_which(name: str) -> None:
    points, truth = blobs(np.random.default_rng(0), 20, 15)
    matrix = Precomputed.of(distances(points))
    solver = clusterer(name)
    if name in ROWS_ONLY:
        with pytest.raises(ValueError, match=r"takes only points Vectors\(X, 'euclidean'\), found Precomputed"):
            solver.cluster(matrix, 2)
        with pytest.raises(ValueError, match=r"takes only .*, found the metric 'manhattan'"):
            solver.cluster(Vectors(np.zeros((3, 2), dtype=np.float32), "manhattan"), 2)
    else:
        found = solver.cluster(matrix, 2)
        assert_solution(found, points, 2, np.ones(35))
        assert len(set(truth[found.medoids].tolist())) == 2


@every_clusterer
# Of like sizes: scikit-learn-extra's "alternate" starts in the largest heap and does not leave it for a small one.
@pytest.mark.parametrize("sizes", [(60, 40), (300, 300)], ids=str)
def test_finds_heaps_far_apart(name: str, sizes: tuple[int, ...]) -> None:
    points, truth = blobs(np.random.default_rng(1), *sizes)
    found = clusterer(name).cluster(points, len(sizes))
    assert np.array_equal(truth[found.medoids][found.labels], truth)


@every_clusterer
def test_the_same_seed_gives_the_same_solution(name: str) -> None:
    points, _ = blobs(np.random.default_rng(2), *[150] * 4)
    one, other = (clusterer(name).cluster(points, 9, seed=3) for _ in range(2))
    assert same(one, other)
    assert (one.loss, one.iterations) == (other.loss, other.iterations)


@every_clusterer
def test_no_weights_are_weights_of_1(name: str) -> None:
    points, _ = blobs(np.random.default_rng(4), 30, 30)
    one, other = (clusterer(name).cluster(points, 5, weights=weights) for weights in (None, np.ones(60)))
    assert same(one, other)


@every_clusterer
def test_equal_weights_change_the_loss_alone(name: str) -> None:
    points, _ = blobs(np.random.default_rng(5), 30, 30)
    one, other = (clusterer(name).cluster(points, 2, weights=np.full(60, weight)) for weight in (1.0, 4.0))
    assert same(one, other)
    assert other.loss == pytest.approx(4 * one.loss)


@every_clusterer
def test_weights_are_honoured_or_refused(name: str) -> None:
    points = vectors([[0, 0], [1, 0], [2, 0], [3, 0], [4, 0]])
    weights = np.array([1, 1, 1, 1, 1000.0])
    assert clusterer(name).cluster(points, 1).medoids.tolist() == [2]
    if name in NO_WEIGHTS:
        with pytest.raises(ValueError, match=r"knows no weights, found weights from 1 to 1000"):
            clusterer(name).cluster(points, 1, weights=weights)
    else:
        found = clusterer(name).cluster(points, 1, weights=weights)
        assert found.medoids.tolist() == [4]
        assert_solution(found, points, 1, weights)


@every_clusterer
@pytest.mark.parametrize("k", [1, 3, 6])
def test_equal_points(name: str, k: int) -> None:
    points = vectors(np.full((6, 2), 7.5))
    found = clusterer(name).cluster(points, k)
    assert_solution(found, points, k, np.ones(6))
    assert found.loss == 0


@every_clusterer
def test_more_medoids_than_different_points(name: str) -> None:
    points = vectors([[0, 0], [0, 0], [0, 0], [9, 9], [9, 9], [5, 0]])
    found = clusterer(name).cluster(points, 5)
    assert_solution(found, points, 5, np.ones(6))
    assert found.loss == 0


@every_clusterer
def test_every_point_a_medoid(name: str) -> None:
    points, _ = blobs(np.random.default_rng(6), 5, 4)
    found = clusterer(name).cluster(points, 9)
    assert found.medoids.tolist() == found.labels.tolist() == list(range(9))
    assert found.loss == 0


@every_clusterer
def test_one_point(name: str) -> None:
    points = vectors([[3, 4]])
    assert_solution(clusterer(name).cluster(points, 1), points, 1, np.ones(1))


@every_clusterer
@pytest.mark.parametrize("k", [0, -1, 4])
def test_refuses_a_wrong_k(name: str, k: int) -> None:
    with pytest.raises(ValueError, match=rf"k must be 1 to the number of points \(3\), found {k}"):
        clusterer(name).cluster(vectors([[0, 0], [1, 1], [2, 2]]), k)


@every_clusterer
@pytest.mark.parametrize("weights", [[1, 1], [1, 1, 0], [1, 1, -1], [1, 1, np.nan], [1, 1, np.inf]], ids=str)
def test_refuses_wrong_weights(name: str, weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        clusterer(name).cluster(vectors([[0, 0], [1, 1], [2, 2]]), 2, weights=np.array(weights, dtype=float))
