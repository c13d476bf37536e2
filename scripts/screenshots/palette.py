"""Makes pictures of pages small: PNG with at most 256 colours, of which pages have few."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}
_BLOCK = 20_000

Pixels = NDArray[np.uint8]


def shrunk(png: bytes) -> bytes:
    """Return a PNG of 8 bits a channel with the colours that most of its pixels have, others as the nearest."""
    pixels = _pixels(png)
    height, width, _ = pixels.shape
    weights = np.array([1 << 16, 1 << 8, 1])
    colours, at, counts = np.unique(pixels.reshape(-1, 3) @ weights, return_inverse=True, return_counts=True)
    kept = colours[np.sort(np.argsort(-counts, kind="stable")[:256])]
    palette = np.stack([kept >> 16, kept >> 8 & 255, kept & 255], axis=1)
    every = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    nearest = np.concatenate(
        [
            ((every[first : first + _BLOCK, None, :] - palette[None]) ** 2).sum(axis=2).argmin(axis=1)
            for first in range(0, len(every), _BLOCK)
        ]
    )
    rows = nearest[at].astype(np.uint8).reshape(height, width)
    raw = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", palette.astype(np.uint8).tobytes()), (b"IDAT", zlib.compress(raw, 9)))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in (*parts, (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pixels(png: bytes) -> Pixels:
    """Return the pixels of a PNG of 8 bits a channel that is not interlaced, shape (height, width, 3)."""
    assert png.startswith(_SIGNATURE)
    at, data, head = len(_SIGNATURE), b"", b""
    while at < len(png):
        [size] = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        head = body if kind == b"IHDR" else head
        data += body if kind == b"IDAT" else b""
        at += size + 12
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    assert (depth, interlaced) == (8, 0)
    channels = _CHANNELS[colour]
    lines = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + width * channels)
    found = np.zeros((height, width, channels), np.uint8)
    above = np.zeros((width, channels), np.uint8)
    for row, line in enumerate(lines):
        above = found[row] = _unfiltered(int(line[0]), line[1:].reshape(width, channels), above)
    return found[:, :, :3]


def _unfiltered(kind: int, line: Pixels, above: Pixels) -> Pixels:
    if kind == 0:
        return line
    if kind == 1:
        return np.cumsum(line, axis=0, dtype=np.uint8)
    if kind == 2:
        return line + above
    # Each byte needs the one before: numbers of Python are quicker here than arrays of one.
    here, up, step = line.tobytes(), above.tobytes(), line.shape[1]
    made = bytearray(len(here))
    for at, byte in enumerate(here):
        left, corner = (made[at - step], up[at - step]) if at >= step else (0, 0)
        guess = (left + up[at]) // 2 if kind == 3 else _paeth(left, up[at], corner)
        made[at] = (byte + guess) & 255
    return np.frombuffer(bytes(made), np.uint8).reshape(line.shape)


def _paeth(left: int, up: int, corner: int) -> int:
    straight = left + up - corner
    far, high, low = abs(straight - left), abs(straight - up), abs(straight - corner)
    if far <= high and far <= low:
        return left
    return up if high <= low else corner
