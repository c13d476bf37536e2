"""What the engine stores and when, until it is stopped; the same as a replay."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stormcell.config import Settings
from stormcell.decode.report import Report
from stormcell.decode.requests import Requests
from stormcell.engine import live as core
from stormcell.engine import ticker
from stormcell.engine.live import Live
from stormcell.engine.replay import replay
from stormcell.engine.shared import Signals
from stormcell.engine.tick import Tick
from stormcell.errors import StoreError
from stormcell.journal import Journal
from stormcell.store import SqliteStore
from stormcell.types import Record, Request
from tests.unit.engine.engines import (
    BUSY,
    OK,
    QUIET,
    Faults,
    a_while,
    after,
    errors,
    request,
    running,
    stored,
    uids,
    until,
)
from tests.unit.engine.world import calm, made_settings
from tests.unit.features.build import log

# The end.


def test_a_last_tick_that_cannot_be_made_is_not_taken_for_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick = Live.tick

    def ticking(self: Live, *args: Any, everything: bool = False) -> Tick:
        if everything:
            raise BUSY
        return tick(self, *args, everything=everything)

    with running(tmp_path) as made, monkeypatch.context() as patch:
        patch.setattr(Live, "tick", ticking)
        made.send(errors(0, 10))
        until(made.has_read)
        assert not made.engine.stop(1)
    with running(tmp_path) as made:
        assert made.engine.stop(60)
    assert stored(made.path) == uids(errors(0, 10))


def test_a_last_tick_that_fails_is_made_again_while_there_is_time(tmp_path: Path, faults: Faults) -> None:
    saving = faults(SqliteStore, "save")
    with running(tmp_path, tick_seconds=0.2) as made:
        saving.fail(BUSY, times=2)
        made.send(errors(0, 10))
        assert made.engine.stop(60)
    assert stored(made.path) == uids(errors(0, 10))


def test_stopping_takes_the_time_it_was_given_and_little_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: Faults
) -> None:
    stuck, ended = threading.Event(), threading.Event()
    statuses, join = SqliteStore.statuses, threading.Thread.join

    def waiting(self: SqliteStore) -> dict[str, str]:
        stuck.set()
        ended.wait(60)
        return statuses(self)

    monkeypatch.setattr(SqliteStore, "statuses", waiting)
    saving = faults(SqliteStore, "save")
    with running(tmp_path) as made:
        made.send(errors(0, 60))
        assert stuck.wait(60)

        def joining(thread: threading.Thread, timeout: float | None = None) -> None:
            """Let so much time pass as would be waited for a thread that does not end."""
            join(thread, 0.5)
            if thread.is_alive():
                assert timeout is not None
                made.pass_(timeout)

        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "join", joining)
            before = made.seconds[0]
            assert not made.engine.stop(20)
            assert 20 <= made.seconds[0] - before <= 22
        # Nobody waits for this tick any more, and another engine may have the store.
        ended.set()
        assert made.engine.stop(60) is False
        assert saving.calls == 0


def test_nothing_spins_while_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: Faults
) -> None:
    go_on = threading.Event()
    records = Requests.records

    def waiting(self: Requests, request: Request) -> Iterator[Record]:
        go_on.wait(60)
        return records(self, request)

    monkeypatch.setattr(Requests, "records", waiting)
    with running(tmp_path) as made:
        made.send(errors(0, 10))
        looking = faults(Live, "due")
        stopping = threading.Thread(target=made.engine.stop, args=(60,))
        stopping.start()
        a_while()
        assert looking.calls < 20
        go_on.set()
        stopping.join(60)
    assert stored(made.path) == uids(errors(0, 10))


# What is not to be grouped.


def test_what_comes_from_the_future_or_too_late_is_stored_though_nothing_lives(tmp_path: Path) -> None:
    with running(tmp_path) as made:
        made.send([log(90_000, uid="tomorrow")], after(0))
        until(made.has_read)
        until(lambda: stored(made.path) == {"tomorrow"}, made, 1)
        made.send(calm(0, 900), after(900))
        until(lambda: made.engine.live.memory.released > after(100))
        assert not made.engine.live.memory.living
        made.send([log(5, uid="yesterday")], after(900))
        until(lambda: "yesterday" in stored(made.path), made, 1)


def test_no_straggler_is_lost_where_more_come_than_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "_MOST_STRAGGLERS", 10)
    events = [log(90_000 + at, uid=f"tomorrow-{at}") for at in range(100)]
    with running(tmp_path) as made:
        for at in range(0, 100, 5):
            made.send(events[at : at + 5], after(0))
        until(made.has_read, made, 0.1)
        assert made.engine.stats.ticks >= 8
        assert made.engine.stop(60)
    assert stored(made.path) == uids(events)


# Retention.


def test_what_is_kept_no_longer_goes_from_the_store_as_time_goes_on(tmp_path: Path) -> None:
    day = 86_400
    with running(tmp_path, settings=made_settings(live=QUIET, retention={"background_days": 1})) as made:
        made.send(calm(0, 900), after(900))
        until(lambda: stored(made.path) != set(), made, 1)
        made.send(calm(2 * day, 2 * day + 900), after(2 * day + 900))
        until(lambda: made.engine.live.memory.now > after(2 * day), made, 0.1)
        until(lambda: not stored(made.path) & uids(calm(0, 900)), made, 60)


# Room and time.


def test_clocks_that_are_ahead_do_not_fill_it_for_good(tmp_path: Path) -> None:
    events = [log(600 + at, uid=f"ahead-{at}") for at in range(3000)]
    with running(tmp_path, max_events=1000) as made:
        for at in range(0, 3000, 100):
            made.send(events[at : at + 100], after(0))
        until(made.has_read, made, 0.1)
        made.send([log(3700, uid="in time")])
        assert made.engine.stop(60)
    assert stored(made.path) == uids(events) | {"in time"}


def test_time_does_not_go_on_while_there_is_more_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on = threading.Event(), threading.Event()
    records = Requests.records

    def waiting(self: Requests, request: Request) -> Iterator[Record]:
        if request.received == after(300):
            reading.set()
            go_on.wait(60)
        return records(self, request)

    monkeypatch.setattr(Requests, "records", waiting)
    with running(tmp_path, start=False, idle_seconds=5) as made:
        made.send(calm(0, 300), after(299))
        made.send(calm(300, 310), after(300))
        made.engine.start()
        assert reading.wait(60)
        until(lambda: made.engine.stats.ticks > 0)
        made.pass_(100)
        a_while()
        assert made.engine.live.memory.now <= after(280)
        go_on.set()
        until(lambda: made.engine.live.memory.now == after(310), made, 1)


def test_ticks_leave_time_to_read_what_is_far_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker, "_FAR", 100)
    reading, go_on = threading.Event(), threading.Event()
    records, statuses = Requests.records, SqliteStore.statuses
    with running(tmp_path, start=False) as made:

        def waiting(self: Requests, request: Request) -> Iterator[Record]:
            if request.received == after(300):
                reading.set()
                go_on.wait(60)
            return records(self, request)

        def slowly(self: SqliteStore) -> dict[str, str]:
            made.pass_(60)
            return statuses(self)

        monkeypatch.setattr(Requests, "records", waiting)
        monkeypatch.setattr(SqliteStore, "statuses", slowly)
        made.send(calm(0, 300), after(299))
        made.send(calm(300, 310), after(300))
        made.engine.start()
        assert reading.wait(60)
        until(lambda: made.engine.stats.ticks == 1)
        a_while()
        assert made.engine.stats.ticks == 1
        assert made.engine.live.is_due()
        made.pass_(60)
        until(lambda: made.engine.stats.ticks == 2)
        made.engine.nudge()
        until(lambda: made.engine.stats.ticks == 3)
        a_while()
        assert made.engine.stats.ticks == 3
        # Once it has caught up they are made as they are due.
        go_on.set()
        until(lambda: made.has_read() and not made.engine.live.is_due())


def test_a_store_that_is_locked_at_the_start_is_waited_for(tmp_path: Path) -> None:
    with running(tmp_path) as made:
        made.send(errors(0, 30))
        assert made.engine.stop(60)
    other = sqlite3.connect(made.path, isolation_level=None, check_same_thread=False)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("DELETE FROM drafts")
    waiter = threading.Timer(0.5, other.close)
    waiter.start()
    with running(tmp_path) as made:
        assert made.engine.checks() == OK
    waiter.join()


@pytest.mark.slow
def test_a_store_that_stays_locked_is_told_of(tmp_path: Path) -> None:
    with running(tmp_path) as made:
        made.send(errors(0, 30))
        assert made.engine.stop(60)
    with closing(sqlite3.connect(made.path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM drafts")
        with pytest.raises(StoreError, match="is being written by another process"), running(tmp_path):
            pass


# All of it together.


def told(path: Path) -> Any:
    """Return what a store tells, but for what depends on the wall clock."""
    with SqliteStore(path, create=True) as store:
        learned = {name: value for name, value in store.learned().items() if name != "notified"}
        groups = store.groups()
        members = [store.memberships(group.id) for group in groups]
        changes = [(one.who, one.action, one.target, one.groups, one.detail) for one in store.audit_log()]
        return groups, members, store.background(), learned, changes


def replayed(requests: list[Request], path: Path, settings: Settings) -> Any:
    reader = Requests(settings, Report())
    with SqliteStore(path, create=True) as store:
        replay([record for one in requests for record in reader.records(one)], store, settings)
    return told(path)


def test_it_gives_what_a_replay_gives_whatever_fails_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: Faults
) -> None:
    monkeypatch.setattr(ticker, "_FAR", 100)
    settings = made_settings(live={**QUIET, "tick_seconds": 30})
    events = sorted([*calm(0, 900), *errors(400, 440), *errors(700, 730)], key=lambda one: one.time)
    requests = [request(events[at : at + 9], after(900)) for at in range(0, len(events), 9)]
    expected = replayed(requests, tmp_path / "replayed.db", settings)
    assert len(expected[0]) == 2
    monkeypatch.setattr(Signals, "pause", lambda *_: None)
    methods = [faults(*one) for one in ((SqliteStore, "save"), (Journal, "read"), (Journal, "release"))]
    with running(tmp_path, settings=settings) as made:
        for at, one in enumerate(requests):
            if at % 4 == 0:
                methods[at // 4 % 3].fail(BUSY, times=2)
            made.journal.append(one)
            until(lambda: made.has_read() and not made.engine.live.is_due(), made, 0.5)
        assert made.engine.stop(60)
        assert made.engine.failed_ticks >= 6
    assert told(made.path) == expected


def test_how_long_groups_have_lacked_what_came_is_told(tmp_path: Path) -> None:
    with running(tmp_path) as made:
        assert made.engine.behind == 0
        made.pass_(1)
        made.send(errors(0, 5))
        until(made.has_read)
        made.pass_(30)
        until(lambda: made.engine.behind == 30)
        made.pass_(10)
        assert made.engine.behind == 40
        made.send(errors(100, 105))
        until(lambda: made.engine.stats.ticks > 0)
        until(lambda: made.engine.behind == 0)
