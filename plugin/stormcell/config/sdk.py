"""Settings of Stormcell in a service: sdk."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stormcell.config.base import NonNegative, Seconds, Section, Url

_MIB = 1 << 20


class SdkSettings(Section):
    """How a service groups its own telemetry, or hands it to a sidecar, through its OpenTelemetry SDK."""

    endpoint: Url = ""
    """Where a sidecar takes OTLP: `http://`, `https://`, `grpc://` or `grpcs://`, a host and a port; the variable
    `STORMCELL_SDK_HEADERS` may hold headers. Empty: grouped in the process, in the folder `live.data`."""
    engine: Literal["thread", "process"] = "thread"
    """Where it is grouped without an endpoint: in threads of the process, or in a process of its own beside it,
    started and ended with it, which takes no time of the service's threads and no memory of it."""
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
    sample_surprise: NonNegative = 3.0
    """A `SamplingSpanExporter` passes on what is at least so surprising; 3 is a kind that hardly one in twenty
    stretches of time has, e to the power of -3, or many times as much as usual."""
    sample_one_in: Annotated[int, Field(ge=1, le=1_000_000)] = 50
    """Of the usual traces of one kind it passes on one of so many, which says in
    `stormcell.sampling.adjusted_count` for how many it stands."""
    sample_per_kind: Annotated[int, Field(ge=1, le=1000)] = 5
    """Of these at most so many of a kind in each interval; of surprising ones at most so many of each template."""
    sample_interval_seconds: Seconds = 60.0
    """How long such an interval is, and how old a trace is before it is passed on as an exemplar: at first a group
    has another one every few seconds."""
    sample_hold_seconds: Seconds = 15.0
    """How long a trace is held once what began it in the service has ended: a tick should have seen it, see
    `live.tick_seconds` and `live.lateness_seconds`. One with an error is not held."""
    sample_max_spans: Annotated[int, Field(ge=1, le=10_000_000)] = 5000
    """Most spans that are held; of more, the oldest traces are decided at once. As long as there is room, a trace
    that is left out is held for `live.keep_seconds` and `background.bucket_seconds` more: it may become an
    exemplar."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.batch > self.queue:
            raise ValueError("batch must not be greater than queue")
        return self
