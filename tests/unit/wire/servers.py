"""Receivers on real sockets that answer as they are told."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse


@dataclass
class Answer:
    """What to answer a request with: HTTP by ``status``, gRPC by ``code``; all well by default."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    code: grpc.StatusCode = grpc.StatusCode.OK
    retry: float | None = None


@dataclass
class Received:
    """A request as it came, decompressed."""

    path: str
    headers: dict[str, str]
    body: bytes


def partial(rejected: int, message: str = "") -> bytes:
    """An answer that some records were rejected."""
    answer = ExportLogsServiceResponse()
    answer.partial_success.rejected_log_records = rejected
    answer.partial_success.error_message = message
    data: bytes = answer.SerializeToString()
    return data


class _Receiver:
    def __init__(self, *answers: Answer) -> None:
        self.answers = deque(answers)
        self.requests: list[Received] = []
        self._came = threading.Condition()

    def wait(self, count: int, timeout: float = 20) -> bool:
        """Wait until so many requests came."""
        with self._came:
            return self._came.wait_for(lambda: len(self.requests) >= count, timeout)

    def _take(self, request: Received) -> Answer:
        with self._came:
            self.requests.append(request)
            self._came.notify_all()
            return self.answers.popleft() if self.answers else Answer()


class HttpReceiver(_Receiver):
    """Takes requests until the end of the ``with`` block."""

    def __init__(self, *answers: Answer, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(*answers)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                if headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                answer = receiver._take(Received(self.path, headers, body))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def do_PUT(self) -> None:
                self.do_POST()

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.port = self._server.server_address[1]
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class GrpcReceiver(_Receiver):
    """Takes any unary call until the end of the ``with`` block."""

    def __init__(self, *answers: Answer, port: int = 0, tls: grpc.ServerCredentials | None = None) -> None:
        super().__init__(*answers)
        self._server = grpc.server(ThreadPoolExecutor(2))
        self._server.add_generic_rpc_handlers((_Calls(self),))
        at = f"127.0.0.1:{port}"
        self.port = self._server.add_insecure_port(at) if tls is None else self._server.add_secure_port(at, tls)
        self.url = f"grpc{'' if tls is None else 's'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(None).wait()


class _Calls(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    def __init__(self, receiver: GrpcReceiver) -> None:
        self._receiver = receiver

    def service(self, call: Any) -> Any:
        def answer(request: bytes, context: Any) -> bytes:
            headers = {name: value for name, value in call.invocation_metadata if isinstance(value, str)}
            told = self._receiver._take(Received(call.method, headers, request))
            if told.code is grpc.StatusCode.OK:
                return told.body
            if told.retry is not None:
                seconds = int(told.retry)
                delay = Duration(seconds=seconds, nanos=round((told.retry - seconds) * 10**9))
                detail = AnyMessage()
                detail.Pack(RetryInfo(retry_delay=delay))
                status = Status(code=told.code.value[0], message="wait", details=[detail])
                context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(told.code, "told to")
            raise AssertionError

        return grpc.unary_unary_rpc_method_handler(answer)
