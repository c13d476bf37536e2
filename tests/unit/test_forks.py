"""What forks wait for, and what a child process does not have."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import types
import warnings
from importlib import import_module
from pathlib import Path

import pytest

from stormcell import forks


def _status(path: Path | None = None, load: str = "sys") -> int:
    """Fork, and return how the child ended: 1 where it cannot take a lock, less than 0 where it never ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks of what has threads
        pid = os.fork()
    if pid == 0:
        status = 2
        signal.alarm(20)
        try:
            import_module(load)
            with forks.waiting():
                status = 0
            if path is not None:
                forks.Lock(path)
        except BlockingIOError:
            status = 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _had_soon(path: Path) -> None:
    """Have a lock that others may be about to lose."""
    for _ in range(1000):
        try:
            return forks.Lock(path).release()
        except BlockingIOError:
            time.sleep(0.01)
    raise AssertionError("somebody keeps it")


def test_one_has_a_lock_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = forks.Lock(path)
    with pytest.raises(BlockingIOError):
        forks.Lock(path)
    assert _status(path) == 1
    lock.release()
    lock.release()
    assert _status(path) == 0
    forks.Lock(path).release()


def test_a_link_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        forks.Lock(tmp_path / "lock")
    assert not (tmp_path / "elsewhere").exists()


def test_no_child_keeps_a_lock(tmp_path: Path) -> None:
    path, begun, end = tmp_path / "lock", os.pipe(), os.pipe()
    lock = forks.Lock(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        os.close(end[1])
        os.write(begun[1], b"x")
        os.read(end[0], 1)  # until the parent closes it
        os._exit(0)
    assert os.read(begun[0], 1) == b"x"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as other:
        lock.release()
        _had_soon(path)
        other.communicate(b"\n")
    os.close(end[1])
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    for file in (*begun, end[0]):
        os.close(file)


def test_a_fork_waits() -> None:
    entered, go_on, left = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        with forks.waiting():
            entered.set()
            go_on.wait(60)
            left.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert entered.wait(60)
    threading.Timer(0.2, go_on.set).start()
    assert _status() == 0
    assert left.is_set()
    thread.join()


def test_a_fork_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_PATIENCE", 0.1)
    entered, go_on = threading.Event(), threading.Event()

    def work() -> None:
        with forks.waiting():
            entered.set()
            go_on.wait(60)

    thread = threading.Thread(target=work)
    thread.start()
    assert entered.wait(60)
    assert _status() == 0, "the child may have it at once"
    go_on.set()
    thread.join()
    # And who forks while it has it does not wait for itself.
    with forks.waiting():
        assert _status() == 0
    assert _status() == 0


def test_a_fork_waits_while_a_thread_of_ours_loads_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    (tmp_path / "takes_a_while.py").write_text(
        "import sys\nfound = sys.modules['events_of_forks']\nfound.entered.set()\nassert found.go_on.wait(60)\n"
    )
    events = types.ModuleType("events_of_forks")
    vars(events).update(entered=entered, go_on=go_on)
    monkeypatch.setitem(sys.modules, "events_of_forks", events)
    monkeypatch.syspath_prepend(tmp_path)

    def work() -> None:
        forks.begin()
        import_module("takes_a_while")

    thread = threading.Thread(target=work)
    thread.start()
    assert entered.wait(60)
    threading.Timer(0.2, go_on.set).start()
    assert _status(load="takes_a_while") == 0
    thread.join()


def test_a_child_begins_anew() -> None:
    class Counting:
        def __init__(self) -> None:
            self.begun: list[int] = []

        def begin(self) -> None:
            self.begun.append(os.getpid())

    here, gone = Counting(), Counting()
    for one in (here, gone):
        forks.in_child(one.begin)
    del gone, one
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        os._exit(here.begun != [os.getpid()])
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert here.begun == []
