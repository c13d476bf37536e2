"""Every request for a page: who asks, and whether they may, is checked on the event loop; the rest is off it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route, Router
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from stormcell.access import ForbiddenError, Scope
from stormcell.store import SqliteStore
from stormcell.store.watching import Watch
from stormcell.web import cookies, forms
from stormcell.web.call import PageCall, View
from stormcell.web.context import WebContext
from stormcell.web.entrance import Entrance
from stormcell.web.pages import sealed
from stormcell.web.problems import Problem, problem_of
from stormcell.web.rendering import SCRIPT, Rendering, here
from stormcell.web.routes import REST
from stormcell.web.sessions import Session, Sessions
from stormcell.web.table import VIEWS

_NAV: Final = tuple(
    (path, name)
    for path, name in (("/", "Groups"), ("/drafts", "Drafts"), ("/codebooks", "Codebooks"), ("/audit", "Audit"))
    if any(view.path == path for view in VIEWS)
)

Handler = Callable[[Request], Awaitable[Response]]


def serving(context: WebContext, limiter: anyio.CapacityLimiter) -> ASGIApp:
    """Return the application of the pages."""
    return Router(Server(context, limiter).routes())


class Server:
    """Answers requests for pages."""

    def __init__(self, context: WebContext, limiter: anyio.CapacityLimiter) -> None:
        self._context = context
        self._limiter = limiter
        self._watch = Watch(context.store_path)
        self._sessions = Sessions(
            context.auth.asks, context.settings.web.session_seconds, still=context.auth.still
        )
        self._rendering = Rendering(context, self._sessions, _NAV)
        self._entrance = Entrance(context, self._sessions, self._rendering)
        settings = context.settings
        self._hosts = frozenset((*settings.web.hosts, settings.receivers.http_host))
        # A page of an earlier process, which may have been another version, is never up to date.
        self._boot = secrets.token_hex(8)

    def routes(self) -> list[Route]:
        """Return the routes, the last of which takes all that no other does."""
        routes = [
            self._route("GET", "/static/{digest}/{name}", self._static),
            self._route("GET", "/static/{name}", self._static),
            self._route("GET", "/login", self._entrance.show),
            self._route("POST", "/login", self._entrance.enter),
            self._route("POST", "/logout", self._entrance.leave),
            self._route("POST", "/me", self._entrance.call),
            *(self._route(view.method, view.path, partial(self._view, view)) for view in VIEWS),
        ]
        unknown = self._guarded(partial(_unknown, tuple(routes)))
        return [*routes, _any("/", unknown), _any(f"/{{rest:{REST}}}", unknown)]

    def _route(self, method: str, path: str, handler: Handler) -> Route:
        return Route(path.replace(":rest}", f":{REST}}}"), self._guarded(handler), methods=[method])

    def _guarded(self, handler: Handler) -> Handler:
        """Return a handler that takes no requests of others' pages, and whose errors are told as pages."""

        async def answered(request: Request) -> Response:
            try:
                if not self._context.auth.asks:
                    forms.check_host(request.headers.get("host", ""), self._hosts)
                if request.method == "POST":
                    forms.check_origin(request)
                response = await handler(request)
            except ClientDisconnect:
                response = Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody hears it
            except Exception as error:  # whatever it is, people are told in one way
                response = self._rendering.told(request, problem_of(error, str(self._context.store_path)))
            return sealed(response)

        return answered

    async def _static(self, request: Request) -> Response:
        found = self._rendering.templates.assets.answer(request)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "there is no such file")
        return found

    async def _view(self, view: View, request: Request) -> Response:
        session, begun = self._entrance.who(request)
        if view.scope not in session.principal.scopes:
            raise ForbiddenError(
                f"{session.principal.name} may only {_allowed(session)}: this takes a token with the scope"
                f" {view.scope.value}"
            )
        form = await forms.form(request) if request.method == "POST" else {}
        if request.method == "POST":
            forms.check_csrf(form, session)
        query = forms.fields(request.url.query)

        def work() -> Response:
            # Before the store is looked at: what is written meanwhile makes it another.
            tag = self._tag(request, session)
            if request.method != "POST" and request.headers.get("if-none-match") == tag:
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
            with SqliteStore(self._context.store_path, create=True) as store:
                call = PageCall(
                    self._context,
                    store,
                    session,
                    {name: str(value) for name, value in request.path_params.items()},
                    query,
                    form,
                    SCRIPT in request.headers,
                )
                answer = view.handler(call)
            return self._rendering.answered(request, session, answer, tag)

        response = await anyio.to_thread.run_sync(work, limiter=self._limiter)
        if request.method == "POST":
            self._context.nudge()
        if begun:
            cookies.put(response, request, begun, secure=self._context.secure)
        return response

    def _tag(self, request: Request, session: Session) -> str:
        # What somebody may do is offered, and may become more or less.
        may = sorted(session.principal.scopes)
        parts = (self._boot, self._watch.version(), here(request), session.csrf, session.by, may)
        return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def _allowed(session: Session) -> str:
    """Return what somebody may do, in words."""
    return "look and operate" if Scope.OPERATE in session.principal.scopes else "look"


class _Any:
    """Lets a route take any method: a function would take GET only."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        response = await self._handler(Request(scope, receive))
        await response(scope, receive, send)


def _any(path: str, handler: Handler) -> Route:
    return Route(path, _Any(handler))


async def _unknown(routes: Sequence[Route], request: Request) -> Response:
    near = [route for route in routes if route.matches(request.scope)[0] is Match.PARTIAL]
    if near:
        allowed = ", ".join(sorted({method for route in near for method in route.methods or ()}))
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, f"{request.method} does nothing here, {allowed} does")
    raise Problem(HTTPStatus.NOT_FOUND, "there is no such page")
