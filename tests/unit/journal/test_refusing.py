"""Disks that are full, slow or fail: requests are refused, nothing half written stays, and it mends by itself."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stormcell.errors import RefusedError
from stormcell.journal import Journal, Refusal
from stormcell.journal.segment import HEADER_BYTES
from tests.unit.journal.journals import SMALL, bodies_in, files, opened, request, size_of, until

WRITER = "stormcell.journal.writer"


def refused(journal: Journal, body: bytes = b"no") -> str:
    """Return why a request is refused."""
    with pytest.raises(RefusedError) as caught:
        journal.append(request(body))
    assert caught.value.retry_after > 0
    assert "send it again later" in str(caught.value)
    return str(caught.value)


def fail_once(call: Callable[[], None] = lambda: None, code: int = errno.EIO) -> Callable[..., int]:
    """Return what stands in for a call of the system that fails, after doing something."""

    def failing(*_: object) -> int:
        call()
        raise OSError(code, os.strerror(code))

    return failing


def test_no_larger_than_it_may_be(tmp_path: Path) -> None:
    body = bytes(1000)
    with opened(tmp_path, max_bytes=2 * SMALL) as journal:
        ends = [journal.append(request(body)) for _ in range(7)]
        assert "the journal has journal.max_bytes, 8192 bytes" in refused(journal, body)
        assert sum(path.stat().st_size for path in files(tmp_path)) <= 2 * SMALL
        refused(journal, body)
        assert journal.stats().refused == {Refusal.FULL: 2}
        journal.append(request(b"a small one fits"))
        journal.release(ends[-1])
        journal.append(request(body))
        assert bodies_in(journal, ends[-1]) == [b"a small one fits", body]


def test_leaves_room_on_the_disk(tmp_path: Path) -> None:
    with opened(tmp_path, min_free_bytes=2**50) as journal:
        assert "journal.min_free_bytes, 1125899906842624, are to stay so" in refused(journal)
        assert journal.stats().refused == {Refusal.DISK: 1}
    assert files(tmp_path) == []


def test_the_disk_has_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as journal:
        monkeypatch.setattr(os, "statvfs", fail_once())
        assert "Input/output error" in refused(journal)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("file systems cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("policy", ["always", "interval", "never"])
def test_a_real_full_disk(policy: str, disk: Path) -> None:
    other = disk / "other"
    other.write_bytes(bytes(20_000))
    with opened(disk / "journal", fsync=policy, segment_bytes=16_000) as journal:
        written: list[bytes] = []
        with contextlib.suppress(RefusedError):
            while len(written) < 60:
                body = bytes([len(written) + 1]) * 1500
                journal.append(request(body))
                written.append(body)
        assert 10 < len(written) < 60
        for _ in range(3):
            refused(journal, bytes(5000))
        assert bodies_in(journal) == written
        other.unlink()
        journal.append(request(b"there is room again"))
        assert bodies_in(journal) == [*written, b"there is room again"]
    with opened(disk / "journal") as journal:
        assert bodies_in(journal) == [*written, b"there is room again"]
        assert journal.stats().torn == journal.stats().damaged == 0


@pytest.fixture
def short_files() -> Iterator[int]:
    """Let no file of this process grow beyond some bytes: what goes beyond is written in part, then fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        yield 10_000
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_half_a_record_is_cut_off(short_files: int, tmp_path: Path) -> None:
    with opened(tmp_path, segment_bytes=1 << 20) as journal:
        journal.append(request(bytes(3000)))
        for _ in range(3):
            assert "File too large" in refused(journal, bytes(8000))
            assert files(tmp_path)[0].stat().st_size == HEADER_BYTES + size_of(bytes(3000))
        journal.append(request(b"a small one fits"))
        assert bodies_in(journal) == [bytes(3000), b"a small one fits"]
        assert journal.stats().refused == {Refusal.DISK: 3}
    with opened(tmp_path) as journal:
        assert bodies_in(journal) == [bytes(3000), b"a small one fits"]
        assert journal.stats().torn == 0


def test_half_a_record_that_cannot_be_cut_off_ends_its_file(
    short_files: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, segment_bytes=1 << 20) as journal:
        journal.append(request(bytes(3000)))
        with monkeypatch.context() as patch:
            patch.setattr(os, "ftruncate", fail_once())
            refused(journal, bytes(8000))
        position = journal.append(request(b"in the next file"))
        assert len(files(tmp_path)) == 2
        assert bodies_in(journal) == [bytes(3000), b"in the next file"]
    for _ in range(2):
        with opened(tmp_path) as journal:
            assert bodies_in(journal) == [bytes(3000), b"in the next file"]
            assert journal.end == position


def test_no_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as journal:
        journal.append(request(b"x" * 3000))
        with monkeypatch.context() as patch:
            patch.setattr("stormcell.journal.segment.sync", fail_once(code=errno.ENOSPC))
            assert "No space left on device" in refused(journal, b"y" * 3000)
            assert len(list(tmp_path.iterdir())) == 2
        journal.append(request(b"z" * 3000))
        assert bodies_in(journal) == [b"x" * 3000, b"z" * 3000]


def test_always_acknowledges_nothing_that_is_not_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, fsync="always", segment_bytes=1 << 20) as journal:
        journal.append(request(b"kept"))
        with monkeypatch.context() as patch:
            patch.setattr(f"{WRITER}.sync", fail_once())
            assert "Input/output error" in refused(journal)
            assert bodies_in(journal) == [b"kept"]
        assert journal.stats().sync_failures == 1
        journal.append(request(b"kept, too"))
        assert bodies_in(journal) == [b"kept", b"kept, too"]
        assert journal.stats().damaged == 0
    with opened(tmp_path) as journal:
        assert bodies_in(journal) == [b"kept", b"kept, too"]
        assert journal.stats().torn == journal.stats().damaged == 0


def test_a_failing_sync_refuses_all_who_wait_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()

    def fails() -> None:
        began.set()
        assert go_on.wait(60)

    with opened(tmp_path, fsync="always", segment_bytes=1 << 20) as journal, ThreadPoolExecutor(5) as pool:
        end = journal.append(request(b"kept"))
        with monkeypatch.context() as patch:
            patch.setattr(f"{WRITER}.sync", fail_once(fails))
            waiting = [pool.submit(journal.append, request(b"no"))]
            assert began.wait(60)
            waiting += [pool.submit(journal.append, request(b"no")) for _ in range(4)]
            until(lambda: journal.segments()[-1][1] == end + 5 * size_of(b"no"))
            go_on.set()
            assert all(isinstance(future.exception(), RefusedError) for future in waiting)
        assert journal.stats().refused == {Refusal.DISK: 5}
        journal.append(request(b"kept, too"))
        assert bodies_in(journal) == [b"kept", b"kept, too"]
        assert journal.stats().damaged == 0
    with opened(tmp_path) as journal:
        assert bodies_in(journal) == [b"kept", b"kept, too"]


def test_a_failing_sync_refuses_who_is_just_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncing, fail, writing, go_on = (threading.Event() for _ in range(4))
    real = os.pwritev

    def fails() -> None:
        syncing.set()
        assert fail.wait(60)

    def slow(file: int, parts: list[bytes], offset: int) -> int:
        writing.set()
        assert go_on.wait(60)
        return real(file, parts, offset)

    with opened(tmp_path, fsync="always", segment_bytes=1 << 20) as journal, ThreadPoolExecutor(2) as pool:
        journal.append(request(b"kept"))
        with monkeypatch.context() as patch:
            patch.setattr(f"{WRITER}.sync", fail_once(fails))
            waits = pool.submit(journal.append, request(b"no"))
            assert syncing.wait(60)
            patch.setattr(os, "pwritev", slow)
            writes = pool.submit(journal.append, request(b"no"))
            assert writing.wait(60)
            fail.set()
            assert isinstance(waits.exception(), RefusedError)
            go_on.set()
            assert isinstance(writes.exception(), RefusedError)
        journal.append(request(b"kept, too"))
        assert bodies_in(journal) == [b"kept", b"kept, too"]
        assert journal.stats().damaged == 0


def test_a_file_that_stayed_empty_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failing = os.pwritev, iter([False, True])

    def second_fails(file: int, parts: list[bytes], offset: int) -> int:
        if next(failing, False):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(file, parts, offset)

    with opened(tmp_path) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwritev", second_fails)
            refused(journal)
        end = journal.append(request(bytes(2 * SMALL)))
        assert len(files(tmp_path)) == 2
        journal.release(end)
        assert len(files(tmp_path)) == 1
        assert bodies_in(journal, journal.first) == [bytes(2 * SMALL)]


def test_a_failing_sync_in_the_background_is_counted_and_another_file_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()
    with opened(tmp_path, fsync_seconds=0.001) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(f"{WRITER}.sync", fail_once(failed.set))
            journal.append(request(b"kept as far as is known"))
            assert failed.wait(60)
            until(lambda: journal.stats().sync_failures == 1)
        journal.append(request(b"in the next file"))
        assert len(files(tmp_path)) == 2
        assert bodies_in(journal) == [b"kept as far as is known", b"in the next file"]


@pytest.mark.parametrize("policy", ["always", "interval"])
def test_a_slow_disk(policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that hangs holds up the others no longer than they may be; then all goes on."""
    began, go_on = threading.Event(), threading.Event()
    real = os.pwritev

    def slow(file: int, parts: list[bytes], offset: int) -> int:
        began.set()
        assert go_on.wait(60)
        return real(file, parts, offset)

    with opened(tmp_path, fsync=policy, wait_seconds=0.01) as journal, ThreadPoolExecutor(1) as pool:
        journal.append(request(b"before"))
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwritev", slow)
            hanging = pool.submit(journal.append, request(b"hangs"))
            assert began.wait(60)
            assert "is behind by more than 0.01 s" in refused(journal)
            go_on.set()
            hanging.result()
        journal.append(request(b"after"))
        assert bodies_in(journal) == [b"before", b"hangs", b"after"]
        assert journal.stats().refused == {Refusal.SLOW: 1}


def test_a_slow_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow(_: int) -> None:
        began.set()
        assert go_on.wait(60)

    with opened(tmp_path, fsync="always", wait_seconds=0.01) as journal, ThreadPoolExecutor(1) as pool:
        journal.append(request(b"before"))
        with monkeypatch.context() as patch:
            patch.setattr(f"{WRITER}.sync", slow)
            hanging = pool.submit(journal.append, request(b"hangs"))
            assert began.wait(60)
            threading.Event().wait(0.02)
            assert "is behind by more than" in refused(journal)
            go_on.set()
            hanging.result()
        assert bodies_in(journal) == [b"before", b"hangs"]
