"""Settings of the sidecar: forward."""

from __future__ import annotations

from stormcell.config.base import Section


class ForwardSettings(Section):
    """Where telemetry goes on to, with what is known of its groups."""
