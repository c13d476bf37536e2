"""Settings of the sidecar: receivers."""

from __future__ import annotations

from stormcell.config.base import Section


class ReceiversSettings(Section):
    """Where the sidecar listens, and whom it listens to."""
