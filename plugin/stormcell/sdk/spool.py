"""A folder through which processes hand requests to the one that groups for them all."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stormcell.errors import RefusedError
from stormcell.forks import Lock
from stormcell.types import Request, RequestKind

FOLDER: Final = "spool"

_LOCK: Final = "lock"
_UNFINISHED: Final = ".part"
_FORGOTTEN_SECONDS: Final = 600.0
"""After which who began a file will never finish it."""
_RETRY_SECONDS: Final = 1.0
_KINDS: Final = {kind.value: kind for kind in (RequestKind.TRACES, RequestKind.LOGS)}


class Spool:
    """Requests in files, one each: laid there by many processes, taken by one.

    A file is there whole or not at all, and outlives the process that laid it. It is named after the time at which
    the request came, and so taken in about that order.

    Parameters
    ----------
    folder : Path
        Made when something is laid into it.
    most : int
        Bytes that may lie there.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._folder, self._most = folder, most
        self._laying = threading.Lock()
        self._lock: Lock | None = None

    def reserve(self) -> bool:
        """Be the one that takes, of all processes; return whether that is so.

        Raises
        ------
        RefusedError
            If that cannot be known now.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self._folder / _LOCK)
        except BlockingIOError:
            return False
        except OSError as error:
            raise self._cannot(error) from error
        return True

    def release(self) -> None:
        """Let another process be the one; again is harmless."""
        if self._lock is not None:
            self._lock.release()

    def lay(self, request: Request) -> None:
        """Lay a request there; it is kept once this returns.

        Raises
        ------
        RefusedError
            If it cannot be kept now; nothing of it is.
        """
        name = f"{request.received:020}-{os.urandom(6).hex()}.{request.kind.value}"
        unfinished = self._folder / f".{name}{_UNFINISHED}"
        try:
            # Only our threads wait here, and of other processes a few requests too many do no harm.
            with self._laying:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._admit(len(request.body))
                with open(unfinished, "xb", opener=_private) as file:
                    file.write(request.body)
                unfinished.rename(self._folder / name)
        except OSError as error:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise self._cannot(error) from error

    def take(self) -> Iterator[Request]:
        """Yield the requests that lie there now, the oldest first; each is gone once the next is asked for.

        Raises
        ------
        OSError
            If one cannot be read, after all others, or removed; it is yielded again next time.
        """
        try:
            names = sorted(path.name for path in self._folder.iterdir())
        except FileNotFoundError:
            return
        self._forget()
        unread: OSError | None = None
        for name in names:
            received, _, rest = name.partition("-")
            kind = _KINDS.get(rest.rpartition(".")[2])
            if kind is None or not received.isdecimal():
                continue  # unfinished, or nothing of ours
            path = self._folder / name
            try:
                body = path.read_bytes()
            except OSError as error:  # of a process of another user, say
                unread = error
                continue
            yield Request(kind, body, int(received))
            path.unlink(missing_ok=True)
        if unread is not None:
            raise unread

    def _admit(self, size: int) -> None:
        with os.scandir(self._folder) as found:
            held = 0
            for entry in found:
                with contextlib.suppress(FileNotFoundError):  # taken meanwhile
                    held += entry.stat().st_size
        if held + size > self._most:
            raise self._refused(f"{self._folder} holds sdk.spool_bytes, {self._most} bytes, that nobody has taken")

    def _forget(self) -> None:
        """Remove what processes began to write that have ended since."""
        for path in self._folder.glob(f".*{_UNFINISHED}"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _FORGOTTEN_SECONDS:
                    path.unlink()

    def _cannot(self, error: OSError) -> RefusedError:
        reason = error.strerror or str(error)
        return self._refused(f"cannot write to {self._folder}: {reason}; mend this or set live.data to another")

    def _refused(self, message: str) -> RefusedError:
        return RefusedError(f"{message}; it is tried again", retry_after=_RETRY_SECONDS)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
