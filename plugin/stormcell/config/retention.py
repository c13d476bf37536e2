"""Settings of the sidecar: retention."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from stormcell.config.base import Section


def _a_day_or_none(days: float) -> float:
    if 0 < days < 1:
        raise ValueError("expected a day or more, or 0 to keep it for good")
    return days


Days = Annotated[float, Field(ge=0, le=36_500), AfterValidator(_a_day_or_none)]


class RetentionSettings(Section):
    """For how many days the sidecar keeps what it stored; 0 keeps it for good."""

    background_days: Days = 7.0
    """Events that are in no group, from when they happened."""
    groups_days: Days = 90.0
    """Resolved groups with all that belongs to them, from their last event; and windows of the model."""
    audit_days: Days = 400.0
    """Entries of the audit log; and what happened to the model, but for what was live when and the last of each
    kind."""
