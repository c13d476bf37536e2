"""One file of the journal: a header, and records."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from zlib import crc32

from stormcell.errors import StoreError
from stormcell.journal.record import MARK_BYTES, Entry
from stormcell.journal.scan import entries

_MAGIC = b"STORMCEL"
_VERSION = 1
_HEADER = struct.Struct("<8sI4sQQQQ")  # magic, version, mark, base, after, capacity, created
_SUM = struct.Struct("<I")
HEADER_BYTES = _HEADER.size + _SUM.size
_NAME = re.compile(r"(\d{20})\.journal")
UNFINISHED = ".unfinished"
"""Ends the names of files that were never a segment."""

sync = getattr(os, "fdatasync", os.fsync)


@dataclass(slots=True)
class Segment:
    """One file of the journal.

    Attributes
    ----------
    path : Path
    base : int
        The position of its first record. What is between ``after`` and here was never given to anyone.
    after : int
        Where the segment before it ended when this one was begun.
    capacity : int
        Its records never reach further than ``base + capacity``.
    created : int
        Wall clock, ns; 0 if its header is damaged.
    mark : bytes
        What each of its records begins with.
    end : int
        The position behind its last record.
    damage : dict of int to int
        Bytes that were skipped, by position.
    """

    path: Path
    base: int
    after: int
    capacity: int
    created: int
    mark: bytes
    end: int
    damage: dict[int, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """What it takes on the disk."""
        return HEADER_BYTES + self.end - self.base

    @property
    def shift(self) -> int:
        """What to add to a position for its offset in the file."""
        return HEADER_BYTES - self.base

    def read(self, start: int, stop: int) -> Iterator[Entry]:
        """Yield its whole records between two positions; what had to be skipped is added to ``damage``.

        Raises
        ------
        OSError
            If the file cannot be opened.
        """
        file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            start, stop = max(start, self.base), min(stop, self.end)
            yield from entries(file, self.shift, start, stop, self.mark, self.damage.__setitem__)
        finally:
            os.close(file)

    def cut_torn(self) -> int:
        """Cut what stands behind the last whole record off, and return how many bytes that was.

        Raises
        ------
        OSError
            If it cannot be read or cut.
        """
        whole = self.base
        for entry in self.read(self.base, self.end):
            whole = entry.end
        torn = self.end - whole
        if torn:
            os.truncate(self.path, whole + self.shift)
            self.damage = {at: size for at, size in self.damage.items() if at < whole}
            self.end = whole
        return torn


def create(folder: Path, base: int, after: int, capacity: int, created: int) -> tuple[Segment, int]:
    """Create an empty segment, and return it with its file, open for writing.

    It is there with its header or not at all, and no loss of power undoes that: it is what keeps positions from
    being given again.

    Raises
    ------
    OSError
        If it cannot be; nothing is left of it.
    """
    path = folder / f"{base:020d}.journal"
    unfinished = path.with_suffix(UNFINISHED)
    mark = os.urandom(MARK_BYTES)
    header = _HEADER.pack(_MAGIC, _VERSION, mark, base, after, capacity, created)
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        write(file, (header, _SUM.pack(crc32(header))), 0)
        sync(file)
        unfinished.rename(path)
        sync_folder(folder)
    except OSError:
        os.close(file)
        unfinished.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
    return Segment(path, base, after, capacity, created, mark, base), file


def write(file: int, parts: tuple[bytes, bytes], offset: int) -> None:
    """Write two pieces of bytes, one behind the other, in full.

    Raises
    ------
    OSError
        If not all was written.
    """
    total = len(parts[0]) + len(parts[1])
    done = os.pwritev(file, parts, offset)
    if done < total:  # the disk is nearly full, or a signal came
        rest = memoryview(b"".join(parts))
        while done < total:
            done += os.pwrite(file, rest[done:], offset + done)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def load(folder: Path, capacity: int) -> list[Segment]:
    """Return the segments in a folder in order, as far as their headers and sizes tell.

    Parameters
    ----------
    folder : Path
    capacity : int
        Of segments whose header is damaged.

    Raises
    ------
    OSError
        If one cannot be read.
    StoreError
        If one is of a newer version than this code knows.
    """
    found = sorted((int(match[1]), path) for path in folder.iterdir() if (match := _NAME.fullmatch(path.name)))
    segments = [_load(path, base, capacity) for base, path in found]
    for segment, following in pairwise(segments):
        segment.end = min(segment.end, following.base)
    return segments


def _load(path: Path, base: int, capacity: int) -> Segment:
    with path.open("rb") as file:
        data = file.read(HEADER_BYTES + MARK_BYTES)
        size = os.fstat(file.fileno()).st_size
    end = base + max(size - HEADER_BYTES, 0)
    if len(data) >= HEADER_BYTES and _SUM.unpack_from(data, _HEADER.size)[0] == crc32(data[: _HEADER.size]):
        magic, version, mark, named, after, capacity, created = _HEADER.unpack_from(data)
        if magic == _MAGIC and version > _VERSION:
            raise StoreError(f"{path} is of version {version}, this program knows {_VERSION}; use a newer one")
        if magic == _MAGIC and named == base:
            return Segment(path, base, after, capacity, created, mark, end)
    # The records have checksums of their own, and the first begins with the mark.
    damage = {base - HEADER_BYTES: HEADER_BYTES}
    return Segment(path, base, base, max(capacity, end - base), 0, data[HEADER_BYTES:], end, damage)
