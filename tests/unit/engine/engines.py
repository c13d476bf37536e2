"""Engines on a real journal and a real store, with time that goes on when told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData

from stormcell.config import JournalSettings, Settings
from stormcell.engine.engine import Engine
from stormcell.errors import StoreError
from stormcell.journal import Journal
from stormcell.store import SqliteStore
from stormcell.testing import FakeClock
from stormcell.types import Event, Request, RequestKind
from tests.unit.engine.world import made_settings
from tests.unit.features.build import SECOND, START, log

BUSY = StoreError("it is busy")
OK = {"intake": "ok", "ticks": "ok"}
QUIET: dict[str, Any] = {"idle_seconds": 1e6, "tick_seconds": 10}
"""Settings under which nothing but events moves time."""


@dataclass
class Running:
    """An engine that runs, and what it runs on."""

    engine: Engine
    journal: Journal
    path: Path
    clock: FakeClock
    seconds: list[float] = field(default_factory=lambda: [0.0])

    def pass_(self, seconds: float) -> None:
        """Let time pass for the engine."""
        self.clock.advance(seconds)
        self.seconds[0] += seconds

    def send(self, events: Sequence[Event], received: int | None = None) -> None:
        """Let the journal take events as one request, received as the last of them happened."""
        last = max(event.time for event in events)
        self.journal.append(request(events, last if received is None else received))

    def has_read(self) -> bool:
        """Whether all that was sent was read."""
        return self.engine.stats.position == self.journal.end


@contextmanager
def running(
    folder: Path, *, start: bool = True, settings: Settings | None = None, **live: Any
) -> Iterator[Running]:
    """Run an engine; at the end it is given up, unless it was stopped before."""
    clock, seconds = FakeClock(START), [0.0]
    settings = settings or made_settings(live={**QUIET, **live})
    kept = JournalSettings(segment_bytes=4096, max_bytes=1 << 26, min_free_bytes=0, fsync="never")
    with Journal(folder / "journal", kept, clock) as journal:
        engine = Engine(settings, journal, folder / "stormcell.db", clock, lambda: seconds[0])
        made = Running(engine, journal, folder / "stormcell.db", clock, seconds)
        if start:
            engine.start()
        try:
            yield made
        finally:
            engine.stop(0)


def request(events: Iterable[Event], received: int) -> Request:
    """Return a request of log records."""
    data = LogsData()
    for event in events:
        holder = data.resource_logs.add()
        holder.resource.attributes.append(pair("service.name", event.service))
        record = holder.scope_logs.add().log_records.add()
        record.time_unix_nano, record.severity_number = event.time, event.severity  # type: ignore[assignment]
        record.body.string_value = event.text
        record.attributes.append(pair("log.record.uid", event.uid))
    return Request(RequestKind.LOGS, data.SerializeToString(), received)


def pair(name: str, value: str) -> KeyValue:
    return KeyValue(key=name, value=AnyValue(string_value=value))


def errors(start: float, end: float, every: float = 2) -> list[Event]:
    """Return logs of something that fails, once in a while."""
    times = [start + at * every for at in range(int((end - start) / every))]
    return [
        log(at, text=f"connection {at} to redis refused", severity=17, service="cart", uid=f"{at:08.1f}")
        for at in times
    ]


def until(holds: Callable[[], bool], made: Running | None = None, every: float = 0.0) -> None:
    """Wait until something holds, letting time pass for an engine meanwhile."""
    for _ in range(3000):
        if holds():
            return
        if made is not None:
            made.pass_(every)
        time.sleep(0.01)
    raise AssertionError("never came to be")


def a_while() -> None:
    """Give threads the time to do what they should not."""
    time.sleep(0.5)


def after(seconds: float) -> int:
    """Return an event time, ns."""
    return START + round(seconds * SECOND)


class Faulty:
    """A method that fails when told, and counts its calls."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: type, name: str) -> None:
        self.error: BaseException | None = None
        self.times = self.calls = 0
        method = getattr(owner, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.error is not None and self.times > 0:
                self.times -= 1
                raise self.error
            return method(*args, **kwargs)

        patch.setattr(owner, name, called)

    def fail(self, error: BaseException, times: int = 10**6) -> None:
        self.error, self.times = error, times


Faults = Callable[[type, str], Faulty]


def stored(path: Path) -> set[str]:
    """Return the uids of all events that are stored."""
    with SqliteStore(path, create=True) as store:
        grouping = store.grouping()
    members = {uid for group in grouping.groups for uid in group.members}
    return members | {uid for one in grouping.memberships for row in one.rows for uid in row.members}


def uids(events: list[Event]) -> set[str]:
    return {event.uid for event in events}
