from __future__ import annotations

import time
from collections.abc import Callable

from stormcell.sidecar.grpc.patience import ROUND, Patience


def waiting(patience: Patience, *names: str) -> list[Callable[[], None]]:
    cancels: list[Callable[[], None]] = []
    for name in names:

        def cancel() -> None:
            raise AssertionError("only looked at")

        patience.wait(name, cancel)
        cancels.append(cancel)
    return cancels


def test_gives_up_what_waits_for_too_long() -> None:
    patience = Patience(10.0, 4)
    cancels = waiting(patience, "a", "b")
    patience.done("a")
    now = time.monotonic()
    assert patience.overdue(now + 9) == []
    assert patience.overdue(now + 11) == cancels[1:]
    assert patience.overdue(now + 12) == []


def test_gives_up_the_one_that_waited_longest_when_all_threads_do() -> None:
    patience = Patience(10.0, 2)
    cancels = waiting(patience, "a", "b", "c")
    now = time.monotonic()
    assert patience.overdue(now) == []
    assert patience.overdue(now + ROUND) == cancels[:1]
    assert patience.overdue(now + ROUND) == cancels[1:2]
    assert patience.overdue(now + ROUND) == []


def test_what_is_done_twice_is_done() -> None:
    patience = Patience(1.0, 1)
    waiting(patience, "a")
    patience.done("a")
    patience.done("a")
    assert patience.overdue(time.monotonic() + 2) == []
