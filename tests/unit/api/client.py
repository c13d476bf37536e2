"""Talks to the API in process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from stormcell.access import ForbiddenError, Principal, Scope, UnauthenticatedError
from stormcell.config import DraftsSettings, PublisherSettings, Settings
from stormcell.sidecar.api.context import ApiContext, Readiness
from stormcell.sidecar.api.door import api_routes

NOW = 1_700_000_000_000_000_000


@dataclass
class Tokens:
    """Knows tokens and what they are good for; without any everybody may do everything."""

    known: Mapping[str, frozenset[Scope]] = field(default_factory=dict)

    def check(self, authorization: str | None, scope: Scope) -> Principal:
        if not self.known:
            return Principal("anonymous", frozenset(Scope))
        scopes = self.known.get((authorization or "").removeprefix("Bearer "))
        if scopes is None:
            raise UnauthenticatedError("no token that is known; send Authorization: Bearer TOKEN")
        if scope not in scopes:
            raise ForbiddenError(f"the token may not {scope}; use one that may")
        return Principal((authorization or "").removeprefix("Bearer "), scopes)


def publishing_to(folder: Path, *, four_eyes: bool = False) -> DraftsSettings:
    """Return settings that publish drafts to a folder, which is made."""
    folder.mkdir()
    place = PublisherSettings(name="wiki", kind="folder", target=str(folder))
    return DraftsSettings(publish=(place,), four_eyes=four_eyes)


class Api:
    """A client, and what it made the sidecar do."""

    def __init__(
        self,
        store: Path,
        tokens: Iterable[tuple[str, set[Scope]]] = (),
        peer: str = "127.0.0.1",
        drafts: DraftsSettings | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.nudges = 0
        self.ready = Readiness(True, {"journal": "ok"})
        known = {name: frozenset(scopes) for name, scopes in tokens}
        self.context = ApiContext(
            store_path=store,
            settings=settings or Settings(drafts=drafts or DraftsSettings()),
            auth=Tokens(known),
            nudge=self._nudge,
            ready=lambda: self.ready,
            status=lambda: {"groups": 3, "journal": {"bytes": 10}},
            metrics=lambda: "stormcell_groups 3\n",
            now=lambda: NOW,
        )
        self._app = Starlette(routes=api_routes(self.context))
        self._peer = peer

    def _nudge(self) -> None:
        self.nudges += 1

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app, client=(self._peer, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, path, **more)

        return asyncio.run(one())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.send("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return self.send("POST", path, json=body, **more) if body is not None else self.send("POST", path, **more)

    def got(self, path: str, **params: Any) -> Any:
        """Return what a GET answers, having made sure that it did."""
        response = self.get(f"/api/v1{path}", params=params)
        assert response.status_code == 200, response.text
        return response.json()

    def done(self, path: str, body: Any = None) -> Any:
        """Return what a POST answers, having made sure that it did."""
        response = self.post(f"/api/v1{path}", body)
        assert response.status_code == 200, response.text
        return response.json()
