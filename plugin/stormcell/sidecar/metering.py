"""The meters that the settings ask for."""

from __future__ import annotations

from stormcell.config import TelemetrySettings
from stormcell.telemetry.meters import Meters


def meters_of(settings: TelemetrySettings) -> Meters:
    """Return meters; where telemetry is off they keep nothing, and the SDK is not loaded."""
    if not settings.metrics:
        return Meters()
    from stormcell.telemetry.sdk import SdkMeters

    return SdkMeters(settings.otlp_endpoint, settings.interval_seconds, settings.timeout_seconds)
