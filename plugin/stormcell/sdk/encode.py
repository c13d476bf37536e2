"""Spans and log records of the SDK as export requests of OTLP, the form in which everything else knows them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count, islice
from typing import Any, Final, NamedTuple

from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Status

from stormcell.types import RequestKind

_DEEPEST: Final = 8
_LONGEST: Final = 10_000
_MOST: Final = 1000
_LARGEST: Final = 2**63 - 1
_PLAIN: Final = frozenset((str, int, float, bool, bytes, type(None)))
MOST_BYTES: Final = 4 << 20
"""Of a request: gRPC's servers take no more unless they are told to."""

_ENCODERS: Final[Mapping[RequestKind, Callable[[Any], Any]]] = {
    RequestKind.TRACES: encode_spans,
    RequestKind.LOGS: encode_logs,
}


def encode(kind: RequestKind, items: Sequence[Any]) -> tuple[bytes, int]:
    """Encode items in one request; those that cannot be are left out.

    Parameters
    ----------
    kind : RequestKind
        ``TRACES`` or ``LOGS``.
    items : sequence
        Spans or log records.

    Returns
    -------
    bytes
        Protobuf; empty where none can be encoded.
    int
        How many were left out.
    """
    encoder = _ENCODERS[kind]
    try:
        return _bytes(encoder(items)), 0
    except Exception:  # of what is in one of them
        pieces = [_alone(encoder, item) for item in items]
        # Requests one after the other are the request with all that is in them.
        return b"".join(pieces), pieces.count(b"")


class Piece(NamedTuple):
    """Some of a batch, as a request of its own.

    Attributes
    ----------
    body : bytes
        Protobuf; empty where none can be encoded.
    items : int
        How many are in it.
    broken : int
        How many were left out.
    """

    body: bytes
    items: int
    broken: int


def pieces(kind: RequestKind, items: Sequence[Any], most: int = MOST_BYTES) -> Iterator[Piece]:
    """Encode items in as many requests as it takes for none to be larger than servers take them.

    Of an item that holds more than anybody reads, or is too large alone, texts and what holds them are cut.
    """
    yield from _pieces(kind, [_cut(item) if _is_vast(item) else item for item in items], most)


def _pieces(kind: RequestKind, items: Sequence[Any], most: int) -> Iterator[Piece]:
    if len(items) > 1 and _letters(kind, items) > most:
        yield from _halves(kind, items, most)
        return
    body, broken = encode(kind, items)
    if len(body) <= most:
        yield Piece(body, len(items) - broken, broken)
    elif len(items) > 1:
        yield from _halves(kind, items, most)
    else:
        body, broken = encode(kind, [_cut(items[0])])
        kept = 0 < len(body) <= most
        yield Piece(body if kept else b"", int(kept), int(not kept))


def _halves(kind: RequestKind, items: Sequence[Any], most: int) -> Iterator[Piece]:
    middle = len(items) // 2
    yield from _pieces(kind, items[:middle], most)
    yield from _pieces(kind, items[middle:], most)


def _letters(kind: RequestKind, items: Sequence[Any]) -> int:
    """Return about how much text there is at least: what is too large is better not even encoded."""
    if kind is RequestKind.TRACES:
        return 0
    bodies = [item.log_record.body for item in items]
    return sum(len(body) for body in bodies if isinstance(body, str))


def _is_vast(item: Any) -> bool:
    """Return whether there are more values in an item than anybody reads: encoding them would take minutes."""
    try:
        span = isinstance(item, ReadableSpan)
        attributes = item.attributes if span else item.log_record.attributes
        counted, values = 0, list((attributes or {}).values())
        if not span:
            values.append(item.log_record.body)
        while values:
            value = values.pop()
            if type(value) in _PLAIN:
                continue
            if isinstance(value, Mapping | list | tuple):
                counted += len(value)
                if counted > _MOST:
                    return True
                values += value.values() if isinstance(value, Mapping) else value
    except Exception:  # it changes meanwhile
        return True
    return False


def _alone(encoder: Callable[[Any], Any], item: Any) -> bytes:
    for found in (item, _cut(item)):
        with suppress(Exception):  # a service may put anything into anything
            return _bytes(encoder([found]))
    return b""


def _cut(item: Any) -> Any:
    try:
        return _plain(item)
    except Exception:
        return item


def _bytes(message: Any) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def _plain(item: Any) -> Any:
    """Return an item of what OTLP knows, texts that can be encoded, and no more of either than anybody reads."""
    if isinstance(item, ReadableSpan):
        return ReadableSpan(
            name=_text(item.name),
            context=item.context,
            parent=item.parent,
            resource=item.resource,
            attributes=_held(item.attributes),
            events=[Event(_text(one.name), _held(one.attributes), one.timestamp) for one in item.events[:_MOST]],
            links=item.links[:_MOST],
            kind=item.kind,
            status=Status(item.status.status_code, _said(item.status.description)),
            start_time=item.start_time,
            end_time=item.end_time,
            instrumentation_scope=item.instrumentation_scope,
        )
    record = copy.copy(item.log_record)
    record.body = _value(record.body, count(1))
    record.attributes = _held(record.attributes)
    record.severity_text = _said(record.severity_text)
    record.event_name = _said(record.event_name)
    return ReadableLogRecord(record, item.resource, item.instrumentation_scope)


def _held(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    counted = count(1)
    return {_text(key): _value(value, counted) for key, value in islice((attributes or {}).items(), _MOST)}


def _value(value: Any, counted: Iterator[int], depth: int = 0) -> Any:
    if next(counted) > _MOST:
        return None
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, bytes):
        return value[:_LONGEST]
    if isinstance(value, int) and abs(value) <= _LARGEST:
        return value
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {_text(key): _value(held, counted, depth + 1) for key, held in islice(value.items(), _MOST)}
    if depth < _DEEPEST and isinstance(value, (list, tuple)):
        return [_value(held, counted, depth + 1) for held in value[:_MOST]]
    return _text(value)


def _said(text: Any) -> str | None:
    return None if text is None else _text(text)


def _text(value: Any) -> str:
    """Return the text of anything, without what UTF-8 has no bytes for."""
    try:
        said = str(value)
    except Exception:  # whose text nobody can have
        said = f"<{type(value).__name__}>"
    return said[:_LONGEST].encode("utf-8", "replace").decode()
