"""The gRPC server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc

from stormcell.config.receivers import ReceiversSettings
from stormcell.sidecar import tls
from stormcell.sidecar.grpc.handlers import Handlers
from stormcell.sidecar.grpc.patience import Patience
from stormcell.sidecar.intake import Intake
from stormcell.sidecar.listening import ListenError, check_exposure, joined, listen

_STREAMS = 256
"""Calls under way at once on one connection; more wait in the client, or are refused and sent again by it."""

_METADATA = 16 << 10
_IDENTITY_AND_GZIP = 0b101
"""Bits of the compressions of gRPC: none, deflate, gzip."""

_PING_SECONDS = 60
_PONG_SECONDS = 20
_LEAST_PING_SECONDS = 10


class GrpcServer:
    """OTLP/gRPC: logs and traces.

    Parameters
    ----------
    settings : ReceiversSettings
    intake : Intake

    Raises
    ------
    SettingsError
        If the settings of TLS are wrong, or the address is public and nothing is asked of clients.
    """

    def __init__(self, settings: ReceiversSettings, intake: Intake) -> None:
        check_exposure(settings)
        self._settings = settings
        self._credentials = tls.credentials(settings)
        self._pool = ThreadPoolExecutor(settings.threads, "stormcell-grpc")
        self._patience = Patience(settings.request_seconds, settings.threads)
        self._server = grpc.server(
            self._pool, handlers=(Handlers(intake, self._patience),), options=_options(settings)
        )
        self.port = 0
        """The port that is listened on, once started."""

    def start(self) -> None:
        """Listen.

        Raises
        ------
        ListenError
            If the address cannot be listened on.
        """
        host, port = self._settings.grpc_host, self._settings.grpc_port
        # gRPC says only that it failed; this says why.
        listen(host, port).close()
        address = joined(host, port)
        try:
            if self._credentials:
                self.port = self._server.add_secure_port(address, self._credentials)
            else:
                self.port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise ListenError(f"cannot listen on {address}: {error}") from error
        self._server.start()
        self._patience.start()

    def stop(self, grace: float) -> None:
        """Take no more calls, and return when those under way are done, or cancelled after ``grace`` seconds.

        A server that never started, or has stopped, stays so.
        """
        self._server.stop(grace).wait()
        self._patience.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _options(settings: ReceiversSettings) -> tuple[tuple[str, int], ...]:
    """Return arguments of gRPC's core, as its grpc_types.h and channel_arg_names.h describe them."""
    return (
        # Two servers would share a port, and the calls.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", settings.max_request_bytes),
        # Older versions decompress however much it is.
        ("grpc.per_message_decompression", 0),
        ("grpc.compression_enabled_algorithms_bitset", _IDENTITY_AND_GZIP),
        ("grpc.max_metadata_size", _METADATA),
        ("grpc.max_concurrent_streams", _STREAMS),
        ("grpc.max_allowed_incoming_connections", settings.max_connections),
        ("grpc.max_connection_idle_ms", _milliseconds(settings.idle_seconds)),
        ("grpc.server_handshake_timeout_ms", _milliseconds(settings.request_seconds)),
        ("grpc.keepalive_time_ms", _PING_SECONDS * 1000),
        ("grpc.keepalive_timeout_ms", _PONG_SECONDS * 1000),
        # Collectors may be set to ping, between calls too.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", _LEAST_PING_SECONDS * 1000),
    )


def _milliseconds(seconds: float) -> int:
    """Return what fits into an argument of gRPC's core."""
    return min(max(round(seconds * 1000), 1), 2**31 - 1)
