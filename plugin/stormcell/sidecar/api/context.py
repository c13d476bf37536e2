"""What the API needs of the sidecar around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from stormcell.access import Principal, Scope
from stormcell.config import Settings


class Auth(Protocol):
    """Says who sends a request (see ``Authenticator``)."""

    def check(self, authorization: str | None, scope: Scope) -> Principal:
        """Return who shows this ``Authorization`` header, having made sure that they have the scope."""
        ...


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether telemetry can be taken in and grouped.

    Attributes
    ----------
    ready : bool
    checks : mapping of str to str
        What was looked at, by name; "ok", or how else it stands.
    """

    ready: bool
    checks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiContext:
    """What the API works on.

    Attributes
    ----------
    store_path : Path
        The store; it need not be there yet.
    settings : Settings
    auth : Auth
    nudge : callable
        Called after each change, so that the engine sees to it at once.
    ready : callable
        Whether the sidecar is ready.
    status : callable
        What the engine says of itself, as JSON types.
    metrics : callable
        Our own metrics as Prometheus text.
    now : callable
        The wall clock, ns.
    """

    store_path: Path
    settings: Settings
    auth: Auth
    nudge: Callable[[], None]
    ready: Callable[[], Readiness]
    status: Callable[[], Mapping[str, Any]]
    metrics: Callable[[], str] = str
    now: Callable[[], int] = time.time_ns
