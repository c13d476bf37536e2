"""The routes: who asks is checked on the event loop; what is asked for is read and answered off it."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from stormcell.access import Scope
from stormcell.sidecar.api import requests
from stormcell.sidecar.api.answer import answer
from stormcell.sidecar.api.call import Call, Endpoint
from stormcell.sidecar.api.context import ApiContext
from stormcell.sidecar.api.endpoints import ENDPOINTS
from stormcell.sidecar.api.guard import guarded, principal
from stormcell.sidecar.api.models import By
from stormcell.sidecar.api.paths import ANY, PREFIX
from stormcell.sidecar.api.problems import Problem, as_response
from stormcell.store import SqliteStore


def call_routes(api: ApiContext, limiter: anyio.CapacityLimiter) -> list[BaseRoute]:
    """Return the routes of the API."""
    routes = [
        Route(
            PREFIX + endpoint.path,
            guarded(api, partial(_called, api, endpoint, limiter)),
            methods=[endpoint.method],
        )
        for endpoint in ENDPOINTS
    ]
    routes += [
        Route(f"{PREFIX}/status", guarded(api, partial(_status, api, limiter)), methods=["GET"]),
        Route(f"{PREFIX}/openapi.json", guarded(api, partial(_openapi, api, limiter)), methods=["GET"]),
    ]
    unknown = _Unknown(tuple(routes))
    return [
        *routes,
        Route(PREFIX, unknown),
        Route(f"{PREFIX}/", unknown),
        Route(f"{PREFIX}/{{rest:{ANY}}}", unknown),
    ]


async def _called(
    api: ApiContext, endpoint: Endpoint, limiter: anyio.CapacityLimiter, request: Request
) -> Response:
    who = principal(api, request, endpoint.scope)
    query, sent = None, bytearray()
    if endpoint.query is None:
        requests.no_query(request)
    else:
        query = requests.query(request, endpoint.query)
    if endpoint.body is not None:
        requests.same_origin(request)
        sent = await requests.content(request, endpoint.largest)
    [*named] = request.path_params.values()

    def work() -> tuple[Response, bool]:
        body = None if endpoint.body is None else requests.body(sent, endpoint.body)
        with SqliteStore(api.store_path, create=True) as store:
            by = body.by if isinstance(body, By) else ""
            result = endpoint.handler(Call(api, store, who, "".join(named), query, body, by))
        return answer(result), body is not None and bool(result["changed"])

    response, changed = await anyio.to_thread.run_sync(work, limiter=limiter)
    if changed:
        api.nudge()
    return response


async def _status(api: ApiContext, limiter: anyio.CapacityLimiter, request: Request) -> Response:
    # Without the store, which may be what is wrong.
    principal(api, request, Scope.READ)
    return answer(dict(await anyio.to_thread.run_sync(api.status, limiter=limiter)))


async def _openapi(api: ApiContext, limiter: anyio.CapacityLimiter, request: Request) -> Response:
    from stormcell.sidecar.api.openapi import document

    principal(api, request, Scope.READ)
    return answer(await anyio.to_thread.run_sync(document, limiter=limiter))


class _Unknown:
    """Answers what no route does: nothing is there, or it takes another method."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._routes = routes

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        near = [route for route in self._routes if route.matches(scope)[0] is Match.PARTIAL]
        problem = Problem(
            HTTPStatus.NOT_FOUND, f"there is nothing here; GET {PREFIX}/openapi.json lists what there is"
        )
        if near:
            allowed = ", ".join(sorted({method for route in near for method in route.methods or ()}))
            told = f"{scope['method']} does nothing here; send {allowed}"
            problem = Problem(HTTPStatus.METHOD_NOT_ALLOWED, told, headers={"Allow": allowed})
        await as_response(problem)(scope, receive, send)
