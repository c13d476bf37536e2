"""A stand-in for Kibana, which answers as its documentation says."""

from __future__ import annotations

import json
import ssl
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answered = tuple[int, Any]


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class FakeKibana:
    """Keeps what it is given; ``refuse`` holds what it answers instead, by method and path."""

    version: str = "9.4.3"
    base: str = ""
    space: str = ""
    credentials: str = ""
    refuse: dict[tuple[str, str], list[Answered]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    objects: dict[tuple[str, str], Any] = field(default_factory=dict)
    dashboards: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    cases: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def wrote(self) -> list[str]:
        """Return the requests that changed something."""
        reading = ("/_export", "/_find")
        return [
            f"{one.method} {one.path}"
            for one in self.asked
            if one.method != "GET" and not one.path.partition("?")[0].endswith(reading)
        ]

    def answer(self, asked: Asked) -> Answered:
        path = asked.path.partition("?")[0]
        if self.credentials and asked.headers.get("authorization") != self.credentials:
            return 401, {"statusCode": 401, "error": "Unauthorized", "message": "no: " + self.credentials[:0]}
        if asked.method != "GET" and asked.headers.get("kbn-xsrf") != "true":
            return 400, {"statusCode": 400, "message": "Request must contain a kbn-xsrf header."}
        if path == f"{self.base}/api/status":
            return 200, {"version": {"number": self.version}, "status": {"overall": {"level": "available"}}}
        inside = f"{self.base}/s/{self.space}" if self.space else self.base
        if not path.startswith(f"{inside}/api/"):
            return 404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
        path = path.removeprefix(inside)
        waiting = self.refuse.get((asked.method, path))
        if waiting:
            return waiting.pop(0)
        made = {
            "/api/saved_objects/_import": self._import,
            "/api/saved_objects/_export": self._export,
            "/api/cases": self._open,
            "/api/cases/_find": self._find,
        }.get(path)
        if made is not None:
            return made(asked)
        kind, _, id = path.removeprefix("/api/").rpartition("/")
        if kind == "alerting/rule":
            return self._rule(asked, id)
        if kind == "dashboards" and tuple(map(int, self.version.split(".")[:2])) >= (9, 5):
            return self._dashboard(asked, id)
        if path.endswith("/comments/_find"):
            return self._find_comments(asked, path.split("/")[3])
        if path.endswith("/comments"):
            return self._comment(asked, path.split("/")[3])
        return 404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}

    def _import(self, asked: Asked) -> Answered:
        boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
        [part] = asked.body.split(b"--" + boundary)[1:-1]
        head, _, content = part.partition(b"\r\n\r\n")
        assert b'filename="stormcell.ndjson"' in head
        lines = [json.loads(line) for line in content.strip().splitlines()]
        for one in lines[:-1]:
            # It adds of its own.
            self.objects[one["type"], one["id"]] = {**one, "version": "WzFd", "updated_at": "2026-01-01"}
        results = [{"type": one["type"], "id": one["id"]} for one in lines[:-1]]
        return 200, {"success": True, "successCount": len(results), "successResults": results}

    def _export(self, asked: Asked) -> Answered:
        [wanted] = asked.json["objects"]
        found = self.objects.get((wanted["type"], wanted["id"]))
        if found is None:
            return 400, {"statusCode": 400, "error": "Bad Request", "message": "Error fetching objects to export"}
        return 200, found

    def _rule(self, asked: Asked, id: str) -> Answered:
        if asked.method == "GET":
            return (200, self.rules[id]) if id in self.rules else (404, {"statusCode": 404, "message": "no rule"})
        if asked.method == "POST" and id in self.rules:
            return 409, {"statusCode": 409, "message": "conflict"}
        known = {
            "name",
            "schedule",
            "tags",
            "params",
            "artifacts",
            "actions",
            "throttle",
            "notify_when",
            "flapping",
        }
        if asked.method == "PUT" and set(asked.json) - known:
            return 400, {"statusCode": 400, "message": "definition for this key is missing"}
        self.rules[id] = {**self.rules.get(id, {}), **asked.json, "id": id, "revision": 1}
        return 200, self.rules[id]

    def _dashboard(self, asked: Asked, id: str) -> Answered:
        if asked.headers.get("elastic-api-version") != "2023-10-31":
            return 400, {"message": "no version"}
        if asked.method == "GET":
            return (200, self.dashboards[id]) if id in self.dashboards else (404, {"message": "none"})
        self.dashboards[id] = asked.json
        return 200, {"id": id, "data": asked.json}

    def _open(self, asked: Asked) -> Answered:
        required = {"title", "description", "owner", "tags", "connector", "settings"}
        if required - set(asked.json) or len(asked.json["title"]) > 160:
            return 400, {"message": "Invalid value"}
        self.cases.append({**asked.json, "id": f"case-{len(self.cases)}", "totalComment": 0, "comments": []})
        return 200, self.cases[-1]

    def _find(self, asked: Asked) -> Answered:
        wanted = set(parse_qs(urlsplit(asked.path).query)["tags"])
        found = [one for one in self.cases if wanted & set(one["tags"])]
        return 200, {"cases": found, "page": 1, "per_page": 100, "total": len(found)}

    def _comment(self, asked: Asked, id: str) -> Answered:
        [case] = [one for one in self.cases if one["id"] == id]
        if asked.json["type"] != "user" or len(asked.json["comment"]) > 30_000:
            return 400, {"message": "Invalid value"}
        if asked.method == "PATCH":
            number = int(asked.json["id"])
            if asked.json["version"] != _version(case["comments"][number]):
                return 409, {
                    "message": "This case has been updated. Please refresh before saving additional updates."
                }
            case["comments"][number] = asked.json["comment"]
            return 200, case
        case["comments"].append(asked.json["comment"])
        case["totalComment"] += 1
        return 200, case

    def _find_comments(self, asked: Asked, id: str) -> Answered:
        [case] = [one for one in self.cases if one["id"] == id]
        query = parse_qs(urlsplit(asked.path).query)
        page, most = int(query["page"][0]), int(query["perPage"][0])
        listed = [
            {"id": str(number), "version": _version(text), "type": "user", "comment": text}
            for number, text in enumerate(case["comments"])
        ]
        shown = listed[(page - 1) * most : page * most]
        return 200, {"comments": shown, "page": page, "per_page": most, "total": len(listed)}


def _version(text: str) -> str:
    """Return what changes with a comment."""
    return f"W{zlib.crc32(text.encode())}"


@contextmanager
def serving(kibana: FakeKibana, tls: ssl.SSLContext | None = None) -> Iterator[FakeKibana]:
    """Answer on a port of the loopback until the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # an answer in one piece: the rest of one would wait for an acknowledgement

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            kibana.asked.append(asked)
            status, content = kibana.answer(asked)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = _serve  # noqa: N815  so they are called

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    kibana.url = f"http{'' if tls is None else 's'}://127.0.0.1:{server.server_address[1]}{kibana.base}"
    try:
        yield kibana
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
