from __future__ import annotations

import numpy as np
import pytest

from stormcell.cluster.quality.stability import medoid_stability
from stormcell.cluster.solve import kmedoids
from stormcell.distance.points import Precomputed
from stormcell.types import DoubleArray, FloatArray


def plane(places: DoubleArray) -> FloatArray:
    far: FloatArray = np.linalg.norm(places[:, None] - places[None, :], axis=2).astype(np.float32)
    return far


def heaps(each: int = 15) -> FloatArray:
    """Return three heaps, far apart."""
    rng = np.random.default_rng(0)
    return plane(rng.normal(size=(3 * each, 2)) + np.repeat([[0, 0], [30, 0], [0, 30]], each, axis=0))


def test_medoids_of_heaps_are_found_again() -> None:
    far = heaps()
    found = medoid_stability(far, kmedoids(far, 3), resamples=30)
    # Seldom as the very same row, but as one of the middle.
    assert found.medoids.min() >= 0.9


def test_one_heap_cut_in_many_is_not_stable() -> None:
    far = plane(np.random.default_rng(1).normal(size=(60, 5)))
    found = medoid_stability(far, kmedoids(far, 8), resamples=30)
    assert found.share < 0.8
    assert found.share == pytest.approx(found.medoids.mean())
    assert ((found.medoids >= 0) & (found.medoids <= 1)).all()


def test_a_single_row_is_missed_by_a_third_of_the_samples_unless_it_weighs_more() -> None:
    far = np.pad(heaps(), (0, 1), constant_values=90)
    far[-1, -1] = 0
    clustering = kmedoids(far, 4, init=np.array([0, 15, 30, 45]))
    assert clustering.medoids[-1] == 45
    once = medoid_stability(far, clustering, resamples=200).medoids[-1]
    assert once == pytest.approx(1 - np.exp(-1), abs=0.12)
    # As ten rows among 460 it is as good as never missed.
    assert medoid_stability(far, clustering, weights=np.full(46, 10.0), resamples=50).medoids[-1] == 1


def test_the_seed_decides_and_points_do_as_a_matrix_does() -> None:
    far = plane(np.random.default_rng(2).normal(size=(40, 3)))
    clustering = kmedoids(far, 6)
    one, other, points, another = (
        medoid_stability(data, clustering, seed=seed).medoids.tolist()
        for data, seed in ((far, 0), (far, 0), (Precomputed.of(far), 0), (far, 1))
    )
    assert one == other == points
    assert one != another


def test_rows_that_are_all_medoids() -> None:
    far = heaps(1)
    found = medoid_stability(far, kmedoids(far, 3), resamples=100)
    # A sample of three rows out of three misses each with probability (2/3)³.
    assert found.share == pytest.approx(1 - 8 / 27, abs=0.12)


def test_the_same_row_counts_whatever_rounding_leaves_of_its_distance_to_itself() -> None:
    far = 1 - np.eye(3, dtype=np.float32)
    clustering = kmedoids(far, 3)
    np.fill_diagonal(far, 1e-6)
    rounded = Precomputed(far, np.arange(3))
    assert medoid_stability(rounded, clustering, resamples=100).share > 0.5


def test_one_cluster_and_one_row() -> None:
    alone = np.zeros((1, 1), dtype=np.float32)
    assert medoid_stability(alone, kmedoids(alone, 1)).share == 1


def test_refuses_what_does_not_fit() -> None:
    far = heaps()
    with pytest.raises(ValueError, match="resamples must be at least 1, found 0"):
        medoid_stability(far, kmedoids(far, 3), resamples=0)
    with pytest.raises(ValueError, match="of 45 rows, the data has 44"):
        medoid_stability(far[:44, :44], kmedoids(far, 3))
    with pytest.raises(ValueError, match="expected 45 weights"):
        medoid_stability(far, kmedoids(far, 3), weights=np.ones(3))
