"""Settings of the sidecar: live."""

from __future__ import annotations

from stormcell.config.base import Section


class LiveSettings(Section):
    """How the sidecar keeps groups alive."""
