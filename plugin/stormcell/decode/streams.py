"""Bytes off the disk, decompressed and cut into lines, never more than a piece or a line in memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from stormcell.decode.report import BrokenFileError
from stormcell.decode.sources import reason

READ = 1 << 17
"""Bytes read at a time."""

PIECE = 1 << 18
"""Bytes decompressed at a time."""

LIMIT = 64 << 20
"""Longest line, document or message, in bytes; longer ones are skipped unheld."""

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"

# Bytes of zstd decompressed at a time: hostile ones, run-length blocks, can grow to 16 MiB at once.
_ZSTD_FEED = 512


def pieces(file: BinaryIO, tick: Callable[[int], None]) -> Iterator[bytes]:
    """Read a file, decompressing gzip (of many members too) and zstd, recognised by their first bytes.

    Parameters
    ----------
    file : BinaryIO
    tick : callable
        Told the number of bytes of each read, before decompression.

    Raises
    ------
    BrokenFileError
        Where reading fails or compressed data are cut or damaged, after what came before.
    """
    raw = _raw(file, tick)
    first = next(raw, b"")
    raw = chain((first,), raw)
    if first.startswith(GZIP):
        return gunzip(raw)
    if first.startswith(ZSTD):
        return unzstd(raw)
    return raw


def _raw(file: BinaryIO, tick: Callable[[int], None]) -> Iterator[bytes]:
    while True:
        try:
            data = file.read(READ)
        except OSError as error:
            raise BrokenFileError(f"cannot be read: {reason(error)}") from error
        if not data:
            return
        tick(len(data))
        yield data


def gunzip(raw: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress gzip data of one or more members, a piece at a time.

    Raises
    ------
    BrokenFileError
        Where the data are cut or damaged, after what came before.
    """
    decoder = None
    for data in raw:
        rest = data
        while rest:
            if decoder is None:
                rest = rest.lstrip(b"\0")  # tape-style padding between or after members
                if not rest:
                    break
                decoder = zlib.decompressobj(wbits=31)
            try:
                piece = decoder.decompress(rest, PIECE)
            except zlib.error as error:
                raise BrokenFileError(f"expected gzip data, found damage ({error})") from error
            if piece:
                yield piece
            if decoder.eof:
                rest, decoder = decoder.unused_data, None
            else:
                rest = decoder.unconsumed_tail
    if decoder is not None:
        raise BrokenFileError("expected more gzip data, found the end: the file is cut")


def unzstd(raw: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress zstd data of one or more frames.

    Raises
    ------
    BrokenFileError
        Where the data are cut or damaged, after what came before.
    """
    import zstandard  # only when such a file is met

    decompressor = zstandard.ZstdDecompressor()
    decoder = None
    for data in raw:
        for start in range(0, len(data), _ZSTD_FEED):
            rest = data[start : start + _ZSTD_FEED]
            while rest:
                decoder = decoder or decompressor.decompressobj()
                try:
                    piece = decoder.decompress(rest)
                except zstandard.ZstdError as error:
                    raise BrokenFileError(f"expected zstd data, found damage ({error})") from error
                if piece:
                    yield piece
                rest = b""
                if decoder.eof:
                    rest, decoder = decoder.unused_data, None
    if decoder is not None:
        raise BrokenFileError("expected more zstd data, found the end: the file is cut")


def lines(data: Iterable[bytes], limit: int = LIMIT) -> Iterator[tuple[int, bytes | None]]:
    """Cut into lines, numbered from 1; None stands for a line over the limit.

    Raises
    ------
    BrokenFileError
        From below, with the number of the line that was being read; its part so far is dropped.
    """
    number, size = 1, 0
    held: list[bytes] = []
    try:
        for piece in data:
            *whole, rest = piece.split(b"\n")
            for end in whole:
                if size + len(end) > limit:
                    yield number, None
                else:
                    held.append(end)
                    yield number, held[0] if len(held) == 1 else b"".join(held)
                number, size = number + 1, 0
                held.clear()
            size += len(rest)
            if size > limit:
                held.clear()
            elif rest:
                held.append(rest)
    except BrokenFileError as error:
        error.line = number
        raise
    if size:
        yield number, None if size > limit else b"".join(held)


class Messages:
    """Length-prefixed messages: before each its size, 4 bytes, big-endian.

    The Collector's file exporter writes protobuf this way, and everything that it compresses.
    """

    def __init__(self, data: Iterable[bytes], limit: int = LIMIT) -> None:
        self._data = iter(data)
        self._limit = limit
        self._piece = b""
        self._at = 0

    def __iter__(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield the messages, numbered from 1; None stands for one over the limit.

        Raises
        ------
        BrokenFileError
            At a message that is cut or a size that cannot be one.
        """
        number = 0
        try:
            while self._more():
                number += 1
                size = int.from_bytes(self._take(4), "big")
                if not size:
                    raise BrokenFileError("expected the size of a message, found 0")
                hold = size <= self._limit
                message = self._take(size, hold=hold)
                yield number, message if hold else None
        except BrokenFileError as error:
            error.line = max(number, 1)
            raise

    def _more(self) -> bool:
        """Whether bytes are left, after fetching some where need be."""
        while self._at >= len(self._piece):
            piece = next(self._data, None)
            if piece is None:
                return False
            self._piece, self._at = piece, 0
        return True

    def _take(self, size: int, *, hold: bool = True) -> bytes:
        """Take so many bytes off the stream; b"" where they are only to be passed over."""
        held: list[bytes] = []
        taken = 0
        while taken < size:
            if not self._more():
                raise BrokenFileError(f"expected {size} bytes, found {taken}: the file is cut")
            end = min(len(self._piece), self._at + size - taken)
            if hold:
                held.append(self._piece[self._at : end])
            taken += end - self._at
            self._at = end
        return b"".join(held)
