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

    Where nobody needs a token, no browser that reaches us must ask for a page of another site that gave its own
    name our address. From elsewhere none does over TLS: the name would not be that of our certificate.
    """
    who = api.auth.check(request.headers.get("authorization"), scope)
    receivers = api.settings.receivers
    unsure = who == ANONYMOUS and (is_loopback(receivers.http_host) or not receivers.tls_certificate)
    names = (*api.settings.web.hosts, receivers.http_host)
    if unsure and not is_ours(request.headers.get("host", ""), names):
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
