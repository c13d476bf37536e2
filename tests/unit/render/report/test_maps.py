"""The map and the table of distances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stormcell.render.report.maps import HEIGHT, MOST_CELLS, SHADES, WIDTH, group_map, heat
from tests.unit.render.report.storms import far
from tests.unit.render.samples import SAMPLES, error_log

GROUPS = [sample()[0] for sample in SAMPLES.values()]


def test_the_map_shows_every_group_inside_and_the_largest_first() -> None:
    found = group_map(GROUPS, far(3))
    assert found is not None
    assert sorted(disc.number for disc in found.discs) == [1, 2, 3]
    assert all(0 < disc.x < WIDTH and 0 < disc.y < HEIGHT for disc in found.discs)
    assert [disc.radius for disc in found.discs] == sorted((disc.radius for disc in found.discs), reverse=True)
    x = {disc.number: disc.x for disc in found.discs}
    assert abs((x[3] - x[2]) - (x[2] - x[1])) <= 1  # as far apart as they are
    assert (found.explained, found.stress) == ("100%", "0.00")


def test_the_table_is_symmetric_and_its_shades_follow_the_distance() -> None:
    found = heat(GROUPS, far(3))
    assert found is not None
    assert [row.number for row in found.rows] == [1, 2, 3]
    assert [row.cells for row in found.rows] == [
        ((0, ""), (SHADES - 5, ".50"), (1, "1")),
        ((SHADES - 5, ".50"), (0, ""), (SHADES - 5, ".50")),
        ((1, "1"), (SHADES - 5, ".50"), (0, "")),
    ]


def test_equal_ones_are_darkest() -> None:
    found = heat(GROUPS[:2], np.zeros((2, 2), dtype=np.float32))
    assert found is not None
    assert found.rows[0].cells == ((0, ""), (SHADES, ".00"))


def test_there_is_none_of_one_group() -> None:
    assert group_map(GROUPS[:1], far(1)) is None
    assert heat(GROUPS[:1], far(1)) is None


def test_of_many_the_table_holds_the_worst() -> None:
    made, _ = error_log()
    groups = [replace(made, id=f"g-{at:03}", count=at + 1) for at in range(MOST_CELLS + 5)]
    found = heat(groups, far(len(groups)))
    assert found is not None
    assert found.left_out == 5
    assert sorted(row.number for row in found.rows) == list(range(6, MOST_CELLS + 6))
    assert len(group_map(groups, far(len(groups))).discs) == len(groups)  # type: ignore[union-attr]  # there are many
