"""What can be asked of codebooks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from stormcell.sidecar.api.models import By, Model

MAX_CODEBOOK = 64 * 1024 * 1024
"""Bytes of a document."""
OutcomeName = Literal["done", "failed", "skipped"]
_Named = Annotated[str, Field(max_length=200)]
_Why = Annotated[str, Field(max_length=4096)]


class StatusQuery(Model):
    """How far back."""

    windows: Annotated[int, Field(ge=0, le=1000)] = 24
    """At most so many windows, the latest first."""


class CodebookBody(RootModel[dict[str, Any]]):
    """The document of a codebook, as `GET /codebooks/{id}/document` and `stormcell codebook export` give it."""


class WhyBody(By):
    """Why it is done."""

    why: _Why = ""
    """Is kept with it."""


class PromoteBody(WhyBody):
    """What is live as far as you know."""

    expected: _Named | None = None
    """The version that is live now, empty for none: with another, nothing is done. Not checked without it."""


class RollBackBody(PromoteBody):
    """To which codebook."""

    to: _Named = ""
    """One that was live once; the one that was live before without it."""


class JobBody(By):
    """What a run of a job came to."""

    job: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")] = "train"
    """Which job."""
    outcome: OutcomeName
    """What it came to; `skipped` where there was nothing to do."""
    seconds: Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]
    """How long it took."""
    version: _Named = ""
    """Of the codebook that it made."""
    problem: _Why = ""
    """Why it failed."""
