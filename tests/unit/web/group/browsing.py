"""Asks for pages in process, as a browser without script does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from html import unescape
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from stormcell.access import Authenticator
from stormcell.config import Settings
from stormcell.store import SqliteStore
from stormcell.types import Group
from stormcell.web.context import WebContext
from stormcell.web.routes import web_routes


class Browser:
    """A browser: it keeps cookies, and sends forms with what was given to it."""

    def __init__(self, store: Path, settings: Settings | None = None) -> None:
        self.store = store
        settings = settings or Settings()
        context = WebContext(store, settings, Authenticator(settings.receivers))
        self._app = Starlette(routes=web_routes(context, alone=True))
        self._cookies: dict[str, str] = {}

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8000", cookies=self._cookies
            ) as client:
                answer = await client.request(method, path, **more)
                self._cookies.update(client.cookies)
                return answer

        return asyncio.run(one())

    def page(self, path: str) -> str:
        """Return a page, having made sure that it is shown."""
        answer = self.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def submit(self, path: str, fields: Mapping[str, Any], at: str) -> httpx.Response:
        """Send a form of a page, and return what comes of it."""
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', self.page(at))
        assert csrf is not None, at
        return self.send("POST", path, data={"csrf": csrf[1], "back": at, **fields})

    def done(self, path: str, fields: Mapping[str, Any], at: str) -> tuple[str, str]:
        """Send a form; return where it led and what was told there."""
        answer = self.submit(path, fields, at)
        assert answer.status_code == 303, answer.text
        to = answer.headers["location"]
        return to, told(self.page(to))


def told(page: str) -> str:
    """Return what the messages of a page say."""
    found = re.findall(r'class="toast[^"]*"[^>]*>\s*<span>(.*?)</span>', page, re.DOTALL)
    return unescape(" ".join(found))


def undo_of(page: str) -> str:
    """Return the id of what the last message of a page offers to take back."""
    [*found] = re.findall(r'data-undo.*?name="feedback" value="([^"]+)"', page, re.DOTALL)
    return str(found[-1])


def pair(store: Path) -> tuple[Group, Group]:
    """Two groups of one session, that with more events first."""
    with SqliteStore(store, create=False) as opened:
        for a, b in combinations(opened.groups(), 2):
            if a.first_seen <= b.last_seen and b.first_seen <= a.last_seen:
                return (a, b) if a.count >= b.count else (b, a)
    raise AssertionError


def stranger(store: Path, group: Group) -> str:
    """The event of a row of a group that does not sound like its exemplar's atom."""
    with SqliteStore(store, create=False) as opened:
        atoms = opened.memberships(group.id)
    voices = {atom.voice for atom in atoms if any(group.medoid.uid in row.members for row in atom.rows)}
    return next(atom for atom in atoms if atom.voice not in voices).rows[0].event.uid
