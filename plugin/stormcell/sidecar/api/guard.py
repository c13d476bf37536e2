"""Who asks, and what they are told when it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from stormcell.access import ANONYMOUS, Principal, Scope, is_ours
from stormcell.sidecar.api.context import ApiContext
from stormcell.sidecar.api.problems import Problem, as_response, problem_of
from stormcell.sidecar.listening import is_loopback

Handler = Callable[[Request], Awaitable[Response]]


def principal(api: ApiContext, request: Request, scope: Scope) -> Principal:
    """Return who asks, having made sure that they have the scope.

    Where nobody needs a token and only this machine can ask, a browser on it must not ask for a page of another
    site that gave its own name our address.
    """
    who = api.auth.check(request.headers.get("authorization"), scope)
    local = who == ANONYMOUS and is_loopback(api.settings.receivers.http_host)
    if local and not is_ours(request.headers.get("host", ""), api.settings.web.hosts):
        raise Problem(
            HTTPStatus.MISDIRECTED_REQUEST,
            "no token is asked for here, so this is answered under an address or localhost only; ask so,"
            " or name this host in the setting web.hosts",
        )
    return who


def guarded(api: ApiContext, handler: Handler) -> Handler:
    """Return a handler whose errors are problems."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # whatever it is, the client is told in one way
            return as_response(problem_of(error, str(api.store_path)))

    return answered
