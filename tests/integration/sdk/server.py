"""A server for OTLP over HTTP that answers as it is told."""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.integration.sdk.fakes import uids_of

Answer = tuple[int, dict[str, str]]


class Server:
    """Keeps what it takes.

    Parameters
    ----------
    answers : Answer
        Given to the first requests; 200 to those that come after. A status of 0 means none, as long as it lives.
    port : int
        By default a free one.

    Attributes
    ----------
    asked : list of str
        The uids in all requests, taken or not.
    taken : list of str
        Those in requests that were answered with 200.
    """

    def __init__(self, *answers: Answer, port: int = 0) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.taken: list[str] = []
        self.requests = 0
        self.ending = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server.handle(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """The same for settings."""
        return f"http://127.0.0.1:{self.port}"

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        body = gzip.decompress(request.rfile.read(int(request.headers["content-length"])))
        self.requests += 1
        uids = uids_of(body) if request.path == "/v1/logs" else []
        self.asked += uids
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        if status == 0:
            self.ending.wait()
            request.close_connection = True
            return
        if status == 200:
            self.taken += uids
        request.send_response(status)
        for name, value in {"content-length": "0", **headers}.items():
            request.send_header(name, value)
        request.end_headers()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._http.shutdown()
        self._http.server_close()
