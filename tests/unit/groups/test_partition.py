from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import GroupingSettings
from stormcell.groups.partition import partition
from stormcell.types import Clustering
from tests.unit.cluster.points import Points, assert_consistent
from tests.unit.groups.build import labelled, line


def split(places: list[float], weights: list[float] | None = None, **settings: float) -> Clustering:
    n = len(places)
    return partition(
        line(places),
        np.arange(n),
        np.ones(n, dtype=np.int64),
        np.array(weights or [1.0] * n),
        GroupingSettings.model_validate({"linked_share": 1, **settings}),
    )


HEAPS = [0, 0.01, 0.02, 0.03, 0.5, 0.51, 0.52, 0.99, 1.0]


def test_finds_heaps() -> None:
    found = split(HEAPS, opening_cost=0.03)
    assert found.labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2]


def test_no_more_than_the_most_groups() -> None:
    assert len(split(HEAPS, opening_cost=0, max_groups=2).medoids) == 2


def test_a_session_explained_by_its_links_is_split_more_easily() -> None:
    places, weights = np.array(HEAPS), np.ones(9)
    settings = GroupingSettings(opening_cost=1, opening_cost_linked=0.01, linked_share=0.2)
    for items, groups in ((np.ones(9), 1), (np.array([100, *[1] * 8]), 3)):
        found = partition(line(places.tolist()), np.arange(9), items.astype(np.int64), weights, settings)
        assert len(found.medoids) == groups


def test_points_are_positions_in_the_session() -> None:
    session = np.array([8, 0, 6])
    found = partition(
        line(HEAPS), session, np.ones(3, dtype=np.int64), np.ones(3), GroupingSettings(linked_share=1)
    )
    assert found.labels.tolist() == [0, 1, 2]
    assert session[found.medoids].tolist() == [8, 0, 6]


@given(st.lists(st.integers(0, 20), min_size=3, max_size=12, unique=True), st.data())
def test_beyond_the_most_points_the_rest_is_assigned(places: list[int], data: st.DataObject) -> None:
    n = len(places)
    weights = data.draw(st.lists(st.sampled_from([1.0, 2.0, 5.0]), min_size=n, max_size=n))
    most = data.draw(st.integers(2, n - 1))
    found = split([float(place) for place in places], weights, max_points=most, opening_cost=0.05)
    atoms = line([float(place) for place in places])
    far = atoms.cross(atoms)
    assert_consistent(found, Points(far, np.array(weights)))
    heaviest = sorted(weights, reverse=True)[:most]
    assert min(weights[medoid] for medoid in found.medoids) >= heaviest[-1]


def test_medoids_that_are_twins_have_each_other_as_the_second() -> None:
    fields = labelled([0, 0, 0, 1])
    found = partition(
        fields, np.arange(4), np.ones(4, dtype=np.int64), np.array([3, 3, 1, 3.0]),
        GroupingSettings(max_points=3, opening_cost=0),
    )  # fmt: skip
    assert (found.second != found.labels).all()


def test_the_loss_is_the_weighted_sum() -> None:
    found = split([0, 1, 4], [1, 2, 3], opening_cost=9)
    assert found.medoids.tolist() == [1]
    assert found.loss == pytest.approx((1 * 1 + 3 * 3) / 4)
