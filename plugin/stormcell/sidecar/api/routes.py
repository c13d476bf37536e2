"""The routes: every request is checked on the event loop, and answered off it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from stormcell.sidecar.api import requests
from stormcell.sidecar.api.answer import answer
from stormcell.sidecar.api.call import Call, Endpoint
from stormcell.sidecar.api.context import ApiContext
from stormcell.sidecar.api.endpoints import ANY, ENDPOINTS, PREFIX
from stormcell.sidecar.api.models import By
from stormcell.sidecar.api.problems import Problem, as_response, problem_of
from stormcell.sidecar.auth import Principal, Scope
from stormcell.store import SqliteStore

THREADS: Final = 4
"""Requests that use the store at the same time: people's, which must not keep telemetry waiting."""

_PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"

_Handler = Callable[[Request], Awaitable[Response]]


def api_routes(api: ApiContext) -> list[BaseRoute]:
    """Return the routes of the API, of health and of metrics."""
    limiter = anyio.CapacityLimiter(THREADS)
    routes = [
        Route(
            PREFIX + endpoint.path,
            _guarded(api, partial(_called, api, endpoint, limiter)),
            methods=[endpoint.method],
        )
        for endpoint in ENDPOINTS
    ]
    routes += [
        Route(f"{PREFIX}/status", _guarded(api, partial(_status, api, limiter)), methods=["GET"]),
        Route(f"{PREFIX}/openapi.json", _guarded(api, partial(_openapi, api, limiter)), methods=["GET"]),
    ]
    unknown = _Unknown(tuple(routes))
    return [
        *routes,
        Route(PREFIX, unknown),
        Route(f"{PREFIX}/", unknown),
        Route(f"{PREFIX}/{{rest:{ANY}}}", unknown),
        Route("/healthz", _healthy, methods=["GET"]),
        Route("/readyz", partial(_ready, api, limiter), methods=["GET"]),
        Route("/metrics", _guarded(api, partial(_metrics, api, limiter)), methods=["GET"]),
    ]


async def _called(
    api: ApiContext, endpoint: Endpoint, limiter: anyio.CapacityLimiter, request: Request
) -> Response:
    principal = _principal(api, request, endpoint.scope)
    query, body = None, None
    if endpoint.query is None:
        requests.no_query(request)
    else:
        query = requests.query(request, endpoint.query)
    if endpoint.body is not None:
        requests.same_origin(request)
        body = await requests.body(request, endpoint.body)
    [*named] = request.path_params.values()

    def work() -> Any:
        with SqliteStore(api.store_path, create=True) as store:
            by = body.by if isinstance(body, By) else ""
            return endpoint.handler(Call(api, store, principal, "".join(named), query, body, by))

    result = await anyio.to_thread.run_sync(work, limiter=limiter)
    if endpoint.body is not None and result["changed"]:
        api.nudge()
    return answer(result)


async def _status(api: ApiContext, limiter: anyio.CapacityLimiter, request: Request) -> Response:
    # Without the store, which may be what is wrong.
    _principal(api, request, Scope.READ)
    return answer(dict(await anyio.to_thread.run_sync(api.status, limiter=limiter)))


async def _openapi(api: ApiContext, limiter: anyio.CapacityLimiter, request: Request) -> Response:
    from stormcell.sidecar.api.openapi import document

    _principal(api, request, Scope.READ)
    return answer(await anyio.to_thread.run_sync(document, limiter=limiter))


async def _healthy(request: Request) -> Response:
    return answer({"status": "ok"})


async def _ready(api: ApiContext, limiter: anyio.CapacityLimiter, request: Request) -> Response:
    found = await anyio.to_thread.run_sync(api.ready, limiter=limiter)
    told = {"status": "ready" if found.ready else "not ready", "checks": dict(found.checks)}
    return answer(told, HTTPStatus.OK if found.ready else HTTPStatus.SERVICE_UNAVAILABLE)


async def _metrics(api: ApiContext, limiter: anyio.CapacityLimiter, request: Request) -> Response:
    if not requests.from_here(request):
        _principal(api, request, Scope.READ)
    text = await anyio.to_thread.run_sync(api.metrics, limiter=limiter)
    return Response(text, media_type=_PROMETHEUS)


def _principal(api: ApiContext, request: Request, scope: Scope) -> Principal:
    return api.auth.check(request.headers.get("authorization"), scope)


def _guarded(api: ApiContext, handler: _Handler) -> _Handler:
    """Return a handler whose errors are problems."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # whatever it is, the client is told in one way
            return as_response(problem_of(error, str(api.store_path)))

    return guarded


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
