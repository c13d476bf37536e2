"""Noticing that a store changed, without looking at what is in it."""

from __future__ import annotations

import sqlite3
import threading
from itertools import count
from pathlib import Path

_ALWAYS = count()


class Watch:
    """Says whether anything was written to a store since it was asked last; for any thread.

    Parameters
    ----------
    path : Path
        It need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] = (0, 0)
        self._opened = 0

    def version(self) -> str:
        """Return a text that is another one after every change; where that cannot be told, every time."""
        with self._lock:
            try:
                found = self._path.stat()
            except FileNotFoundError:
                self._close()
                return "none"
            except OSError:
                return f"unknown-{next(_ALWAYS)}"
            file = (found.st_dev, found.st_ino)
            try:
                if self._connection is None or file != self._file:
                    self._close()
                    self._connection, self._file = _open(self._path), file
                    self._opened += 1
                [version] = self._connection.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error:
                self._close()
                return f"unknown-{next(_ALWAYS)}"
            return f"{self._opened}-{version}"

    def __del__(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _open(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    # The lock keeps threads from each other.
    return sqlite3.connect(uri, uri=True, timeout=0.5, isolation_level=None, check_same_thread=False)
