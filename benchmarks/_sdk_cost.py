"""What one call of a processor costs: calls timed one by one, in rounds of ours and theirs by turns."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from opentelemetry.sdk._logs import LogRecordProcessor, ReadWriteLogRecord
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

_LOOK = 0.2
_LOOKS = 3
"""How often, and for how many seconds, a process must be seen to have nothing to do."""
_BUSY = 0.02
"""Share of the core that it may use meanwhile."""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least of the values that is no less than such a share of them.

    Parameters
    ----------
    values : sequence of float
        At least one.
    share : float
        Above 0, at most 1.
    """
    # Rounded, as 0.07 * 100 is a little more than 7.
    return sorted(values)[math.ceil(round(share * len(values), 6)) - 1]


def typical(rounds: Iterable[Sequence[float]], share: float) -> float:
    """Return the median over rounds of a percentile of each, so that a few disturbed rounds do not matter."""
    return statistics.median(percentile(each, share) for each in rounds)


def idle_clock() -> float:
    """Return the nanoseconds that timing nothing seems to take."""
    took, clock = [], time.perf_counter_ns
    for _ in range(10_000):
        began = clock()
        took.append(clock() - began)
    return percentile(took, 0.5)


def durations(call: Callable[[Any], object], items: Iterable[Any]) -> list[int]:
    """Return the nanoseconds of each call, one after the other without a pause."""
    took, clock = [], time.perf_counter_ns
    for item in items:
        began = clock()
        call(item)
        took.append(clock() - began)
    return took


class Timed(SpanProcessor, LogRecordProcessor):
    """Times the calls of the processors that it stands before.

    Attributes
    ----------
    spans, records : list of int
        Nanoseconds of each call since ``turn``.
    """

    def __init__(self) -> None:
        self.spans: list[int] = []
        self.records: list[int] = []

    def turn(self, ending: SpanProcessor, emitting: LogRecordProcessor) -> None:
        """Stand before these from now on."""
        self.spans, self.records = [], []
        self._on_end, self._on_emit = ending.on_end, emitting.on_emit

    def on_end(self, span: ReadableSpan) -> None:
        """Pass a span on."""
        began = time.perf_counter_ns()
        self._on_end(span)
        self.spans.append(time.perf_counter_ns() - began)

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Pass a record on."""
        began = time.perf_counter_ns()
        self._on_emit(log_record)
        self.records.append(time.perf_counter_ns() - began)

    def shutdown(self) -> None:
        """Do nothing."""

    def force_flush(self, timeout_millis: int | None = None) -> bool:
        """Do nothing."""
        return True


def paced(work: Callable[[], object], count: int, per_second: float) -> list[int]:
    """Do something so many times, so often a second; without pauses as long as it is behind.

    Returns
    -------
    list of int
        Nanoseconds from when each was due until it was done.
    """
    took, began = [], time.perf_counter_ns()
    for at in range(count):
        due = began + int(at * 1e9 / per_second)
        time.sleep(max(due - time.perf_counter_ns(), 0) / 1e9)
        work()
        took.append(time.perf_counter_ns() - due)
    return took


def settle(patience: float) -> None:
    """Wait until threads of this process have nothing to do, so that what they do is nobody else's."""
    until, quiet = time.perf_counter() + patience, 0
    while quiet < _LOOKS and time.perf_counter() < until:
        used, began = time.process_time(), time.perf_counter()
        time.sleep(_LOOK)
        busy = time.process_time() - used > _BUSY * (time.perf_counter() - began)
        quiet = 0 if busy else quiet + 1
