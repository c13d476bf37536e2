"""A real OTLP client, over gRPC and HTTP: all that it sends is taken, once."""

from __future__ import annotations

import subprocess

import pytest

from tests.services.actors import start_sidecar
from tests.services.servers import Servers, tool, until

COUNT = 500


@pytest.mark.parametrize("transport", ["grpc", "http"])
@pytest.mark.parametrize("signal", ["logs", "traces"])
def test_counts_are_equal(servers: Servers, signal: str, transport: str) -> None:
    sidecar = start_sidecar(servers)
    endpoint = sidecar.grpc if transport == "grpc" else sidecar.http.removeprefix("http://")
    options = ["--otlp-insecure", f"--otlp-endpoint={endpoint}", f"--{signal}={COUNT}", "--rate=0", "--workers=2"]
    if transport == "http":
        options.append("--otlp-http")
    ended = subprocess.run([tool("telemetrygen"), signal, *options], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    # Each worker makes so many; each trace has a span and one below it.
    sent = 2 * COUNT * (2 if signal == "traces" else 1)
    name = "logs" if signal == "logs" else "spans"
    until(f"{sent} {name}", lambda: sidecar.received(name) >= sent)
    assert sidecar.received(name) == sent
    assert sidecar.server.stop() == 0
