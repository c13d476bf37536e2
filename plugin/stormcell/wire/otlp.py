"""Clients for OTLP: requests as bytes, answers as what was rejected."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, Protocol

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from stormcell.wire.endpoint import Endpoint, Tls
from stormcell.wire.headers import Headers
from stormcell.wire.said import shorten

SignalName = Literal["logs", "traces"]
TIMEOUT: Final = 10.0
"""Seconds for an answer."""


class Rejected(NamedTuple):
    """What of a request that was taken was not.

    Attributes
    ----------
    records : int
    message : str
        May be there without any rejected: a warning.
    """

    records: int
    message: str


class OtlpClient(Protocol):
    """Sends export requests to one place; for one thread."""

    def send(self, signal: SignalName, request: bytes) -> Rejected:
        """Send a request, protobuf.

        Raises
        ------
        DeliveryError
            If it was not taken; retryable as OTLP says, with the time that the other side asked for.
        """
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def connect(
    endpoint: Endpoint,
    headers: Headers = dict,
    *,
    compress: bool = True,
    timeout: float = TIMEOUT,
    tls: Tls | None = None,
) -> OtlpClient:
    """Return a client; nothing is sent yet.

    Raises
    ------
    SettingsError
        If a file for TLS cannot be used.
    """
    files = tls or Tls()
    if endpoint.grpc:
        from stormcell.wire.otlp_grpc import GrpcClient  # each takes a while to load

        return GrpcClient(endpoint, headers, compress=compress, timeout=timeout, tls=files)
    from stormcell.wire.otlp_http import OverHttp

    return OverHttp(endpoint, headers, compress=compress, timeout=timeout, tls=files)


def rejected(answer: bytes) -> Rejected:
    """Read an export response, of logs or of traces: they are alike on the wire."""
    try:
        partial = ExportLogsServiceResponse.FromString(answer).partial_success
    except DecodeError:  # it was taken, whatever it says of it
        return Rejected(0, "")
    return Rejected(max(partial.rejected_log_records, 0), shorten(partial.error_message))
