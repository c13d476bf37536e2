"""The API of a sidecar over a store, on a real socket, and what a sidecar keeps there for training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from stormcell.access import Scope as Allowed
from stormcell.codebook.training import Trainer
from stormcell.config import ReceiversSettings, Settings
from stormcell.sidecar.api.door import api_routes
from stormcell.sidecar.http.server import HttpServer
from stormcell.store import SqliteStore
from stormcell.store.model import SAMPLE
from tests.unit.api.client import Api
from tests.unit.web.model.build import KINDS, window


class Flaky:
    """Answers the next requests with statuses that it is told, and hands all others on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.fails: list[int] = []
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self.asked.append(f"{scope['method']} {scope['path']}")
        if not self.fails:
            await self._app(scope, receive, send)
            return
        status = self.fails.pop(0)
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}
        )
        await send({"type": "http.response.body", "body": b"not now"})


class Served:
    """The API, and where it is."""

    def __init__(self, url: str, flaky: Flaky, api: Api) -> None:
        self.url, self.flaky, self.api = url, flaky, api


@contextmanager
def served(store: Path, tokens: Iterable[tuple[str, set[Allowed]]] = ()) -> Iterator[Served]:
    """Serve the API of a store until the end of the block."""
    api = Api(store, tokens)
    flaky = Flaky(Starlette(routes=api_routes(api.context)))
    server = HttpServer(ReceiversSettings(grpc_port=0, http_port=0), flaky)
    server.start()
    try:
        yield Served(f"http://127.0.0.1:{server.port}", flaky, api)
    finally:
        server.stop(0)


def sampled(
    path: Path, *windows: int, kinds: Sequence[dict[str, Any]] = KINDS, settings: Settings | None = None
) -> None:
    """Have a store hold a sample of some windows, as a sidecar stores it."""
    trainer = Trainer(settings or Settings())
    for number in windows:
        trainer.offer(window(number, kinds))
    part = {"since": 0, "trainer": trainer.snapshot()}
    with SqliteStore(path, create=True) as store:
        store.save_model_state(SAMPLE, {"format": "stormcell.sample/1", "older": part, "younger": None})
