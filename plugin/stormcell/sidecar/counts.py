"""What came in, and what did not, counted."""

from __future__ import annotations

import threading
from collections import Counter
from enum import StrEnum


class Signal(StrEnum):
    """What requests are of."""

    LOGS = "logs"
    TRACES = "traces"
    METRICS = "metrics"
    ALERTS = "alerts"


class Reason(StrEnum):
    """Why a request was not taken in."""

    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    TYPE = "type"
    ENCODING = "encoding"
    SIZE = "size"
    CONTENT = "content"
    UNSUPPORTED = "unsupported"
    OVERLOAD = "overload"
    INCOMPLETE = "incomplete"
    FAILURE = "failure"


class ReceiverCounts:
    """Counters that any thread may add to; they only grow.

    Attributes
    ----------
    requests : Counter of Signal
        Requests taken in.
    items : Counter of Signal
        Log records, spans and alerts taken in with them.
    rejected_items : Counter of Signal
        Those left out of requests that were otherwise taken in.
    rejected : Counter of (Signal, Reason)
        Requests that can never be taken in as they are.
    refused : Counter of (Signal, Reason)
        Requests that are to be sent again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests: Counter[Signal] = Counter()
        self.items: Counter[Signal] = Counter()
        self.rejected_items: Counter[Signal] = Counter()
        self.rejected: Counter[tuple[Signal, Reason]] = Counter()
        self.refused: Counter[tuple[Signal, Reason]] = Counter()

    def accept(self, signal: Signal, items: int, rejected: int) -> None:
        """Count a request that was taken in."""
        with self._lock:
            self.requests[signal] += 1
            self.items[signal] += items
            self.rejected_items[signal] += rejected

    def reject(self, signal: Signal, reason: Reason) -> None:
        """Count a request that is not to be sent again."""
        with self._lock:
            self.rejected[signal, reason] += 1

    def refuse(self, signal: Signal, reason: Reason) -> None:
        """Count a request that is to be sent again."""
        with self._lock:
            self.refused[signal, reason] += 1
