"""How a request is written in a segment: a mark, a checksum of all that follows, and what came."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from zlib import crc32

from stormcell.types import Request, RequestKind

MARK_BYTES = 4
"""Each record begins with the mark of its segment, drawn by chance: nobody can send a body that holds records."""

_FIXED = struct.Struct("<IBQ")  # length of the body, kind, received
_HEAD = struct.Struct("<4xIIBQ")  # behind the mark: the checksum, and those
_CHECKED = MARK_BYTES + 4  # where begins what the checksum is of
HEAD_BYTES = _HEAD.size
MOST_BYTES = 2**32 - 1
"""In one body."""

_CODES = {
    RequestKind.LOGS: 1,
    RequestKind.TRACES: 2,
    RequestKind.LOGS_JSON: 3,
    RequestKind.TRACES_JSON: 4,
    RequestKind.ALERTMANAGER: 5,
    RequestKind.GRAFANA: 6,
    RequestKind.KIBANA: 7,
    RequestKind.GENERIC: 8,
}
"""Written: never to be given another meaning."""

_KINDS = {code: kind for kind, code in _CODES.items()}


@dataclass(frozen=True, slots=True)
class Entry:
    """A request in the journal.

    Attributes
    ----------
    start, end : int
        Its positions: the next request begins at ``end`` or later.
    request : Request
    """

    start: int
    end: int
    request: Request


def head_of(request: Request) -> bytes:
    """Return what stands between the mark and the body of a request."""
    fixed = _FIXED.pack(len(request.body), _CODES[request.kind], request.received)
    return crc32(request.body, crc32(fixed)).to_bytes(4, "little") + fixed


def size_at(data: bytes, at: int, mark: bytes) -> int | None:
    """Return how many bytes the record at ``at``, where a head fits, claims to have; None if none is there."""
    return HEAD_BYTES + int(_HEAD.unpack_from(data, at)[1]) if data.startswith(mark, at) else None


def is_whole(data: bytes, at: int, size: int) -> bool:
    """Return whether the record of ``size`` bytes at ``at``, all of which are there, is as it was written."""
    checksum, _, code, _ = _HEAD.unpack_from(data, at)
    return crc32(memoryview(data)[at + _CHECKED : at + size]) == checksum and code in _KINDS


def request_at(data: bytes, at: int, size: int) -> Request:
    """Return the request of a whole record."""
    _, _, code, received = _HEAD.unpack_from(data, at)
    return Request(_KINDS[code], data[at + HEAD_BYTES : at + size], received)
