"""One connection to a store, and transactions on it, one inside another where need be."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from stormcell.errors import StoreError
from stormcell.store.connection import BUSY_TIMEOUT, connect, contents_trusted, create, failures_named


class Connected:
    """An SQLite file, opened when it is there (see ``SqliteStore``)."""

    def __init__(self, path: Path, *, create: bool, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.path = path
        self._create = create
        self._busy_timeout = busy_timeout
        self._connection: sqlite3.Connection | None = None
        self._made = False
        if self._opened() is None and not create:
            raise StoreError(f"{path} does not exist; name an existing store, or run a grouping to fill one")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; closing again is harmless."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Let everything that is read and written until the end be one transaction: all of it, or nothing.

        Nobody else writes meanwhile. Without a file there is nothing to hold.
        """
        if self._opened() is None:
            yield
            return
        with failures_named(self.path), self._transaction("IMMEDIATE"):
            yield

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Let everything that is read until the end be of one moment, while others may write."""
        with self._reading():
            yield

    def _opened(self) -> sqlite3.Connection | None:
        """Return the connection, or None as long as there is no file."""
        with failures_named(self.path):
            if self._connection is None and self.path.exists():
                self._connection = connect(self.path, busy_timeout=self._busy_timeout, empty_is_new=self._create)
        if self._connection is None and self._made:
            raise StoreError(f"{self.path} was removed or replaced while in use; put it back, or start again")
        return self._connection

    def _write(self, change: Callable[[sqlite3.Connection], None]) -> None:
        """Make a change in one transaction, creating the file if need be."""
        with failures_named(self.path):
            if self._opened() is None and create(self.path, change):
                self._made = True
                return
            with self._transaction("IMMEDIATE") as connection:
                change(connection)

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        connection = self._opened()
        if connection is None:
            raise StoreError(f"{self.path} was removed while it was being written; try again")
        begin, end, undo = (
            ("SAVEPOINT part", ("RELEASE part",), ("ROLLBACK TO part", "RELEASE part"))
            if connection.in_transaction
            else (f"BEGIN {kind}", ("COMMIT",), ("ROLLBACK",))
        )
        connection.execute(begin)
        try:
            yield connection
            for statement in end:
                connection.execute(statement)
        except BaseException:
            if connection.in_transaction:  # some errors (a full disk) have rolled it back already
                for statement in undo:
                    connection.execute(statement)
            raise

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with failures_named(self.path), contents_trusted(self.path), self._transaction("IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Yield a connection that sees one state of the store over several queries; None without a file."""
        with failures_named(self.path), contents_trusted(self.path):
            opened = self._opened()
            if opened is None or opened.in_transaction:  # one that reads alone needs none inside another
                yield opened
                return
            with self._transaction("DEFERRED") as connection:
                yield connection
