"""A service that logs in signal handlers, and when objects go, while it logs."""

from __future__ import annotations

import gc
import signal
import time
from itertools import count
from pathlib import Path

from tests.integration.sdk.fakes import FakeHub
from tests.integration.sdk.service import Service

SECONDS = 5


class Noisy:
    """Logs when it goes, whatever goes on then."""

    def __init__(self, service: Service, said: count[int]) -> None:
        self._me, self._service, self._said = self, service, said

    def __del__(self) -> None:
        """Log."""
        self._service.say(f"gone-{next(self._said)}")


def main() -> None:
    """Say much; what is counted is all that was said."""
    service = Service(Path("/nowhere"), hub=FakeHub(queue=2, batch=1, delay_seconds=0.001))
    said, handled = count(), count()

    def handle(_number: int, _frame: object) -> None:
        service.say(f"handled-{next(handled)}")
        next(said)

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    gone = count()
    until = time.monotonic() + SECONDS
    made = 0
    while time.monotonic() < until:
        service.say(f"plain-{next(said)}")
        if made % 10 == 0:
            Noisy(service, gone)
        made += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    service.shutdown()
    # Only now: while the feed's thread collects, with objects that log as they go, this one would not.
    gc.collect()
    total = next(said) + next(gone)
    counts = service.logs.counts()
    assert next(handled) > 100
    assert counts["queue_full"] > 0
    assert sum(counts.values()) == total, (counts, total)


if __name__ == "__main__":
    main()
