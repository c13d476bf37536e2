"""The way in: health and metrics at once, the API when it is first asked."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from stormcell import forks
from stormcell.access import Scope
from stormcell.sidecar.api import requests
from stormcell.sidecar.api.answer import answer
from stormcell.sidecar.api.context import ApiContext
from stormcell.sidecar.api.guard import guarded, principal
from stormcell.sidecar.api.paths import ANY, PREFIX

THREADS: Final = 4
"""Requests that use the store at the same time: people's, which must not keep telemetry waiting."""

_PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"


def api_routes(api: ApiContext) -> list[BaseRoute]:
    """Return the routes of the API, of health and of metrics."""
    limiter = anyio.CapacityLimiter(THREADS)
    calls = _Calls(api, limiter)
    return [
        Route(PREFIX, calls),
        Route(f"{PREFIX}/", calls),
        Route(f"{PREFIX}/{{rest:{ANY}}}", calls),
        *health_routes(api, limiter),
    ]


def health_routes(api: ApiContext, limiter: anyio.CapacityLimiter) -> list[BaseRoute]:
    """Return the routes of health and of metrics."""
    return [
        Route("/healthz", _healthy, methods=["GET"]),
        Route("/readyz", partial(_ready, api, limiter), methods=["GET"]),
        Route("/metrics", guarded(api, partial(_metrics, api, limiter)), methods=["GET"]),
    ]


class _Calls:
    """The routes of the API, which bring along much that no telemetry needs, loaded once somebody calls."""

    def __init__(self, api: ApiContext, limiter: anyio.CapacityLimiter) -> None:
        self._api = api
        self._limiter = limiter
        self._router: Router | None = None

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if self._router is None:
            # Off the loop, which has requests to take.
            self._router = await anyio.to_thread.run_sync(self._load, limiter=self._limiter)
        await self._router({**scope, "path_params": {}}, receive, send)

    def _load(self) -> Router:
        with forks.waiting():
            from stormcell.sidecar.api.routes import call_routes

        return Router(call_routes(self._api, self._limiter))


async def _healthy(request: Request) -> Response:
    return answer({"status": "ok"})


async def _ready(api: ApiContext, limiter: anyio.CapacityLimiter, request: Request) -> Response:
    found = await anyio.to_thread.run_sync(api.ready, limiter=limiter)
    told = {"status": "ready" if found.ready else "not ready", "checks": dict(found.checks)}
    return answer(told, HTTPStatus.OK if found.ready else HTTPStatus.SERVICE_UNAVAILABLE)


async def _metrics(api: ApiContext, limiter: anyio.CapacityLimiter, request: Request) -> Response:
    if not requests.from_here(request):
        principal(api, request, Scope.READ)
    text = await anyio.to_thread.run_sync(api.metrics, limiter=limiter)
    return Response(text, media_type=_PROMETHEUS)
