"""A proxy that misbehaves as told, between a client and a real server that speaks HTTP."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from tests.services.servers import PATIENCE

_OF_A_CONNECTION: Final = {"connection", "content-length", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Request:
    """What a client asked for, with so many bytes."""

    method: str
    path: str
    size: int


@dataclass(frozen=True)
class Answer:
    """Answer in the place of the server, which hears nothing of the request."""

    status: int
    retry_after: str = ""


@dataclass(frozen=True)
class CutRequest:
    """Break the connection after so many bytes of the request's body; the server hears nothing of it."""

    after: int = 0


@dataclass(frozen=True)
class CutResponse:
    """Let the server do as it is asked, and break the connection after so many bytes of what it answers."""

    after: int = 0


@dataclass(frozen=True)
class Hang:
    """Answer nothing, until mended; then break the connection. The server hears nothing of the request."""


@dataclass(frozen=True)
class Delay:
    """Wait for some seconds, or until mended, then pass the request on."""

    seconds: float


Fault = Answer | CutRequest | CutResponse | Hang | Delay


def anything(_: Request) -> bool:
    """Fit for any request."""
    return True


@dataclass
class _Order:
    fault: Fault
    left: float
    where: Callable[[Request], bool]


@dataclass
class Proxy:
    """Passes requests on to ``server``, and fails as it is told while it runs."""

    server: str
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    """All that came, in their order, whatever became of them."""
    _orders: list[_Order] = field(default_factory=list)
    _mended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _listener: _Listener | None = None

    def fail(self, fault: Fault, times: float = float("inf"), where: Callable[[Request], bool] = anything) -> None:
        """Fail with the next requests that fit, ``times`` of them; what was ordered first comes first."""
        with self._lock:
            self._orders.append(_Order(fault, times, where))

    def refuse(self) -> None:
        """Break all connections and take no more, as if nobody listened, until mended."""
        listener, self._listener = self._listener, None
        if listener:
            listener.end()

    def mend(self) -> None:
        """Do as a proxy should from here on."""
        with self._lock:
            self._orders.clear()
            # Those who wait, do so for the event that was there before.
            self._mended.set()
            self._mended = threading.Event()
        if not self._listener:
            port = urlsplit(self.url).port or 0
            self._listener = _Listener(self, port)
            self.url = f"http://127.0.0.1:{self._listener.server_port}"

    def _take(self, request: Request) -> tuple[Fault | None, threading.Event]:
        """Note a request; return what to do about it, and what tells that the fault is over."""
        with self._lock:
            self.requests.append(request)
            order = next((order for order in self._orders if order.left > 0 and order.where(request)), None)
            if order:
                order.left -= 1
            return order.fault if order else None, self._mended


@contextmanager
def between(server: str) -> Iterator[Proxy]:
    """Stand before a server, given by its URL."""
    proxy = Proxy(server)
    proxy.mend()
    try:
        yield proxy
    finally:
        proxy.mend()
        proxy.refuse()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # A client may have a thousand requests under way.
    request_queue_size = 128

    def __init__(self, proxy: Proxy, port: int) -> None:
        self.proxy = proxy
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients go as they like."""

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def _any(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        fault, mended = self.server.proxy._take(Request(self.command, self.path, size))
        if isinstance(fault, CutRequest):
            self.rfile.read(min(fault.after, size))
            self._break()
            return
        body = self.rfile.read(size)
        match fault:
            case Answer():
                error = {"error": {"type": "told_so", "reason": "as the test has it"}, "status": fault.status}
                headers = {"Content-Type": "application/json"}
                if fault.retry_after:
                    headers["Retry-After"] = fault.retry_after
                self.wfile.write(_response(fault.status, headers.items(), json.dumps(error).encode()))
            case Hang():
                mended.wait(PATIENCE)
                self._break()
            case CutResponse():
                self.wfile.write(self._asked(body)[: fault.after])
                self._break()
            case Delay():
                mended.wait(fault.seconds)
                self.wfile.write(self._asked(body))
            case None:
                self.wfile.write(self._asked(body))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - as the base class calls them

    def _asked(self, body: bytes) -> bytes:
        """Return what the server answers, ready to be sent."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_A_CONNECTION}
        connection = HTTPConnection(urlsplit(self.server.proxy.server).netloc, timeout=PATIENCE)
        try:
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            passed = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_A_CONNECTION]
            # What answers HEAD tells of a length, and has none.
            return _response(answer.status, passed, answer.read())
        except OSError:
            return _response(HTTPStatus.BAD_GATEWAY, (), b"{}")
        finally:
            connection.close()

    def _break(self) -> None:
        """Let the client see that the other side is gone, not that it ended in order."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _response(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers)]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
