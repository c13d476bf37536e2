from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stormcell.groups.windows import cut_windows, stitch
from stormcell.types import Clustering, IntArray


def cut(at: list[int], width: int = 100, overlap: int = 20, most: int = 1000, lasting: int = 0) -> list[IntArray]:
    first = np.array(at, dtype=np.int64)
    return cut_windows(first, first + lasting, width, overlap, most)


def test_a_short_session_is_one_window() -> None:
    assert [window.tolist() for window in cut([5, 50, 104])] == [[0, 1, 2]]


def test_a_long_one_is_cut_and_neighbours_overlap() -> None:
    windows = cut(list(range(0, 300, 10)))
    assert len(windows) > 2
    for before, after in itertools.pairwise(windows):
        assert set(before.tolist()) & set(after.tolist())


def test_a_full_one_is_halved() -> None:
    assert max(map(len, cut(list(range(100)), most=50))) <= 70
    # As long as there is something to halve.
    assert len(cut([3] * 200, most=50)) == 1


def test_what_lasts_is_in_every_window_it_reaches_into() -> None:
    windows = cut([0, *range(0, 500, 10)], lasting=5)
    long = cut_windows(np.array([0, *range(0, 500, 10)]), np.array([500, *range(0, 500, 10)]), 100, 20, 1000)
    assert all(0 in window.tolist() for window in long)
    assert sum(0 in window.tolist() for window in windows) < len(windows)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60), st.integers(10, 200), st.integers(2, 20))
def test_every_atom_is_in_a_window(at: list[int], width: int, most: int) -> None:
    windows = cut(at, width, width // 3, most)
    assert set(np.concatenate(windows).tolist()) == set(range(len(at)))
    assert all(np.array_equal(window, np.unique(window)) for window in windows)


def clustered(labels: list[int]) -> Clustering:
    n, k = len(labels), max(labels) + 1
    return Clustering(
        np.array([labels.index(label) for label in range(k)]), np.array(labels), np.zeros(n, dtype=np.float32),
        np.zeros(n, dtype=np.float32), np.zeros(n, dtype=np.int64), 0.0, 1,
    )  # fmt: skip


def join(windows: list[IntArray], labels: list[list[int]], weights: list[float]) -> list[int]:
    none = [np.zeros(len(window), dtype=bool) for window in windows]
    return list(stitch(windows, list(map(clustered, labels)), none, np.array(weights)))


def test_clusters_that_share_most_of_what_both_windows_saw_are_one() -> None:
    windows = [np.array([0, 1, 2, 3, 4]), np.array([3, 4, 5, 6])]
    assert join(windows, [[0, 0, 1, 0, 1], [1, 0, 1, 0]], [1.0] * 7) == [0, 0, 1, 0, 1, 0, 1]


def test_a_new_cluster_stays_its_own() -> None:
    windows = [np.array([0, 1, 2]), np.array([1, 2, 3, 4])]
    assert join(windows, [[0, 0, 0], [0, 0, 0, 1]], [1.0] * 5) == [0, 0, 0, 0, 1]


def test_an_atom_of_several_windows_keeps_its_first_cluster() -> None:
    # The heavy atom decides that the clusters are one, whatever became of the light one.
    windows = [np.array([0, 1, 2]), np.array([1, 2, 3])]
    assert join(windows, [[0, 0, 1], [0, 0, 0]], [1, 9, 1, 1]) == [0, 0, 1, 0]


def test_strays_join_nothing_and_are_in_no_cluster() -> None:
    windows = [np.array([0, 1, 2]), np.array([1, 2, 3])]
    strays = [np.array([False, True, True]), np.array([False, True, False])]
    found = stitch(windows, [clustered([0, 0, 0]), clustered([0, 0, 0])], strays, np.ones(4))
    assert found.tolist() == [0, 1, -1, 1]
