"""Settings of the sidecar: forward."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stormcell.config.base import NonNegative, Seconds, Section, Url


class ForwardSettings(Section):
    """Where telemetry goes on to, with what is known of its groups."""

    endpoint: Url = ""
    """Where OTLP is sent on to: `http://`, `https://`, `grpc://` or `grpcs://`, a host and a port. Over HTTP
    `/v1/logs` and `/v1/traces` are added. Empty: nothing is forwarded."""
    headers_file: str = ""
    """A file with headers to send, as for authorization: `name=value`, one a line, percent-encoded; read for each
    request, so that they can be renewed. Without it the variable `STORMCELL_FORWARD_HEADERS` may hold some."""
    gzip: bool = True
    """Whether requests are compressed."""
    timeout_seconds: Seconds = 10.0
    """How long an answer is waited for."""
    ca_file: str = ""
    """Who may have signed the certificate of the other side, in PEM. Empty: whom the system trusts."""
    certificate_file: str = ""
    """A certificate to show to the other side, in PEM."""
    key_file: str = ""
    """The key of that certificate, in PEM."""
    sampling: bool = False
    """Pass on exemplars, errors and what is surprising, and of all other log records a few of each template, which
    say in `stormcell.sampling.adjusted_count` for how many they stand; without it a record stands for itself."""
    sampling_surprise: NonNegative = 1.2
    """What is at least so surprising is passed on."""
    sampling_per_template: Annotated[int, Field(ge=1, le=1_000_000)] = 5
    """How many of the others are passed on of a template in each interval, and at least one of each request that
    has some."""
    sampling_interval_seconds: Seconds = 60.0
    """How long such an interval is."""
    sampling_spans: bool = False
    """Sample spans too, which leaves traces with holes."""
