"""A journal and a client that stand in for the real ones."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from stormcell.errors import DeliveryError
from stormcell.types import Request
from stormcell.wire.otlp import Rejected, SignalName
from tests.unit.sidecar.otlp import attributes, log, logs, records


@dataclass(frozen=True)
class Entry:
    start: int
    end: int
    request: Request


class FakeJournal:
    """A journal in memory: a position is ten times the number of a request."""

    def __init__(self, *requests: Request) -> None:
        self.requests = list(requests)
        self.first = 0
        self._came = threading.Condition()

    @property
    def end(self) -> int:
        return 10 * len(self.requests)

    def append(self, request: Request) -> None:
        with self._came:
            self.requests.append(request)
            self._came.notify_all()

    def read(self, position: int) -> Iterator[Entry]:
        assert position >= self.first
        for at in range(position // 10, len(self.requests)):
            yield Entry(10 * at, 10 * at + 10, self.requests[at])

    def wait(self, position: int, timeout: float) -> bool:
        with self._came:
            return self._came.wait_for(lambda: self.end > position, timeout)


class FakeClient:
    """Takes requests, unless it is told to fail."""

    def __init__(self, *failures: DeliveryError | Rejected | None) -> None:
        self.failures = deque(failures)
        self.taken: list[tuple[str, list[str]]] = []
        self.closed = False

    def send(self, signal: SignalName, request: bytes) -> Rejected:
        failure = self.failures.popleft() if self.failures else None
        if isinstance(failure, DeliveryError):
            raise failure
        self.taken.append((signal, uids(request)))
        return failure or Rejected(0, "")

    def close(self) -> None:
        self.closed = True


DOWN = DeliveryError("503", retryable=True)
REFUSED = DeliveryError("400", retryable=False)
FOUR = [logs([log(f"a{n}"), log(f"b{n}")]) for n in range(4)]


def uids(body: bytes) -> list[str]:
    return [attributes(record)["log.record.uid"] for record in records(body)]


class Pauses:
    """Waits without waiting, and says to stop once it has been asked so often."""

    def __init__(self, most: int = 1000) -> None:
        self.waited: list[float] = []
        self._most = most

    def __call__(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return len(self.waited) >= self._most
