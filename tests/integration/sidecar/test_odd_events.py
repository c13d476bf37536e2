"""Events of wrong clocks, and of ourselves: counted, and neither lost nor in the way of the others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stormcell.semconv import OWN_SERVICE
from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import until
from tests.integration.telemetry import NOON, SECOND, Json, log, logs, span, traces

pytestmark = pytest.mark.slow

HOUR = 3600
LIVE = {**HASTY, "future_seconds": 600, "settle_seconds": 4}


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Running]:
    """Return a sidecar that looks for groups all the time."""
    with Running(tmp_path / "sidecar", {"live": LIVE}).start() as running:
        yield running


def _now() -> float:
    """Return the seconds since noon."""
    return time.time() - NOON / SECOND


def _storm(name: str, at: float, said: str = "disk full on db") -> Json:
    """Return a request of five log records, ``NAME-0`` and so on, each a second after the other."""
    return logs(*[log(f"{name}-{number}", said, at=at + number) for number in range(5)])


def _uids(*names: str) -> list[str]:
    return sorted(f"{name}-{number}" for name in names for number in range(5))


def _counts(sidecar: Running) -> dict[str, Any]:
    engine = sidecar.get("status")["engine"]
    return {name: engine[name] for name in ("events", "late", "too_late", "future") if engine[name]}


def test_an_event_of_the_future_moves_nothing(sidecar: Running) -> None:
    now = _now() - 60
    sidecar.send(
        _storm("before", now), logs(log("ahead", "disk full on db", at=now + HOUR)), _storm("after", now + 5)
    )
    until(lambda: sidecar.placed() == sorted(["ahead", *_uids("before", "after")]), PATIENCE)
    assert _counts(sidecar) == {"events": 11, "future": 1}
    assert sidecar.engine("watermark") < time.time_ns()
    [members] = sidecar.groups().values()
    assert members == {*_uids("before", "after")}
    assert "ahead" in sidecar.exported()["background"]
    # A little ahead is as good as any other: it is grouped once its time has come, if need be after a restart.
    sidecar.send(logs(log("little", "disk full on db", at=_now() + 3)))
    assert sidecar.stop() == 0, sidecar.said
    sidecar.start()
    until(lambda: "little" in sidecar.placed(), PATIENCE)


def test_events_that_come_late(sidecar: Running) -> None:
    sidecar.send(_storm("first", 0), _storm("second", 10))
    until(lambda: sidecar.placed() == _uids("first", "second"), PATIENCE)
    [group] = sidecar.groups()
    # By seconds: it joins the group. By an hour: its group is settled, it stays alone.
    sidecar.send(logs(log("late", "disk full on db", at=7.5)), logs(log("too-late", "disk full on db", at=-HOUR)))
    until(lambda: sidecar.placed() == sorted(["late", "too-late", *_uids("first", "second")]), PATIENCE)
    assert _counts(sidecar) == {"events": 12, "late": 1, "too_late": 1}
    assert sidecar.groups() == {group: {"late", *_uids("first", "second")}}


def test_a_clock_that_jumps_back_an_hour_and_forth_again(sidecar: Running) -> None:
    sidecar.send(_storm("right", 0))
    until(lambda: sidecar.placed() == _uids("right"), PATIENCE)
    [group] = sidecar.groups()
    sidecar.send(*[_storm(f"back{number}", 5 * number - HOUR) for number in range(4)])
    back = [f"back{number}" for number in range(4)]
    until(lambda: sidecar.placed() == _uids("right", *back), PATIENCE)
    sidecar.send(_storm("again", 20))
    until(lambda: sidecar.placed() == _uids("right", *back, "again"), PATIENCE)
    assert _counts(sidecar) == {"events": 30, "too_late": 20}
    assert sidecar.groups() == {group: {*_uids("right", "again")}}
    assert sidecar.is_ready()


def test_our_own_telemetry_is_counted_and_dropped(sidecar: Running) -> None:
    own = logs(log("own", "a tick failed", at=1), service=OWN_SERVICE)
    other = logs(log("other", "a tick failed", at=2))
    # Both in one request, too: a Collector batches what comes to it.
    both = {"resourceLogs": [*own["resourceLogs"], *other["resourceLogs"]]}
    spans = traces(span(1, "stormcell.tick", at=1), span(2, "stormcell.tick", at=2), service=OWN_SERVICE)
    sidecar.send(both, spans, own)
    until(lambda: sidecar.placed() == ["other"], PATIENCE)
    until(lambda: sidecar.engine("own") == 4, PATIENCE)
    assert _counts(sidecar) == {"events": 1}
    # An alert on us is none of it.
    labels = {"alertname": "StormcellBacklog", "service": OWN_SERVICE}
    alert = {"status": "firing", "labels": labels, "startsAt": "2026-01-01T00:00:00Z", "fingerprint": "f00d"}
    sidecar.send({"version": "4", "status": "firing", "alerts": [alert]})
    until(lambda: len(sidecar.placed()) == 2, PATIENCE)
    assert sidecar.engine("own") == 4
    assert sidecar.stop() == 0, sidecar.said
