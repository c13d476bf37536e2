"""Settings of the sidecar: telemetry."""

from __future__ import annotations

from stormcell.config.base import Section


class TelemetrySettings(Section):
    """What the sidecar tells of itself."""
