"""What every format agrees on: identity, severity and text of an event."""

from __future__ import annotations

import base64
import json
import math
import re
from functools import lru_cache
from hashlib import blake2b

from stormcell.decode.identity import log_uid, pairs, text_bytes, value_bytes
from stormcell.semconv import LOG_RECORD_UID, SERVICE_NAME
from stormcell.types import ERROR_SEVERITY, Attributes, Event, Signal, Value

LATEST = 2**63 - 1
"""The last nanosecond that fits 64 bits: 2262-04-11."""

DEEPEST = 32
"""Lists and maps inside each other that are kept."""

TOO_DEEP = f"(nested deeper than {DEEPEST})"

INFO = 9

_RANGES = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}

SEVERITIES = {
    **{f"{name}{i}" if i > 1 else name: base + i - 1 for name, base in _RANGES.items() for i in range(1, 5)},
    **dict.fromkeys(("VERBOSE", "FINEST", "FINER"), 1),
    **dict.fromkeys(("DBG", "FINE"), 5),
    **dict.fromkeys(("INFORMATION", "INFORMATIONAL"), 9),
    "NOTICE": 10,
    "WARNING": 13,
    **dict.fromkeys(("ERR", "SEVERE"), 17),
    **dict.fromkeys(("CRITICAL", "CRIT", "ALERT", "EMERGENCY", "EMERG", "PANIC"), 21),
}
"""OpenTelemetry severity numbers by the names that loggers use, upper-case."""

STATUSES = ("unset", "ok", "error")
"""Span statuses by their OTLP code."""

_ID = {32: re.compile(r"[0-9a-fA-F]{32}"), 16: re.compile(r"[0-9a-fA-F]{16}")}
_NO_ID = {32: "0" * 32, 16: "0" * 16}


def hex_id(value: object, length: int) -> str:
    """Return a trace (32) or span (16) id in lower case; "" for what is none."""
    return _hex_id(value, length) if isinstance(value, str) and len(value) == length else ""


@lru_cache(1024)
def _hex_id(value: str, length: int) -> str:
    """Return it as one object for all events of a trace, which mostly come soon after each other."""
    return "" if _ID[length].fullmatch(value) is None or value == _NO_ID[length] else value.lower()


def number(value: float) -> float | str:
    """Return a finite number as it is, and the others by the names that OTLP/JSON gives them."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def base64_text(value: bytes) -> str:
    """Return bytes as base64, as OTLP/JSON does."""
    return base64.b64encode(value).decode("ascii")


def compact(value: Value) -> str:
    """Write a value as JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def stable_hash(*parts: object) -> str:
    """Hash JSON values to 16 hexadecimal characters, alike on every machine."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode("ascii"), digest_size=8).hexdigest()


def service_of(resource: Attributes) -> str:
    """Return the service that a resource names, or ""."""
    name = resource.get(SERVICE_NAME)
    return name if isinstance(name, str) else ""


def log_severity(number: int, text: str) -> int:
    """Return the severity number of a log record; one of none is looked up by its text."""
    return number if 1 <= number <= 24 else SEVERITIES.get(text.strip().upper(), 0)


def span_severity(status: str) -> int:
    """Return the severity number that stands for a span's status."""
    return ERROR_SEVERITY if status == "error" else INFO


def log_event(
    time: int,
    resource: Attributes,
    service: str,
    sender: bytes,
    severity: int,
    severity_text: str,
    body: Value,
    event_name: str,
    attributes: Attributes,
    trace_id: str,
    span_id: str,
) -> Event:
    """Make the event of a log record; a severity of 0 is looked up by its text.

    ``sender`` is what ``identity.sender_of`` makes of the resource.
    """
    severity = log_severity(severity, severity_text)
    uid = attributes.get(LOG_RECORD_UID)
    if not isinstance(uid, str) or not uid:
        trace, span = bytes.fromhex(trace_id), bytes.fromhex(span_id)
        name = text_bytes(event_name)
        uid = log_uid(sender, time, severity, trace, span, name, value_bytes(body), pairs(attributes))
    if body is None or body == "":
        named = event_name or attributes.get("event.name")
        text = named if isinstance(named, str) else ""
    else:
        text = body if isinstance(body, str) else compact(body)
    return Event(
        uid, Signal.LOG, time, service, severity, text, 0, "", trace_id, span_id, "", resource, attributes
    )


def span_event(
    time: int,
    end: int,
    resource: Attributes,
    service: str,
    name: str,
    status: str,
    attributes: Attributes,
    trace_id: str,
    span_id: str,
    parent_id: str,
) -> Event:
    """Make the event of a span."""
    severity = span_severity(status)
    duration = max(end - time, 0)
    uid = span_id or stable_hash(time, duration, resource, name, severity, trace_id, parent_id, attributes)
    return Event(
        uid, Signal.SPAN, time, service, severity, name, duration, status,
        trace_id, span_id, parent_id, resource, attributes,
    )  # fmt: skip
