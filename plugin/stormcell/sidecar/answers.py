"""What OTLP answers hold: https://opentelemetry.io/docs/specs/otlp/.

Protobuf is imported only when there is something to say: the answer to a request that was taken in whole is empty.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stormcell.sidecar.counts import Signal
from stormcell.sidecar.intake import CheckedRequest

if TYPE_CHECKING:
    from google.protobuf.message import Message

_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


def success(signal: Signal, checked: CheckedRequest) -> bytes:
    """Return an Export*ServiceResponse as protobuf."""
    if not (checked.rejected or checked.message):
        return b""
    if signal is Signal.LOGS:
        from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs

        said = logs.ExportLogsPartialSuccess(rejected_log_records=checked.rejected, error_message=checked.message)
        return _bytes(logs.ExportLogsServiceResponse(partial_success=said))
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

    told = traces.ExportTracePartialSuccess(rejected_spans=checked.rejected, error_message=checked.message)
    return _bytes(traces.ExportTraceServiceResponse(partial_success=told))


def success_json(signal: Signal, checked: CheckedRequest) -> bytes:
    """Return an Export*ServiceResponse as JSON."""
    if not (checked.rejected or checked.message):
        return b"{}"
    field = "rejectedLogRecords" if signal is Signal.LOGS else "rejectedSpans"
    # 64-bit integers are strings in the JSON of protobuf.
    return to_json({"partialSuccess": {field: str(checked.rejected), "errorMessage": checked.message}})


def status(code: int, message: str, *, bad: bool = False, retry_after: float | None = None) -> bytes:
    """Return a google.rpc.Status as protobuf.

    Parameters
    ----------
    code : int
        Of google.rpc.Code.
    message : str
    bad : bool
        Whether a BadRequest says that it is the data.
    retry_after : float, optional
        Seconds, told by a RetryInfo.
    """
    from google.protobuf.duration_pb2 import Duration
    from google.rpc.error_details_pb2 import BadRequest, RetryInfo
    from google.rpc.status_pb2 import Status

    made = Status(code=code, message=message)
    if bad:
        made.details.add().Pack(BadRequest(field_violations=[BadRequest.FieldViolation(description=message)]))
    if retry_after is not None:
        delay = Duration()
        delay.FromNanoseconds(round(retry_after * 1e9))
        made.details.add().Pack(RetryInfo(retry_delay=delay))
    return _bytes(made)


def status_json(code: int, message: str, *, bad: bool = False) -> bytes:
    """Return a google.rpc.Status as JSON."""
    said: dict[str, object] = {"code": code, "message": message}
    if bad:
        said["details"] = [{"@type": _BAD_REQUEST, "fieldViolations": [{"description": message}]}]
    return to_json(said)


def _bytes(message: Message) -> bytes:
    return message.SerializeToString()


def to_json(value: object) -> bytes:
    """Return JSON of ASCII characters only, without spaces."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
