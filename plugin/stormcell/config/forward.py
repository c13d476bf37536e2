"""Settings of the sidecar: forward."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from stormcell.config.base import NonNegative, Seconds, Section
from stormcell.errors import SettingsError


class ForwardSettings(Section):
    """Where telemetry goes on to, with what is known of its groups."""

    endpoint: str = ""
    """Where OTLP is sent on to: `http://`, `https://`, `grpc://` or `grpcs://`, a host and a port. Over HTTP
    `/v1/logs` and `/v1/traces` are added. Empty: nothing is forwarded."""
    headers: dict[str, SecretStr] = Field(default={})
    """Headers to send, as for authorization; rather in the variable, as JSON, than in a file that others read."""
    headers_file: Path | None = None
    """A file with more headers, `name=value`, one a line; read for each request, so that they can be renewed."""
    gzip: bool = True
    """Whether requests are compressed."""
    timeout_seconds: Seconds = 10.0
    """How long an answer is waited for."""
    ca_file: Path | None = None
    """Who may have signed the certificate of the other side, in PEM. Whom the system trusts by default."""
    certificate_file: Path | None = None
    """A certificate to show to the other side, in PEM."""
    key_file: Path | None = None
    """The key of that certificate, in PEM."""
    sampling: bool = False
    """Pass on exemplars, errors and what is surprising, and of all other log records a few of each template, which
    say in `stormcell.sampling.adjusted_count` for how many they stand."""
    sampling_surprise: NonNegative = 1.2
    """What is at least so surprising is passed on."""
    sampling_per_template: Annotated[int, Field(ge=1, le=1_000_000)] = 5
    """How many of the others are passed on of a template in each interval, and at least one of each request that
    has some."""
    sampling_interval_seconds: Seconds = 60.0
    """How long such an interval is."""
    sampling_spans: bool = False
    """Sample spans too, which leaves traces with holes."""
    sampling_seed: int = 0
    """Another seed makes another choice."""

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
