from __future__ import annotations

from dataclasses import replace

import numpy as np

from stormcell.features.outline import Outline
from stormcell.groups.strays import find_strays
from stormcell.types import Clustering
from tests.unit.groups.build import flat


def clustering(nearest: list[float], labels: list[int] | None = None) -> Clustering:
    n = len(nearest)
    far = np.array(nearest, dtype=np.float32)
    return Clustering(
        np.array([0]), np.array(labels or [0] * n), far, far, np.full(n, -1), 0.0, 1,
    )  # fmt: skip


def strays(nearest: list[float], outline: Outline, far: float = 0.6) -> list[bool]:
    found: list[bool] = find_strays(clustering(nearest), np.arange(len(nearest)), outline, far).tolist()
    return found


def outline(at: list[int], accused: list[int]) -> Outline:
    return replace(flat(len(at), at), accused=np.array(accused))


def test_what_is_far_and_came_alone_is_a_stray() -> None:
    assert strays([0, 0.1, 0.7], outline([0, 500, 500], [0, 0, 1])) == [False, False, True]
    assert strays([0, 0.1, 0.59], outline([0, 500, 500], [0, 0, 1])) == [False] * 3


def test_what_came_in_a_storm_is_none() -> None:
    assert strays([0, 0.7, 0.7], outline([0, 30, 60], [0, 1, 2])) == [False] * 3
    # Many events of two services are no storm.
    assert strays([0, 0.1, 0.1, 0.7], outline([0, 10, 20, 30], [0, 0, 0, 1])) == [False, False, False, True]


def test_an_alert_is_none() -> None:
    told = replace(outline([0, 400, 400], [0, 0, 1]), alerts=np.array([False, False, True]))
    assert strays([0, 0.1, 0.9], told) == [False] * 3


def test_one_that_is_left_alone_is_one_too_if_it_is_small() -> None:
    alone = outline([0, 900], [0, 1])
    assert strays([0, 0.7], alone) == [True, True]
    large = replace(alone, items=np.array([3, 1]))
    assert strays([0, 0.7], large) == [False, True]


def test_above_one_there_are_none() -> None:
    assert strays([0, 1.0], outline([0, 900], [0, 1]), far=1.5) == [False, False]
