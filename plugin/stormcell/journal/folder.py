"""The folder of a journal: whose it is, and the segments in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from stormcell.errors import InUseError, StoreError
from stormcell.forks import Lock as FileLock
from stormcell.journal.segment import UNFINISHED, Segment, create, load

_LOCK = "lock"


class Folder:
    """The segments in a folder, for threads that write, read and release; one object at a time may have a folder.

    Parameters
    ----------
    path : Path
        Created where it is not there.
    capacity : int
        Bytes of records that a new segment is to take.

    Attributes
    ----------
    path : Path
    torn, torn_bytes : int
        What was cut off at opening.

    Raises
    ------
    InUseError
        If another process uses it.
    StoreError
        If it cannot be used.
    """

    def __init__(self, path: Path, capacity: int) -> None:
        self.path = path
        self._capacity = capacity
        self._guard = Lock()  # of what is below; never held while a disk is waited for
        self._kept_bytes = 0  # all but the last one's
        self._lost = (0, 0)  # stretches and bytes of damage in what was released
        self._gone: list[Path] = []  # released, and yet to be deleted
        self.torn = self.torn_bytes = 0
        with _failures_named(path):
            path.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(path / _LOCK)
        try:
            with _failures_named(path):
                self._segments = self._recovered()
        except BaseException:
            self.close()
            raise

    def _recovered(self) -> list[Segment]:
        for file in self.path.glob(f"*{UNFINISHED}"):
            file.unlink()
        segments = load(self.path, self._capacity)
        for segment in reversed(segments):
            torn = segment.cut_torn()
            self.torn_bytes += torn
            self.torn += int(torn > 0)
            # One without a record, begun just before a crash, says nothing of how the one before it ends.
            if segment.end > segment.base:
                break
        self._kept_bytes = sum(segment.bytes for segment in segments[:-1])
        return segments

    def close(self) -> None:
        """Let others have the folder; closing again is harmless."""
        self._lock.release()

    def begin(self, size: int, created: int, *, followed: bool) -> tuple[Segment, int]:
        """Begin a segment for a record of ``size`` bytes, and return it with its file.

        Parameters
        ----------
        size : int
        created : int
            Wall clock, ns.
        followed : bool
            Whether all of the segment before is on the disk. If not, readers may know positions there that a loss
            of power takes back: the new one begins where it could not have reached.

        Raises
        ------
        OSError
            If it cannot be.
        """
        with self._guard:
            last = self._segments[-1] if self._segments else None
        after = last.end if last else 0
        base = after if followed or last is None else max(last.base + last.capacity, after)
        if last is not None and base == last.base:
            base += 1  # it is empty, and its name is taken
        segment, file = create(self.path, base, after, max(self._capacity, size), created)
        with self._guard:
            self._kept_bytes += last.bytes if last else 0
            self._segments.append(segment)
        return segment, file

    def at(self, position: int) -> Segment | None:
        """Return the first segment that reaches beyond a position, None if none does.

        Raises
        ------
        StoreError
            If what was at this position was released, or cannot have been written yet.
        """
        with self._guard:
            segments = list(self._segments)
        first = segments[0].after if segments else 0
        if position < first:
            raise StoreError(f"{self.path}: what was at {position} was released; the journal begins at {first}")
        most = max(segments[-1].base + segments[-1].capacity, segments[-1].end) if segments else 0
        if position > most:
            raise StoreError(
                f"{self.path}: {position} lies beyond all that was written, {most}; if the folder was replaced, "
                f"begin at {first}"
            )
        return next((segment for segment in segments if segment.end > position), None)

    def release(self, position: int) -> None:
        """Delete the segments that end at or before a position; the last one stays, so that positions go on.

        Raises
        ------
        StoreError
            If one cannot be deleted.
        """
        with self._guard:
            while len(self._segments) > 1 and self._segments[0].end <= position:
                segment = self._segments.pop(0)
                self._kept_bytes -= segment.bytes
                self._lost = _plus(self._lost, segment)
                self._gone.append(segment.path)
            gone, self._gone = self._gone, []
        try:
            with _failures_named(self.path):
                while gone:
                    gone[0].unlink(missing_ok=True)
                    gone.pop(0)
        finally:
            with self._guard:
                self._gone += gone

    @property
    def segments(self) -> list[Segment]:
        """Those that are there, in order."""
        with self._guard:
            return list(self._segments)

    @property
    def end(self) -> int:
        """The position behind the last record, at opening; where an empty segment begins was told to nobody."""
        segments = self.segments
        first = segments[0].after if segments else 0
        return next((segment.end for segment in reversed(segments) if segment.end > segment.base), first)

    @property
    def bytes(self) -> int:
        """What they take on the disk."""
        with self._guard:
            return self._kept_bytes + (self._segments[-1].bytes if self._segments else 0)

    @property
    def damage(self) -> tuple[int, int]:
        """How many stretches were skipped, and their bytes."""
        with self._guard:
            lost = self._lost
            for segment in self._segments:
                lost = _plus(lost, segment)
            return lost


def _plus(lost: tuple[int, int], segment: Segment) -> tuple[int, int]:
    # A copy: readers add to it.
    damage = dict(segment.damage)
    return lost[0] + len(damage), lost[1] + sum(damage.values())


def _locked(path: Path) -> FileLock:
    try:
        return FileLock(path)
    except BlockingIOError as error:
        raise InUseError(
            f"{path.parent} is in use by another process; end that, or name another folder"
        ) from error


@contextmanager
def _failures_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"cannot use the journal {path}: {reason}; mend this or name another folder") from error
