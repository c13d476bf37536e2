"""Settings of the sidecar: journal."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stormcell.config.base import Seconds, Section

_MIB = 1 << 20


class JournalSettings(Section):
    """How acknowledged requests are kept until they are done with."""

    fsync: Literal["always", "interval", "never"] = "interval"
    """When a request is acknowledged: `always` once it is on the disk; `interval` once the system has it,
    which puts it on the disk within `fsync_seconds`; `never` leaves that to the system. What was acknowledged
    outlives the process under each of them; a loss of power takes at most the interval."""
    fsync_seconds: Seconds = 0.1
    """The interval of `interval`."""
    segment_bytes: Annotated[int, Field(ge=4096, le=2**32)] = 16 * _MIB
    """A new file is begun after this many bytes; whole files are deleted once all in them is done with."""
    max_bytes: Annotated[int, Field(ge=8192, le=2**50)] = 1024 * _MIB
    """Requests are refused while the journal would grow larger than this; twice `segment_bytes` or more."""
    min_free_bytes: Annotated[int, Field(ge=0, le=2**50)] = 256 * _MIB
    """Requests are refused while they would leave less than this free on the disk."""
    wait_seconds: Seconds = 2.0
    """Requests that wait longer than this for a slow disk are refused."""

    @model_validator(mode="after")
    def _turns_over(self) -> Self:
        if self.max_bytes < 2 * self.segment_bytes:
            raise ValueError("max_bytes must be twice segment_bytes or more: the file written to is never deleted")
        return self
