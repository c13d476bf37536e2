"""Ticks are spans, where spans go anywhere."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import until
from tests.integration.telemetry import log, logs

pytestmark = pytest.mark.slow


class Backend(HTTPServer):
    spans: list[bytes]


class Handler(BaseHTTPRequestHandler):
    server: Backend

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces":
            self.server.spans.append(gzip.decompress(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend(("127.0.0.1", 0), Handler)
    made.spans = []
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def told(backend: Backend) -> list[str]:
    requests = [ExportTraceServiceRequest.FromString(body) for body in list(backend.spans)]
    return [
        span.name
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_a_tick_is_a_span(backend: Backend, tmp_path: Path) -> None:
    telemetry = {"otlp_endpoint": f"http://127.0.0.1:{backend.server_port}"}
    with Running(tmp_path / "sidecar", {"live": HASTY, "telemetry": telemetry}).start() as sidecar:
        sidecar.send(logs(*[log(f"e-{number}", "disk full on db", at=number) for number in range(5)]))
        until(lambda: len(sidecar.placed()) == 5, PATIENCE)
        sidecar.stop()
    assert {"stormcell.tick", "stormcell.model"} <= set(told(backend))
