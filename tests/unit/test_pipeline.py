from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.config import Settings
from stormcell.decode import read
from stormcell.features.knowledge import Knowledge
from stormcell.pipeline import group, group_rows
from stormcell.types import Event
from tests.unit.features.build import alert, log, span
from tests.unit.groups.build import storm

EXAMPLE = Path(__file__).parents[2] / "examples" / "trainticket"


@pytest.fixture(scope="module")
def real() -> list[Event]:
    """Return some hundred real events, from all over the example."""
    return list(read([EXAMPLE]))[::20]


def test_no_events() -> None:
    found = group([])
    assert (found.events, found.groups, found.memberships, found.background) == (0, (), (), [])
    assert not found.learning


def test_one_event() -> None:
    event = log(uid="only")
    found = group([event])
    assert [(g.members, g.medoid, g.count) for g in found.groups] == [(("only",), event, 1)]
    assert found.learning


def test_all_events_equal() -> None:
    found = group(log(at / 10) for at in range(50))
    assert [g.count for g in found.groups] == [50]


def test_everything_is_background() -> None:
    found = group(log(at * 300, uid=f"{at:03d}") for at in range(60))
    assert found.groups == ()
    assert found.background == [f"{at:03d}" for at in range(60)]
    assert not found.learning


def test_a_silence_makes_two_groups() -> None:
    found = group([log(0), log(301)])
    assert [g.count for g in found.groups] == [1, 1]
    assert len({g.id for g in found.groups}) == 2


def test_without_the_gate_everything_is_grouped() -> None:
    settings = Settings()
    knowledge = Knowledge(settings)
    rows = knowledge.learn(storm())
    assert group_rows(rows, knowledge, settings).background
    found = group_rows(rows, knowledge, settings, gate=False)
    assert found.background == []
    assert not found.learning


def test_duplicates_count_once() -> None:
    found = group([*storm(), *storm()])
    assert (found.events, found.duplicates) == (len(storm()), len(storm()))
    assert dataclasses.replace(found, duplicates=0) == group(storm())


def test_real_events_are_grouped_alike_in_any_order(real: list[Event]) -> None:
    assert len(real) > 300
    expected = group(real)
    assert len(expected.groups) > 1
    rng = np.random.default_rng(0)
    for _ in range(3):
        assert group(real[at] for at in rng.permutation(len(real))) == expected
    assert group(reversed(real)) == expected


def test_real_events_are_each_in_one_place(real: list[Event]) -> None:
    found = group(real)
    grouped = [uid for g in found.groups for uid in g.members]
    assert sorted([*grouped, *found.background]) == sorted(event.uid for event in real)
    for g in found.groups:
        assert g.medoid.uid in g.members
        assert not g.services or sum(blame.blame for blame in g.services) == pytest.approx(1)
    groups = {g.id: g for g in found.groups}
    for m in found.memberships:
        if m.margin is not None and m.margin < -1e-6:
            # Nearer is only a group that was not there at the time.
            other = groups[m.runner_up or ""]
            times = [row.event.time for row in m.rows]
            assert max(times) < other.first_seen or min(times) > other.last_seen


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    made = []
    for number in range(draw(st.integers(0, 10))):
        at = draw(st.sampled_from([0, 0.5, 30, 200, 900, 2700]))
        service = draw(st.sampled_from(["", "shop", "cart"]))
        kind = draw(st.sampled_from(["log", "alert", "span"]))
        text = draw(st.one_of(st.sampled_from(["order 1 failed", "order-482913 lost"]), st.text(max_size=20)))
        if kind == "span":
            parent = draw(st.integers(0, 10))
            failed = draw(st.booleans())
            made.append(span(number + 1, parent, at=at, failed=failed, service=service, text=text))
        else:
            made.append((log if kind == "log" else alert)(at, service=service, text=text))
    return made


@settings(max_examples=50)
@given(events(), st.data())
def test_any_events_are_grouped_alike_in_any_order(made: list[Event], data: st.DataObject) -> None:
    found = group(made)
    assert group(data.draw(st.permutations(made))) == found
    places = [uid for g in found.groups for uid in g.members] + found.background
    assert sorted(places) == sorted(event.uid for event in made)
    groups = {g.id: g for g in found.groups}
    for m in found.memberships:
        if m.margin is not None and m.margin < -1e-6:
            # Nearer is only a group that was not there at the time.
            other = groups[m.runner_up or ""]
            times = [row.event.time for row in m.rows]
            assert max(times) < other.first_seen or min(times) > other.last_seen
