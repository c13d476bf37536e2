"""Receivers over real sockets, with an inbox that does as it is told."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import httpx
from google.protobuf.message import DecodeError as BrokenMessage
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.routing import BaseRoute

from stormcell.access import Authenticator
from stormcell.config import Settings
from stormcell.config.webhooks import WebhooksSettings
from stormcell.errors import DecodeError, RefusedError
from stormcell.sidecar.counts import ReceiverCounts
from stormcell.sidecar.grpc.server import GrpcServer
from stormcell.sidecar.http.app import build_app
from stormcell.sidecar.http.server import HttpServer
from stormcell.sidecar.intake import Intake
from stormcell.types.live import Request, RequestKind

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
NOW = 1_700_000_000_000_000_000

LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


class Clock:
    def now(self) -> int:
        return NOW


@dataclass
class Inbox:
    """Keeps what it is given, refuses it, or waits before it answers."""

    kept: list[Request] = field(default_factory=list)
    refusal: RefusedError | None = None
    failure: Exception | None = None
    go_on: threading.Event = field(default_factory=threading.Event)
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self.go_on.set()

    def accept(self, request: Request) -> None:
        self.entered.release()
        assert self.go_on.wait(30)
        if error := self.refusal or self.failure:
            raise error
        self.kept.append(request)

    @property
    def bodies(self) -> list[bytes]:
        return [request.body for request in self.kept]


@dataclass(frozen=True)
class Checked:
    items: int
    rejected: int = 0
    message: str = ""


@dataclass
class Check:
    """Reads the request whole; says of it what it is told to."""

    rejected: int = 0
    message: str = ""

    def __call__(self, request: Request, settings: WebhooksSettings, /) -> Checked:
        try:
            items = _items(request)
        except (BrokenMessage, ValueError, RecursionError) as error:
            raise DecodeError(f"no such request: {type(error).__name__}") from error
        return Checked(items - self.rejected, self.rejected, self.message)


def _items(request: Request) -> int:
    if request.kind is RequestKind.LOGS:
        logs = ExportLogsServiceRequest.FromString(request.body).resource_logs
        return sum(len(scope.log_records) for resource in logs for scope in resource.scope_logs)
    if request.kind is RequestKind.TRACES:
        spans = ExportTraceServiceRequest.FromString(request.body).resource_spans
        return sum(len(scope.spans) for resource in spans for scope in resource.scope_spans)
    value = json.loads(request.body)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return len(value)


def logs(records: int = 3, body: str = "it failed") -> bytes:
    """Return an export request."""
    made = ExportLogsServiceRequest()
    scope = made.resource_logs.add().scope_logs.add()
    for _ in range(records):
        scope.log_records.add().body.string_value = body
    return made.SerializeToString()


def traces(spans: int = 2) -> bytes:
    made = ExportTraceServiceRequest()
    scope = made.resource_spans.add().scope_spans.add()
    for _ in range(spans):
        scope.spans.add().name = "GET /"
    return made.SerializeToString()


@dataclass
class Sidecar:
    """Both servers, or one of them."""

    inbox: Inbox
    check: Check
    intake: Intake
    http_server: HttpServer
    grpc_server: GrpcServer

    @property
    def counts(self) -> ReceiverCounts:
        return self.intake.counts

    def forget(self) -> None:
        """Be as if just started."""
        vars(self.inbox).update(vars(Inbox()))
        vars(self.check).update(vars(Check()))
        self.intake.counts = ReceiverCounts()

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.http_server.port}", timeout=20, trust_env=False, **options
        )

    def post(
        self, path: str, content: bytes, headers: dict[str, str] | None = None, **more: str
    ) -> httpx.Response:
        with self.client() as client:
            return client.post(path, content=content, headers={**(headers or PROTOBUF), **more})

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.http_server.port), timeout=20)

    @contextmanager
    def channel(self, **options: Any) -> Iterator[grpc.Channel]:
        with grpc.insecure_channel(f"127.0.0.1:{self.grpc_server.port}", **options) as channel:
            yield channel

    def call(self, method: str, body: bytes, metadata: tuple[tuple[str, str], ...] = (), **options: Any) -> bytes:
        with self.channel(**options) as channel:
            answer: bytes = channel.unary_unary(method)(body, metadata=metadata, timeout=20)
            return answer

    def fail(
        self, method: str, body: bytes, metadata: tuple[tuple[str, str], ...] = (), **options: Any
    ) -> grpc.Call:
        try:
            self.call(method, body, metadata, **options)
        except grpc.RpcError as error:
            return error
        raise AssertionError("the call succeeded")


@contextmanager
def sidecar(routes: list[BaseRoute] | None = None, **receivers: Any) -> Iterator[Sidecar]:
    """Run both servers on free ports with the given settings."""
    settings = Settings.model_validate({"receivers": {"grpc_port": 0, "http_port": 0, **receivers}})
    inbox, check = Inbox(), Check()
    intake = Intake(settings, inbox, Authenticator(settings.receivers), check, Clock())
    http = HttpServer(settings.receivers, build_app(settings, intake, routes or []))
    grpc_server = GrpcServer(settings.receivers, intake)
    try:
        http.start()
        grpc_server.start()
        yield Sidecar(inbox, check, intake, http, grpc_server)
    finally:
        inbox.go_on.set()
        grpc_server.stop(0)
        http.stop(0)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Return once the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    pieces = []
    try:
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)
