"""What is alike stands together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stormcell.render.report.seriation import serial
from stormcell.types import FloatArray


def length(far: FloatArray, path: list[int]) -> float:
    return float(far[path[:-1], path[1:]].astype(np.float64).sum())


@st.composite
def distances(draw: st.DrawFn) -> FloatArray:
    n = draw(st.integers(0, 9))
    upper = draw(st.lists(st.integers(0, 20), min_size=n * n, max_size=n * n))
    far = np.triu(np.array(upper, dtype=np.float32).reshape(n, n) / 20, 1)
    return np.asarray(far + far.T, dtype=np.float32)


@given(distances())
def test_every_row_once_and_no_turn_makes_it_shorter(far: FloatArray) -> None:
    path = serial(far)
    assert sorted(path) == list(range(len(far)))
    for i in range(len(path)):
        for j in range(i + 1, len(path)):
            turned = path[:i] + path[i : j + 1][::-1] + path[j + 1 :]
            assert length(far, path) <= length(far, turned) + 1e-6


@given(st.permutations(range(12)))
def test_points_of_a_line_come_in_their_order(places: list[int]) -> None:
    at = np.array(places)
    path = serial(np.asarray(np.abs(at[:, None] - at[None]) / 12, dtype=np.float32))
    walked = [places[row] for row in path]
    assert walked in (sorted(places), sorted(places, reverse=True))
    assert path[0] <= path[-1]
