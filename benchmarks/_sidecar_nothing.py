"""An OTLP/gRPC server that acknowledges everything and does nothing: how fast the load generator is by itself."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

_SERVICE = "opentelemetry.proto.collector.logs.v1.LogsService"


def main() -> None:
    """Print the port, and serve until it is ended."""
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", 1 << 26)])
    handler = grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {"Export": handler}),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
