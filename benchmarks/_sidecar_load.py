"""Sends OTLP log records over gRPC as fast as it is let, from a process of its own; prints one line of JSON."""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from _sidecar_bodies import Bodies

METHOD = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
_AGAIN = {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE}
_PAUSE = 0.1  # seconds before it is tried again where nothing was said
_TIMEOUT = 60.0


@dataclass(slots=True)
class Tally:
    """What became of the records."""

    sent: int = 0
    acknowledged: int = 0
    refused: int = 0
    rejected: int = 0
    failed: int = 0
    bytes: int = 0
    error: str = ""
    waits: list[float] = field(default_factory=list)


class Load:
    """A number of streams that share the numbers of the records.

    Parameters
    ----------
    target : str
        host:port.
    bodies : Bodies
    rate : float
        Records a second; 0 for as many as go.
    first : int
        The number of the first record.
    record : Path, optional
        A file for the numbers of what was acknowledged: a line with the first and the last of each request.
    """

    def __init__(self, target: str, bodies: Bodies, rate: float, first: int, record: Path | None) -> None:
        self._target, self._bodies, self._rate, self._next = target, bodies, rate, first
        self._first = first
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._file = None if record is None else os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.tally = Tally()

    def run(self, streams: int, seconds: float) -> float:
        """Send for some seconds, and return how long it was."""
        began = time.perf_counter()
        threads = [threading.Thread(target=self._send_on, args=(began,)) for _ in range(streams)]
        for thread in threads:
            thread.start()
        self._stop.wait(seconds)
        self._stop.set()
        for thread in threads:
            thread.join()
        return time.perf_counter() - began

    def stop(self) -> None:
        """Stop sending."""
        self._stop.set()

    def _send_on(self, began: float) -> None:
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_reconnect_backoff_ms", 200)]
        batch = self._bodies.batch
        with grpc.insecure_channel(self._target, options=options) as channel:
            call = channel.unary_unary(METHOD, response_deserializer=ExportLogsServiceResponse.FromString)
            while not self._stop.is_set():
                with self._guard:
                    first, self._next = self._next, self._next + batch
                due = began + (first - self._first) / self._rate if self._rate else began
                if self._stop.wait(max(0.0, due - time.perf_counter())):
                    break
                with self._guard:
                    body = self._bodies.make(first)
                self._deliver(call, first, body)

    def _deliver(self, call: grpc.UnaryUnaryMultiCallable, first: int, body: bytes) -> None:
        tally, batch = self.tally, self._bodies.batch
        with self._guard:
            tally.sent += batch
            tally.bytes += len(body)
        while True:
            began = time.perf_counter()
            try:
                answer = call(body, timeout=_TIMEOUT)
            except grpc.RpcError as error:
                again = error.code() in _AGAIN
                with self._guard:
                    tally.error = f"{error.code().name}: {error.details()}"
                    if again:
                        tally.refused += batch
                if again and not self._stop.wait(_pause(error)):
                    continue
                with self._guard:
                    tally.failed += batch
                return
            waited, rejected = time.perf_counter() - began, answer.partial_success.rejected_log_records
            with self._guard:
                tally.acknowledged += batch - rejected
                tally.rejected += rejected
                tally.waits.append(waited)
            if self._file is not None and not rejected:
                os.write(self._file, b"%d %d\n" % (first, first + batch - 1))
            return


def _pause(error: grpc.RpcError) -> float:
    """Return the seconds after which the server asked to be tried again."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in Status.FromString(value).details:
                info = RetryInfo()
                if detail.Unpack(info):
                    return float(info.retry_delay.ToMilliseconds()) / 1000
    return _PAUSE


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def main() -> None:
    """Send, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", help="host:port of an OTLP/gRPC receiver")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--batch", type=int, default=1000, help="records in a request")
    parser.add_argument("--rate", type=float, default=0.0, help="records a second; 0: as many as go")
    parser.add_argument("--streams", type=int, default=4, help="requests at the same time")
    parser.add_argument("--first", type=int, default=0, help="number of the first record")
    parser.add_argument("--uid", action="store_true", help="give each record a log.record.uid")
    parser.add_argument("--acknowledged", type=Path, help="file for the numbers of what was acknowledged")
    options = parser.parse_args()
    bodies = Bodies(options.batch, uid=options.uid)
    load = Load(options.target, bodies, options.rate, options.first, options.acknowledged)

    def stop(_number: int, _frame: FrameType | None) -> None:
        load.stop()

    signal.signal(signal.SIGTERM, stop)
    seconds = load.run(options.streams, options.seconds)
    tally = load.tally
    found = {
        **{
            name: getattr(tally, name)
            for name in ("sent", "acknowledged", "refused", "rejected", "failed", "bytes")
        },
        "seconds": seconds,
        "per_second": tally.acknowledged / seconds,
        "p50": _quantile(tally.waits, 0.5),
        "p99": _quantile(tally.waits, 0.99),
        "error": tally.error,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
