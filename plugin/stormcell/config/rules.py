"""Settings of the sidecar: rules."""

from __future__ import annotations

from stormcell.config.base import Section


class RulesSettings(Section):
    """What a team knows, which goes before what is learned."""
