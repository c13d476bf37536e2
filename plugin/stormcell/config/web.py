"""Settings of the pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stormcell.config.base import Seconds, Section


class WebSettings(Section):
    """The pages that the sidecar and `stormcell web` serve."""

    enabled: bool = True
    """Whether the sidecar serves them."""
    refresh_seconds: Annotated[float, Field(ge=0.2, le=3600)] = 2.0
    """How often a page looks for what is new."""
    session_seconds: Seconds = 43_200.0
    """How long somebody stays logged in without doing anything."""
    secure_cookies: bool = False
    """Keep cookies to TLS where it is not us who speak it but a proxy in front; with `receivers.tls_certificate`
    they are in any case."""
    hosts: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,255}$")], ...] = ()
    """Names under which pages that ask for no token are opened, beside localhost and addresses; under others they
    are refused, as a page of another site could make its own name lead here."""
