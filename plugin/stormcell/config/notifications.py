"""Settings of the sidecar: notifications."""

from __future__ import annotations

from stormcell.config.base import Section


class NotificationsSettings(Section):
    """Which groups are sent where, and when."""
