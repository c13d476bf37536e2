"""Which two medoids are nearest to each point."""

from __future__ import annotations

import numpy as np
import pytest

from stormcell.cluster.assignment import COMPILED_FROM, assign, reassign, two_nearest
from tests.unit.cluster.test_sampled import Plane

NAMES = ("nearest", "d1", "second", "d2")


@pytest.mark.parametrize("k", [1, 2, 3, 7])
def test_many_points_are_assigned_as_few_are(k: int) -> None:
    # Whole numbers: there are ties, which go to the earlier medoid.
    far = np.random.default_rng(k).integers(0, 5, (k, COMPILED_FROM // k + 1)).astype(np.float32)
    found = two_nearest(far)
    parts = [two_nearest(part) for part in np.array_split(far, 200, axis=1)]
    for name in NAMES:
        expected = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(getattr(found, name), expected, err_msg=name)
    order = np.argsort(far, axis=0, kind="stable")
    np.testing.assert_array_equal(found.nearest, order[0])
    np.testing.assert_array_equal(found.second, order[1] if k > 1 else -1)


@pytest.mark.parametrize("k", [3, 4, 12])
@pytest.mark.parametrize("changed", [1, 2, 4])
def test_assigning_anew_what_new_medoids_may_change_is_assigning_all(k: int, changed: int) -> None:
    # Places on a grid: there are ties, which go to the earlier medoid.
    grid = Plane(np.random.default_rng(k).integers(0, 9, (700, 2)).astype(np.float64))
    rng = np.random.default_rng(changed)
    before = rng.choice(len(grid), k, replace=False)
    slots = np.sort(rng.choice(k, min(changed, k), replace=False))
    after = before.copy()
    after[slots] = rng.choice(np.setdiff1d(np.arange(len(grid)), before), len(slots), replace=False)
    found = reassign(grid, grid.take(after), assign(grid, grid.take(before)), slots)
    expected = assign(grid, grid.take(after))
    for name in NAMES:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
