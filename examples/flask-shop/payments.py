"""What stands for a payment provider: it answers for cards, and for wallets only when nobody waits any more."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Provider(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(2.0 if self.path == "/wallet" else 0.01)
        try:
            self.send_response(204)
            self.end_headers()
        except OSError:
            pass

    def log_message(self, *_: Any) -> None:
        """Say nothing: its logs would not be the shop's."""


def start_provider() -> str:
    """Start it on a free port of this machine, and return its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="payments", daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"
