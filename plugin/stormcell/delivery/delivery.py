"""The threads that carry groups out."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from stormcell import threads
from stormcell.delivery.courier import SECOND, Courier, Destination, Progress
from stormcell.protocols import Clock
from stormcell.store import SqliteStore
from stormcell.store.outbox import OutboxCount

IDLE: Final = 30.0
"""Seconds after which the outbox is looked at though nobody said that something came: another process may have let
dead letters be tried again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeliveryStats:
    """How it stands with one destination.

    Attributes
    ----------
    pending, dead : int
        Letters that wait, and that were given up, as the store has them.
    oldest_seconds : float
        How long the oldest of those that wait does; 0 without any.
    progress : Progress
        Since the start.
    """

    pending: int
    dead: int
    oldest_seconds: float
    progress: Progress


class Delivery:
    """Hands what is in the outbox to exporters, one thread each, so that a slow one holds up no other.

    Parameters
    ----------
    destinations : iterable of Destination
        Their names must differ.
    open_store : callable
        Opens the store; called in each thread.
    clock : Clock
    seed : bytes, optional
        What waits by chance follow from.
    """

    def __init__(
        self,
        destinations: Iterable[Destination],
        open_store: Callable[[], SqliteStore],
        clock: Clock,
        seed: bytes | None = None,
    ) -> None:
        self._open_store, self._clock = open_store, clock
        self._threads = [_Thread(Courier(one, open_store, clock, seed), clock) for one in destinations]
        names = [thread.courier.destination.name for thread in self._threads]
        if len(set(names)) != len(names):
            raise ValueError(f"two destinations have the same name: {', '.join(names)}")

    def start(self) -> None:
        """Start the threads, having given up what waits for a destination that is none any more.

        Raises
        ------
        StoreError
            If the store cannot be written.
        """
        with self._open_store() as store:
            if store.path.exists():
                store.outbox_abandoned([thread.courier.destination.name for thread in self._threads])
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that something was put into the outbox."""
        for thread in self._threads:
            thread.woken.set()

    def stop(self, grace: float) -> bool:
        """Hand over what is due, for so many seconds at most, and end.

        What is not handed over stays in the outbox.

        Returns
        -------
        bool
            Whether all threads have ended; one whose exporter does not return has not.
        """
        deadline = time.monotonic() + grace
        for thread in self._threads:
            thread.end(deadline)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(deadline - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self._threads)

    def stats(self) -> dict[str, DeliveryStats]:
        """Return by name how it stands with each destination.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        with self._open_store() as store:
            counts = store.outbox_counts()
        now = self._clock.now()
        return {
            thread.courier.destination.name: _stats(
                counts.get(thread.courier.destination.name), now, thread.courier.progress
            )
            for thread in self._threads
        }


def _stats(count: OutboxCount | None, now: int, progress: Progress) -> DeliveryStats:
    if count is None:
        return DeliveryStats(0, 0, 0.0, progress)
    age = 0.0 if count.oldest is None else max(now - count.oldest, 0) / SECOND
    return DeliveryStats(count.pending, count.dead, age, progress)


class _Thread(threading.Thread):
    """Lets a courier step whenever something may be due; a daemon, for an exporter may never return."""

    def __init__(self, courier: Courier, clock: Clock) -> None:
        super().__init__(name=f"delivery-{courier.destination.name}", daemon=True)
        self.courier = courier
        self.woken = threading.Event()
        self._clock = clock
        self._deadline: float | None = None

    def end(self, deadline: float) -> None:
        if self._deadline is None:  # a second call only waits longer
            self._deadline = deadline
        self.woken.set()

    def run(self) -> None:
        threads.begin()
        try:
            while self._deadline is None:
                self.woken.clear()
                self.woken.wait(self._wait(self._step()))
            self._step()
        finally:
            self.courier.close()
            close = getattr(self.courier.destination.exporter, "close", None)
            with contextlib.suppress(Exception):
                if close is not None:
                    close()

    def _step(self) -> int | None:
        try:
            return self.courier.step(self._enough)
        except Exception:  # whatever it is, other groups may go out later
            _log.exception("%s: delivering failed", self.name)
            return None

    def _enough(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _wait(self, until: int | None) -> float:
        if until is None:
            return IDLE
        return min(max((until - self._clock.now()) / SECOND, 0.0), IDLE)
