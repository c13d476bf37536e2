"""Events in, ticks out: the same whatever the order, bounded, and nothing lost on the way."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.engine import live as core
from stormcell.engine.live import Memory
from stormcell.engine.tick import Tick
from stormcell.types import Event
from tests.unit.engine.world import calm, live_of, made_settings, resolved, run, spelled, storm, taken
from tests.unit.features.build import SECOND, START, log

SETTINGS = made_settings()
SLOW = made_settings(live={"tick_seconds": 60})
DAY = [*calm(0, 900), *storm(400), *storm(640, "payment")]


def statuses(ticks: list[Tick]) -> dict[str, list[tuple[str, str]]]:
    """Return for each group how its status went, and why."""
    went: dict[str, list[tuple[str, str]]] = {}
    for tick in ticks:
        for change in tick.changes:
            if change.transition is not None:
                went.setdefault(change.group, []).append((str(change.transition.status), change.transition.why))
    return went


def uids(events: list[Event]) -> set[str]:
    return {event.uid for event in events}


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
@settings(max_examples=5, deadline=None)
def test_order_does_not_matter_within_the_lateness(seed: int, size: int) -> None:
    """Events come in batches, each up to the lateness later than it should."""
    chance = random.Random(seed)
    late = {event.uid: chance.uniform(0, 20) for event in DAY}
    shuffled = sorted(DAY, key=lambda event: event.time / SECOND + late[event.uid])
    straight, crooked = live_of(SLOW), live_of(SLOW)
    expected = [tick for event in sorted(DAY, key=lambda one: one.time) for tick in run(taken(straight, [event]))]
    found: list[Tick] = []
    for start in range(0, len(shuffled), size):
        found += run(taken(crooked, shuffled[start : start + size]))
    assert crooked.counts.late == 0
    expected += run(straight, straight.end())
    found += run(crooked, crooked.end())
    assert spelled(found) == spelled(expected)


def test_groups_open_live_and_are_resolved() -> None:
    live = live_of(SETTINGS)
    alert = storm(400)[-1]
    ticks = list(run(taken(live, [*calm(0, 1500), *storm(400), resolved(alert, 30)])))
    groups = {id: went for id, went in statuses(ticks).items() if ("open", "new") in went}
    cart = next(
        group
        for tick in ticks
        for group in tick.told
        if "cart-alert" in group.members and tick.now > START + 430 * SECOND
    )
    assert groups[cart.id][0] == ("open", "new")
    assert groups[cart.id][-1] == ("resolved", "alerts resolved")
    revisions = [group.revision for tick in ticks for group in tick.told if group.id == cart.id]
    assert revisions == list(range(1, len(revisions) + 1))


def test_an_alert_that_fires_keeps_its_group_open_though_its_events_are_gone() -> None:
    live = live_of(SETTINGS)
    ticks = list(run(taken(live, [*calm(0, 1500), *storm(400)])))
    [(id, one)] = [(id, one) for id, one in live.memory.living.items() if "cart-alert" in one.group.members]
    assert one.final
    assert one.life.status == "open"
    assert live.memory.released > START + 430 * SECOND
    # Its resolution comes when everything else of it is forgotten.
    before = live.counts.too_late
    end = list(run(taken(live, [resolved(storm(400)[-1], 1100), *calm(1500, 1800)])))
    assert live.counts.too_late == before
    assert statuses([*ticks, *end])[id][-1] == ("resolved", "alerts resolved")
    assert id not in live.memory.living


def test_everything_is_told_or_settled_exactly_once_in_the_end() -> None:
    live = live_of(SETTINGS)
    ticks = list(run(taken(live, [*DAY, *calm(900, 3000)])))
    last = live.end()
    ticks += run(live, last - 1)
    found = live.tick(last, everything=True)
    where: dict[str, str | None] = {}
    for tick in [*ticks, found]:
        for atom in tick.settled:
            where.update({uid: None for row in atom.rows for uid in row.members})
        for group in tick.told:
            where.update(dict.fromkeys(group.members, group.id))
    assert set(where) == uids([*DAY, *calm(900, 3000)])


def test_memory_stays_bounded() -> None:
    live = live_of(SLOW)
    held = []
    for start in range(0, 3000, 300):
        list(run(taken(live, calm(start, start + 300, every=1))))
        held.append(live.builder.events)
    assert max(held) < 700


def test_too_many_events_are_settled_sooner() -> None:
    live = live_of(made_settings(live={"tick_seconds": 60, "max_events": 1000, "keep_seconds": 3600}))
    list(run(taken(live, calm(0, 2400, every=1))))
    assert live.builder.events <= 1000 + 90
    assert not live.is_full()


def test_it_is_full_before_a_tick_makes_room() -> None:
    live = live_of(made_settings(live={"tick_seconds": 60, "max_events": 1000, "keep_seconds": 3600}))
    taken(live, calm(0, 2000, every=1))
    assert live.is_full()
    list(run(live))
    assert not live.is_full()


def test_late_events_join_at_the_next_tick() -> None:
    live = live_of(SETTINGS)
    list(run(taken(live, [*calm(0, 700), *storm(400)[2:]])))
    assert not live.late
    taken(live, storm(400)[:2], START + 700 * SECOND)
    assert live.late
    assert live.counts.late == 2
    found = live.tick(live.memory.now)
    [group] = [one.group for one in found.living.values() if "cart-alert" in one.group.members]
    assert uids(storm(400)) == set(group.members)


def test_what_comes_too_late_is_kept_aside() -> None:
    live = live_of(SETTINGS)
    list(run(taken(live, calm(0, 900))))
    late = log(5, text="forgotten", uid="late")
    assert late.time < live.memory.released
    taken(live, [late])
    found = live.tick(live.memory.now)
    assert [event.uid for event in found.stragglers] == ["late"]
    assert live.counts.too_late == 1
    live.commit(found, live.settled_knowledge(found))
    assert live.tick(live.memory.now).stragglers == ()


def test_what_is_not_to_be_grouped_waits_for_a_tick() -> None:
    live = live_of(SETTINGS)
    list(run(taken(live, calm(0, 900))))
    for event in (log(5, uid="late"), log(900 + 7200, uid="tomorrow")):
        assert not live.late
        taken(live, [event], START + 900 * SECOND)
        assert live.late
        found = live.tick(live.memory.now)
        live.commit(found, live.settled_knowledge(found))


def test_it_is_full_of_what_is_not_to_be_grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "_MOST_STRAGGLERS", 3)
    live = live_of(SETTINGS)
    list(run(taken(live, calm(0, 900))))
    taken(live, [log(at, uid=f"late-{at}") for at in range(5)])
    assert live.is_full()
    assert not live.is_crowded()
    found = live.tick(live.memory.now)
    assert len(found.stragglers) == 5
    live.commit(found, live.settled_knowledge(found))
    assert not live.is_full()


def test_what_claims_to_be_from_the_future_moves_nothing() -> None:
    live = live_of(SETTINGS)
    received = START + 900 * SECOND
    taken(live, [*calm(0, 900), log(900 + 7200, uid="tomorrow")], received)
    assert live.watermark <= received
    assert live.counts.future == 1
    ticks = list(run(live))
    assert [event.uid for tick in ticks for event in tick.stragglers][:1] == ["tomorrow"]


def test_a_clock_a_little_ahead_does_not_hurry_the_others() -> None:
    live = live_of(SETTINGS)
    taken(live, [*calm(0, 60), log(600, uid="ahead")], START + 60 * SECOND)
    assert live.watermark == START + 60 * SECOND
    assert next(live.due()) == START // (10 * SECOND) * 10 * SECOND + 10 * SECOND


def test_what_comes_while_a_tick_goes_on_is_not_forgotten_with_what_it_settles() -> None:
    live = live_of(SETTINGS)
    list(run(taken(live, calm(0, 200))))
    taken(live, calm(200, 900))
    [*_, now] = [live.end()]
    found = live.tick(now)
    assert found.released > START + 300 * SECOND
    taken(live, [log(250, uid="meanwhile")])
    live.commit(found, live.settled_knowledge(found))
    assert [event.uid for event in live.tick(now).stragglers] == ["meanwhile"]


def test_a_tick_that_is_not_committed_leaves_what_waits_for_it() -> None:
    live = live_of(SETTINGS)
    list(run(taken(live, [*calm(0, 700), *storm(400)[2:]])))
    taken(live, storm(400)[:2], START + 700 * SECOND)
    live.tick(live.memory.now)
    assert live.late
    found = live.tick(live.memory.now)
    live.commit(found, live.settled_knowledge(found))
    assert not live.late


def test_what_comes_late_while_a_tick_goes_on_waits_for_the_next() -> None:
    live = live_of(SETTINGS)
    list(run(taken(live, calm(0, 700))))
    found = live.tick(live.memory.now)
    taken(live, [log(650, uid="meanwhile")])
    live.commit(found, live.settled_knowledge(found))
    assert live.late


def test_what_comes_while_a_tick_fails_is_due() -> None:
    live = live_of(SETTINGS)
    taken(live, calm(0, 700))
    list(run(live, live.end()))
    now = live.end() + 60 * SECOND
    live.tick(now)
    taken(live, [log(720, uid="meanwhile")])
    assert START + 720 * SECOND < next(live.due(now)) <= START + 730 * SECOND


def test_a_tick_that_is_not_committed_changes_nothing() -> None:
    live = live_of(SETTINGS)
    taken(live, DAY)
    once, again = live.tick(START + 700 * SECOND), live.tick(START + 700 * SECOND)
    assert spelled([once]) == spelled([again])
    assert live.memory.living == {}


@pytest.mark.parametrize("cut", [350, 430, 500, 680])
def test_it_goes_on_from_its_memory_as_if_nothing_had_been(cut: int) -> None:
    """All that a restart has is the memory, and the events that are not settled, read again."""
    whole, first = live_of(SETTINGS), live_of(SETTINGS)
    ordered = sorted([*DAY, *calm(900, 1500)], key=lambda event: event.time)
    before = [event for event in ordered if event.time < START + cut * SECOND]
    expected = list(run(taken(whole, before)))
    assert spelled(list(run(taken(first, before)))) == spelled(expected)
    memory = first.memory
    second = live_of(SETTINGS, Memory(memory.knowledge.copy(), memory.released, memory.now, dict(memory.living)))
    taken(second, [event for event in before if event.time >= memory.released])
    rest = ordered[len(before) :]
    assert spelled(list(run(taken(second, rest)))) == spelled(list(run(taken(whole, rest))))
