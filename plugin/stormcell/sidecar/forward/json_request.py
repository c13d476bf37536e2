"""OTLP requests that came as JSON, as protobuf."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

_Json = dict[str, Any]
_IDS: Final = {"traceId": 16, "spanId": 8, "parentSpanId": 8}


def to_protobuf(body: bytes, *, logs: bool) -> tuple[bytes, int]:
    """Return a request as protobuf, and how many of its records could not be had.

    Raises
    ------
    ValueError
        If it is no request at all.
    """
    try:
        document = json.loads(body.decode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict):
        raise ValueError("no object")
    outer, middle, inner = (
        ("resourceLogs", "scopeLogs", "logRecords") if logs else ("resourceSpans", "scopeSpans", "spans")
    )
    made: Any = LogsData() if logs else TracesData()
    broken = 0
    for holder in _objects(document, outer):
        to: Any = (made.resource_logs if logs else made.resource_spans).add()
        _fill(to, {name: value for name, value in holder.items() if name != middle})
        for scope in _objects(holder, middle):
            part = (to.scope_logs if logs else to.scope_spans).add()
            _fill(part, {name: value for name, value in scope.items() if name != inner})
            records = part.log_records if logs else part.spans
            for record in _objects(scope, inner):
                if not _fill(records.add(), record):
                    del records[-1]
                    broken += 1
    data: bytes = made.SerializeToString()
    return data, broken


def _objects(holder: _Json, name: str) -> Iterator[_Json]:
    held = holder.get(name)
    for item in held if isinstance(held, list) else ():
        if isinstance(item, dict):
            yield item


def _fill(message: Message, value: _Json) -> bool:
    """Read a message; return whether it could be."""
    try:
        ParseDict(_clean(value), message, ignore_unknown_fields=True)
    except (ParseError, RecursionError, ValueError, TypeError):
        return False
    return True


def _clean(value: Any, name: str = "") -> Any:
    """Return JSON as protobuf's reader wants it: ids in base64, which OTLP writes otherwise, and no surrogates."""
    if isinstance(value, dict):
        return {_text(key): _clean(held, key) for key, held in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if not isinstance(value, str):
        return value
    if name in _IDS:
        return base64.b64encode(bytes.fromhex(value)).decode()
    return _text(value)


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
