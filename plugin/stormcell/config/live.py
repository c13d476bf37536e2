"""Settings of the sidecar: live."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from stormcell.config.base import Seconds, SecondsOrZero, Section


class LiveSettings(Section):
    """How the sidecar keeps groups alive; all times but `idle_seconds` are of events, not of the wall clock."""

    data: Path = Path("stormcell-data")
    """The folder of the store, the journal and the lock."""
    tick_seconds: Seconds = 5.0
    """Groups are found anew at every multiple of this, of what came before it; a multiple of
    rows.bucket_seconds."""
    lateness_seconds: SecondsOrZero = 5.0
    """A tick waits until an event so much later than it has come; what comes later still joins at the next."""
    idle_seconds: Seconds = 5.0
    """Where no event comes for so long, a tick no longer waits, and time goes on without events."""
    quiet_seconds: Seconds = 900.0
    """A group without an event for so long, none of whose alerts fires, is resolved."""
    settle_seconds: Seconds = 120.0
    """The same for a group that had alerts, once all are resolved."""
    keep_seconds: Seconds = 600.0
    """Events are held at least so long, and as long as a session that they may belong to goes on."""
    horizon_seconds: Seconds = 10_800.0
    """And at most so long: then a group is complete, and what goes on becomes another."""
    max_events: Annotated[int, Field(ge=1000)] = 500_000
    """Most events that are held, at 100 to 200 bytes each; of more, all but the latest half is put away."""
    max_rows: Annotated[int, Field(ge=100)] = 60_000
    """Most rows that are held (see rows.bucket_seconds), likewise."""
    future_seconds: Seconds = 3600.0
    """What claims to come from so long after it was received is not grouped, but counted: a clock is wrong."""
    drain_seconds: Seconds = 20.0
    """When told to stop, what was acknowledged is grouped and sent for at most so long; the rest after the
    start."""

    @model_validator(mode="after")
    def _held(self) -> Self:
        if self.horizon_seconds < self.keep_seconds:
            raise ValueError("horizon_seconds must not be less than keep_seconds")
        return self
