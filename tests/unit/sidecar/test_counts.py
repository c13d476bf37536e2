from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from stormcell.sidecar.counts import Reason, ReceiverCounts, Signal


def test_counts_what_it_is_told() -> None:
    counts = ReceiverCounts()
    counts.accept(Signal.LOGS, 10, 2)
    counts.accept(Signal.LOGS, 5, 0)
    counts.reject(Signal.TRACES, Reason.SIZE)
    counts.refuse(Signal.ALERTS, Reason.OVERLOAD)
    assert counts.requests == {Signal.LOGS: 2}
    assert (counts.items, counts.rejected_items) == ({Signal.LOGS: 15}, {Signal.LOGS: 2})
    assert counts.rejected == {(Signal.TRACES, Reason.SIZE): 1}
    assert counts.refused == {(Signal.ALERTS, Reason.OVERLOAD): 1}


def test_no_count_of_any_thread_is_lost() -> None:
    counts = ReceiverCounts()

    def add() -> None:
        for _ in range(1000):
            counts.accept(Signal.LOGS, 2, 1)
            counts.refuse(Signal.LOGS, Reason.OVERLOAD)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(add)
    assert (counts.requests[Signal.LOGS], counts.items[Signal.LOGS]) == (8000, 16_000)
    assert (counts.rejected_items[Signal.LOGS], counts.refused[Signal.LOGS, Reason.OVERLOAD]) == (8000, 8000)
