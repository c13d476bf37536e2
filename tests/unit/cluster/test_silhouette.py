from __future__ import annotations

from typing import Self

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples, silhouette_score

from stormcell.cluster.quality import silhouette as module
from stormcell.cluster.quality.silhouette import davies_bouldin, medoid_silhouette, silhouette
from stormcell.cluster.solve import kmedoids, label
from stormcell.distance.points import Precomputed
from stormcell.types import Clustering, FloatArray, IntArray
from tests.unit.cluster.points import Points, points, random_points

pytestmark = pytest.mark.slow


def clustering_of(given_points: Points, medoids: IntArray) -> Clustering:
    return label(Precomputed.of(given_points.far), medoids, weights=given_points.weights)


def line(*places: float) -> FloatArray:
    return np.abs(np.subtract.outer(places, places)).astype(np.float32)


@st.composite
def labelled(draw: st.DrawFn, most: int = 8) -> tuple[Points, IntArray]:
    given_points = draw(points(most=most))
    n = len(given_points.far)
    labels = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    assume(len(np.unique(labels)) > 1)
    return given_points, labels


@st.composite
def clustered(draw: st.DrawFn) -> tuple[Points, IntArray, IntArray]:
    """Draw points, at least two medoids, and how often each point is repeated."""
    given_points = draw(points(most=6))
    n = len(given_points.far)
    assume(n > 1)
    medoids = draw(st.lists(st.integers(0, n - 1), min_size=2, max_size=n, unique=True))
    return (
        given_points,
        np.array(sorted(medoids)),
        np.array(draw(st.lists(st.integers(1, 4), min_size=n, max_size=n))),
    )


@given(labelled())
def test_silhouette_agrees_with_scikit_learn(drawn: tuple[Points, IntArray]) -> None:
    given_points, labels = drawn
    assume(len(np.unique(labels)) < len(labels))  # scikit-learn refuses it
    found = silhouette(given_points.far, labels)
    # scikit-learn sums in single precision.
    expected = silhouette_samples(given_points.far, labels, metric="precomputed")
    assert found.rows == pytest.approx(expected, abs=1e-5)
    assert found.mean == pytest.approx(silhouette_score(given_points.far, labels, metric="precomputed"), abs=1e-5)


@given(labelled(most=6), st.data())
def test_silhouette_weight_equals_repetition(drawn: tuple[Points, IntArray], data: st.DataObject) -> None:
    given_points, labels = drawn
    n = len(labels)
    repeats = np.array(data.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n)))
    rows = np.repeat(np.arange(n), repeats)
    weighted = silhouette(given_points.far, labels, weights=repeats.astype(float))
    repeated = silhouette(given_points.far[np.ix_(rows, rows)], labels[rows])
    assert weighted.rows[rows] == pytest.approx(repeated.rows, abs=1e-6)
    assert weighted.mean == pytest.approx(repeated.mean, abs=1e-6)


@given(labelled(), st.data())
def test_silhouette_is_bounded_and_ignores_names_and_order(
    drawn: tuple[Points, IntArray], data: st.DataObject
) -> None:
    given_points, labels = drawn
    order = np.array(data.draw(st.permutations(range(len(labels)))))
    found = silhouette(given_points.far, labels, weights=given_points.weights)
    other = silhouette(
        given_points.far[np.ix_(order, order)], 7 - 3 * labels[order], weights=given_points.weights[order]
    )
    assert (np.abs(found.rows) <= 1).all()
    assert other.rows == pytest.approx(found.rows[order], abs=1e-9)
    assert other.mean == pytest.approx(found.mean, abs=1e-9)


@pytest.mark.parametrize("cells", [1, 100, 10_000])
def test_silhouette_of_points_comes_in_blocks(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    given_points = random_points(np.random.default_rng(0), 50)
    labels = np.arange(50) % 4
    whole = silhouette(given_points.far, labels, weights=given_points.weights)
    seen: list[int] = []

    class Watched(Precomputed):
        def cross(self, other: Self) -> FloatArray:
            seen.append(len(self))
            return super().cross(other)

    monkeypatch.setattr(module, "_BLOCK_CELLS", cells)
    found = silhouette(Watched.of(given_points.far), labels, weights=given_points.weights)
    assert np.array_equal(found.rows, whole.rows)
    assert (sum(seen), max(seen)) == (50, max(1, min(50, cells // 50)))


def test_a_row_alone_scores_nothing_but_copies_are_company() -> None:
    far, labels = line(0, 1, 9), np.array([0, 0, 1])
    assert silhouette(far, labels).rows[2] == 0
    assert silhouette(far, labels, weights=np.array([1, 1, 0.5])).rows[2] == 0
    assert silhouette(far, labels, weights=np.array([1, 1, 2.0])).rows[2] == 1


def test_small_weights_take_only_their_own_row_away() -> None:
    far, labels = line(0, 1, 9), np.array([0, 0, 1])
    # The mean distance to the other of the pair is 1 however little it weighs.
    assert silhouette(far, labels, weights=np.array([0.2, 0.3, 1])).rows[:2] == pytest.approx([8 / 9, 7 / 8])


@given(clustered())
def test_medoid_silhouette_follows_its_definition(drawn: tuple[Points, IntArray, IntArray]) -> None:
    given_points, medoids, repeats = drawn
    found = medoid_silhouette(clustering_of(given_points, medoids), weights=repeats.astype(float))
    for row, value in enumerate(found.rows):
        d1, d2 = sorted(given_points.far[medoids, row].astype(float))[:2]
        assert value == pytest.approx(1 - d1 / d2 if d1 > 0 else 1)
        assert 0 <= value <= 1
    assert found.mean == pytest.approx(np.repeat(found.rows, repeats).mean())


@given(clustered())
def test_davies_bouldin_follows_its_definition(drawn: tuple[Points, IntArray, IntArray]) -> None:
    given_points, medoids, repeats = drawn
    clustering, k = clustering_of(given_points, medoids), len(medoids)
    rows = np.repeat(np.arange(len(repeats)), repeats)
    spread = [float(clustering.nearest[rows][clustering.labels[rows] == slot].mean()) for slot in range(k)]
    worst = []
    for a in range(k):
        pairs = [
            (spread[a] + spread[b], float(given_points.far[medoids[a], medoids[b]])) for b in range(k) if a != b
        ]
        worst.append(max(both / apart if apart else np.inf for both, apart in pairs))
    found = davies_bouldin(given_points.far, clustering, weights=repeats.astype(float))
    assert found == pytest.approx(np.mean(worst), rel=1e-5)
    assert davies_bouldin(Precomputed.of(given_points.far), clustering, weights=repeats.astype(float)) == found


def test_coinciding_medoids_are_not_apart() -> None:
    twins = Points(line(0, 0, 5), np.ones(3))
    assert davies_bouldin(twins.far, clustering_of(twins, np.array([0, 1]))) == np.inf
    assert davies_bouldin(twins.far, clustering_of(twins, np.array([0, 2]))) == 0


def test_tighter_clusters_have_better_indices() -> None:
    tight, loose = line(0, 0.1, 0.2, 5, 5.1, 5.2), line(0, 1, 2, 5, 6, 7)
    near, far = (kmedoids(data, 2, init=np.array([1, 4])) for data in (tight, loose))
    assert davies_bouldin(tight, near) < davies_bouldin(loose, far)
    assert medoid_silhouette(near).mean > medoid_silhouette(far).mean
    assert silhouette(tight, near.labels).mean > silhouette(loose, far.labels).mean


def test_rounding_of_a_row_s_distance_to_itself_does_not_count() -> None:
    far, labels = line(0, 1, 9), np.array([0, 0, 1])
    rounded = Precomputed.of(far + 0.01 * np.eye(3, dtype=np.float32))
    assert silhouette(rounded, labels).rows == pytest.approx(silhouette(far, labels).rows)


def test_one_cluster_has_no_silhouette() -> None:
    one = kmedoids(line(0, 1, 2), 1)
    with pytest.raises(ValueError, match="at least two clusters, found 1"):
        silhouette(line(0, 1, 2), one.labels)
    with pytest.raises(ValueError, match="at least two medoids, found 1"):
        medoid_silhouette(one)
    with pytest.raises(ValueError, match="at least two clusters, found 1"):
        davies_bouldin(line(0, 1, 2), one)


def test_refuses_what_does_not_fit() -> None:
    two = kmedoids(line(0, 1, 2), 2)
    with pytest.raises(ValueError, match=r"one for each of the 3 rows, found shape \(2,\)"):
        silhouette(line(0, 1, 2), np.array([0, 1]))
    with pytest.raises(ValueError, match="must be square"):
        silhouette(np.zeros((3, 2), dtype=np.float32), np.array([0, 1, 1]))
    with pytest.raises(ValueError, match="weights must be positive"):
        silhouette(line(0, 1, 2), np.array([0, 1, 1]), weights=np.array([1, 0, 1.0]))
    with pytest.raises(ValueError, match="expected 3 weights"):
        medoid_silhouette(two, weights=np.ones(2))
    with pytest.raises(ValueError, match="of 3 rows, the data has 2"):
        davies_bouldin(line(0, 1), two)
