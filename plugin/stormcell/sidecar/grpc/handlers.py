"""What is answered to each gRPC call, on raw bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

import grpc

from stormcell.errors import RefusedError
from stormcell.sidecar import answers
from stormcell.sidecar.counts import Reason, Signal
from stormcell.sidecar.grpc.patience import Patience
from stormcell.sidecar.intake import Intake, RejectedError
from stormcell.types.live import RequestKind

_COLLECTOR = "/opentelemetry.proto.collector"
_KINDS = {
    f"{_COLLECTOR}.logs.v1.LogsService/Export": (RequestKind.LOGS, Signal.LOGS),
    f"{_COLLECTOR}.trace.v1.TraceService/Export": (RequestKind.TRACES, Signal.TRACES),
}
_METRICS = f"{_COLLECTOR}.metrics.v1.MetricsService/Export"
NO_METRICS = "metrics are not taken: send logs and traces here, and alerts on metrics by webhook"

CODES = {
    Reason.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Reason.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    Reason.UNSUPPORTED: grpc.StatusCode.UNIMPLEMENTED,
    Reason.SIZE: grpc.StatusCode.RESOURCE_EXHAUSTED,  # without RetryInfo: not to be sent again
    Reason.FAILURE: grpc.StatusCode.INTERNAL,
}
"""The codes of reasons; of others INVALID_ARGUMENT. No sender tries again after any of them."""

_DETAILS = "grpc-status-details-bin"
_GZIP = b"\x1f\x8b"

Behaviour = Callable[[Iterator[bytes], grpc.ServicerContext], bytes]


class Handlers:
    """Finds what answers a call, as grpc.GenericRpcHandler does.

    All are taken as streams of requests, though one is sent: so who asks is known before the message is read, and
    a message that never comes can be given up.
    """

    def __init__(self, intake: Intake, patience: Patience) -> None:
        self._intake = intake
        self._patience = patience

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Return what answers, or None if there is no such method; called from gRPC's own thread."""
        return grpc.stream_unary_rpc_method_handler(self._behaviour(handler_call_details))

    def _behaviour(self, details: grpc.HandlerCallDetails) -> Behaviour:
        found = _KINDS.get(details.method)
        signal = found[1] if found else Signal.METRICS
        try:
            self._intake.admit(signal, _authorization(details))
            if not found:
                known = details.method == _METRICS
                message = NO_METRICS if known else "there is no such method here"
                raise self._intake.rejected(signal, Reason.UNSUPPORTED, message)
        except RejectedError as error:
            return _refusal(error)
        return self._export(*found)

    def _export(self, kind: RequestKind, signal: Signal) -> Behaviour:
        def export(messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
            self._patience.wait(context, context.cancel)
            try:
                body = next(messages)
            except StopIteration:
                if not self._patience.done(context):  # so it can end, too, when it is cancelled for its silence
                    self._intake.counts.refuse(signal, Reason.INCOMPLETE)
                    raise grpc.RpcError from None
                abort(context, self._intake.rejected(signal, Reason.CONTENT, "expected a message, found none"))
            except grpc.RpcError:
                # Cancelled, by the other side or for its silence, or larger than gRPC itself lets in.
                self._intake.counts.refuse(signal, Reason.INCOMPLETE)
                raise
            finally:
                self._patience.done(context)
            # gRPC hands compressed messages on as they are. No protobuf message begins as gzip does.
            encoding = "gzip" if body.startswith(_GZIP) else ""
            try:
                return answers.success(signal, self._intake.take(kind, body, encoding))
            except RejectedError as error:
                abort(context, error)
            except RefusedError as error:
                message = str(error)
                _abort(context, grpc.StatusCode.UNAVAILABLE, message, retry_after=error.retry_after)

        return export


def _refusal(error: RejectedError) -> Behaviour:
    def refuse(messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        abort(context, error)

    return refuse


def _authorization(details: grpc.HandlerCallDetails) -> str | None:
    for key, value in details.invocation_metadata or ():
        if key == "authorization":
            return value if isinstance(value, str) else value.decode("latin-1")
    return None


def abort(context: grpc.ServicerContext, error: RejectedError) -> NoReturn:
    """End a call whose request can never be taken in."""
    bad = error.reason is Reason.CONTENT
    _abort(context, CODES.get(error.reason, grpc.StatusCode.INVALID_ARGUMENT), str(error), bad=bad)


def _abort(
    context: grpc.ServicerContext,
    code: grpc.StatusCode,
    message: str,
    *,
    bad: bool = False,
    retry_after: float | None = None,
) -> NoReturn:
    if bad or retry_after is not None:
        number: int = code.value[0]
        details = answers.status(number, message, bad=bad, retry_after=retry_after)
        context.set_trailing_metadata(((_DETAILS, details),))
    context.abort(code, message)
    raise AssertionError("abort returned")
