"""What all sections of the settings are made of."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from stormcell.errors import SettingsError


def _checked(url: str, schemes: tuple[str, ...] | None = None) -> str:
    """Return a URL, or "" for none, as it is."""
    if url:
        from stormcell.wire.endpoint import endpoint  # takes a while to load

        try:
            endpoint(url) if schemes is None else endpoint(url, schemes=schemes)
        except SettingsError as error:
            raise ValueError(str(error)) from error
    return url


Seconds = Annotated[float, Field(ge=1e-6, le=1e9, allow_inf_nan=False)]
SecondsOrZero = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Weight = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Url = Annotated[str, AfterValidator(_checked)]
HttpUrl = Annotated[str, AfterValidator(partial(_checked, schemes=("https", "http")))]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A section: frozen, and nothing unknown in it. What is written below a field says what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid")
