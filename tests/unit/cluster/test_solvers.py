"""What the clusterers of other packages share; what they all keep to is in tests/contract/test_clusterer.py."""

from __future__ import annotations

import numpy as np
import pytest

from stormcell.cluster.solvers.common import nearest_members, refuse_unequal, solution
from stormcell.distance.vectors import Vectors

LINE = Vectors(np.array([[0], [0], [1], [4], [9], [9]], dtype=np.float32))


def test_the_members_nearest_to_the_centres() -> None:
    rows = np.array([[0.0], [3.0], [4.0], [10.0]])
    found = nearest_members(rows, np.array([0, 0, 0, 1]), np.array([[2.9], [3.9]]))
    # Point 2 is nearer to the second centre than point 3, but no member of its cluster.
    assert found.tolist() == [1, 3]


def test_a_cluster_without_members_has_no_medoid() -> None:
    found = nearest_members(np.zeros((2, 1)), np.array([0, 0]), np.array([[0.0], [0.0]]))
    assert found.tolist() == [0]


def test_medoids_in_any_order_become_ascending() -> None:
    found = solution(LINE, np.array([4, 0]), 2, np.ones(6), 7)
    assert found.medoids.tolist() == [0, 4]
    assert found.labels.tolist() == [0, 0, 0, 0, 1, 1]
    assert (found.loss, found.iterations) == (5, 7)


@pytest.mark.parametrize(
    ("k", "weights", "medoids"),
    [
        (2, [1, 1, 1, 1, 1, 1], [0, 4]),
        (3, [1, 1, 1, 1, 1, 1], [0, 3, 4]),
        (2, [1, 1, 1, 9, 1, 1], [0, 3]),
        (5, [1, 1, 1, 1, 1, 1], [0, 1, 2, 3, 4]),
    ],
)
def test_the_points_that_add_most_complete_the_medoids(k: int, weights: list[float], medoids: list[int]) -> None:
    found = solution(LINE, np.array([0, 0]), k, np.array(weights, dtype=float), 1)
    assert found.medoids.tolist() == medoids


def test_unequal_weights_are_refused_with_their_range() -> None:
    refuse_unequal(np.full(3, 2.5), "it")
    with pytest.raises(ValueError, match=r"it knows no weights, found weights from 0\.5 to 2: .*'fasterpam'"):
        refuse_unequal(np.array([1, 0.5, 2]), "it")
