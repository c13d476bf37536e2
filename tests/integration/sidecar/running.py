"""`stormcell sidecar` as a process of its own: started, watched, stopped, killed and started again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import grpc
import httpx
import yaml

from tests.integration.program import Ran, stormcell
from tests.integration.sidecar.support import JSON, LOGS, TRACES, until
from tests.integration.telemetry import Json

PATIENCE = 60.0
"""Seconds after which what should have happened counts as never going to."""

_READY = re.compile(r"ready: OTLP/gRPC on (\S+), everything else on (\S+)")

HASTY: Json = {"tick_seconds": 1, "lateness_seconds": 0, "idle_seconds": 0.3}
"""Settings of ``live`` under which groups show up almost at once."""


@dataclass
class Running:
    """A sidecar on free ports, its data folder, and how to reach it.

    Attributes
    ----------
    folder : Path
        Where its settings, its data and what it said are.
    settings : dict
        Sections of stormcell.yaml; ports are free ones.
    variables : dict of str to str
        Further variables of its environment.
    client : httpx.Client
        Of its HTTP port, once it is ready.
    channel : grpc.Channel
        To its other one.
    """

    folder: Path
    settings: Json = field(default_factory=lambda: {"live": HASTY})
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    target: str = ""
    url: str = ""
    starts: int = 0
    client: httpx.Client = field(init=False)
    channel: grpc.Channel = field(init=False)
    _closing: ExitStack = field(init=False, default_factory=ExitStack)

    @property
    def data(self) -> Path:
        """The folder of the store and the journal."""
        return self.folder / "data"

    @property
    def store(self) -> Path:
        """The file of the store."""
        return self.data / "stormcell.db"

    @property
    def said(self) -> str:
        """What it wrote to standard error since its last start."""
        path = self._log
        return path.read_text("utf-8", "replace") if path.exists() else ""

    @property
    def _log(self) -> Path:
        return self.folder / f"said-{self.starts}.txt"

    def spawn(self) -> Self:
        """Start it, and do not wait until it is ready."""
        assert self.process is None or self.process.poll() is not None, "it runs"
        self.starts += 1
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "stormcell.yaml"
        receivers = {"grpc_port": 0, "http_port": 0, **self.settings.get("receivers", {})}
        config.write_text(yaml.safe_dump({**self.settings, "receivers": receivers}), "utf-8")
        with self._log.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stormcell", "sidecar", "--config", str(config), "--data", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.variables},
            )
        return self

    def start(self) -> Self:
        """Start it, and wait until it is ready."""
        self.spawn()
        process = self.process
        assert process is not None

        def ready() -> bool:
            assert process.poll() is None, f"it ended with {process.returncode}: {self.said}"
            return _READY.search(self.said) is not None

        until(ready, PATIENCE)
        found = _READY.search(self.said)
        assert found is not None
        self.target, self.url = found[1], f"http://{found[2]}"
        self._closing.close()
        self.client = self._closing.enter_context(
            httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)
        )
        self.channel = self._closing.enter_context(grpc.insecure_channel(self.target))
        return self

    def ended(self) -> int:
        """Wait until it has ended by itself; return its exit status."""
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def terminate(self) -> None:
        """Ask it to end."""
        assert self.process is not None
        self.process.terminate()

    def stop(self) -> int:
        """Ask it to end; return its exit status."""
        self.terminate()
        return self.ended()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def cpu_seconds(self) -> float:
        """Return the time that it has computed for."""
        assert self.process is not None
        # What follows the name, which is in parentheses; see proc(5).
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()
        self.kill()

    # What is sent to it.

    def call(self, *requests: tuple[str, bytes]) -> None:
        """Send requests over OTLP/gRPC, each with its method; all are acknowledged when this returns."""
        for method, body in requests:
            assert self.channel.unary_unary(method)(body, timeout=PATIENCE) == b""

    def send(self, *documents: Json) -> None:
        """Send OTLP requests and payloads of Alertmanager as JSON over HTTP; all are acknowledged."""
        for document in documents:
            answer = self.client.post(path_of(document), json=document)
            assert (answer.status_code, answer.json()) == (HTTPStatus.OK, {}), answer.text

    # What it tells.

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a path below the API."""
        answer = self.client.get(f"/api/v1/{path}", params=query)
        assert answer.status_code == HTTPStatus.OK, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        """Say something to the API, and return what it answers."""
        answer = self.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == HTTPStatus.OK, answer.text
        return answer.json()

    def is_ready(self) -> bool:
        """Whether it says that requests are taken in and grouped."""
        return self.client.get("/readyz").status_code == HTTPStatus.OK

    def why_not_ready(self) -> str:
        """Return what it says is wrong, having made sure that it says so."""
        answer = self.client.get("/readyz")
        assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE, answer.text
        return "\n".join(check for check in answer.json()["checks"].values() if check != "ok")

    def engine(self, name: str) -> Any:
        """Return something of the engine's status."""
        return self.get("status")["engine"][name]

    def cli(self, *arguments: str | Path) -> Ran:
        """Run another command on its store."""
        return stormcell(*arguments, "--store", self.data)

    def exported(self) -> Any:
        """Return its groups as groups.json, as the store has them; before the first tick there is none."""
        if not self.store.exists():
            return {"groups": [], "background": []}
        ran = self.cli("groups", "export")
        assert ran.code == 0, ran.err
        return ran.json

    def placed(self) -> list[str]:
        """Return the uids of all stored events, sorted, as often as they are there."""
        document = self.exported()
        members = [uid for group in document["groups"] for uid in group["members"]]
        return sorted([*document["background"], *members])

    def groups(self) -> dict[str, set[str]]:
        """Return the members of each stored group."""
        return {group["id"]: set(group["members"]) for group in self.exported()["groups"]}

    def caught_up(self) -> None:
        """Wait until all that was acknowledged was read and grouped."""

        def done() -> bool:
            status = self.get("status")
            return not status["journal"]["behind_bytes"] and not status["engine"]["problem"]

        until(done, PATIENCE)


def path_of(document: Json) -> str:
    """Return where a document is posted."""
    if "resourceLogs" in document:
        return "/v1/logs"
    if "resourceSpans" in document:
        return "/v1/traces"
    return "/v1/alerts/alertmanager"


def method_of(document: Json) -> str:
    """Return the gRPC method for an OTLP request."""
    return LOGS if "resourceLogs" in document else TRACES


def lines(data: bytes) -> Iterable[Json]:
    """Yield the JSON documents of a file, one a line."""
    return map(json.loads, data.splitlines())


__all__ = ["HASTY", "JSON", "PATIENCE", "Running", "lines", "method_of", "path_of"]
