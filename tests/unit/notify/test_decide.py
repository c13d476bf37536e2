"""Whether a group is sent now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.config import ExporterSettings, NotificationsSettings
from stormcell.notify import Decision, Sent, Why, decide
from tests.unit.notify.build import NOON, SECOND, group, page, settings

TIMERS = {"wait": "30s", "interval": "5m", "repeat": "4h"}


def decided(sent: Sent | None, at: float, told: NotificationsSettings | None = None, **changes: Any) -> Decision:
    """Decide on a group that became known at noon, ``at`` seconds later."""
    told = told or settings(exporters=[page(**TIMERS)])
    now = NOON + int(at * SECOND)
    return decide(group(**changes), told.exporters[0], told, known=NOON, sent=sent, now=now)


def sent(at: float = 30, revision: int = 1, status: str = "open") -> Sent:
    return Sent(revision, status, NOON + int(at * SECOND))


def due(at: float) -> int:
    return NOON + int(at * SECOND)


@pytest.mark.parametrize(
    ("before", "at", "changes", "expected"),
    [
        (None, 0, {}, Decision(False, Why.WAITING, due(30))),
        (None, 30, {}, Decision(True, Why.NEW)),
        (None, 9999, {"status": "acknowledged"}, Decision(True, Why.NEW)),
        (None, 9999, {"status": "resolved"}, Decision(False, Why.NOTHING_NEW)),
        (sent(), 60, {"revision": 2}, Decision(False, Why.WAITING, due(330))),
        (sent(), 330, {"revision": 2}, Decision(True, Why.CHANGED)),
        (sent(), 330, {}, Decision(False, Why.WAITING, due(14_430))),
        (sent(), 14_430, {}, Decision(True, Why.REPEATED)),
        (sent(), 330, {"status": "acknowledged"}, Decision(True, Why.CHANGED)),
        (sent(status="acknowledged"), 99_999, {"status": "acknowledged"}, Decision(False, Why.NOTHING_NEW)),
        (sent(), 60, {"status": "resolved"}, Decision(False, Why.WAITING, due(330))),
        (sent(), 330, {"status": "resolved"}, Decision(True, Why.RESOLVED)),
        (sent(status="resolved"), 9999, {"status": "resolved", "revision": 7}, Decision(False, Why.NOTHING_NEW)),
        (sent(status="resolved"), 60, {"revision": 2}, Decision(False, Why.WAITING, due(330))),
        (sent(status="resolved"), 330, {"revision": 2}, Decision(True, Why.REOPENED)),
    ],
)
def test_timers(before: Sent | None, at: float, changes: dict[str, Any], expected: Decision) -> None:
    assert decided(before, at, **changes) == expected


def test_who_does_not_want_to_know_of_the_end_is_not_told() -> None:
    told = settings(exporters=[page(send_resolved=False)])
    assert decided(sent(), 9999, told, status="resolved") == Decision(False, Why.NOTHING_NEW)


def test_routes() -> None:
    told = settings(exporters=[page(when={"status": "open", "severity": "critical"})])
    assert decided(None, 30, told).send
    assert decided(None, 30, told, status="acknowledged") == Decision(False, Why.NOT_ROUTED)
    # Who was told of it is told of its end.
    assert decided(sent(), 9999, told, status="resolved") == Decision(True, Why.RESOLVED)
    assert decided(sent(), 9999, told, status="acknowledged") == Decision(False, Why.NOT_ROUTED)


def silence(begin: float, end: float) -> dict[str, Any]:
    starts, ends = (datetime.fromtimestamp(NOON // SECOND + at, UTC).isoformat() for at in (begin, end))
    return {"name": "move", "when": {"service": "cart"}, "starts": starts, "ends": ends}


def test_a_silence_keeps_it_back_and_names_itself() -> None:
    told = settings(exporters=[page(**TIMERS)], silences=[silence(0, 3600)])
    assert decided(None, 60, told) == Decision(False, Why.MUTED, due(3600), "move")
    assert decided(None, 3600, told) == Decision(True, Why.NEW)
    assert decided(sent(at=-600), 60, told, status="resolved").mute == "move"
    assert decided(sent(at=-600), 3600, told, status="resolved") == Decision(True, Why.RESOLVED)
    assert decided(None, 3600, told, status="resolved") == Decision(False, Why.NOTHING_NEW)


@dataclass(frozen=True)
class Step:
    """A moment at which it is decided, and what was decided."""

    now: float
    revision: int
    status: str
    before: Sent | None
    decision: Decision


spans = st.sampled_from([0, 1, 7, 30, 60, 300, 1000, 5000])


@st.composite
def lives(draw: st.DrawFn) -> tuple[NotificationsSettings, list[tuple[float, int, str]]]:
    """Settings, and a life of a group: seconds after it became known, revision and status."""
    exporter = page(wait=draw(spans), interval=draw(spans), repeat=draw(spans), send_resolved=draw(st.booleans()))
    start = draw(st.integers(-100, 3000))
    silences = draw(st.sampled_from([[], [silence(start, start + 1 + draw(st.integers(0, 3000)))]]))
    life, now, revision, status = [], 0.0, 1, "open"
    for _ in range(draw(st.integers(1, 25))):
        if draw(st.booleans()):
            changed = draw(st.sampled_from(["open", "acknowledged", "resolved"]))
            revision, status = revision + 1, changed
        life.append((now, revision, status))
        now += draw(st.sampled_from([1, 5, 29, 61, 299, 700]))
    return settings(exporters=[exporter], silences=silences), life


def lived(told: NotificationsSettings, life: list[tuple[float, int, str]]) -> Iterator[Step]:
    """Decide at each moment of a life, and whenever it is due in between; all that is sent arrives."""
    last: Sent | None = None
    moments = list(life)
    while moments:
        now, revision, status = moments.pop(0)
        decision = decided(last, now, told, revision=revision, status=status)
        yield Step(now, revision, status, last, decision)
        if decision.send:
            last = Sent(revision, status, due(now))
        until = moments[0][0] if moments else now
        if decision.next_due is not None and now < (decision.next_due - NOON) / SECOND < until:
            moments.insert(0, ((decision.next_due - NOON) / SECOND, revision, status))
        elif decision.send and now < until:
            # Having sent, it is decided again when that is next due.
            after = decided(last, now, told, revision=revision, status=status)
            assert not after.send or told.exporters[0].interval == 0
            if after.next_due is not None and now < (after.next_due - NOON) / SECOND < until:
                moments.insert(0, ((after.next_due - NOON) / SECOND, revision, status))


def quiet(told: NotificationsSettings, now: float) -> bool:
    return any(one.starts.timestamp() <= NOON // SECOND + now < one.ends.timestamp() for one in told.silences)


def changed(step: Step) -> bool:
    return step.before is None or (step.revision, step.status) != (step.before.revision, step.before.status)


@given(lives())
def test_whatever_happens_to_a_group(case: tuple[NotificationsSettings, list[tuple[float, int, str]]]) -> None:
    told, life = case
    exporter: ExporterSettings = told.exporters[0]
    for step in lived(told, life):
        before, decision = step.before, step.decision
        since = None if before is None else step.now - (before.time - NOON) / SECOND
        if quiet(told, step.now):
            assert not decision.send
            continue
        assert not decision.mute
        if since is not None and since < exporter.interval:
            assert not decision.send
        if before is None:
            # A new group is sent once it has waited, and never before; one that is over already is not.
            assert decision.send is (step.now >= exporter.wait and step.status != "resolved")
        elif step.status == "resolved":
            # The end is told once, to those who want to know.
            owed = before.status != "resolved" and exporter.send_resolved
            assert decision.send is (owed and since is not None and since >= exporter.interval)
        elif since is not None and changed(step):
            assert decision.send is (since >= exporter.interval)
        elif since is not None:
            again = max(exporter.repeat, exporter.interval)
            assert decision.send is (step.status == "open" and since >= again)
        if decision.next_due is not None:
            assert not decision.send
            assert decision.next_due > due(step.now)
