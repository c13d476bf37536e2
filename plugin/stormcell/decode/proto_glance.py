"""Records of OTLP as protobuf at a glance: read as far as rows need them, straight from their bytes.

Most attributes are never looked at, and each costs as much as all the rest. Whatever is not as nearly all records
are (a body that is no text, lists and maps, text that is not UTF-8) is left to the reading of whole events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stormcell.decode.events import LATEST, STATUSES, log_severity, span_severity
from stormcell.decode.identity import log_uid
from stormcell.decode.proto_pairs import name_of, number_of, plan_of, text_of
from stormcell.decode.proto_schema import LogRecordParts, SpanParts
from stormcell.types import Packed, Record, Signal

if TYPE_CHECKING:
    from stormcell.decode.otlp_proto import Sender

_NO_TRACE: Final = bytes(16)
_NO_SPAN: Final = bytes(8)
_LOG: Final = Signal.LOG
_SPAN: Final = Signal.SPAN
_LONG: Final = 0x80
"""Lengths from here on take more than one byte."""
_NOTHING: Final[dict[str, str]] = {}
# Half the time of what a NamedTuple makes for itself.
_new = tuple.__new__
_parse_log, _parse_span = LogRecordParts.FromString, SpanParts.FromString


def log(data: bytes, sender: Sender) -> Record | None:
    """Return a log record; None where it has to be read whole."""
    record = _parse_log(data)
    time = record.time_unix_nano or record.observed_time_unix_nano
    body = record.body
    pairs = record.attributes[:]
    plan = plan_of(tuple(map(number_of, pairs)))
    text = _text(body)
    if plan is None or not text or not 0 < time <= LATEST:
        return None
    severity = record.severity_number
    if not 1 <= severity <= 24:
        severity = log_severity(severity, record.severity_text.decode("utf-8", "replace"))
    trace = record.trace_id
    if trace and (len(trace) != 16 or trace == _NO_TRACE):
        trace = b""
    order, at, linking = plan
    if at >= 0:
        uid = text_of(pairs[at])
        if not uid:
            return None
    else:
        span = record.span_id
        if span and (len(span) != 8 or span == _NO_SPAN):
            span = b""
        if record.event_name:
            return None  # few have one
        ascending = pairs if order is None else [pairs[place] for place in order]
        uid = log_uid(sender.identity, time, severity, trace, span, b"", body, ascending)
    attributes = {name_of(pairs[place]): text_of(pairs[place]) for place in linking} if linking else _NOTHING
    return _new(Record, (
        uid, _LOG, time, sender.service, severity, text, 0, trace.hex(), "", "",
        sender.resource, attributes, _new(Packed, (sender, data)),
    ))  # fmt: skip


def span(data: bytes, sender: Sender) -> Record | None:
    """Return a span; None where it has to be read whole."""
    record = _parse_span(data)
    time, end, span_id = record.start_time_unix_nano, record.end_time_unix_nano, _span(record.span_id)
    pairs = record.attributes[:]
    plan = plan_of(tuple(map(number_of, pairs)))
    if plan is None or not span_id or not 0 < time <= LATEST or end > LATEST:
        return None
    code = record.status.code
    status = STATUSES[code] if 0 <= code < len(STATUSES) else STATUSES[0]
    attributes = {name_of(pairs[place]): text_of(pairs[place]) for place in plan.linking} or _NOTHING
    return Record(
        span_id, _SPAN, time, sender.service, span_severity(status), record.name.decode("utf-8", "replace"),
        max(end - time, 0), _trace(record.trace_id), span_id, _span(record.parent_span_id),
        sender.resource, attributes, Packed(sender, data),
    )  # fmt: skip


def _trace(value: bytes) -> str:
    return value.hex() if len(value) == 16 and value != _NO_TRACE else ""


def _span(value: bytes) -> str:
    return value.hex() if len(value) == 8 and value != _NO_SPAN else ""


def _text(value: bytes) -> str:
    """Return the text of a value that is written as ``identity.value_bytes`` writes it; "" where it is not."""
    if value[:1] != b"\n":
        return ""
    size, start = value[1], 2
    if size >= _LONG:  # in two bytes
        more = value[2]
        if not 0 < more < _LONG:
            return ""
        size, start = size - _LONG + (more << 7), 3
    if len(value) != start + size:
        return ""
    try:
        return value[start:].decode()
    except UnicodeDecodeError:
        return ""
