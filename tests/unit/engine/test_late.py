"""An engine that is loaded once there is something for it to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stormcell.config import NotificationsSettings, Settings
from stormcell.engine.engine import Engine
from stormcell.engine.late import LateEngine, Stage
from stormcell.errors import StoreError
from stormcell.journal import Journal
from stormcell.store import SqliteStore
from stormcell.types import Event, Request, RequestKind, Signal, record_of

LOGS = b"""{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}]},
"scopeLogs":[{"logRecords":[{"timeUnixNano":"TIME","severityNumber":17,"body":{"stringValue":"it broke"}}]}]}]}"""


class Clock:
    def now(self) -> int:
        return time.time_ns()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal", Settings().journal, Clock()) as made:
        yield made


class Late:
    """A late engine, and what became of it."""

    def __init__(self, journal: Journal, path: Path, error: Exception | None = None) -> None:
        self.journal, self.path, self.error = journal, path, error
        self.made, self.failures = 0, list[BaseException]()
        self.engine = LateEngine(self._make, journal, self.failures.append)
        self.before: Callable[[], None] = lambda: None

    def _make(self) -> Engine:
        self.made += 1
        self.before()
        if self.error:
            raise self.error
        return Engine(Settings(), self.journal, self.path, Clock(), time.monotonic)

    def send(self) -> None:
        now = time.time_ns()
        self.journal.accept(Request(RequestKind.LOGS_JSON, LOGS.replace(b"TIME", str(now).encode()), now))


@pytest.fixture
def late(journal: Journal, tmp_path: Path) -> Late:
    return Late(journal, tmp_path / "stormcell.db")


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def event() -> Event:
    return Event("a", Signal.LOG, 1, "cart", 17, "it broke")


def test_it_is_not_loaded_while_there_is_nothing_to_do(late: Late) -> None:
    late.engine.start()
    assert late.engine.stage is Stage.IDLE
    assert late.engine.position == late.journal.first
    assert late.engine.assign(record_of(event())).why == "new"
    assert late.engine.stop(60)
    assert late.made == 0
    assert not late.path.exists()


def test_what_comes_is_grouped(late: Late) -> None:
    late.engine.start()
    late.send()
    until(lambda: late.engine.stage is Stage.RUNNING)
    until(lambda: late.engine.position == late.journal.end)
    assert late.engine.assign(record_of(event())).why == "new"
    assert late.engine.stop(60)
    with SqliteStore(late.path, create=False) as store:
        assert sum(group.count for group in store.groups()) == 1


def test_what_came_last_before_the_end_is_grouped(late: Late) -> None:
    late.engine.start()
    late.send()
    assert late.engine.stop(60)
    with SqliteStore(late.path, create=False) as store:
        assert sum(group.count for group in store.groups()) == 1


def test_what_people_change_wakes_it(late: Late) -> None:
    late.engine.start()
    late.engine.nudge()
    until(lambda: late.engine.loaded and late.engine.loaded.stats.ticks)
    assert late.engine.stop(60)


def test_what_changes_while_it_is_loaded_reaches_it(late: Late, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[object] = []
    monkeypatch.setattr(Engine, "notify_by", lambda _engine, settings: heard.append(settings))
    others = [NotificationsSettings(), NotificationsSettings()]
    late.before = lambda: late.engine.notify_by(others[0])
    late.engine.start_now()
    late.engine.notify_by(others[1])
    assert list(map(id, heard)) == list(map(id, others))
    assert late.engine.stop(60)


def test_it_can_be_started_at_once(late: Late) -> None:
    late.engine.start_now()
    assert late.engine.stage is Stage.RUNNING
    assert late.engine.stop(60)


def test_what_it_cannot_go_on_with_is_raised(late: Late) -> None:
    late.error = StoreError("of other settings")
    with pytest.raises(StoreError, match="of other settings"):
        late.engine.start_now()
    assert late.engine.loaded is None
    assert not late.engine.stop(60)


def test_a_failure_later_on_is_told(late: Late) -> None:
    late.error = StoreError("of other settings")
    late.engine.start()
    late.send()
    until(lambda: late.failures)
    assert late.failures == [late.error]
    assert not late.engine.stop(60)


def test_one_that_was_never_started_ends(late: Late) -> None:
    assert late.engine.stop(60)


def test_one_that_nobody_waited_for_is_not_started_afterwards(late: Late) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        loading.set()
        assert go_on.wait(60)

    late.before = wait
    late.engine.start()
    late.send()
    assert loading.wait(60)
    assert not late.engine.stop(0)
    assert late.engine.ended
    go_on.set()
    until(lambda: not any(one.name == "stormcell-engine" for one in threading.enumerate()))
    assert late.engine.loaded is None
    assert late.failures == []
