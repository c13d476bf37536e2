"""The ASGI application of the sidecar."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from stormcell.config import Settings
from stormcell.sidecar.http.bodies import Budget
from stormcell.sidecar.http.errors import unknown
from stormcell.sidecar.http.receiver import Receiver
from stormcell.sidecar.intake import Intake


def build_app(settings: Settings, intake: Intake, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Return the application.

    Parameters
    ----------
    settings : Settings
    intake : Intake
        Takes what comes in by POST to /v1/logs, /v1/traces and /v1/alerts/*.
    routes : sequence of BaseRoute
        What else is served; each asks for its own scope.
    """
    # Less than one request would refuse the largest for ever.
    limit = max(settings.receivers.max_pending_bytes, settings.receivers.max_request_bytes)
    receiver = Receiver(intake, Budget(limit))
    return Starlette(
        routes=[*receiver.routes(), *routes],
        exception_handlers={HTTPException: unknown},
    )
