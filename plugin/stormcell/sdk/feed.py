"""The way from a service's threads to ours: a queue that is bounded, and a thread that takes what is in it."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from stormcell import threads
from stormcell.config import SdkSettings
from stormcell.sdk.patience import Patience

log: Final = logging.getLogger("stormcell.sdk")

Losses = Mapping[str, int]
"""How many of a batch were dropped, by why."""
Take = Callable[[list[Any], Patience], Losses]
"""Takes a batch, and returns what was dropped of it."""


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
        self._begin()
        reset = weakref.WeakMethod(self._begin)

        def in_child() -> None:
            if (begin := reset()) is not None:
                begin()

        os.register_at_fork(after_in_child=in_child)

    def _begin(self) -> None:
        """Be as new: in a child the thread is not, and what waits is the parent's to hand on."""
        self._queue: deque[Any] = deque()
        self._awake, self._closing = threading.Event(), threading.Event()
        # One may be counted while another is: by a signal handler.
        self._counting = threading.RLock()
        self._thread: threading.Thread | None = None
        self._until = float("inf")
        self._dropped: Counter[str] = Counter()
        self._processed = 0

    def put(self, item: object) -> None:
        """Take an item, or drop and count it; returns at once and never raises."""
        queue = self._queue
        if self._closed:
            self._drop("shutdown", 1)
            return
        waiting = len(queue)
        if waiting >= self._most:
            self._drop("queue_full", 1)
            return
        queue.append(item)
        if self._thread is None:
            self._start()
        elif waiting + 1 >= self._batch and not self._awake.is_set():
            self._awake.set()
        if self._ended:  # since it was looked at
            self._drop_rest()

    def flush(self, seconds: float) -> bool:
        """Hand on what was put before; return whether that is done within so many seconds."""
        if self._thread is None or not self._thread.is_alive():
            return not self._queue
        done = threading.Event()
        self._queue.append(done)
        self._awake.set()
        return done.wait(seconds)

    def close(self, seconds: float) -> bool:
        """Hand on what was put before and take nothing more; closing again only waits.

        Returns
        -------
        bool
            Whether all was handed on within so many seconds; what was not is dropped and counted.
        """
        self._until = time.monotonic() + seconds
        self._closed = True
        self._closing.set()
        self._awake.set()
        thread = self._thread
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

    def _start(self) -> None:
        with self._counting:
            if self._thread is not None or self._closed:
                return
            thread = threading.Thread(target=self._run, name=f"stormcell-{self._name}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # there can be no more threads now: the next item may have one
                return
            self._thread = thread

    def _run(self) -> None:
        threads.begin()
        while not self._closed:
            self._awake.wait(self._delay)
            self._awake.clear()
            self._hand_on()
        self._hand_on()

    def _hand_on(self) -> None:
        while self._queue and time.monotonic() < self._until:
            items: list[Any] = []
            flushed: threading.Event | None = None
            while len(items) < self._batch and self._queue and flushed is None:
                item = self._queue.popleft()
                if isinstance(item, threading.Event):
                    flushed = item
                else:
                    items.append(item)
            if items:
                self._hand(items)
            if flushed is not None:
                flushed.set()

    def _hand(self, items: list[Any]) -> None:
        patience = Patience(self._patience, self._closing, lambda: self._until)
        try:
            lost = self._take(items, patience)
        except Exception:  # whatever it is, the service goes on
            log.exception("telemetry could not be taken")
            lost = {"broken": len(items)}
        with self._counting:
            self._dropped.update(lost)
            self._processed += len(items) - sum(lost.values())

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
            if not isinstance(item, threading.Event):
                left += 1
        if left:
            self._drop("shutdown", left)
        return left > 0
