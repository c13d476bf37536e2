"""Puts records behind each other into segments, for many threads at once."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread

from stormcell.config import JournalSettings
from stormcell.errors import RefusedError
from stormcell.journal.folder import Folder
from stormcell.journal.record import HEAD_BYTES, MOST_BYTES, head_of
from stormcell.journal.segment import Segment, sync, write
from stormcell.journal.stats import Refusal
from stormcell.protocols import Clock
from stormcell.types import Request

_RETRY_SECONDS = {Refusal.FULL: 5.0, Refusal.DISK: 5.0, Refusal.SLOW: 1.0, Refusal.CLOSED: 1.0}


@dataclass(slots=True)
class _Batch:
    """What one sync puts on the disk, and what came of it."""

    done: bool = False
    error: OSError | None = None


class Writer:
    """Puts records behind each other into segments.

    Who writes has the turn. Who syncs has the sync: under ``always`` the first of those that wait for one does it
    for all who wrote before. A turn may wait for a sync, never the other way round.

    Parameters
    ----------
    folder : Folder
    settings : JournalSettings
    clock : Clock
    publish : callable
        Told up to which position everything may be read, in whatever order.

    Attributes
    ----------
    refused : Counter of Refusal
    sync_failures : int
    """

    def __init__(
        self, folder: Folder, settings: JournalSettings, clock: Clock, publish: Callable[[int], None]
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._publish = publish
        self._turn = Lock()
        self._sync = Lock()
        self._guard = Lock()  # of what both change; never held while the disk is waited for
        self._file: int | None = None
        self._segment: Segment | None = None
        self._synced = 0
        self._sync_began: float | None = None
        self._batch = _Batch()
        self._broken = False  # what was written did not all come to the disk: another file is to be begun
        self._ragged = False  # the file ends in half a record: the same
        self._closed = False
        self.refused: Counter[Refusal] = Counter()
        self.sync_failures = 0
        self._dirty, self._closing = Event(), Event()
        self._syncer = Thread(target=self._sync_on, name="journal", daemon=True)
        if settings.fsync == "interval":
            self._syncer.start()

    def append(self, request: Request) -> int:
        """Write a request, and return the position behind it once it is as safe as the settings ask.

        Raises
        ------
        RefusedError
            If it cannot be.
        """
        body = request.body
        if len(body) > MOST_BYTES:
            raise self._refusal(Refusal.FULL, f"a request of {len(body)} bytes does not fit into the journal")
        head, size = head_of(request), HEAD_BYTES + len(body)
        if not self._turn.acquire(timeout=self._settings.wait_seconds):
            raise self._slow()
        try:
            self._admit(size)
            batch, end = self._write(head, body, size)
        finally:
            self._turn.release()
        if self._settings.fsync == "always":
            self._commit(batch)
        else:
            self._publish(end)
            if not self._dirty.is_set():
                self._dirty.set()
        return end

    def close(self) -> None:
        """Put everything on the disk, and take nothing more."""
        with self._turn:
            if self._closed:
                return
            self._closed = True
            self._closing.set()
            self._dirty.set()
            with self._sync:
                if self._settings.fsync != "never":
                    self._sync_now()
                if self._file is not None:
                    os.close(self._file)
                    self._file = None
        if self._syncer.is_alive():
            self._syncer.join()

    def _admit(self, size: int) -> None:
        settings, folder = self._settings, self._folder
        if self._closed:
            raise self._refusal(Refusal.CLOSED, "the journal is being closed")
        began = self._sync_began
        if settings.fsync == "always" and began is not None and time.monotonic() - began > settings.wait_seconds:
            raise self._slow()
        if folder.bytes + size > settings.max_bytes:
            raise self._refusal(Refusal.FULL, f"the journal has journal.max_bytes, {settings.max_bytes} bytes")
        try:
            disk = os.statvfs(folder.path)
        except OSError as error:
            raise self._failed(error) from error
        free = disk.f_bavail * disk.f_frsize
        if free - size < settings.min_free_bytes:
            raise self._refusal(
                Refusal.DISK,
                f"the disk of {folder.path} has {free} bytes free, of which journal.min_free_bytes, "
                f"{settings.min_free_bytes}, are to stay so",
            )

    def _write(self, head: bytes, body: bytes, size: int) -> tuple[_Batch, int]:
        segment, file = self._room(size)
        offset = segment.end + segment.shift
        try:
            write(file, (segment.mark + head, body), offset)
        except OSError as error:
            try:
                os.ftruncate(file, offset)
            except OSError:
                self._ragged = True
            raise self._failed(error) from error
        with self._guard:
            if not self._broken:
                segment.end += size
                return self._batch, segment.end
        # What was written before did not come to the disk meanwhile: nothing behind it counts.
        raise self._refusal(Refusal.DISK, f"the disk of {self._folder.path} fails")

    def _room(self, size: int) -> tuple[Segment, int]:
        """Return the segment that a record goes into, and its file."""
        segment, file = self._segment, self._file
        usable = not (self._broken or self._ragged)
        if usable and segment and file is not None and segment.end + size <= segment.base + segment.capacity:
            return segment, file
        with self._sync:
            if self._settings.fsync != "never":
                self._sync_now()
            followed = self._segment is not None and self._synced == self._segment.end and not self._broken
            if self._broken:
                self._take_back()
            try:
                segment, file = self._folder.begin(size, self._clock.now(), followed=followed)
            except OSError as error:
                raise self._failed(error) from error
            if self._file is not None:
                os.close(self._file)
            with self._guard:
                self._segment, self._file, self._synced = segment, file, segment.base
                self._broken = self._ragged = False
        return segment, file

    def _take_back(self) -> None:
        """Cut off what no sync put on the disk, if it was refused for that."""
        if self._settings.fsync == "always" and self._segment is not None and self._file is not None:
            with self._guard:
                self._segment.end = self._synced
            with suppress(OSError):  # they may come again, as requests that nobody waited for
                os.ftruncate(self._file, self._synced + self._segment.shift)

    def _commit(self, batch: _Batch) -> None:
        with self._sync:
            if not batch.done:
                self._sync_now()
        if batch.error is not None:
            raise self._failed(batch.error) from batch.error

    def _sync_now(self) -> None:
        """Put what is written on the disk; the caller has the sync."""
        with self._guard:
            segment, file, batch = self._segment, self._file, self._batch
            if segment is None or file is None or self._broken:
                return
            end, self._batch = segment.end, _Batch()
        self._sync_began = time.monotonic()
        try:
            sync(file)
        except OSError as error:
            # The system has forgotten what it could not write: another try would succeed, and mean nothing.
            with self._guard:
                self._broken = True
                self.sync_failures += 1
                for failed in (batch, self._batch):
                    failed.done, failed.error = True, error
                self._batch = _Batch()
            return
        finally:
            self._sync_began = None
        self._synced, batch.done = end, True
        if self._settings.fsync == "always":
            self._publish(end)

    def _sync_on(self) -> None:
        while not self._closing.is_set():
            self._dirty.wait()
            self._closing.wait(self._settings.fsync_seconds)
            self._dirty.clear()
            with self._sync:
                self._sync_now()

    def _slow(self) -> RefusedError:
        seconds = self._settings.wait_seconds
        return self._refusal(Refusal.SLOW, f"the disk of {self._folder.path} is behind by more than {seconds:g} s")

    def _failed(self, error: OSError) -> RefusedError:
        return self._refusal(Refusal.DISK, f"cannot write to {self._folder.path}: {error.strerror or error}")

    def _refusal(self, reason: Refusal, message: str) -> RefusedError:
        with self._guard:
            self.refused[reason] += 1
        return RefusedError(f"{message}; send it again later", retry_after=_RETRY_SECONDS[reason])
