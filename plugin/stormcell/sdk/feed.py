"""The way from a service's threads to ours: a queue that is bounded, and a thread that takes what is in it."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from stormcell import forks, threads
from stormcell.config import SdkSettings
from stormcell.sdk.patience import Patience
from stormcell.sdk.saying import Trouble

Losses = Mapping[str, int]
"""How many of a batch were dropped, by why."""
Take = Callable[[list[Any], Patience], Losses]
"""Takes a batch, and returns what was dropped of it."""


class _Mark:
    """Stands in the queue behind what is to be handed on by then."""

    def __init__(self) -> None:
        self.passed, self.reached = threading.Event(), False


class Feed:
    """Takes what many threads put, without ever making one wait, and hands it on in batches.

    Parameters
    ----------
    name : str
        Of the thread.
    settings : SdkSettings
    take : Take
        Called in the thread, with one batch after the other.
    """

    def __init__(self, name: str, settings: SdkSettings, take: Take) -> None:
        self._name, self._take = name, take
        self._most, self._batch = settings.queue, settings.batch
        self._delay, self._patience = settings.delay_seconds, settings.timeout_seconds
        self._closed = self._ended = False
        self._trouble = Trouble("telemetry could not be taken")
        self._begin()
        forks.in_child(self._begin)

    def _begin(self) -> None:
        """Be as new: in a child the thread is not, and what waits is the parent's to hand on."""
        self._queue: deque[Any] = deque()
        # Of all that may wake a thread only this may be used by a signal handler in the midst of itself.
        self._awake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._woken = self._starting = False
        self._closing = threading.Event()
        # One may be counted while another is: by a signal handler.
        self._counting = threading.RLock()
        self._thread: threading.Thread | None = None
        self._until = float("inf")
        # Those that a signal handler may add to are there, so that adding is one step.
        self._dropped: Counter[str] = Counter(queue_full=0, shutdown=0)
        self._processed = self._lost = 0

    def put(self, item: object) -> None:
        """Take an item, or drop and count it; returns at once and never raises."""
        items = self._queue
        if self._closed:
            self._drop("shutdown", 1)
            return
        waiting = len(items)
        if waiting >= self._most:
            self._drop("queue_full", 1)
            return
        items.append(item)
        if self._thread is None:
            self._start()
        elif waiting + 1 >= self._batch:
            self._wake()
        if self._ended:  # since it was looked at
            self._drop_rest()

    def flush(self, seconds: float) -> bool:
        """Hand on what was put before; return whether all of it is kept, within so many seconds."""
        if self._thread is None or not self._thread.is_alive():
            return not self._queue
        mark, lost = _Mark(), self._lost
        self._queue.append(mark)
        self._wake()
        if self._ended:  # since it was looked at
            self._drop_rest()
        return mark.passed.wait(seconds) and mark.reached and self._lost == lost

    def close(self, seconds: float) -> bool:
        """Hand on what was put before and take nothing more; closing again only waits.

        Returns
        -------
        bool
            Whether all was handed on within so many seconds; what was not is dropped and counted.
        """
        self._until = time.monotonic() + seconds
        with self._counting:  # never while a thread is being started
            self._closed = True
            thread = self._thread
        self._closing.set()
        self._wake()
        if thread is None:
            self._hand_on()  # at the end of a program there are no new threads
        else:
            thread.join(seconds)
        self._ended = True
        return not self._drop_rest() and (thread is None or not thread.is_alive())

    def counts(self) -> dict[str, int]:
        """Return how many items were processed, and how many dropped, by why; what still waits is in none."""
        with self._counting:
            return {"processed": self._processed, **self._dropped}

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    def _wake(self) -> None:
        if not self._woken:
            self._woken = True
            self._awake.put(None)

    def _start(self) -> None:
        with self._counting:
            if self._thread is not None or self._starting or self._closed:
                return
            self._starting = True
            thread = threading.Thread(target=self._run, name=f"stormcell-{self._name}", daemon=True)
            # Where there can be no more threads now, the next item may have one.
            with suppress(RuntimeError):
                thread.start()
                self._thread = thread
            self._starting = False

    def _run(self) -> None:
        threads.begin()
        while not self._closed:
            with suppress(queue.Empty):
                self._awake.get(timeout=self._delay)
            self._woken = False
            self._hand_on()
        self._hand_on()

    def _hand_on(self) -> None:
        while self._queue and time.monotonic() < self._until:
            items, mark = self._next()
            if items:
                self._hand(items)
            if mark is not None:
                mark.reached = True
                mark.passed.set()

    def _next(self) -> tuple[list[Any], _Mark | None]:
        """Return the next batch, and what stands behind it if it ends there."""
        items: list[Any] = []
        while len(items) < self._batch:
            try:
                item = self._queue.popleft()
            except IndexError:
                break
            if isinstance(item, _Mark):
                return items, item
            items.append(item)
        return items, None

    def _hand(self, items: list[Any]) -> None:
        patience = Patience(self._patience, self._closing, lambda: self._until)
        try:
            lost = self._take(items, patience)
        except Exception as error:  # whatever it is, the service goes on
            self._trouble.is_(repr(error), error)
            lost = {"broken": len(items)}
        with self._counting:
            self._dropped.update(lost)
            self._processed += len(items) - sum(lost.values())
            self._lost += lost.get("refused", 0) + lost.get("broken", 0)

    def _drop(self, why: str, count: int) -> None:
        with self._counting:
            self._dropped[why] += count

    def _drop_rest(self) -> bool:
        """Drop what nobody will take any more; return whether there was something."""
        left = 0
        while True:
            try:
                item = self._queue.popleft()
            except IndexError:
                break
            if isinstance(item, _Mark):
                item.passed.set()
            else:
                left += 1
        if left:
            self._drop("shutdown", left)
        return left > 0
