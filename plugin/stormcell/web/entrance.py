"""The entrance: who asks, logging in and out, and what they are called."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from stormcell.access import Scope, UnauthenticatedError
from stormcell.errors import StormcellError
from stormcell.web import cookies, forms
from stormcell.web.call import back_of, first
from stormcell.web.context import WebContext
from stormcell.web.login import Door
from stormcell.web.problems import Problem, problem_of
from stormcell.web.rendering import Rendering, html, quoted
from stormcell.web.sessions import Session, Sessions

_SLOW: Final = 0.5
"""Seconds that the answer to a wrong token takes."""


class Entrance:
    """Finds sessions, begins and ends them."""

    def __init__(self, context: WebContext, sessions: Sessions, rendering: Rendering) -> None:
        self._context = context
        self._sessions = sessions
        self._rendering = rendering
        self._door = Door(context.auth, sessions)

    def who(self, request: Request) -> tuple[Session, str]:
        """Return who asks, and what their browser is to keep from now on, if anything.

        Raises
        ------
        UnauthenticatedError
            If tokens are asked for, and nobody is logged in.
        """
        session = self._known(request)
        if session is not None:
            return session, ""
        if self._context.auth.asks:
            raise UnauthenticatedError("you are not logged in, or were idle for too long; log in")
        begun, session = self._sessions.begin(self._context.auth.check(None, Scope.READ))
        return session, begun

    async def show(self, request: Request) -> Response:
        """Show where to log in, or what is behind it to who need not."""
        back = back_of(forms.fields(request.url.query), "/")
        if not self._context.auth.asks or self._known(request):
            return RedirectResponse(quoted(back), HTTPStatus.SEE_OTHER)
        return self._page(request, back)

    async def enter(self, request: Request) -> Response:
        """Log in by the token of a form."""
        sent = await forms.form(request, forms.SMALL_FORM)
        back = back_of(sent, "/")
        if not self._context.auth.asks:
            return RedirectResponse(quoted(back), HTTPStatus.SEE_OTHER)
        try:
            address = request.client.host if request.client else ""
            cookie, _ = self._door.enter(address, first(sent, "token"))
        except StormcellError as error:
            await anyio.sleep(_SLOW)
            return self._page(request, back, problem_of(error, str(self._context.store_path)))
        return self._keeping(request, RedirectResponse(quoted(back), HTTPStatus.SEE_OTHER), cookie)

    async def leave(self, request: Request) -> Response:
        """Log out."""
        session, _ = self.who(request)
        forms.check_csrf(await forms.form(request, forms.SMALL_FORM), session)
        self._sessions.end(session)
        return self._keeping(request, RedirectResponse("/login", HTTPStatus.SEE_OTHER), "")

    async def call(self, request: Request) -> Response:
        """Keep who somebody says they are."""
        session, _ = self.who(request)
        sent = await forms.form(request, forms.SMALL_FORM)
        forms.check_csrf(sent, session)
        self._sessions.call(session, first(sent, "name"))
        return RedirectResponse(quoted(back_of(sent, "/")), HTTPStatus.SEE_OTHER)

    def _known(self, request: Request) -> Session | None:
        return self._sessions.find(cookies.read(request, secure=self._context.secure))

    def _keeping(self, request: Request, response: Response, cookie: str) -> Response:
        cookies.put(response, request, cookie, secure=self._context.secure)
        return response

    def _page(self, request: Request, back: str, problem: Problem | None = None) -> Response:
        data = {**self._rendering.base(request, None, [], ""), "back": back, "told": str(problem or "")}
        headers = {"Retry-After": str(problem.retry_after)} if problem and problem.retry_after else {}
        content = self._rendering.templates.render("login.html", data)
        return html(content, problem.status if problem else HTTPStatus.OK, headers)
