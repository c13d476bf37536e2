"""The journal: the door of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Condition
from types import TracebackType
from typing import Self

from stormcell.config import JournalSettings
from stormcell.errors import StoreError
from stormcell.journal.folder import Folder
from stormcell.journal.record import HEAD_BYTES, Entry
from stormcell.journal.stats import JournalStats
from stormcell.journal.writer import Writer
from stormcell.protocols import Clock
from stormcell.types import Request


class Journal:
    """Keeps requests in the order they came, until all who read them are done.

    Positions count the bytes of all records ever written; they only grow, and none is given twice. Some may be
    left out between two records, where the program was started again.

    All methods may be called from any thread; one object at a time may have a folder.

    Parameters
    ----------
    folder : Path
        Created where it is not there.
    settings : JournalSettings
    clock : Clock

    Raises
    ------
    InUseError
        If another process uses it.
    StoreError
        If the folder cannot be used, or was written by a newer version of this program.
    """

    def __init__(self, folder: Path, settings: JournalSettings, clock: Clock) -> None:
        self._folder = Folder(folder, settings.segment_bytes)
        self._clock = clock
        self._news = Condition()
        self._end = self._folder.end
        self._appended = self._appended_bytes = 0
        self._closed = False
        try:
            self._writer = Writer(self._folder, settings, clock, self._publish)
        except BaseException:  # at the end of a program, say, there are no new threads
            self._folder.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def first(self) -> int:
        """The position from which on everything is there."""
        segments = self._folder.segments
        return segments[0].after if segments else 0

    @property
    def end(self) -> int:
        """The position behind the last request."""
        return self._end

    def append(self, request: Request) -> int:
        """Keep a request, and return the position behind it once it is as safe as the settings ask.

        Raises
        ------
        RefusedError
            If it cannot be kept now: nothing of it is.
        """
        end = self._writer.append(request)
        with self._news:
            self._appended += 1
            self._appended_bytes += HEAD_BYTES + len(request.body)
        return end

    def accept(self, request: Request) -> None:
        """Keep a request, as an ``Inbox`` does.

        Raises
        ------
        RefusedError
            If it cannot be kept now.
        """
        self.append(request)

    def read(self, position: int) -> Iterator[Entry]:
        """Yield the requests from a position to what is the end now.

        What is damaged is skipped and counted, and the requests around it are kept where they can be found. No
        more than a request and a megabyte are held at once.

        Parameters
        ----------
        position : int
            One that was the end of the journal or of an entry, or ``first``.

        Raises
        ------
        StoreError
            If what was there was released, now or while it is read, if the position was never given, or if a file
            cannot be opened.
        """
        self._folder.at(position)
        return self._read(position, self._end)

    def _read(self, position: int, stop: int) -> Iterator[Entry]:
        while position < stop and (segment := self._folder.at(position)) is not None:
            till = min(segment.end, stop)
            try:
                yield from segment.read(position, till)
            except FileNotFoundError:
                self._folder.at(position)  # raises if it was released meanwhile
                segment.damage[position] = till - max(position, segment.base)
            except OSError as error:  # too many open files, say: what is in it is not lost
                reason = error.strerror or str(error)
                raise StoreError(f"cannot read {segment.path}: {reason}; mend this, it is tried again") from error
            position = till

    def behind(self, position: int) -> int:
        """Return how many bytes of requests lie beyond a position."""
        end = self._end
        return sum(max(0, min(part.end, end) - max(part.base, position)) for part in self._folder.segments)

    def wait(self, position: int, timeout: float) -> bool:
        """Return whether something lies beyond a position, as soon as it does.

        Parameters
        ----------
        position : int
        timeout : float
            Seconds after which not to wait any longer; nor is waited for a journal that is closed.
        """
        with self._news:
            self._news.wait_for(lambda: self._end > position or self._closed, timeout)
            return self._end > position

    def segments(self) -> list[tuple[int, int]]:
        """Return the positions where each file starts and ends."""
        return [(segment.base, segment.end) for segment in self._folder.segments]

    def release(self, position: int) -> None:
        """Delete the files all of which lies before a position; the last stays, so that positions go on from it.

        Parameters
        ----------
        position : int
            Up to where everybody is done.

        Raises
        ------
        StoreError
            If a file cannot be deleted.
        """
        self._folder.release(position)

    def stats(self) -> JournalStats:
        """Return what can be said of the journal in numbers."""
        folder, writer = self._folder, self._writer
        segments = folder.segments
        damaged, damaged_bytes = folder.damage
        oldest = next((segment.created for segment in segments if segment.created), None)
        return JournalStats(
            first=self.first,
            end=self._end,
            segments=len(segments),
            bytes=folder.bytes,
            oldest_seconds=max(self._clock.now() - oldest, 0) / 1e9 if oldest is not None else 0.0,
            appended=self._appended,
            appended_bytes=self._appended_bytes,
            torn=folder.torn,
            torn_bytes=folder.torn_bytes,
            damaged=damaged,
            damaged_bytes=damaged_bytes,
            sync_failures=writer.sync_failures,
            refused=dict(writer.refused),
        )

    def close(self) -> None:
        """Put everything on the disk and take nothing more; closing again is harmless."""
        self._writer.close()
        self._folder.close()
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _publish(self, end: int) -> None:
        with self._news:
            if end > self._end:
                self._end = end
                self._news.notify_all()
