"""What the API brings into the sidecar: no more than it must."""

from __future__ import annotations

import subprocess
import sys


def test_loading_the_routes_loads_nothing_heavy() -> None:
    program = "import sys, stormcell.sidecar.api.routes; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "stormcell.sidecar.api.routes" in loaded
    heavy = {"numba", "jinja2", "opentelemetry.sdk", "grpc", "stormcell.sidecar.api.shapes", "stormcell_exporters"}
    assert not loaded & heavy
