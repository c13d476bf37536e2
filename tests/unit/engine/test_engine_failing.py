"""Whatever fails, the engine goes on: nothing acknowledged is lost, nothing spins, nothing dies unseen."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stormcell.decode.requests import Requests
from stormcell.engine.assigner import LiveAssigner
from stormcell.errors import StoreError
from stormcell.features.rows import RowBuilder
from stormcell.journal import Journal
from stormcell.store import SqliteStore
from stormcell.text.mining import TemplateMiner
from stormcell.types import Event, Record, Request
from tests.unit.engine.engines import (
    BUSY,
    OK,
    Faults,
    a_while,
    errors,
    running,
    stored,
    uids,
    until,
)
from tests.unit.features.build import log


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [one for one in caplog.records if one.levelno == logging.ERROR]


# A tick that fails.


def test_a_tick_that_failed_is_not_made_again_at_once(tmp_path: Path, faults: Faults) -> None:
    saving = faults(SqliteStore, "save")
    with running(tmp_path, tick_seconds=1000) as made:
        saving.fail(BUSY)
        made.engine.nudge()
        until(lambda: made.engine.failed_ticks == 1)
        for at in range(50):
            made.send(errors(4000 + 100 * at, 4002 + 100 * at))
            made.engine.nudge()
        until(made.has_read)
        a_while()
        assert made.engine.live.is_due()
        assert saving.calls == made.engine.failed_ticks == 1
        assert made.engine.checks() == {"intake": "ok", "ticks": "it is busy"}


def test_a_tick_that_was_asked_for_and_failed_is_made_once(tmp_path: Path, faults: Faults) -> None:
    saving = faults(SqliteStore, "save")
    with running(tmp_path, tick_seconds=0.2) as made:
        saving.fail(BUSY, times=2)
        made.engine.nudge()
        until(lambda: made.engine.stats.ticks == 1)
        until(lambda: made.engine.checks() == OK)
        a_while()
        assert (made.engine.stats.ticks, made.engine.failed_ticks) == (1, 2)


@pytest.mark.parametrize(("owner", "name"), [(SqliteStore, "statuses"), (TemplateMiner, "add")])
def test_whatever_goes_wrong_in_a_tick_it_is_made_again(
    owner: type, name: str, tmp_path: Path, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    method = faults(owner, name)
    events = errors(0, 30)
    with running(tmp_path, start=False, tick_seconds=0.2) as made:
        method.fail(RuntimeError("token=secret"), times=2)
        made.send(events)
        made.engine.start()
        until(lambda: made.engine.failed_ticks > 0)
        assert made.engine.problem == "unexpected RuntimeError; the log tells more"
        until(lambda: made.engine.stats.ticks > 0)
        assert made.engine.failed_ticks == 2
        assert made.engine.stop(60)
    assert stored(made.path) == uids(events)
    # Told once, with where it was.
    [told] = logged(caplog)
    assert told.exc_info is not None
    assert told.exc_info[0] is RuntimeError


def test_what_was_to_wait_and_cannot_be_put_out_waits_on(tmp_path: Path, faults: Faults) -> None:
    with running(tmp_path) as made:
        made.send(errors(0, 30))
        assert made.engine.stop(60)
    putting = faults(SqliteStore, "put_out")
    putting.fail(BUSY)
    # After a start it looks at once whether anything is to go out.
    with running(tmp_path, tick_seconds=1000) as made:
        until(lambda: made.engine.failed_ticks == 1)
        a_while()
        assert putting.calls == 1
        assert made.engine.problem == "it is busy"


def test_a_journal_that_cannot_be_released_keeps_what_was_stored(tmp_path: Path, faults: Faults) -> None:
    releasing = faults(Journal, "release")
    with running(tmp_path, tick_seconds=0.2) as made:
        releasing.fail(StoreError("a file cannot be deleted"), times=1)
        made.send(errors(0, 30))
        until(lambda: made.engine.failed_ticks == 1)
        assert made.engine.problem == "a file cannot be deleted"
        until(lambda: made.engine.checks() == OK)
        assert made.engine.stop(60)
    assert stored(made.path) == uids(errors(0, 30))


@pytest.mark.slow
def test_a_store_that_another_process_holds_is_waited_for(tmp_path: Path) -> None:
    with running(tmp_path, tick_seconds=0.2) as made:
        made.send(errors(0, 30))
        until(lambda: made.engine.stats.ticks > 0)
        with closing(sqlite3.connect(made.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            made.send(errors(30, 60))
            until(lambda: made.engine.failed_ticks > 0)
            assert "another process" in made.engine.checks()["ticks"]
            other.execute("ROLLBACK")
        until(lambda: made.engine.checks() == OK)
        assert made.engine.stop(60)
    assert stored(made.path) == uids(errors(0, 60))


def test_a_store_that_was_taken_away_is_missed_until_it_is_back(tmp_path: Path) -> None:
    with running(tmp_path, tick_seconds=0.2) as made:
        made.send(errors(0, 30))
        until(lambda: made.engine.stats.ticks > 0)
        away = made.path.rename(tmp_path / "away.db")
        made.send(errors(30, 60))
        until(lambda: made.engine.failed_ticks > 1)
        assert "was removed or replaced" in made.engine.checks()["ticks"]
        assert not made.path.exists()
        away.rename(made.path)
        until(lambda: made.engine.checks() == OK)
        assert made.engine.stop(60)
    assert stored(made.path) == uids(errors(0, 60))


def test_a_folder_that_was_removed_is_told_of(tmp_path: Path) -> None:
    with running(tmp_path, tick_seconds=0.2) as made:
        made.send(errors(0, 30))
        until(lambda: made.engine.stats.ticks > 0)
        shutil.rmtree(tmp_path)
        made.engine.nudge()
        until(lambda: "was removed or replaced" in made.engine.checks()["ticks"])
        assert not made.engine.stop(2)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("owner", "name", "thread"), [(SqliteStore, "statuses", "ticks"), (Journal, "read", "intake")]
)
def test_a_thread_that_ends_is_missed(owner: type, name: str, thread: str, tmp_path: Path, faults: Faults) -> None:
    method = faults(owner, name)
    with running(tmp_path) as made:
        assert made.engine.checks() == OK
        method.fail(SystemExit(), times=1)
        made.send(errors(0, 60))
        until(lambda: made.engine.checks() == {**OK, thread: "does not run; restart the sidecar"})
        assert not made.engine.stop(1)


def test_an_engine_that_was_not_started_is_not_ready(tmp_path: Path) -> None:
    with running(tmp_path, start=False) as made:
        assert set(made.engine.checks().values()) == {"has not been started"}
        assert made.engine.stop(1)


# Intake that fails.


def test_a_journal_that_cannot_be_read_is_read_later(tmp_path: Path, faults: Faults) -> None:
    reading = faults(Journal, "read")
    with running(tmp_path) as made:
        reading.fail(StoreError("the disk is away"))
        made.send(errors(0, 30))
        until(lambda: made.engine.checks()["intake"] == "the disk is away")
        assert reading.calls < 5
        assert not made.has_read()
        reading.fail(BUSY, times=0)
        until(made.has_read)
        assert made.engine.checks() == OK
        assert made.engine.stop(60)
    assert stored(made.path) == uids(errors(0, 30))


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that speaks of poison can be decoded."""
    records = Requests.records

    def reading(self: Requests, request: Request) -> Iterator[Record]:
        for record in records(self, request):
            if "poison" in record.text:
                raise RecursionError("too deep")
            yield record

    monkeypatch.setattr(Requests, "records", reading)


@pytest.mark.usefixtures("poisoned")
def test_a_request_that_cannot_be_read_stops_none_that_can(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(tmp_path) as made:
        for at in range(4):
            made.send([log(at, uid=f"before-{at}"), log(at, uid=f"bad-{at}", text="poison")])
            made.send([log(at, uid=f"after-{at}")])
        until(made.has_read)
        assert made.engine.stats.broken == 4
        assert made.engine.checks() == OK
        assert made.engine.stop(60)
    assert stored(made.path) == {f"{name}-{at}" for at in range(4) for name in ("before", "after")}
    assert len(logged(caplog)) == 1


def test_an_event_that_cannot_be_counted_takes_no_other_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add = RowBuilder.add

    def adding(self: RowBuilder, event: Event | Record) -> None:
        if event.text == "poison":
            raise KeyError(event.text)
        add(self, event)

    monkeypatch.setattr(RowBuilder, "add", adding)
    with running(tmp_path) as made:
        made.send([log(0, uid="one"), log(1, uid="bad", text="poison"), log(2, uid="two")])
        made.send([log(3, uid="three")])
        until(made.has_read)
        assert made.engine.stats.broken == 1
        assert made.engine.stop(60)
    assert stored(made.path) == {"one", "two", "three"}
    assert len(logged(caplog)) == 1


def test_an_event_that_cannot_be_assigned_for_now_is_grouped(tmp_path: Path, faults: Faults) -> None:
    faults(LiveAssigner, "assign").fail(ValueError("odd"))
    with running(tmp_path) as made:
        made.send(errors(0, 30))
        until(made.has_read)
        assert made.engine.stats.provisional == {"failed": 15}
        assert made.engine.stats.broken == 0
        assert made.engine.stop(60)
    assert stored(made.path) == uids(errors(0, 30))


def test_a_request_for_which_memory_ran_out_is_read_again(tmp_path: Path, faults: Faults) -> None:
    faults(Requests, "records").fail(MemoryError(), times=1)
    with running(tmp_path) as made:
        made.send(errors(0, 30))
        until(made.has_read)
        assert made.engine.stats.broken == 0
        assert made.engine.stop(60)
    assert stored(made.path) == uids(errors(0, 30))


def test_a_journal_whose_end_is_damaged_is_read_once(tmp_path: Path, faults: Faults) -> None:
    with running(tmp_path, start=False) as made:
        made.send(errors(0, 10))
        [file] = (tmp_path / "journal").glob("*.journal")
        with file.open("r+b") as damaged:
            damaged.seek(-5, os.SEEK_END)
            damaged.write(b"?????")
        reading = faults(Journal, "read")
        made.engine.start()
        until(made.has_read)
        a_while()
        assert reading.calls == 1
