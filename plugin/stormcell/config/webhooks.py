"""Settings of the sidecar: webhooks."""

from __future__ import annotations

from stormcell.config.base import Section


class WebhooksSettings(Section):
    """How alerts of other tools are read."""
