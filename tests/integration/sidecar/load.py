"""Numbered log records, each sent over gRPC until it is acknowledged."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Self

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from tests.integration.sidecar.running import PATIENCE, Running
from tests.integration.sidecar.support import LOGS, until

RECORDS = 20
"""In each request."""
RETRYABLE = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNAVAILABLE,
}
"""After which a client of OTLP sends again: https://opentelemetry.io/docs/specs/otlp/#failures"""
_SAYINGS = ("order failed", "payment declined", "disk full on db", "session expired")


class Load:
    """Several threads that send, and wait for the answer, until told to stop.

    Attributes
    ----------
    acknowledged : set of str
        The uids of records that were.
    refusals : set of grpc.StatusCode
        Why requests were to be sent again.
    """

    def __init__(self, sidecar: Running, threads: int = 3) -> None:
        self.acknowledged: set[str] = set()
        self.refusals: set[grpc.StatusCode] = set()
        self._sidecar = sidecar
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send nothing more; what is not acknowledged by then never is."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def goes_on(self, requests: int = 5) -> None:
        """Wait until so many more requests are acknowledged."""
        enough = len(self.acknowledged) + requests * RECORDS
        until(lambda: len(self.acknowledged) >= enough, PATIENCE)

    def _run(self) -> None:
        channel, target = None, ""
        while not self._stopping.is_set():
            uids, body = request(next(self._numbers))
            while True:
                if channel is None or target != self._sidecar.target:
                    target = self._sidecar.target
                    channel = grpc.insecure_channel(target)
                try:
                    channel.unary_unary(LOGS)(body, timeout=PATIENCE)
                except grpc.RpcError as error:
                    self.refusals.add(error.code())
                    if self._stopping.wait(0.02):
                        return
                else:
                    break
            self.acknowledged |= uids


def request(number: int) -> tuple[set[str], bytes]:
    """Return the uids of some records of now, and the request that holds them."""
    made = ExportLogsServiceRequest()
    part = made.resource_logs.add()
    service = part.resource.attributes.add()
    service.key, service.value.string_value = "service.name", f"shop-{number % 3}"
    scope = part.scope_logs.add()
    uids = [f"n{number * RECORDS + at:08}" for at in range(RECORDS)]
    for at, uid in enumerate(uids):
        record = scope.log_records.add()
        record.time_unix_nano = time.time_ns()
        record.severity_number = 17  # type: ignore[assignment]
        record.body.string_value = f"{_SAYINGS[(number + at) % len(_SAYINGS)]}: attempt {at}"
        attribute = record.attributes.add()
        attribute.key, attribute.value.string_value = "log.record.uid", uid
    return set(uids), made.SerializeToString()
