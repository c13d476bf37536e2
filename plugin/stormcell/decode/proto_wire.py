"""Which signal a protobuf export request carries, told from its bytes.

Requests for logs, traces and metrics have the same outer shape, field 1 (resource) holding field 2 (scope)
holding field 2 (records); only the records' fields differ, by number and wire type.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Kind(StrEnum):
    """What an export request carries."""

    LOGS = "logs"
    TRACES = "traces"
    METRICS = "metrics"


_WIRE = {
    Kind.LOGS: {1: _FIXED64, 2: _VARINT, 3: _BYTES, 5: _BYTES, 6: _BYTES, 7: _VARINT}
    | {8: _FIXED32, 9: _BYTES, 10: _BYTES, 11: _FIXED64, 12: _BYTES},
    Kind.TRACES: dict.fromkeys((1, 2, 3, 4, 5, 9, 11, 13, 15), _BYTES)
    | {6: _VARINT, 7: _FIXED64, 8: _FIXED64, 10: _VARINT, 12: _VARINT, 14: _VARINT, 16: _FIXED32},
    Kind.METRICS: dict.fromkeys((1, 2, 3, 5, 7, 9, 10, 11, 12), _BYTES),
}

# What a field, by its number and wire type as they stand before it, counts for each kind.
_COUNTS = {
    number << 3 | wire: tuple(int(schema.get(number) == wire) for schema in _WIRE.values())
    for number in range(1, 17)
    for wire in (_VARINT, _FIXED64, _BYTES, _FIXED32)
}
_NOTHING = (0,) * len(_WIRE)

_TRACE_ID = 16

# Records looked at: one is nearly always enough. Fields looked at in any one message: empty ones by the
# million must not keep the reading busy.
_RECORDS = 16
_FIELDS = 256


class NotProtobufError(ValueError):
    """The bytes are no protobuf message."""


def kind_of(request: bytes) -> Kind:
    """Tell what a request carries; one without any record counts as logs.

    Raises
    ------
    NotProtobufError
        If the bytes are no export request.
    """
    view = memoryview(request)
    logs = traces = metrics = 0
    for record in islice(_records(view), _RECORDS):
        for number, wire, body in islice(_fields(record), _FIELDS):
            counts = _COUNTS.get(number << 3 | wire, _NOTHING)
            logs, traces, metrics = logs + counts[0], traces + counts[1], metrics + counts[2]
            if number == 1 and wire == _BYTES:
                # A name of a metric may stand where a span has its trace id, which is of one length.
                if len(body) == _TRACE_ID:
                    traces += 1
                else:
                    metrics += 1
    scores = {Kind.LOGS: logs, Kind.TRACES: traces, Kind.METRICS: metrics}
    return max(scores, key=scores.__getitem__)


def _records(request: memoryview) -> Iterator[memoryview]:
    for resource in _parts(request, 1):
        for scope in _parts(resource, 2):
            yield from _parts(scope, 2)


def _parts(message: memoryview, wanted: int) -> Iterator[memoryview]:
    for number, wire, body in islice(_fields(message), _FIELDS):
        if number == wanted:
            if wire != _BYTES:
                raise NotProtobufError
            yield body


def _fields(message: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        start = at
        if wire == _VARINT:
            _, end = _varint(message, at)
        elif wire == _FIXED64:
            end = at + 8
        elif wire == _FIXED32:
            end = at + 4
        elif wire == _BYTES:
            size, start = _varint(message, at)
            end = start + size
        else:
            raise NotProtobufError
        if not number or end > len(message):
            raise NotProtobufError
        yield number, wire, message[start:end]
        at = end


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise NotProtobufError
