"""Asks for pages in process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from stormcell.access import Principal, Scope
from stormcell.config import Settings
from stormcell.web.context import WebContext
from stormcell.web.routes import web_routes
from tests.unit.api.client import NOW, Tokens

HTML = "text/html; charset=utf-8"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class _Auth(Tokens):
    @property
    def asks(self) -> bool:
        return bool(self.known)

    def check(self, authorization: str | None, scope: Scope) -> Principal:
        return super().check(authorization, scope)

    def still(self, principal: Principal) -> Principal | None:
        scopes = self.known.get(principal.name) if self.known else principal.scopes
        return None if scopes is None else Principal(principal.name, scopes)


class Browser:
    """Keeps cookies, follows no redirects, and remembers the forms of the last page."""

    def __init__(
        self,
        store: Path,
        tokens: Iterable[tuple[str, set[Scope]]] = (),
        settings: Settings | None = None,
        host: str = "localhost:14319",
        *,
        secure: bool = False,
    ) -> None:
        self.nudges = 0
        self.known: dict[str, frozenset[Scope]] = {name: frozenset(scopes) for name, scopes in tokens}
        context = WebContext(
            store, settings or Settings(), _Auth(self.known), self._nudge, lambda: NOW, secure=secure
        )
        self.app = Starlette(routes=web_routes(context, alone=True))
        self.origin = f"{'https' if secure else 'http'}://{host}"
        self.cookies = httpx.Cookies()
        self.csrf = ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Show a page."""
        answer = self._send("GET", path, None, headers)
        if found := _CSRF.search(answer.text):
            self.csrf = found[1]
        return answer

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        """Send a form of the last page."""
        return self._send("POST", path, {"csrf": self.csrf, **(form or {})}, {"origin": self.origin, **headers})

    def other(self) -> Browser:
        """Return another browser at the same pages."""
        made = object.__new__(Browser)
        made.__dict__.update(self.__dict__)
        made.cookies, made.csrf = httpx.Cookies(), ""
        return made

    def _send(self, method: str, path: str, form: Any, headers: Mapping[str, str]) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url=self.origin, cookies=self.cookies
            ) as client:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                answer = await client.request(method, path, data=form, headers=named)
                self.cookies = client.cookies
                return answer

        return asyncio.run(asked())

    def _nudge(self) -> None:
        self.nudges += 1
