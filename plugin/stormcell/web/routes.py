"""The way in: light, and the pages when they are first asked for."""

from __future__ import annotations

from typing import Final

import anyio
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from stormcell import forks
from stormcell.web.context import WebContext

THREADS: Final = 4
"""Pages that use the store at the same time: people's, which must not keep telemetry waiting."""

PREFIXES: Final = ("audit", "codebooks", "drafts", "groups", "login", "logout", "me", "static")
"""First parts of the paths that are ours; all else is others', or nobody's."""

REST: Final = "stormcell_rest"
"""What the router calls a part of a path that may hold anything, slashes and line breaks too."""


class _Rest(StringConvertor):
    regex = r"[\s\S]+"


register_url_convertor(REST, _Rest())


def web_routes(context: WebContext, *, alone: bool = False) -> list[BaseRoute]:
    """Return the routes of the pages.

    Parameters
    ----------
    context : WebContext
    alone : bool
        Whether nothing else is served: what is nowhere is then told as a page, too.
    """
    pages = _Pages(context)
    ours: list[BaseRoute] = [Route("/", pages)]
    for name in PREFIXES:
        ours += [Route(f"/{name}", pages), Route(f"/{name}/{{rest:{REST}}}", pages), Route(f"/{name}/", pages)]
    return [*ours, Route(f"/{{rest:{REST}}}", pages)] if alone else ours


class _Pages:
    """Everything that is shown, which brings along much that no telemetry needs, loaded once somebody looks."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._limiter = anyio.CapacityLimiter(THREADS)
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            # Off the loop, which has requests to take.
            app = await anyio.to_thread.run_sync(self._load, limiter=self._limiter)
            self._app = self._app or app
        await self._app({**scope, "path_params": {}}, receive, send)

    def _load(self) -> ASGIApp:
        with forks.waiting():
            from stormcell.web.serving import serving

        return serving(self._context, self._limiter)
