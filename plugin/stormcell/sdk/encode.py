"""Spans and log records of the SDK as export requests of OTLP, the form in which everything else knows them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.trace import Event, ReadableSpan

from stormcell.types import RequestKind

_DEEPEST: Final = 8
_LONGEST: Final = 10_000
_LARGEST: Final = 2**63 - 1
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


def _alone(encoder: Callable[[Any], Any], item: Any) -> bytes:
    try:
        return _bytes(encoder([item]))
    except Exception:
        try:
            return _bytes(encoder([_plain(item)]))
        except Exception:  # a service may put anything into anything
            return b""


def _bytes(message: Any) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def _plain(item: Any) -> Any:
    """Return an item whose texts can be encoded, and a body of what OTLP knows."""
    if isinstance(item, ReadableSpan):
        return ReadableSpan(
            name=_text(item.name),
            context=item.context,
            parent=item.parent,
            resource=item.resource,
            attributes=item.attributes,
            events=[Event(_text(event.name), event.attributes, event.timestamp) for event in item.events],
            links=item.links,
            kind=item.kind,
            status=item.status,
            start_time=item.start_time,
            end_time=item.end_time,
            instrumentation_scope=item.instrumentation_scope,
        )
    record = copy.copy(item.log_record)
    record.body = _value(record.body)
    record.severity_text = None if record.severity_text is None else _text(record.severity_text)
    record.event_name = None if record.event_name is None else _text(record.event_name)
    return ReadableLogRecord(record, item.resource, item.instrumentation_scope)


def _value(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, (bool, float, bytes)):
        return value
    if isinstance(value, int) and abs(value) <= _LARGEST:
        return value
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {_text(key): _value(held, depth + 1) for key, held in value.items()}
    if depth < _DEEPEST and isinstance(value, (list, tuple)):
        return [_value(held, depth + 1) for held in value]
    return _text(value)


def _text(value: Any) -> str:
    """Return the text of anything, without what UTF-8 has no bytes for."""
    return str(value)[:_LONGEST].encode("utf-8", "replace").decode()
