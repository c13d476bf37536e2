"""Forks: what one must not cut in two, and what a child process must not have."""

from __future__ import annotations

import fcntl
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MethodType
from typing import Any, Final, cast

_LOOK_SECONDS: Final = 0.005
_PATIENCE: Final = 10.0
"""Seconds that a fork waits at most: a process that hangs is worse than a child that has half of something."""


class _Gate:
    """A lock that forks wait for, and that is free in the child."""

    def __init__(self) -> None:
        self.lock = threading.RLock()

    def before(self) -> None:
        until = time.monotonic() + _PATIENCE
        if self.lock.acquire(timeout=_PATIENCE):
            while _is_loading() and time.monotonic() < until:
                time.sleep(_LOOK_SECONDS)

    def in_parent(self) -> None:
        with suppress(RuntimeError):  # it was waited for in vain
            self.lock.release()

    def in_child(self) -> None:
        try:
            self.lock.release()
        except RuntimeError:
            self.lock = threading.RLock()
        _OURS.clear()
        for lock in list(_TAKEN):
            lock.release()
        for reference, function in list(_CALLS.values()):
            if (owner := reference()) is not None:
                function(owner)


def _is_loading() -> bool:
    """Return whether a thread of ours is at loading a module: whoever needs that in the child waits for ever."""
    others = {thread.ident for thread in list(_OURS)} - {threading.get_ident()}
    locks = [reference() for reference in list(_LOADING.values())]
    return any(getattr(lock, "owner", None) in others for lock in locks if lock is not None)


_gate = _Gate()
_OURS: Final[weakref.WeakSet[threading.Thread]] = weakref.WeakSet()
# What Python itself knows of modules that are being loaded; where it calls that otherwise, nobody waits.
_LOADING: Final[dict[str, Callable[[], object]]] = getattr(sys.modules["_frozen_importlib"], "_module_locks", {})
_TAKEN: Final[set[Lock]] = set()
_CALLS: Final[dict[int, tuple[weakref.ref[object], Callable[[Any], None]]]] = {}
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


def begin() -> None:
    """Say that the thread that calls this is one of ours: forks wait while it loads modules."""
    _OURS.add(threading.current_thread())


def in_child(call: Callable[[], None]) -> None:
    """Call a method in each child process, as long as its object is there."""
    method = cast(MethodType, call)

    # What is global may be gone already when objects go, at the end of a program.
    def forget(gone: weakref.ref[object], calls: dict[int, Any] = _CALLS) -> None:
        calls.pop(id(gone), None)

    reference = weakref.ref(method.__self__, forget)
    _CALLS[id(reference)] = reference, method.__func__


class Lock:
    """A file that one process at a time has, until that ends or releases it; no child of it does.

    Parameters
    ----------
    path : Path
        Made if it is not there; no symbolic link.

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
            # In a folder that others may write, a link could lead us to any file of ours.
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
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
