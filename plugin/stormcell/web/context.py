"""What the pages need of the program around them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stormcell.access import Principal, Scope
from stormcell.config import Settings


class Auth(Protocol):
    """Says who logs in (see ``Authenticator``)."""

    @property
    def asks(self) -> bool:
        """Whether there are tokens at all."""
        ...

    def check(self, authorization: str | None, scope: Scope) -> Principal:
        """Return who shows this ``Authorization`` header, having made sure that they have the scope."""
        ...

    def still(self, principal: Principal) -> Principal | None:
        """Return who that is now, who was let in before; None where they no longer are."""
        ...


def over_tls(settings: Settings) -> bool:
    """Whether browsers reach the pages over TLS: ours, or that of a proxy in front."""
    return bool(settings.receivers.tls_certificate) or settings.web.secure_cookies


def nobody_to_nudge() -> None:
    """Do nothing: without a sidecar nobody waits for changes."""


@dataclass(frozen=True, slots=True)
class WebContext:
    """What the pages work on.

    Attributes
    ----------
    store_path : Path
        The store; it need not be there yet.
    settings : Settings
    auth : Auth
    nudge : callable
        Called after each change, so that the engine sees to it at once.
    now : callable
        The wall clock, ns.
    secure : bool
        Whether they are reached over TLS, so that cookies are kept to it.
    """

    store_path: Path
    settings: Settings
    auth: Auth
    nudge: Callable[[], None] = nobody_to_nudge
    now: Callable[[], int] = time.time_ns
    secure: bool = False
