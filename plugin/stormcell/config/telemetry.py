"""Settings of the sidecar: telemetry."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stormcell.config.base import Seconds, Section


class TelemetrySettings(Section):
    """What the sidecar tells of itself."""

    metrics: bool = True
    """Count what the sidecar does, for `GET /metrics` and OTLP."""
    otlp_endpoint: Annotated[str, Field(pattern=r"^(https?://[^\s/]+(/\S*)?)?$")] = ""
    """OTLP/HTTP receiver of these metrics and of spans of ticks, as `http://127.0.0.1:4318`; empty for none."""
    interval_seconds: Seconds = 60.0
    """How often metrics are sent there."""
    timeout_seconds: Seconds = 10.0
    """How long to wait for it."""
