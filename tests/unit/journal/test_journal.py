from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stormcell.config import JournalSettings
from stormcell.errors import RefusedError, StoreError
from stormcell.journal import Journal, Refusal, segment
from stormcell.protocols import Inbox
from stormcell.types import Request, RequestKind
from tests.unit.journal.journals import (
    SMALL,
    StillClock,
    bodies_in,
    files,
    filled,
    opened,
    request,
    requests,
    size_of,
    until,
)

POLICIES = ["always", "interval", "never"]
every_policy = pytest.mark.parametrize("policy", POLICIES)


@given(requests, st.sampled_from(POLICIES), st.integers(0, 12))
def test_what_was_written_is_read_in_order_also_after_opening_again(
    written: list[Request], policy: str, restart: int
) -> None:
    with TemporaryDirectory() as name:
        ends = []
        for part in (written[:restart], written[restart:]):
            with opened(Path(name), fsync=policy) as journal:
                ends += [journal.append(one) for one in part]
                assert [entry.request for entry in journal.read(0)] == written[: len(ends)]
        with opened(Path(name)) as journal:
            found = list(journal.read(0))
            assert [entry.request for entry in found] == written
            assert [entry.end for entry in found] == ends
            assert all(entry.end - entry.start == size_of(entry.request.body) for entry in found)
            assert journal.stats().damaged == journal.stats().torn == 0


@given(requests.filter(bool), st.data())
def test_reading_goes_on_where_an_entry_ended(written: list[Request], data: st.DataObject) -> None:
    with TemporaryDirectory() as name, opened(Path(name)) as journal:
        ends = [0, *(journal.append(one) for one in written)]
        at = data.draw(st.integers(0, len(written)))
        assert [entry.request for entry in journal.read(ends[at])] == written[at:]
        assert journal.behind(ends[at]) == sum(size_of(one.body) for one in written[at:])


def test_reading_stops_at_the_end_of_when_it_began(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append(request(b"one"))
        reading = journal.read(0)
        journal.append(request(b"two"))
        assert [entry.request.body for entry in reading] == [b"one"]


def test_a_request_larger_than_a_file_has_one_of_its_own(tmp_path: Path) -> None:
    large = os.urandom(3 * SMALL)
    with opened(tmp_path) as journal:
        for body in (b"before", large, b"after"):
            journal.append(request(body))
        assert bodies_in(journal) == [b"before", large, b"after"]
        assert [end - start for start, end in journal.segments()] == [size_of(b"before"), size_of(large), 21 + 5]


def test_requests_of_megabytes_come_back(tmp_path: Path) -> None:
    written = [os.urandom(size) for size in (700_000, 3_000_000, 10, 1_500_000)]
    with opened(tmp_path, segment_bytes=1 << 24) as journal:
        for body in written:
            journal.append(request(body))
        assert bodies_in(journal) == written


def test_is_an_inbox(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        inbox: Inbox = journal
        inbox.accept(request(b"x", RequestKind.GRAFANA, 5))
        assert [entry.request for entry in journal.read(0)] == [request(b"x", RequestKind.GRAFANA, 5)]


@every_policy
def test_many_threads_lose_nothing_while_others_read(policy: str, tmp_path: Path) -> None:
    count, writers = 60, 4
    with opened(tmp_path, fsync=policy) as journal:

        def write(who: int) -> list[int]:
            return [journal.append(request(b"%d:%d:" % (who, number) + bytes(300))) for number in range(count)]

        def follow() -> list[bytes]:
            position = 0
            found: list[bytes] = []
            while len(found) < count * writers and journal.wait(position, 60):
                for entry in journal.read(position):
                    found.append(entry.request.body.rstrip(b"\0"))
                    position = entry.end
            return found

        with ThreadPoolExecutor(writers + 2) as pool:
            following = [pool.submit(follow) for _ in range(2)]
            ends = [future.result() for future in [pool.submit(write, who) for who in range(writers)]]
            seen = [future.result() for future in following]
        assert journal.stats().appended == count * writers
    assert all(own == sorted(own) for own in ends)
    assert len({end for own in ends for end in own}) == count * writers
    assert seen[0] == seen[1]
    for who in range(writers):
        own = [body for body in seen[0] if body.startswith(b"%d:" % who)]
        assert own == [b"%d:%d:" % (who, number) for number in range(count)]


def test_one_sync_serves_all_who_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs, first, go_on = [], threading.Event(), threading.Event()

    def slow_sync(file: int) -> None:
        syncs.append(file)
        first.set()
        assert go_on.wait(60)

    with opened(tmp_path, fsync="always", segment_bytes=1 << 20) as journal, ThreadPoolExecutor(9) as pool:
        journal.append(request(b"the file is there"))
        monkeypatch.setattr("stormcell.journal.writer.sync", slow_sync)
        waiting = [pool.submit(journal.append, request(b"leads"))]
        assert first.wait(60)
        waiting += [pool.submit(journal.append, request(b"follows")) for _ in range(8)]
        everything = size_of(b"the file is there") + size_of(b"leads") + 8 * size_of(b"follows")
        until(lambda: journal.segments()[-1][1] == everything)
        assert not any(future.done() for future in waiting)
        assert bodies_in(journal) == [b"the file is there"]  # what may yet be taken back is not shown
        go_on.set()
        ends = [future.result() for future in waiting]
        assert len(syncs) == 2
        assert max(ends) == journal.end


def test_the_interval_puts_it_on_the_disk_without_being_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = threading.Event()
    monkeypatch.setattr("stormcell.journal.writer.sync", lambda _: synced.set())
    with opened(tmp_path, fsync="interval", fsync_seconds=0.001) as journal:
        journal.append(request(b"x"))
        assert synced.wait(60)


def test_waits_for_what_comes(tmp_path: Path) -> None:
    with opened(tmp_path) as journal, ThreadPoolExecutor(1) as pool:
        assert not journal.wait(0, 0)
        waiting = pool.submit(journal.wait, 0, 60)
        end = journal.append(request(b"x"))
        assert waiting.result()
        assert journal.wait(0, 0)
        assert not journal.wait(end, 0)


def test_nobody_waits_for_a_closed_journal(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(journal.wait, 0, 60)
        journal.close()
        assert not waiting.result()
    journal.close()
    with pytest.raises(RefusedError, match="being closed"):
        journal.append(request(b"x"))
    assert journal.stats().refused == {Refusal.CLOSED: 1}


def test_released_files_go_and_positions_go_on(tmp_path: Path) -> None:
    bodies = [bytes([number]) * 3000 for number in range(6)]
    with opened(tmp_path) as journal:
        ends = [journal.append(request(body)) for body in bodies]
        assert len(files(tmp_path)) == 6
        journal.release(ends[2] - 1)
        assert journal.first == ends[1]
        journal.release(ends[2])
        assert (journal.first, len(files(tmp_path))) == (ends[2], 3)
        assert bodies_in(journal, ends[2]) == bodies[3:]
        journal.release(journal.end)
        assert len(files(tmp_path)) == 1  # the last one stays
        assert journal.stats().bytes == files(tmp_path)[0].stat().st_size
        with pytest.raises(
            StoreError, match=f"what was at {ends[0]} was released; the journal begins at {ends[4]}"
        ):
            journal.read(ends[0])
    for _ in range(3):
        with opened(tmp_path) as journal:
            end = journal.end
            assert bodies_in(journal, end) == []
            assert journal.append(request(b"new")) > end
            assert bodies_in(journal, end) == [b"new"]
            journal.release(journal.end)
            assert bodies_in(journal, journal.end) == []


def test_a_file_that_cannot_be_deleted_is_deleted_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = filled(tmp_path, [bytes([number]) * 3000 for number in range(4)])

    def fails(self: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(1, "Operation not permitted")

    with opened(tmp_path) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", fails)
            with pytest.raises(StoreError, match="Operation not permitted"):
                journal.release(ends[1])
        assert journal.first == ends[1]
        assert len(files(tmp_path)) == 4
        journal.release(ends[1])
        assert len(files(tmp_path)) == 2


def test_an_entry_released_while_it_is_waited_for_is_an_error(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        for number in range(4):
            journal.append(request(bytes([number]) * 3000))
        reading = journal.read(0)
        next(reading)
        journal.release(journal.end)
        with pytest.raises(StoreError, match="was released"):
            list(reading)
        assert journal.stats().damaged == 0


def test_positions_of_another_journal_are_an_error(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        with pytest.raises(StoreError, match="lies beyond all that was written"):
            journal.read(1)
        journal.append(request(b"x"))
        with pytest.raises(StoreError, match="if the folder was replaced, begin at 0"):
            journal.read(10**9)


def test_a_folder_is_for_one_journal(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.append(request(b"x"))
        with pytest.raises(StoreError, match="in use by another process"):
            opened(tmp_path)
        journal.append(request(b"y"))
    with opened(tmp_path) as journal:
        assert bodies_in(journal) == [b"x", b"y"]


def test_where_there_can_be_no_threads_others_may_have_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError):
            opened(tmp_path)
    opened(tmp_path).close()


def test_a_place_that_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match=r"cannot use the journal .*file: File exists"):
        opened(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    filled(tmp_path, [b"x"])
    (tmp_path / "1.journal").write_text("mine")
    (tmp_path / f"{7:020d}.unfinished").write_text("never was one")
    with opened(tmp_path) as journal:
        assert bodies_in(journal) == [b"x"]
    assert {path.name for path in tmp_path.iterdir()} == {"lock", "1.journal", f"{0:020d}.journal"}


def test_counts(tmp_path: Path) -> None:
    clock = StillClock()
    with opened(tmp_path, clock) as journal:
        assert (journal.stats().oldest_seconds, journal.stats().segments) == (0, 0)
        journal.append(request(b"four"))
        clock.time += 3 * 10**9
        stats = journal.stats()
    assert (stats.appended, stats.appended_bytes, stats.oldest_seconds) == (1, size_of(b"four"), 3)
    assert (stats.first, stats.end, stats.segments) == (0, size_of(b"four"), 1)
    assert stats.bytes == files(tmp_path)[0].stat().st_size


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"segment_bytes": 2**20, "max_bytes": 2**20}, "twice segment_bytes or more"),
        ({"fsync": "sometimes"}, "fsync"),
        ({"wait_seconds": 0}, "wait_seconds"),
    ],
)
def test_settings_that_cannot_work(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        JournalSettings(**given)


def test_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    filled(tmp_path, [b"x"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment, "_VERSION", 2)
        with opened(tmp_path) as journal:
            journal.append(request(b"y"))
    before = [path.read_bytes() for path in files(tmp_path)]
    with pytest.raises(StoreError, match="is of version 2, this program knows 1; use a newer one"):
        Journal(tmp_path, JournalSettings(), StillClock())
    assert [path.read_bytes() for path in files(tmp_path)] == before
