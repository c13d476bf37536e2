from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster.reservoir import Reservoir
from stormcell.types import DoubleArray

Stream = list[tuple[float, str]]

streams = st.lists(st.tuples(st.floats(0.01, 100), st.sampled_from("abcdef")), max_size=40)
reservoirs = st.tuples(st.integers(1, 12), st.integers(0, 4), st.integers(0, 5))


def play(stream: Stream, cuts: list[int], settings: tuple[int, int, int]) -> tuple[Reservoir, list[int]]:
    """Offer the stream in pieces; return the reservoir and all that it gave up."""
    capacity, per_stratum, seed = settings
    reservoir = Reservoir(capacity, seed=seed, per_stratum=per_stratum)
    dropped: list[int] = []
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, stop in pairwise(bounds):
        piece = stream[start:stop]
        dropped += reservoir.offer(
            np.arange(start, stop), weights=np.array([w for w, _ in piece]), strata=[name for _, name in piece]
        ).tolist()
        assert len(reservoir) == min(capacity, stop)
    return reservoir, dropped


@given(streams, st.lists(st.integers(0, 40), max_size=6), reservoirs)
def test_cuts_of_the_stream_do_not_matter(stream: Stream, cuts: list[int], settings: tuple[int, int, int]) -> None:
    whole, dropped = play(stream, [], settings)
    cut, dropped_too = play(stream, cuts, settings)
    one_by_one, _ = play(stream, list(range(len(stream))), settings)
    assert whole.handles.tolist() == cut.handles.tolist() == one_by_one.handles.tolist()
    assert sorted(dropped) == sorted(dropped_too)
    assert np.allclose(whole.estimates(), cut.estimates(), rtol=1e-9)


@given(streams, st.lists(st.integers(0, 40), max_size=6), reservoirs)
def test_every_row_is_kept_or_dropped_once(
    stream: Stream, cuts: list[int], settings: tuple[int, int, int]
) -> None:
    reservoir, dropped = play(stream, cuts, settings)
    assert sorted([*reservoir.handles.tolist(), *dropped]) == list(range(len(stream)))
    assert reservoir.handles.tolist() == sorted(reservoir.handles.tolist())


@given(streams, st.lists(st.integers(0, 40), max_size=6), reservoirs)
def test_estimates_sum_to_the_stream(stream: Stream, cuts: list[int], settings: tuple[int, int, int]) -> None:
    reservoir, dropped = play(stream, cuts, settings)
    estimates = reservoir.estimates()
    weights = np.array([w for w, _ in stream])
    assert (estimates > 0).all()
    assert estimates.sum() == pytest.approx(reservoir.total) == pytest.approx(weights.sum())
    kept = [stream[handle][1] for handle in reservoir.handles]
    lost = {stream[handle][1] for handle in dropped}
    if set(kept) == {name for _, name in stream}:
        for name in set(kept):
            mine = np.array([other == name for other in kept])
            total = sum(w for w, other in stream if other == name)
            assert estimates[mine].sum() == pytest.approx(total)
            if name not in lost:
                assert estimates[mine] == pytest.approx(weights[reservoir.handles[mine]])


@given(streams, st.lists(st.integers(0, 40), max_size=6), reservoirs)
def test_every_stratum_has_its_places_or_an_equal_share(
    stream: Stream, cuts: list[int], settings: tuple[int, int, int]
) -> None:
    capacity, per_stratum, _ = settings
    reservoir, _ = play(stream, cuts, settings)
    kept = Counter(stream[handle][1] for handle in reservoir.handles)
    seen = Counter(name for _, name in stream)
    share = per_stratum
    while sum(min(count, share) for count in seen.values()) > capacity:
        share -= 1
    assert all(kept[name] >= min(count, share) for name, count in seen.items())
    if share < per_stratum:  # nobody gets more while another lacks a place of its own
        assert max(kept.values()) <= share + 1


def test_a_rare_stratum_survives_a_flood() -> None:
    stream = [(1.0, "rare")] * 3 + [(50.0, "flood")] * 5000
    reservoir, _ = play(stream, [1000, 2000], (20, 5, 0))
    assert reservoir.handles[:3].tolist() == [0, 1, 2]
    assert reservoir.estimates()[:3] == pytest.approx([1, 1, 1])
    unstratified, _ = play(stream, [1000, 2000], (20, 0, 0))
    assert unstratified.handles.min() >= 3


def frequencies(weights: DoubleArray, capacity: int, runs: int) -> tuple[DoubleArray, DoubleArray]:
    """Return how often each row is kept, and the mean of what it stands for."""
    kept, stands_for = np.zeros(len(weights)), np.zeros(len(weights))
    for seed in range(runs):
        reservoir = Reservoir(capacity, seed=seed)
        reservoir.offer(np.arange(len(weights)), weights=weights)
        kept[reservoir.handles] += 1
        stands_for[reservoir.handles] += reservoir.estimates()
    return kept / runs, stands_for / runs


def test_equal_rows_are_kept_equally_often() -> None:
    kept, stands_for = frequencies(np.ones(20), 5, 2000)
    assert kept == pytest.approx(np.full(20, 0.25), abs=0.05)
    assert stands_for == pytest.approx(np.ones(20), abs=0.2)


@pytest.mark.slow
def test_heavy_rows_are_kept_more_often_and_stand_for_their_weight() -> None:
    weights = np.repeat([1.0, 2.0, 4.0, 8.0], 25)
    kept, stands_for = frequencies(weights, 10, 3000)
    by_weight = kept.reshape(4, 25).mean(axis=1)
    # While few are kept, in proportion to weight.
    assert by_weight[1:] / by_weight[:-1] == pytest.approx([2, 2, 2], rel=0.2)
    assert by_weight.sum() * 25 == pytest.approx(10)
    assert stands_for.reshape(4, 25).mean(axis=1) == pytest.approx([1, 2, 4, 8], rel=0.08)


@pytest.mark.slow
def test_the_first_place_is_drawn_by_weight() -> None:
    kept, _ = frequencies(np.array([1.0, 2.0, 7.0]), 1, 4000)
    assert kept == pytest.approx([0.1, 0.2, 0.7], abs=0.03)


def test_early_and_late_rows_are_kept_equally_often() -> None:
    early = late = 0
    for seed in range(300):
        reservoir, _ = play([(1.0, "a")] * 400, [10, 20, 300], (20, 1, seed))
        early += int((reservoir.handles < 200).sum())
        late += int((reservoir.handles >= 200).sum())
    assert early / (early + late) == pytest.approx(0.5, abs=0.03)


def test_more_strata_than_places() -> None:
    reservoir = Reservoir(10, seed=3, per_stratum=2)
    reservoir.offer(np.arange(100), strata=[("service", number // 2) for number in range(100)])
    assert len({handle // 2 for handle in reservoir.handles.tolist()}) == 10
    assert reservoir.estimates() == pytest.approx(np.full(10, 10.0), rel=1)
    assert reservoir.estimates().sum() == pytest.approx(100)


def test_the_seed_decides() -> None:
    kept = [play([(1.0, "a")] * 100, [], (5, 1, seed))[0].handles.tolist() for seed in (0, 0, 1)]
    assert kept[0] == kept[1] != kept[2]


def test_an_empty_stream() -> None:
    reservoir = Reservoir(3, seed=0)
    assert reservoir.offer(np.empty(0, dtype=int)).tolist() == []
    assert (len(reservoir), reservoir.total, reservoir.estimates().tolist()) == (0, 0.0, [])


def test_what_is_refused_changes_nothing() -> None:
    reservoir = Reservoir(3, seed=0)
    reservoir.offer(np.array([7, 8]))
    with pytest.raises(ValueError, match="handle 8 is taken"):
        reservoir.offer(np.array([9, 8]))
    with pytest.raises(ValueError, match=r"weights must be positive numbers, found 0.0 at row 1 of the offer"):
        reservoir.offer(np.array([9, 10]), weights=np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"2 rows but weights of shape \(1,\)"):
        reservoir.offer(np.array([9, 10]), weights=np.array([1.0]))
    with pytest.raises(ValueError, match="2 rows but 1 strata"):
        reservoir.offer(np.array([9, 10]), strata=["a"])
    with pytest.raises(ValueError, match="handles must be a list of whole numbers"):
        reservoir.offer(np.array([0.5]))
    assert (reservoir.handles.tolist(), reservoir.total) == ([7, 8], 2.0)


def test_refuses_impossible_settings() -> None:
    with pytest.raises(ValueError, match="capacity must be at least 1, found 0"):
        Reservoir(0, seed=0)
    with pytest.raises(ValueError, match="per_stratum must be at least 0, found -1"):
        Reservoir(1, seed=0, per_stratum=-1)
