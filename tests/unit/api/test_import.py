"""What the API brings into the sidecar: no more than it must."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_loading_the_routes_loads_nothing_heavy() -> None:
    program = "import sys, stormcell.sidecar.api.routes; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "stormcell.sidecar.api.routes" in loaded
    heavy = {"numba", "jinja2", "opentelemetry.sdk", "grpc", "stormcell.sidecar.api.shapes", "stormcell_exporters"}
    assert not loaded & heavy


def test_the_door_loads_what_answers_calls_once_somebody_calls(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.unit.api.client import Api\n"
        "api = Api(Path(sys.argv[1]))\n"
        "def names(): return 'numpy' in sys.modules, 'stormcell.sidecar.api.routes' in sys.modules\n"
        "print(api.get('/readyz').status_code, api.get('/metrics').status_code, *names())\n"
        "print(api.get('/api/v1/groups').status_code, api.get('/api/v1/nothing').status_code, *names())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "none.db"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "200 200 False False\n200 404 True True\n"
