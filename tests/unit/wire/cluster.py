"""ConfigMaps as the API server of Kubernetes keeps them, over HTTPS: who may do what, and server-side apply.

No cluster can be had in these tests. This follows what the reference of Kubernetes says of server-side apply:
fields have managers, a manager's fields that it leaves out are gone, those of others stay, and are conflicts
unless it forces.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.certificates import Authority, Pair

TOKEN = "token-of-the-pod"
MOST = 1 << 20
Json = dict[str, Any]


@dataclass
class Kept:
    """A ConfigMap, and who manages which of its fields."""

    document: Json
    managers: dict[tuple[str, ...], str] = field(default_factory=dict)


class RefusedError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason = status, reason


@dataclass
class Cluster:
    """An API server until the end of the ``with`` block.

    Attributes
    ----------
    account : Path
        The folder of a service account, as a pod has it.
    may : set of (str, str)
        Verbs, and the names of ConfigMaps they are allowed for.
    kept : dict of str to Kept
        ConfigMaps of the namespace ``storms`` by name.
    fails : list of int
        Statuses that the next requests are answered with.
    """

    account: Path
    certificate: Pair
    may: set[tuple[str, str]] = field(default_factory=set)
    kept: dict[str, Kept] = field(default_factory=dict)
    fails: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    meanwhile: Json | None = None
    revision: int = 100

    def holds(self, name: str, document: Json | None = None, manager: str = "kubectl") -> None:
        """Have a ConfigMap there."""
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} | (document or {})
        self.kept[name] = Kept(made, dict.fromkeys(leaves(made), manager))
        self._changed(self.kept[name])

    def data(self, name: str) -> Json:
        """Return what is in one."""
        return dict(self.kept[name].document.get("data", {}))

    def __enter__(self) -> Self:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate.certificate, self.certificate.key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def variables(self) -> dict[str, str]:
        """What Kubernetes tells containers."""
        return {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self._server.server_address[1]),
        }

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Json]:
        """Answer a request as the API server would."""
        self.asked.append(f"{method} {path}")
        try:
            if self.fails:
                raise RefusedError(self.fails.pop(0), "ServiceUnavailable", "etcd is not there")
            if headers.get("authorization") != f"Bearer {TOKEN}":
                raise RefusedError(401, "Unauthorized", "Unauthorized")
            parts = urlsplit(path)
            start = "/api/v1/namespaces/storms/configmaps/"
            if not parts.path.startswith(start):
                raise RefusedError(404, "NotFound", "the server could not find the requested resource")
            name = unquote(parts.path.removeprefix(start))
            if method == "GET":
                self._check("get", name)
                if name not in self.kept:
                    raise RefusedError(404, "NotFound", f'configmaps "{name}" not found')
                return 200, self.kept[name].document
            self._check("patch", name)
            if self.meanwhile is not None:
                self.holds(name, self.meanwhile)
                self.meanwhile = None
            return self._apply(
                name, {key: value[0] for key, value in parse_qs(parts.query).items()}, headers, body
            )
        except RefusedError as refused:
            status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": refused.reason}
            return refused.status, status | {"message": str(refused), "code": refused.status}

    def _check(self, verb: str, name: str) -> None:
        if (verb, name) not in self.may:
            who = "system:serviceaccount:storms:codebook-job"
            message = f'configmaps "{name}" is forbidden: User "{who}" cannot {verb} resource "configmaps"'
            raise RefusedError(403, "Forbidden", message)

    def _apply(
        self, name: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Json]:
        if headers.get("content-type") != "application/apply-patch+yaml":
            raise RefusedError(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
        manager = query.get("fieldManager", "")
        if not manager:
            raise RefusedError(422, "Invalid", "PatchOptions is invalid: fieldManager: Required value")
        applied = json.loads(body)
        if applied.get("metadata", {}).get("name") != name or applied.get("kind") != "ConfigMap":
            raise RefusedError(400, "BadRequest", "the name of the object does not match the name on the URL")
        there = self.kept.get(name)
        status = 200
        if there is None:
            self._check("create", name)
            status, there = 201, Kept({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
        seen = applied["metadata"].pop("resourceVersion", None)
        if seen is not None and seen != there.document.get("metadata", {}).get("resourceVersion"):
            raise RefusedError(409, "Conflict", "the object has been modified; please apply your changes again")
        wanted = leaves(applied)
        for path, value in wanted.items():
            owner = there.managers.get(path, manager)
            if owner != manager and _found(there.document, path) != value and query.get("force") != "true":
                raise RefusedError(409, "Conflict", f'Apply failed with 1 conflict: conflict with "{owner}"')
        document = json.loads(json.dumps(there.document))
        for path in [path for path, owner in there.managers.items() if owner == manager and path not in wanted]:
            _cut(document, path)
        for path, value in wanted.items():
            _put(document, path, value)
        size = sum(len(text) for part in ("data", "binaryData") for text in document.get(part, {}).values())
        if size > MOST:
            raise RefusedError(422, "Invalid", f"[]: Too long: must have at most {MOST} bytes")
        owners = {path: owner for path, owner in there.managers.items() if owner != manager}
        kept = Kept(document, owners | dict.fromkeys(wanted, manager))
        if document != there.document:
            self._changed(kept)
        self.kept[name] = kept
        return status, kept.document

    def _changed(self, kept: Kept) -> None:
        self.revision += 1
        kept.document["metadata"]["resourceVersion"] = str(self.revision)


def leaves(document: Json, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return the values of a document by their paths, without those that say which object it is."""
    found: dict[tuple[str, ...], Any] = {}
    for name, value in document.items():
        here = (*path, name)
        if isinstance(value, dict):
            found |= leaves(value, here)
        elif here not in {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}:
            found[here] = value
    return found


def pod(folder: Path, authority: Authority) -> Path:
    """Write the folder of a service account; return it."""
    folder.mkdir()
    (folder / "token").write_text(TOKEN)
    (folder / "namespace").write_text("storms")
    (folder / "ca.crt").write_bytes(authority.pair.certificate.read_bytes())
    return folder


def _found(document: Json, path: tuple[str, ...]) -> Any:
    here: Any = document
    for name in path:
        here = here.get(name) if isinstance(here, dict) else None
    return here


def _put(document: Json, path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        document = document.setdefault(name, {})
    document[path[-1]] = value


def _cut(document: Json, path: tuple[str, ...]) -> None:
    for name in path[:-1]:
        document = document.get(name, {})
    document.pop(path[-1], None)


def _handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, document = cluster.answer(self.command, self.path, headers, body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PATCH = _answer  # noqa: N815  what the library calls

        def log_message(self, *arguments: Any) -> None:
            pass

    return Handler
