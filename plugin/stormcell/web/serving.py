"""Every request for a page: who asks, and whether they may, is checked on the event loop; the rest is off it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route, Router
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from stormcell.access import ForbiddenError, Scope, UnauthenticatedError
from stormcell.errors import StormcellError
from stormcell.store import SqliteStore
from stormcell.store.watching import Watch
from stormcell.web import cookies, forms
from stormcell.web.answers import Answer, Download, Fragment, Page, Redirect, Toast
from stormcell.web.call import PageCall, View, is_ours
from stormcell.web.context import WebContext
from stormcell.web.login import Door
from stormcell.web.pages import Templates, sealed
from stormcell.web.problems import Problem, problem_of
from stormcell.web.routes import REST
from stormcell.web.sessions import Session, Sessions
from stormcell.web.table import VIEWS

SCRIPT: Final = "x-stormcell"
"""The header by which our script says that it asks: the path and query of the page that is shown."""
GO: Final = "X-Stormcell-Go"
"""The header that tells it where to go on."""
_SLOW: Final = 0.5
"""Seconds that the answer to a wrong token takes."""

_NAV: Final = tuple(
    (path, name)
    for path, name in (("/", "Groups"), ("/drafts", "Drafts"), ("/audit", "Audit"))
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
        self._templates = Templates()
        self._watch = Watch(context.store_path)
        self._sessions = Sessions(context.auth.asks, context.settings.web.session_seconds)
        self._door = Door(context.auth, self._sessions)
        settings = context.settings
        self._hosts = frozenset(name.lower() for name in (*settings.web.hosts, settings.receivers.http_host))
        # A page of an earlier process, which may have been another version, is never up to date.
        self._boot = secrets.token_hex(8)

    def routes(self) -> list[Route]:
        """Return the routes, the last of which takes all that no other does."""
        routes = [
            self._route("GET", "/static/{digest}/{name}", self._static),
            self._route("GET", "/static/{name}", self._static),
            self._route("GET", "/login", self._show_login),
            self._route("POST", "/login", self._login),
            self._route("POST", "/logout", self._logout),
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
            except Exception as error:  # whatever it is, people are told in one way
                response = self._told(request, problem_of(error, str(self._context.store_path)))
            return sealed(response)

        return answered

    async def _static(self, request: Request) -> Response:
        found = self._templates.assets.answer(request)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "there is no such file")
        return found

    async def _view(self, view: View, request: Request) -> Response:
        session, begun = self._who(request)
        if view.scope is not None and view.scope not in session.principal.scopes:
            raise ForbiddenError(
                f"{session.principal.name} may only look: this takes a token with the scope {view.scope.value}"
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
                    *(self._context, store, session, request.method, request.url.path),
                    {name: str(value) for name, value in request.path_params.items()},
                    query,
                    form,
                    SCRIPT in request.headers,
                )
                answer = view.handler(call)
            return self._response(request, session, answer, tag)

        response = await anyio.to_thread.run_sync(work, limiter=self._limiter)
        if request.method == "POST":
            self._context.nudge()
        if begun:
            cookies.put(response, request, begun, secure=self._context.secure)
        return response

    def _who(self, request: Request) -> tuple[Session, str]:
        """Return who asks, and what their browser is to keep from now on, if anything."""
        session = self._sessions.find(cookies.read(request, secure=self._context.secure))
        if session is not None:
            return session, ""
        if self._context.auth.asks:
            raise UnauthenticatedError("you are not logged in, or were idle for too long; log in")
        begun, session = self._begin_anonymous()
        return session, begun

    def _begin_anonymous(self) -> tuple[str, Session]:
        return self._sessions.begin(self._context.auth.check(None, Scope.READ))

    def _tag(self, request: Request, session: Session) -> str:
        parts = (self._boot, self._watch.version(), _here(request), session.csrf, session.by)
        return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'

    def _response(self, request: Request, session: Session, answer: Answer, tag: str) -> Response:
        match answer:
            case Page(template, data, status):
                scripted = SCRIPT in request.headers
                toasts = [] if scripted else self._sessions.told(session)
                content = self._templates.render(template, {**self._base(request, session, toasts, tag), **data})
                return _html(content, status, {"ETag": tag} if request.method == "GET" else {})
            case Fragment(template, data, status):
                content = self._templates.render(template, {**self._base(request, session, [], tag), **data})
                return _html(content, status)
            case Redirect(path, toast):
                return self._going(request, session, path, toast)
            case Download(content, name, media_type):
                headers = {"Content-Disposition": f'attachment; filename="{name}"'}
                return Response(content, headers=headers, media_type=media_type)

    def _going(self, request: Request, session: Session, path: str, toast: Toast | None) -> Response:
        path, here = quoted(path), request.headers.get(SCRIPT)
        toasts = [toast] if toast is not None else []
        if here == path:
            return _html(self._templates.toasts(toasts, session.csrf, here), headers={GO: path})
        for one in toasts:
            self._sessions.tell(session, one)
        if here is not None:
            return _html(b"", headers={GO: path})
        return RedirectResponse(path, HTTPStatus.SEE_OTHER)

    def _base(
        self, request: Request, session: Session | None, toasts: Sequence[Toast], tag: str
    ) -> dict[str, Any]:
        """Return what every template may print."""
        scopes = session.principal.scopes if session else frozenset()
        return {
            "asks": self._context.auth.asks,
            "by": session.by if session else "",
            "csrf": session.csrf if session else "",
            "here": _here(request),
            "known": session is not None,
            "nav": _NAV,
            "may_operate": Scope.OPERATE in scopes,
            "now": self._context.now(),
            "refresh": int(self._context.settings.web.refresh_seconds * 1000),
            "toasts": toasts,
            "version": tag,
            "who": session.principal.name if session else "",
        }

    def _told(self, request: Request, problem: Problem) -> Response:
        """Return a problem as a page, or as a message for our script to show."""
        if problem.status is HTTPStatus.UNAUTHORIZED:
            login = "/login" + _query({"back": "" if _here(request) == "/" else _here(request)})
            if SCRIPT not in request.headers and request.method in ("GET", "HEAD"):
                return RedirectResponse(login, HTTPStatus.SEE_OTHER)
        headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
        if SCRIPT in request.headers:
            content = self._templates.toasts([Toast(f"{problem}", bad=True)], "", "")
            return _html(content, problem.status, headers)
        session = self._sessions.find(cookies.read(request, secure=self._context.secure))
        data: Mapping[str, Any] = {
            "title": problem.status.phrase,
            "status": int(problem.status),
            "told": str(problem),
        }
        base = self._base(request, session, [], "")
        return _html(self._templates.render("error.html", {**base, **data}), problem.status, headers)

    async def _show_login(self, request: Request) -> Response:
        back = _first(request, "back")
        if not self._context.auth.asks or self._sessions.find(cookies.read(request, secure=self._context.secure)):
            return RedirectResponse(quoted(back), HTTPStatus.SEE_OTHER)
        return self._login_page(request, back)

    async def _login(self, request: Request) -> Response:
        sent = await forms.form(request)
        back = next(iter(sent.get("back", ())), "/")
        back = back if is_ours(back) else "/"
        if not self._context.auth.asks:
            return RedirectResponse(quoted(back), HTTPStatus.SEE_OTHER)
        try:
            address = request.client.host if request.client else ""
            cookie, _ = self._door.enter(address, next(iter(sent.get("token", ())), ""))
        except StormcellError as error:
            problem = problem_of(error, str(self._context.store_path))
            await anyio.sleep(_SLOW)
            return self._login_page(request, back, problem)
        response = RedirectResponse(quoted(back), HTTPStatus.SEE_OTHER)
        cookies.put(response, request, cookie, secure=self._context.secure)
        return response

    def _login_page(self, request: Request, back: str, problem: Problem | None = None) -> Response:
        data = {**self._base(request, None, [], ""), "back": back, "told": str(problem or "")}
        headers = {"Retry-After": str(problem.retry_after)} if problem and problem.retry_after else {}
        return _html(self._templates.render("login.html", data), problem.status if problem else 200, headers)

    async def _logout(self, request: Request) -> Response:
        session, _ = self._who(request)
        forms.check_csrf(await forms.form(request), session)
        self._sessions.end(session)
        response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        cookies.put(response, request, "", secure=self._context.secure)
        return response


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


def quoted(path: str) -> str:
    """Return a path of ours as a header may hold it."""
    return quote(path.encode("utf-8", "surrogatepass"), safe="/?&=#%:@!$'()*+,;~-._")


def _here(request: Request) -> str:
    """Return the path and the query, as they came."""
    path = request.scope.get("raw_path", b"").partition(b"?")[0].decode("ascii", "replace") or request.url.path
    return quoted(path) + (f"?{request.url.query}" if request.url.query else "")


def _first(request: Request, name: str) -> str:
    path = next(iter(forms.fields(request.url.query).get(name, ())), "/")
    return path if is_ours(path) else "/"


def _query(values: Mapping[str, str]) -> str:
    given = {name: value for name, value in values.items() if value}
    return f"?{urlencode(given)}" if given else ""


def _html(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(content, status, headers=headers, media_type="text/html; charset=utf-8")
