"""Every event is in its place in time."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.render.report.timeline import BINS, LEVELS, Scale, Timeline, timeline
from stormcell.types import Group, Material, Membership, Signal
from tests.unit.render.samples import error_log, event, group, latency, row, s, span


def drawn(*made: tuple[Group, Membership]) -> Timeline:
    found = timeline([Material(one, [atom]) for one, atom in made])
    assert found is not None
    return found


def percents(*texts: str) -> list[float]:
    return [float(text.removesuffix("%")) for text in texts]


def test_lanes_of_the_samples() -> None:
    found = drawn(latency(), error_log(), span())
    assert [lane.number for lane in found.lanes] == [0, 1, 2, 3]
    together, first, second, third = found.lanes
    assert together.words.startswith("All groups: 9 events from ")
    assert (first.title, first.severity) == ("PodClientLatencyP90High on ts-admin-basic-info-service", "fatal")
    assert "2 alerts among them" in first.words
    assert len(first.alerts) == 2
    assert (second.alerts, third.alerts) == ((), ())
    start, width = percents(second.start, second.width)
    assert start == pytest.approx(100 * (100 - 4.899) / (200.25 - 4.899), abs=0.1)
    assert width == pytest.approx(0.4)  # a moment is still to be seen


def test_nothing() -> None:
    assert timeline([]) is None


@given(st.lists(st.integers(0, 5 * 86_400), min_size=1, max_size=30, unique=True), st.integers(1, 4))
def test_all_events_are_in_the_density_and_nothing_leaves_the_axis(at: list[int], stands_for: int) -> None:
    events = [event(f"u{second}", time=s(second)) for second in at]
    made = group([row(one, *(f"{one.uid}-{n}" for n in range(1, stands_for))) for one in events], events[0])
    found = drawn(made)
    for lane in found.lanes:
        bins = [0] * BINS
        for level, outline in lane.density:
            assert 1 <= level <= LEVELS
            for start, length in re.findall(r"M(\d+) 0h(\d+)v1h-\d+z", outline):
                for place in range(int(start), int(start) + int(length)):
                    bins[place] += 1
        scale = Scale(found.first, found.last)
        filled = {scale.bin(one.time) for one in events}
        assert {place for place, count in enumerate(bins) if count} == filled
        assert max(bins) == 1
        start_at, width = percents(lane.start, lane.width)
        assert 0 <= start_at <= start_at + width <= 100.01
    ticks = percents(*(tick.at for tick in found.ticks))
    assert ticks == sorted(ticks)
    assert len(ticks) <= 9
    assert all(0 <= tick <= 100 for tick in ticks)


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (5, ["22:13:20", "22:13:21", "22:13:22", "22:13:23", "22:13:24", "22:13:25"]),
        (600, ["22:14", "22:16", "22:18", "22:20", "22:22"]),
        (4 * 3600, ["11-14 22:30", "11-14 23:00", "11-14 23:30"]),
        (5 * 86_400, ["2023-11-15", "2023-11-16", "2023-11-17", "2023-11-18", "2023-11-19"]),
    ],
)
def test_ticks_are_round_times(seconds: int, labels: list[str]) -> None:
    events = [event("a", time=s(0)), event("b", time=s(seconds))]
    found = [tick.label for tick in drawn(group(map(row, events), events[0])).ticks]
    assert found[: len(labels)] == labels
    assert len(found) <= 9


def test_more_events_are_stronger() -> None:
    few, many = event("a", time=s(0)), event("b", time=s(100))
    made = group([row(few), row(many, *(f"b{n}" for n in range(200)))], few)
    [_, lane] = drawn(made).lanes
    assert [level for level, _ in lane.density] == [1, LEVELS]


def test_an_alert_is_marked_where_it_is() -> None:
    alert = event("a@1", time=s(75), signal=Signal.ALERT)
    [_, lane] = drawn(group([row(event("l", time=s(0))), row(alert), row(event("m", time=s(100)))], alert)).lanes
    [at] = percents(*lane.alerts)
    assert at == pytest.approx(75, abs=100 / BINS)
    assert lane.exemplar == "75.00%"


def test_a_group_whose_times_were_stored_without_its_events_stays_on_the_axis() -> None:
    made, atom = error_log()
    found = drawn((replace(made, first_seen=s(200), last_seen=s(300)), atom))
    assert percents(found.lanes[1].exemplar) == [0]
