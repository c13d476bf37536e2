"""Settings of the sidecar: journal."""

from __future__ import annotations

from stormcell.config.base import Section


class JournalSettings(Section):
    """How acknowledged requests are kept until they are done with."""
