"""Records of OTLP as protobuf at a glance: read as far as rows need them, straight from their bytes.

Most attributes are never looked at, and each costs as much as all the rest. Whatever is not as nearly all records
are (no uid, a body that is no text, lists and maps) is left to the reading of whole events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stormcell.decode.events import LATEST, STATUSES, log_severity, span_severity
from stormcell.decode.proto_schema import LogRecordParts, SpanParts
from stormcell.semconv import LOG_RECORD_UID, links
from stormcell.types import Packed, Record, Signal

if TYPE_CHECKING:
    from stormcell.decode.otlp_proto import Sender

_NO_TRACE: Final = bytes(16)
_NO_SPAN: Final = bytes(8)
_LOG: Final = Signal.LOG
_SPAN: Final = Signal.SPAN
_CACHED_NAMES: Final = 10_000
# The first byte of a field is its number and wire type.
_KEY: Final = 0x0A
_VALUE: Final = 0x12
_STRING: Final = 0x0A
_SIMPLE: Final = frozenset((_STRING, 0x10, 0x18, 0x21, 0x3A))
"""Of values: text, truth, whole number, number, bytes."""
_LONG: Final = 0x80
"""Lengths from here on take more than one byte."""


# What an attribute is for.
_NOT_LINKING: Final = 0
_UID: Final = 1
_LINKING: Final = 2
_UNKNOWN: Final = 3


class _Names(dict[bytes, int]):
    """What an attribute is for, by the bytes of its key."""

    def __missing__(self, key: bytes) -> int:
        if len(self) >= _CACHED_NAMES:
            self.clear()
        found = self[key] = _use(key)
        return found


def _use(key: bytes) -> int:
    if key[0] != _KEY or key[1] >= _LONG or len(key) != key[1] + 2:
        return _UNKNOWN
    name = key[2:].decode("utf-8", "replace")
    return _UID if name == LOG_RECORD_UID else _LINKING if links(name) else _NOT_LINKING


_names = _Names()
_NOTHING: Final[dict[str, str]] = {}


def log(data: bytes, sender: Sender) -> Record | None:
    """Return a log record; None where it has to be read whole."""
    record = LogRecordParts.FromString(data)
    time = record.time_unix_nano or record.observed_time_unix_nano
    text = _text(record.body)
    found = _attributes(record.attributes)
    if not text or found is None or not found[0] or not 0 < time <= LATEST:
        return None
    severity = record.severity_number
    if not 1 <= severity <= 24:
        severity = log_severity(severity, record.severity_text.decode("utf-8", "replace"))
    return Record(
        found[0], _LOG, time, sender.service, severity, text, 0, _trace(record.trace_id), "", "",
        sender.resource, found[1], Packed(sender, data),
    )  # fmt: skip


def span(data: bytes, sender: Sender) -> Record | None:
    """Return a span; None where it has to be read whole."""
    record = SpanParts.FromString(data)
    time, end, span_id = record.start_time_unix_nano, record.end_time_unix_nano, _span(record.span_id)
    found = _attributes(record.attributes)
    if found is None or not span_id or not 0 < time <= LATEST or end > LATEST:
        return None
    code = record.status.code
    status = STATUSES[code] if 0 <= code < len(STATUSES) else STATUSES[0]
    return Record(
        span_id, _SPAN, time, sender.service, span_severity(status), record.name.decode("utf-8", "replace"),
        max(end - time, 0), _trace(record.trace_id), span_id, _span(record.parent_span_id),
        sender.resource, found[1], Packed(sender, data),
    )  # fmt: skip


def _trace(value: bytes) -> str:
    return value.hex() if len(value) == 16 and value != _NO_TRACE else ""


def _span(value: bytes) -> str:
    return value.hex() if len(value) == 8 and value != _NO_SPAN else ""


def _attributes(pairs: Any) -> tuple[str, dict[str, str]] | None:
    """Return the uid and what may link; None where an attribute is not as nearly all are."""
    uid, linking = "", _NOTHING
    try:
        for pair in pairs:
            at = pair[1] + 2
            use = _names[pair[:at]]
            size = pair[at + 1]
            start = at + 2
            if size >= _LONG:
                size = size - _LONG + (pair[start] << 7)
                start += 1
            if pair[start] not in _SIMPLE or pair[at] != _VALUE or start + size != len(pair):
                return None
            if use:
                text = _text(pair[start:])
                if text is None or use == _UNKNOWN:
                    return None
                if use == _UID:
                    uid = text
                else:
                    linking = {**linking, pair[2:at].decode("utf-8", "replace"): text}
    except IndexError:  # no value, or one of no kind
        return None
    return uid, linking


def _text(value: bytes) -> str | None:
    """Return the text of a value; None where it is none."""
    if value[:1] != b"\n":
        return None
    size = value[1]
    if size < _LONG:
        return value[2:].decode("utf-8", "replace") if len(value) == size + 2 else None
    if value[2] < _LONG and len(value) == size - _LONG + (value[2] << 7) + 3:
        return value[3:].decode("utf-8", "replace")
    return None
