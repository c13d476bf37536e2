"""So much of Elasticsearch as a push of new groups needs, on a real socket."""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


class FakeElasticsearch:
    """Holds documents by index and id; each takes what it is sent until the end of the ``with`` block.

    Attributes
    ----------
    written : list of (str, dict)
        What each writing was of, and what it wrote.
    statuses : deque of int
        With which the next documents are refused.
    """

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], dict[str, Any]] = {}
        self.written: list[tuple[str, dict[str, Any]]] = []
        self.statuses: deque[int] = deque()
        self.bulks = 0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                path = urlsplit(self.path).path
                answer = fake._answer(path, body)
                data = b"" if self.command == "HEAD" else json.dumps(answer).encode()
                self.send_response(404 if self.command == "HEAD" else 200)
                self.send_header("content-type", "application/json")
                self.send_header("x-elastic-product", "Elasticsearch")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_HEAD = do_POST = do_PUT = do_any  # noqa: N815 - as the base class calls them

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, path: str, body: bytes) -> Any:
        if path.endswith("/_mget"):
            index = path.split("/")[1]
            return {"docs": [self._got(index, id) for id in json.loads(body)["ids"]]}
        if path.endswith("/_bulk"):
            self.bulks += 1
            items = [*self._bulk(body.splitlines())]
            return {"errors": any("error" in one for item in items for one in item.values()), "items": items}
        # Of a search; refreshing needs nothing.
        return {"hits": {"hits": []}, "aggregations": {"groups": {"buckets": []}}}

    def _got(self, index: str, id: str) -> dict[str, Any]:
        found = self.documents.get((index, id))
        held = {} if found is None else {"_source": found, "_seq_no": 0, "_primary_term": 1}
        return {"_index": index, "_id": id, "found": found is not None, **held}

    def _bulk(self, lines: list[bytes]) -> Any:
        while lines:
            [(what, about)] = json.loads(lines.pop(0)).items()
            source = json.loads(lines.pop(0))
            status = self.statuses.popleft() if self.statuses else 200
            if status == 200:
                self.documents[about["_index"], about["_id"]] = source
                self.written.append((about["_index"], source))
                yield {what: {"status": status}}
            else:
                yield {what: {"status": status, "error": {"type": "told_so", "reason": "as the test has it"}}}
