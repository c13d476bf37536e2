"""Calls whose message does not come, and when they have been waited for long enough."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

ROUND = 1.0
"""Seconds between looks, and the least that any call is waited for."""


class Patience:
    """Cancels calls that hold a thread and send nothing.

    Each gets ``seconds``; while all threads wait, the one that has waited longest is given up at every look, so
    that clients which open calls and stall cannot keep the others out.

    Parameters
    ----------
    seconds : float
    threads : int
    """

    def __init__(self, seconds: float, threads: int) -> None:
        self._seconds = seconds
        self._threads = threads
        self._lock = threading.Lock()
        self._waiting: dict[object, tuple[float, Callable[[], None]]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="stormcell-grpc-patience", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait(self, call: object, cancel: Callable[[], None]) -> None:
        """Watch a call; ``cancel`` is called from the thread that looks."""
        with self._lock:
            self._waiting[call] = time.monotonic(), cancel

    def done(self, call: object) -> bool:
        """Watch it no longer: its message is here, or never will be; return whether it was watched until now."""
        with self._lock:
            return self._waiting.pop(call, None) is not None

    def overdue(self, now: float) -> list[Callable[[], None]]:
        """Return how to cancel the calls to be given up now, on the monotonic clock, and forget them."""
        with self._lock:
            # In the order in which they came, as dictionaries are.
            late = [call for call, (since, _) in self._waiting.items() if now - since >= self._seconds]
            if not late and len(self._waiting) >= self._threads:
                late = [call for call, (since, _) in self._waiting.items() if now - since >= ROUND][:1]
            return [self._waiting.pop(call)[1] for call in late]

    def _look(self) -> None:
        while not self._stop.wait(ROUND):
            for cancel in self.overdue(time.monotonic()):
                cancel()
