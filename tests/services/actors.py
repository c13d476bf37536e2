"""Who plays in these tests: the sidecar, the Collector and others, each with the settings a test needs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import yaml

from tests.services.servers import Server, Servers, free_port, get, tool

PROGRAM: Sequence[str] = (sys.executable, "-m", "stormcell")


@dataclass
class Sidecar:
    """A running sidecar, how to reach it, and all that a second start takes."""

    server: Server
    command: tuple[str, ...]
    grpc: str
    http: str
    data: Path
    token: str = ""

    def read(self, path: str) -> Any:
        """Return the JSON of a path below the API."""
        return json.loads(get(f"{self.http}/api/v1/{path}", self.token))

    def pages(self, path: str, what: str) -> Iterator[Any]:
        """Yield what a list of the API holds, page by page."""
        cursor = ""
        while cursor is not None:
            page = self.read(f"{path}?limit=1000&cursor={quote(cursor)}")
            yield from page[what]
            cursor = page["next"]

    def members(self) -> set[frozenset[str]]:
        """Return the uids of each group; none of a group that went while it was asked for."""
        return {frozenset(self._members_of(group["id"])) for group in [*self.pages("groups", "groups")]}

    def _members_of(self, group: str) -> Iterator[str]:
        try:
            for member in self.pages(f"groups/{group}/members", "members"):
                yield member["uid"]
        except HTTPError as error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise

    def received(self, what: str) -> int:
        """Return how many "logs", "spans" or "alerts" it has taken."""
        return int(self.read("status")["received"][what])

    def again(self, servers: Servers) -> None:
        """Start it once more, with the same settings and data."""
        self.server = servers.start("sidecar", self.command, f"{self.http}/readyz")


def start_sidecar(servers: Servers, settings: dict[str, Any] | None = None) -> Sidecar:
    """Start `stormcell sidecar` on free ports, with further settings."""
    grpc, http = free_port(), free_port()
    config, data = servers.folder / f"stormcell-{http}.yaml", servers.folder / f"data-{http}"
    document = dict(settings or {})
    document["receivers"] = {**document.get("receivers", {}), "grpc_port": grpc, "http_port": http}
    config.write_text(yaml.safe_dump(document), "utf-8")
    command = (*PROGRAM, "sidecar", "--config", str(config), "--data", str(data))
    url = f"http://127.0.0.1:{http}"
    server = servers.start("sidecar", command, f"{url}/readyz")
    return Sidecar(server, command, f"127.0.0.1:{grpc}", url, data)


def start_collector(servers: Servers, config: dict[str, Any]) -> Server:
    """Start the Collector with receivers, exporters and pipelines."""
    port = free_port()
    document = {
        "receivers": config["receivers"],
        "exporters": config["exporters"],
        "extensions": {"health_check": {"endpoint": f"127.0.0.1:{port}"}},
        "service": {
            "extensions": ["health_check"],
            # Its own metrics would take a port that every Collector takes.
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": config["pipelines"],
        },
    }
    file = servers.folder / f"collector-{port}.yaml"
    file.write_text(yaml.safe_dump(document), "utf-8")
    return servers.start("collector", [tool("otelcol"), "--config", file], f"http://127.0.0.1:{port}/")


def otlp_exporter(endpoint: str, **settings: Any) -> dict[str, Any]:
    """Return the settings of an exporter that does not give up within a test."""
    retry = {"initial_interval": "100ms", "max_interval": "500ms", "max_elapsed_time": "0s"}
    return {"endpoint": endpoint, "tls": {"insecure": True}, "retry_on_failure": retry, **settings}


def reader(folder: Path) -> dict[str, Any]:
    """Return the settings of a receiver of OTLP files (JSON lines), which adds nothing of its own."""
    return {"include": [f"{folder}/*.jsonl"], "start_at": "beginning", "include_file_name": False}


def files_to(grpc: str, folder: Path) -> dict[str, Any]:
    """Return the settings of a Collector that reads OTLP files (JSON lines) and sends them on."""
    pipeline = {"receivers": ["otlpjsonfile"], "exporters": ["otlp"]}
    return {
        "receivers": {"otlpjsonfile": reader(folder)},
        "exporters": {"otlp": otlp_exporter(grpc)},
        "pipelines": {"logs": pipeline, "traces": pipeline},
    }


def start_alertmanager(servers: Servers, hooks: list[str]) -> str:
    """Start Alertmanager with webhooks that it calls as soon as something changes; return its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    document = {
        "route": {
            "receiver": "stormcell",
            "group_by": ["alertname"],
            "group_wait": "100ms",
            "group_interval": "300ms",
            "repeat_interval": "1h",
        },
        "receivers": [
            {"name": "stormcell", "webhook_configs": [{"url": hook, "send_resolved": True} for hook in hooks]}
        ],
    }
    folder = servers.folder / f"alertmanager-{port}"
    folder.mkdir()
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(document), "utf-8")
    options = {
        "config.file": folder / "alertmanager.yml",
        "storage.path": folder,
        # Alone: it looks for no others.
        "cluster.listen-address": "",
        "web.listen-address": f"127.0.0.1:{port}",
        # What it calls itself in notifications, as in the recorded ones.
        "web.external-url": "http://alertmanager.example:9093",
        "web.route-prefix": "/",
    }
    command = [tool("prometheus-alertmanager"), *(f"--{name}={value}" for name, value in options.items())]
    servers.start("alertmanager", command, f"{url}/-/ready")
    return url
