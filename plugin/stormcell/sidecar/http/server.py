"""The HTTP server: uvicorn, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from stormcell.config.receivers import ReceiversSettings
from stormcell.sidecar import tls
from stormcell.sidecar.http.protocol import bounded
from stormcell.sidecar.listening import ListenError, check_exposure, listen

_LONGEST_HEAD = 32 << 10
"""Bytes of a request line and its headers."""

_START_SECONDS = 30.0
_STOP_SECONDS = 3.0
"""Beyond what is granted: for last answers, and threads that still wait for the journal."""


class _Loop(asyncio.SelectorEventLoop):
    """A loop that waits for the handshake of TLS no longer than for a request; uvicorn leaves it at a minute."""

    handshake_seconds = 60.0

    async def create_server(self, *args: Any, **kwargs: Any) -> asyncio.Server:
        if kwargs.get("ssl"):
            kwargs["ssl_handshake_timeout"] = self.handshake_seconds
        return await super().create_server(*args, **kwargs)


class HttpServer:
    """Serves an application.

    Parameters
    ----------
    settings : ReceiversSettings
    app : ASGI application

    Raises
    ------
    SettingsError
        If the settings of TLS are wrong, or the address is public and nothing is asked of clients.
    """

    def __init__(self, settings: ReceiversSettings, app: ASGIApp) -> None:
        check_exposure(settings)
        self._settings = settings
        context = tls.context(settings)
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=bounded(settings),
            ws="none",
            lifespan="off",
            interface="asgi3",
            # Of ours nothing is configured: logging is the command's. Warnings there are one for each bad request.
            log_config=None,
            log_level="error",
            access_log=False,
            # Nobody's word is taken for who asks.
            proxy_headers=False,
            server_header=False,
            # A little later than our own limit, which does not wait for the other side to agree.
            timeout_keep_alive=math.ceil(settings.idle_seconds) + 1,
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            ssl_context_factory=(lambda _config, _default: context) if context else None,
        )
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None
        self._started = threading.Event()
        self.port = 0
        """The port that is listened on, once started."""

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._server.server_state.connections)

    def start(self) -> None:
        """Listen, and return once requests are answered.

        Raises
        ------
        ListenError
            If the address cannot be listened on.
        """
        listener = listen(self._settings.http_host, self._settings.http_port)
        self.port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(listener,), name="stormcell-http", daemon=True)
        self._thread.start()
        if not self._started.wait(_START_SECONDS) or not self._thread.is_alive():
            raise ListenError(f"the HTTP server did not start at port {self.port}; the log says why")

    def stop(self, grace: float) -> None:
        """Take no more requests, and return when those under way are done, or cut off after ``grace`` seconds.

        Whole seconds, one at least. What is cut off is told to send it again. A server that never started, or has
        stopped, stays so.
        """
        self._server.config.timeout_graceful_shutdown = max(1, math.ceil(grace))
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(grace + _STOP_SECONDS)

    def _run(self, listener: socket.socket) -> None:
        try:
            with contextlib.closing(listener), asyncio.Runner(loop_factory=self._loop) as runner:
                runner.run(self._serve(listener))
        finally:
            self._started.set()

    def _loop(self) -> _Loop:
        made = _Loop()
        made.handshake_seconds = self._settings.request_seconds
        return made

    async def _serve(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        # asyncio.run waits for what is left in it.
        loop.set_default_executor(ThreadPoolExecutor(self._settings.threads, "stormcell-http"))
        watch = loop.create_task(self._watch())
        try:
            await self._server.serve([listener])
        finally:
            watch.cancel()
            if tasks := self._server.server_state.tasks:
                await asyncio.wait(tasks, timeout=1)
            for connection in list(self._server.server_state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)

    async def _watch(self) -> None:
        while not self._server.started:
            await asyncio.sleep(0.005)
        self._started.set()
