"""Forks: what one must not cut in two, and what a child process must not have."""

from __future__ import annotations

import fcntl
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PATIENCE: Final = 10.0
"""Seconds that a fork waits at most: a process that hangs is worse than a child that has half of something."""


class _Gate:
    """A lock that forks wait for, and that is free in the child."""

    def __init__(self) -> None:
        self.lock = threading.RLock()

    def before(self) -> None:
        self.lock.acquire(timeout=_PATIENCE)

    def in_parent(self) -> None:
        with suppress(RuntimeError):  # it was waited for in vain
            self.lock.release()

    def in_child(self) -> None:
        try:
            self.lock.release()
        except RuntimeError:
            self.lock = threading.RLock()
        for lock in list(_TAKEN):
            lock.release()
        for reference in list(_CALLS.values()):
            if (call := reference()) is not None:
                call()


_gate = _Gate()
_TAKEN: Final[set[Lock]] = set()
_CALLS: Final[dict[int, weakref.WeakMethod[Callable[[], None]]]] = {}
os.register_at_fork(before=_gate.before, after_in_parent=_gate.in_parent, after_in_child=_gate.in_child)


@contextmanager
def waiting() -> Iterator[None]:
    """Let forks wait while this goes on, and other threads that do the same.

    It is for what a child process could not go on with: modules that are half loaded, a lock that a thread has
    which is not there. Two threads that load modules of one package at the same time, moreover, may each wait for
    one that the other has begun.
    """
    with _gate.lock:
        yield


def in_child(call: Callable[[], None]) -> None:
    """Call a method in each child process, as long as its object is there."""
    reference = weakref.WeakMethod(call, lambda gone: _CALLS.pop(id(gone), None))
    _CALLS[id(reference)] = reference


class Lock:
    """A file that one process at a time has, until that ends or releases it; no child of it does.

    Parameters
    ----------
    path : Path
        Made if it is not there.

    Raises
    ------
    BlockingIOError
        If another process has it, or another object of this one.
    OSError
        If the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._file: int | None = None
        with waiting():
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BaseException:
                os.close(file)
                raise
            self._file = file
            _TAKEN.add(self)

    def release(self) -> None:
        """Let others have it; in a child process, of which the parent keeps it, too. Again is harmless."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
        _TAKEN.discard(self)
