"""Who asks, and what they are told when it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from stormcell.access import Principal, Scope
from stormcell.sidecar.api.context import ApiContext
from stormcell.sidecar.api.problems import as_response, problem_of

Handler = Callable[[Request], Awaitable[Response]]


def principal(api: ApiContext, request: Request, scope: Scope) -> Principal:
    """Return who asks, having made sure that they have the scope."""
    return api.auth.check(request.headers.get("authorization"), scope)


def guarded(api: ApiContext, handler: Handler) -> Handler:
    """Return a handler whose errors are problems."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # whatever it is, the client is told in one way
            return as_response(problem_of(error, str(api.store_path)))

    return answered
