"""From what views answer to what is sent, whole pages or what our script asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from stormcell.access import Scope
from stormcell.web import cookies
from stormcell.web.answers import Answer, Download, Fragment, Page, Redirect, Toast
from stormcell.web.context import WebContext
from stormcell.web.pages import Templates
from stormcell.web.problems import Problem
from stormcell.web.sessions import Session, Sessions

SCRIPT: Final = "x-stormcell"
"""The header by which our script says that it asks: the path and query of the page that is shown."""
GO: Final = "X-Stormcell-Go"
"""The header that tells it where to go on."""


class Rendering:
    """Makes answers.

    Parameters
    ----------
    context : WebContext
    sessions : Sessions
    nav : sequence of (str, str)
        The paths and names of the pages that all pages lead to.
    """

    def __init__(self, context: WebContext, sessions: Sessions, nav: Sequence[tuple[str, str]]) -> None:
        self.templates = Templates()
        self._context = context
        self._sessions = sessions
        self._nav = nav

    def answered(self, request: Request, session: Session, answer: Answer, tag: str) -> Response:
        """Return what a view answered; ``tag`` is the version of the page."""
        match answer:
            case Page(template, data, status):
                scripted = SCRIPT in request.headers
                toasts = [] if scripted else self._sessions.told(session)
                content = self.templates.render(template, {**self.base(request, session, toasts, tag), **data})
                return html(content, status, {"ETag": tag} if request.method == "GET" else {})
            case Fragment(template, data):
                content = self.templates.render(template, {**self.base(request, session, [], tag), **data})
                return html(content)
            case Redirect(path, toast):
                return self._going(request, session, path, toast)
            case Download(content, name, media_type):
                headers = {"Content-Disposition": f'attachment; filename="{name}"'}
                return Response(content, headers=headers, media_type=media_type)

    def _going(self, request: Request, session: Session, path: str, toast: Toast | None) -> Response:
        path, shown = quoted(path), request.headers.get(SCRIPT)
        toasts = [toast] if toast is not None else []
        if shown == path:
            return html(self.templates.toasts(toasts, session.csrf, shown), headers={GO: path})
        for one in toasts:
            self._sessions.tell(session, one)
        if shown is not None:
            return html(b"", headers={GO: path})
        return RedirectResponse(path, HTTPStatus.SEE_OTHER)

    def base(self, request: Request, session: Session | None, toasts: Sequence[Toast], tag: str) -> dict[str, Any]:
        """Return what every template may print."""
        scopes = session.principal.scopes if session else frozenset()
        return {
            "asks": self._context.auth.asks,
            "by": session.by if session else "",
            "csrf": session.csrf if session else "",
            "here": here(request),
            "known": session is not None,
            "nav": self._nav,
            "may_operate": Scope.OPERATE in scopes,
            "may_administer": Scope.ADMINISTER in scopes,
            "now": self._context.now(),
            "refresh": int(self._context.settings.web.refresh_seconds * 1000),
            "toasts": toasts,
            "version": tag,
            "who": session.principal.name if session else "",
        }

    def told(self, request: Request, problem: Problem) -> Response:
        """Return a problem as a page, or as a message for our script to show."""
        if problem.status is HTTPStatus.UNAUTHORIZED:
            back = "" if here(request) == "/" else f"?{urlencode({'back': here(request)})}"
            if SCRIPT not in request.headers and request.method in ("GET", "HEAD"):
                return RedirectResponse(f"/login{back}", HTTPStatus.SEE_OTHER)
        headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
        if SCRIPT in request.headers:
            content = self.templates.toasts([Toast(f"{problem}", bad=True)], "", "")
            return html(content, problem.status, headers)
        session = self._sessions.find(cookies.read(request, secure=self._context.secure))
        data: Mapping[str, Any] = {
            "title": problem.status.phrase,
            "status": int(problem.status),
            "told": str(problem),
        }
        base = self.base(request, session, [], "")
        return html(self.templates.render("error.html", {**base, **data}), problem.status, headers)


def quoted(path: str) -> str:
    """Return a path of ours as a header may hold it."""
    return quote(path.encode("utf-8", "surrogatepass"), safe="/?&=#%:@!$'()*+,;~-._")


def here(request: Request) -> str:
    """Return the path and the query, as they came."""
    path = request.scope.get("raw_path", b"").partition(b"?")[0].decode("ascii", "replace") or request.url.path
    return quoted(path) + (f"?{request.url.query}" if request.url.query else "")


def html(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return HTML as it is sent."""
    return Response(content, status, headers=headers, media_type="text/html; charset=utf-8")
