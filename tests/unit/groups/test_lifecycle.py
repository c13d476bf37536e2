"""The life of a group, step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import LiveSettings
from stormcell.groups.lifecycle import Life, Status, advance, begin, end

SECOND = 10**9
SETTINGS = LiveSettings(quiet_seconds=600, settle_seconds=60)


def at(seconds: float) -> int:
    return int(seconds * SECOND)


def seen(last: float, *firing: str, alerted: bool = False) -> Life:
    return Life(Status.OPEN, 0, at(last), frozenset(firing), alerted=alerted or bool(firing))


def step(life: Life, now: float, look: Life, said: str = "") -> tuple[Life, str]:
    after, transition = advance(life, look, said or life.status, at(now), SETTINGS)
    assert (transition is None) == (after.status is life.status and after.reopened == life.reopened)
    return after, transition.why if transition else ""


def born(last: float, *firing: str) -> Life:
    return begin(at(last), seen(last, *firing))[0]


def test_it_begins_open() -> None:
    life, transition = begin(at(5), seen(3))
    assert (life.status, life.since, life.last_seen, transition.why) == (Status.OPEN, at(5), at(3), "new")


def test_quiet_resolves_it() -> None:
    life, why = step(born(0), 600, seen(0))
    assert (life.status, why) == (Status.OPEN, "")
    life, why = step(life, 605, seen(0))
    assert (life.status, life.since, why) == (Status.RESOLVED, at(605), "quiet")


def test_an_alert_that_fires_keeps_it_open() -> None:
    life, why = step(born(0, "a"), 10_000, seen(0, "a"))
    assert (life.status, why) == (Status.OPEN, "")


def test_once_its_alerts_are_resolved_it_settles_sooner() -> None:
    life, _ = step(born(0, "a"), 50, seen(50, alerted=True))
    assert life.status is Status.OPEN
    life, why = step(life, 111, seen(50, alerted=True))
    assert (life.status, why) == (Status.RESOLVED, "alerts resolved")


@pytest.mark.parametrize("look", [seen(700), seen(0, "b")], ids=["an event", "an alert"])
def test_what_comes_after_it_was_resolved_opens_it_again(look: Life) -> None:
    resolved, _ = step(born(0), 605, seen(0))
    again, why = step(resolved, 705, look)
    assert (again.status, again.reopened, why) == (Status.OPEN, 1, "new events")


def test_late_events_of_before_do_not() -> None:
    resolved, _ = step(born(0), 605, seen(0))
    still, why = step(resolved, 705, seen(600))
    assert (still.status, why) == (Status.RESOLVED, "")


def test_people_acknowledge_resolve_and_reopen_it() -> None:
    life, why = step(born(0), 5, seen(5), said="acknowledged")
    assert (life.status, why) == (Status.ACKNOWLEDGED, "person")
    life, why = step(life, 10, seen(10), said="resolved")
    assert (life.status, why, life.reopened) == (Status.RESOLVED, "person", 0)
    life, why = step(life, 15, seen(10), said="open")
    assert (life.status, why, life.reopened) == (Status.OPEN, "person", 1)


def test_who_acknowledged_it_need_not_resolve_it() -> None:
    life, _ = step(born(0), 5, seen(5), said="acknowledged")
    assert step(life, 606, seen(5))[0].status is Status.RESOLVED


def test_it_ends_resolved_once() -> None:
    life, transition = end(born(0), at(5), "merged")
    assert (life.status, transition and transition.why) == (Status.RESOLVED, "merged")
    assert end(life, at(10), "gone") == (life, None)


looks = st.builds(
    lambda last, firing, alerted: (last, firing, alerted),
    st.integers(0, 5000),
    st.frozensets(st.sampled_from("ab")),
    st.booleans(),
)


@given(st.lists(st.tuples(st.integers(1, 900), looks, st.sampled_from(["", "open", "acknowledged", "resolved"]))))
def test_whatever_happens_it_makes_sense(steps: list[tuple[int, tuple[int, frozenset[str], bool], str]]) -> None:
    life, now = born(0), 0
    for wait, (last, firing, alerted), said in steps:
        now += wait
        look = replace(seen(min(last, now), *firing), alerted=alerted or bool(firing))
        after, why = step(life, now, look, said)
        assert after.last_seen >= life.last_seen
        assert after.reopened - life.reopened == (life.status is Status.RESOLVED and after.status is Status.OPEN)
        if after.status is not life.status:
            assert after.since == at(now)
        if after.status is Status.RESOLVED and why not in ("", "person"):
            assert not after.firing
            assert at(now) - after.last_seen > 60 * SECOND
        life = after
