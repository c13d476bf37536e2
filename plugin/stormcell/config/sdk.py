"""Settings of Stormcell in a service: sdk."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from stormcell.config.base import Seconds, Section
from stormcell.errors import SettingsError

_MIB = 1 << 20


class SdkSettings(Section):
    """How a service groups its own telemetry, or hands it to a sidecar, through its OpenTelemetry SDK."""

    endpoint: str = ""
    """Where a sidecar takes OTLP: `http://`, `https://`, `grpc://` or `grpcs://`, a host and a port; the variable
    `STORMCELL_SDK_HEADERS` may hold headers. Empty: grouped in the process, in the folder `live.data`."""
    queue: Annotated[int, Field(ge=1, le=10_000_000)] = 4096
    """How many spans, and how many log records, wait to be taken; what comes while so many do is dropped and
    counted."""
    batch: Annotated[int, Field(ge=1, le=100_000)] = 512
    """Most that are taken at once."""
    delay_seconds: Seconds = 1.0
    """How long what has come waits for more."""
    timeout_seconds: Seconds = 30.0
    """How long a batch that cannot be kept or sent is tried again; after that it is dropped and counted."""
    spool_bytes: Annotated[int, Field(ge=_MIB, le=2**50)] = 64 * _MIB
    """What other processes may have laid into the folder for the one that groups; beyond that theirs waits."""

    @field_validator("endpoint")
    @classmethod
    def _is_a_url(cls, url: str) -> str:
        if url:
            from stormcell.wire.endpoint import endpoint  # takes a while to load

            try:
                endpoint(url)
            except SettingsError as error:
                raise ValueError(str(error)) from error
        return url

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.batch > self.queue:
            raise ValueError("batch must not be greater than queue")
        return self
