from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import GroupingSettings
from stormcell.distance.mixed import MixedPoints
from stormcell.features.outline import Outline
from stormcell.groups.partition import partition
from stormcell.types import Clustering, DoubleArray, IntArray
from tests.unit.cluster.points import Points, assert_consistent
from tests.unit.groups.build import flat, labelled, line


def split(places: list[float], weights: list[float] | None = None, **settings: float) -> Clustering:
    """Cluster places; the opening cost is given as a share of the whole weight."""
    n = len(places)
    given = np.array(weights or [1.0] * n)
    settings["opening_cost"] = settings["opening_cost"] * float(np.sqrt(given.sum()))
    settings.setdefault("stray", 2)
    return partition(
        line(places), np.arange(n), flat(n), given, GroupingSettings.model_validate(settings)
    ).clustering


def clustered(
    points: MixedPoints, atoms: IntArray, outline: Outline, weights: DoubleArray, settings: GroupingSettings
) -> Clustering:
    """Cluster with nothing set apart."""
    found = partition(points, atoms, outline, weights, settings.model_copy(update={"stray": 2}))
    assert found.kept.tolist() == list(range(len(atoms)))
    return found.clustering


HEAPS = [0, 0.01, 0.02, 0.03, 0.5, 0.51, 0.52, 0.99, 1.0]


def test_finds_heaps() -> None:
    found = split(HEAPS, opening_cost=0.03)
    assert found.labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2]


def test_no_more_than_the_most_groups() -> None:
    assert len(split(HEAPS, opening_cost=0, max_groups=2).medoids) == 2


def test_twice_the_points_need_no_more_groups() -> None:
    once, twice = (
        clustered(
            line(HEAPS * times), np.arange(9 * times), flat(9 * times), np.ones(9 * times),
            GroupingSettings(opening_cost=0.2),
        )
        for times in (1, 4)
    )  # fmt: skip
    assert len(once.medoids) == len(twice.medoids) == 3


def test_a_lull_ends_a_group() -> None:
    at = [0, 30, 60, 90, 400, 430, 460]
    found = clustered(labelled([0] * 7), np.arange(7), flat(7, at), np.ones(7), GroupingSettings())
    assert found.labels.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert found.second.tolist() == [1, 1, 1, 1, 0, 0, 0]
    whole = clustered(labelled([0] * 7), np.arange(7), flat(7, at), np.ones(7), GroupingSettings(lull_seconds=0))
    assert len(whole.medoids) == 1


def test_an_incident_of_hours_is_one_group_across_windows() -> None:
    at = list(range(0, 6 * 3600, 60))
    kinds = [0 if place % 2 else 1 for place in range(len(at))]
    found = clustered(
        labelled(kinds),
        np.arange(len(at)),
        flat(len(at), at),
        np.ones(len(at)),
        GroupingSettings(opening_cost=0.5),
    )
    assert len(found.medoids) == 2
    assert {(label, kind) for label, kind in zip(found.labels.tolist(), kinds, strict=True)} in (
        {(0, 0), (1, 1)},
        {(0, 1), (1, 0)},
    )


def test_points_are_positions_in_the_session() -> None:
    session = np.array([8, 0, 6])
    found = clustered(line(HEAPS), session, flat(9), np.ones(3), GroupingSettings(opening_cost=0.1))
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
    found = clustered(
        fields, np.arange(4), flat(4), np.array([3, 3, 1, 3.0]),
        GroupingSettings(max_points=3, opening_cost=0),
    )  # fmt: skip
    assert (found.second != found.labels).all()


def test_the_loss_is_the_weighted_sum() -> None:
    found = split([0, 1, 4], [1, 2, 3], opening_cost=9)
    assert found.medoids.tolist() == [1]
    assert found.loss == pytest.approx((1 * 1 + 3 * 3) / 4)
