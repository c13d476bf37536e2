"""OTLP over HTTP."""

from __future__ import annotations

from stormcell.wire.endpoint import Endpoint, Tls
from stormcell.wire.headers import Headers, current
from stormcell.wire.http import HttpClient
from stormcell.wire.otlp import Rejected, SignalName, rejected


class OverHttp:
    """A connection to one place (see ``otlp.OtlpClient``)."""

    def __init__(self, endpoint: Endpoint, headers: Headers, *, compress: bool, timeout: float, tls: Tls) -> None:
        self._path = endpoint.path.rstrip("/")
        self._headers, self._compress = headers, compress
        self._http = HttpClient(endpoint, timeout=timeout, tls=tls)

    def send(self, signal: SignalName, request: bytes) -> Rejected:
        """Send a request (see ``otlp.OtlpClient``)."""
        end = f"/v1/{signal}"
        path = self._path if self._path.endswith(end) else self._path + end
        headers = {"content-type": "application/x-protobuf", **current(self._headers)}
        return rejected(self._http.post(path, request, headers, compress=self._compress))

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
