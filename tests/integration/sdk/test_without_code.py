"""A service that says nothing of Stormcell: the variables of the SDK name it, or a configuration file does."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.integration.program import stormcell

INSTRUMENT = Path(sys.executable).with_name("opentelemetry-instrument")

SERVICE = """
from opentelemetry import _logs, trace

for number in range(20):
    with trace.get_tracer("shop").start_as_current_span("pay") as span:
        span.set_status(trace.StatusCode.ERROR)
        _logs.get_logger("shop").emit(
            body=f"payment of order {number} failed", severity_number=_logs.SeverityNumber.ERROR
        )
"""

BY_VARIABLES = {
    "OTEL_SERVICE_NAME": "shop",
    "OTEL_TRACES_EXPORTER": "stormcell",
    "OTEL_LOGS_EXPORTER": "stormcell",
    "OTEL_METRICS_EXPORTER": "none",
}

# Propagators are named because without any the SDK leaves requests no context at all.
FILE = """
file_format: "1.0"
resource:
  attributes:
    - name: service.name
      value: shop
propagator:
  composite:
    - tracecontext:
    - baggage:
tracer_provider:
  processors:
    - batch:
        exporter:
          stormcell:
logger_provider:
  processors:
    - batch:
        exporter:
          stormcell:
"""


def run(folder: Path, variables: dict[str, str]) -> None:
    """Run the service to its end, with no other settings of the SDK or of ours."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "STORMCELL_"))}
    done = subprocess.run(
        [INSTRUMENT, sys.executable, "-c", SERVICE],
        cwd=folder,
        env={**mine, **variables, "STORMCELL_LIVE__DATA": str(folder / "data")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr


def grouped(folder: Path) -> tuple[int, int]:
    """Return how many groups there are, and how many events of the service are in them."""
    groups = stormcell("groups", "export", "--store", folder / "data").json["groups"]
    assert {service["name"] for group in groups for service in group["services"]} == {"shop"}
    return len(groups), sum(len(group["members"]) for group in groups)


def test_variables(tmp_path: Path) -> None:
    run(tmp_path, BY_VARIABLES)
    assert grouped(tmp_path) == (1, 40)


@pytest.mark.skipif(find_spec("opentelemetry.configuration") is None, reason="the oldest SDK reads no such files")
def test_a_configuration_file(tmp_path: Path) -> None:
    file = tmp_path / "otel.yaml"
    file.write_text(FILE)
    run(tmp_path, {"OTEL_CONFIG_FILE": str(file)})
    assert grouped(tmp_path) == (1, 40)
