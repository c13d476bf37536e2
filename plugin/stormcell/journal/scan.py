"""Reads the records of one segment, and finds those behind damage."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from stormcell.journal.record import HEAD_BYTES, MARK_BYTES, Entry, is_whole, request_at, size_at

_CHUNK = 1 << 20  # bytes read at once: few calls, and little held
_TRIES = 1000  # marks looked at behind damage: more do not come about


class Window:
    """A part of a segment that is held in memory, moved on as it is asked for more.

    Attributes
    ----------
    data : bytes
        What is held.
    mark : bytes
        What begins a record.
    """

    def __init__(self, file: int, shift: int, stop: int, mark: bytes) -> None:
        self.data = b""
        self.mark = mark
        self._file = file
        self._shift = shift  # from positions to offsets in the file
        self._stop = stop
        self._start = 0

    def place(self, position: int, size: int) -> int | None:
        """Return where in ``data`` the ``size`` bytes from a position on are; None if there are not so many."""
        if position + size > self._stop:
            return None
        at = position - self._start
        if not 0 <= at <= len(self.data) - size:
            wanted = min(max(size, _CHUNK), self._stop - position)
            self.data, self._start, at = b"", position, 0  # the old chunk goes before the new one comes
            self.data = os.pread(self._file, wanted, position + self._shift)
            if len(self.data) < size:  # the file is shorter than was thought
                return None
        return at


def entries(
    file: int, shift: int, start: int, stop: int, mark: bytes, damaged: Callable[[int, int], None]
) -> Iterator[Entry]:
    """Yield the whole records of a segment from one position to another.

    Parameters
    ----------
    file : int
        An open file, which stays open.
    shift : int
        What to add to a position for its offset in the file.
    start, stop : int
        Positions; at ``start`` a record begins.
    mark : bytes
        What begins a record.
    damaged : callable
        Told the position and the number of bytes of what had to be skipped.
    """
    window = Window(file, shift, stop, mark)
    position = start
    while position < stop:
        try:
            size = _whole(window, position)
            found = position + size if size else _next(window, position, stop)
        except OSError:  # of a disk that fails
            size, found = 0, stop
        if size:
            at = window.place(position, size)
            assert at is not None  # it was read just now
            yield Entry(position, found, request_at(window.data, at, size))
        else:
            damaged(position, found - position)
        position = found


def _claimed(window: Window, position: int) -> int:
    """Return how many bytes a record at a position claims to have; 0 if they cannot be right."""
    at = window.place(position, HEAD_BYTES)
    size = None if at is None else size_at(window.data, at, window.mark)
    return size if size is not None and window.place(position, size) is not None else 0


def _whole(window: Window, position: int) -> int:
    """Return how many bytes a whole record at a position has; 0 if there is none."""
    size = _claimed(window, position)
    at = window.place(position, size) if size else None
    return size if at is not None and is_whole(window.data, at, size) else 0


def _next(window: Window, position: int, stop: int) -> int:
    """Return where the records go on behind a damaged one; ``stop`` if nowhere."""
    size = _claimed(window, position)
    # Most likely only the body is damaged; and what a body looks like inside is up to whoever sent it.
    if size and (position + size == stop or _whole(window, position + size)):
        return position + size
    position += 1
    for _ in range(_TRIES):
        found = _mark(window, position, stop)
        if found is None or _whole(window, found):
            return stop if found is None else found
        position = found + 1
    return stop


def _mark(window: Window, position: int, stop: int) -> int | None:
    while position + HEAD_BYTES <= stop:
        at = window.place(position, HEAD_BYTES)
        if at is None:
            return None
        found = window.data.find(window.mark, at)
        if found >= 0:
            return position + found - at
        position += len(window.data) - at - MARK_BYTES + 1  # the mark may lie across the chunks
    return None
