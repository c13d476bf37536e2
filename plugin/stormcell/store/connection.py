"""Opening, creating and failing: what a store in an SQLite file needs besides its tables."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from stormcell.errors import StoreError
from stormcell.store.migrations import migrate

BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that is writing."""

_DAMAGED: Final = "is damaged; move it away and run again to fill a new one"
_REMEDIES: Final = {
    sqlite3.SQLITE_BUSY: "is being written by another process; try again when that one is done",
    sqlite3.SQLITE_LOCKED: "is being written by another process; try again when that one is done",
    sqlite3.SQLITE_NOTADB: "is not a Stormcell store (nor any SQLite database); name another file",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_FULL: "cannot grow, the disk is full; free some space or name another place",
    sqlite3.SQLITE_IOERR: "cannot be read or written; free some space or name another place",
    sqlite3.SQLITE_READONLY: "cannot be written; mend its permissions or name another place",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; mend its permissions and its folder's, or name another",
}
_UNKNOWN: Final = "cannot be used; name another file"


@contextmanager
def failures_named(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system raise into a StoreError with the path and a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the kind of error, the others which of its kind.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise StoreError(f"{path} {_REMEDIES.get(code, _UNKNOWN)} ({error})") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{path} {_REMEDIES[sqlite3.SQLITE_CANTOPEN]} ({reason})") from error


@contextmanager
def contents_trusted(path: Path) -> Iterator[None]:
    """Turn a stored document that is not what was written into a StoreError."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} {_DAMAGED} ({type(error).__name__}: {error})") from error


def connect(path: Path, *, busy_timeout: float, empty_is_new: bool) -> sqlite3.Connection:
    """Open the existing file ``path`` and bring it to the newest version.

    One that may only be read, in another's folder or on a medium that cannot be written, is read as it is.
    """
    try:
        return _open(path, "rw", busy_timeout=busy_timeout, empty_is_new=empty_is_new)
    except sqlite3.OperationalError as error:
        refused = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
        if not (refused and path.is_file()):
            raise
        return _open(path, "ro&immutable=1", busy_timeout=busy_timeout, empty_is_new=False)


def _open(path: Path, mode: str, *, busy_timeout: float, empty_is_new: bool) -> sqlite3.Connection:
    connection = _connect(path, mode, busy_timeout)
    try:
        # Before anything else, so that a file that is not ours stays as it is.
        migrate(connection, path, empty_is_new=empty_is_new)
        # Of a file that is in WAL mode already, as all of ours are, this writes nothing.
        if mode == "rw":
            connection.execute("PRAGMA journal_mode = WAL")
        # In WAL mode this can lose the last transaction at a power cut, never the store.
        connection.execute("PRAGMA synchronous = NORMAL")
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def create(path: Path, fill: Callable[[sqlite3.Connection], None]) -> bool:
    """Create the store ``path``, whole with its first content, or nothing.

    It grows under another name: no failure and no reader ever sees a store half made, and undoing a failure
    never takes away a file that another process has made meanwhile.

    Returns
    -------
    bool
        False if another process was faster; its file is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        with closing(_connect(temporary, "rwc", 0)) as connection:
            # A failure throws the whole file away: no journal, and one flush at the end.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            migrate(connection, path, empty_is_new=True)
            _prepare(connection)
            connection.execute("BEGIN")  # not to be able to undo: each statement would end in a write
            fill(connection)
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = WAL")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        return _name(temporary, path)
    finally:
        for suffix in ("", "-wal", "-shm"):
            temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)


def _connect(path: Path, mode: str, busy_timeout: float) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=busy_timeout, isolation_level=None)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")


def _name(temporary: Path, path: Path) -> bool:
    """Give a finished file its name, unless a file of that name exists."""
    try:
        path.hardlink_to(temporary)  # unlike a rename, it never replaces
    except OSError:
        if path.exists():
            return False
        # A file system without hard links.
        temporary.replace(path)
    return True
