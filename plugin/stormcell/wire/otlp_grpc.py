"""OTLP over gRPC."""

from __future__ import annotations

from typing import Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from stormcell.errors import DeliveryError
from stormcell.wire.endpoint import Endpoint, Tls
from stormcell.wire.headers import Headers, current
from stormcell.wire.otlp import Rejected, SignalName, rejected
from stormcell.wire.said import shorten

_METHODS: Final[dict[SignalName, str]] = {
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
}
_RETRYABLE: Final = frozenset(
    (
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    )
)
"""Another try may do, says OTLP; RESOURCE_EXHAUSTED only with the time after which."""
_DETAILS: Final = "grpc-status-details-bin"
# Waiting between tries is ours: the channel must not think for minutes that nobody is there.
_OPTIONS: Final = (
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.primary_user_agent", "stormcell"),
)


class GrpcClient:
    """A channel to one place (see ``otlp.OtlpClient``)."""

    def __init__(self, endpoint: Endpoint, headers: Headers, *, compress: bool, timeout: float, tls: Tls) -> None:
        self._shown, self._headers, self._timeout = endpoint.shown, headers, timeout
        self._compression = grpc.Compression.Gzip if compress else grpc.Compression.NoCompression
        target = f"{endpoint.host}:{endpoint.port}"
        if endpoint.tls:
            ca, certificate, key = tls.read()
            credentials = grpc.ssl_channel_credentials(ca, key, certificate)
            self._channel = grpc.secure_channel(target, credentials, _OPTIONS)
        else:
            self._channel = grpc.insecure_channel(target, _OPTIONS)
        self._calls = {signal: self._channel.unary_unary(method) for signal, method in _METHODS.items()}

    def send(self, signal: SignalName, request: bytes) -> Rejected:
        """Send a request (see ``otlp.OtlpClient``)."""
        metadata = tuple(current(self._headers).items())
        try:
            answer = self._calls[signal](
                request,
                timeout=self._timeout,
                metadata=metadata,
                compression=self._compression,
            )
        except grpc.RpcError as error:
            raise self._error(error) from error
        return rejected(answer)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _error(self, error: grpc.RpcError) -> DeliveryError:
        code, said = error.code(), shorten(error.details() or "")
        asked = _asked(dict(error.trailing_metadata() or ()).get(_DETAILS))
        retryable = code in _RETRYABLE or (code is grpc.StatusCode.RESOURCE_EXHAUSTED and asked is not None)
        message = f"{self._shown} answered {code.name}{f': {said}' if said else ''}"
        return DeliveryError(message, retryable=retryable, retry_after=asked)


def _asked(details: bytes | None) -> float | None:
    """Return the seconds that an answer asks to wait; None where it asks for nothing."""
    info = RetryInfo()
    try:
        for detail in Status.FromString(details or b"").details:
            if detail.Unpack(info):
                return float(max(info.retry_delay.seconds + info.retry_delay.nanos / 1e9, 0.0))
    except DecodeError:
        pass
    return None
