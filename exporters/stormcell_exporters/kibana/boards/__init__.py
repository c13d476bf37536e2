"""What our dashboards and Discover sessions show."""

from __future__ import annotations

from typing import Final

from stormcell_exporters.kibana.boards.executive import EXECUTIVE
from stormcell_exporters.kibana.boards.quality import QUALITY
from stormcell_exporters.kibana.boards.sessions import MEMBER_EVENTS, SESSIONS
from stormcell_exporters.kibana.boards.triage import TRIAGE

BOARDS: Final = (TRIAGE, QUALITY, EXECUTIVE)

__all__ = ["BOARDS", "MEMBER_EVENTS", "SESSIONS", "TRIAGE"]
