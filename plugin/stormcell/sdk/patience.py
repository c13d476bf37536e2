"""How long something is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from stormcell.errors import DeliveryError, RefusedError
from stormcell.wire.backoff import Backoff

_FIRST: Final = 0.1
_LONGEST: Final = 5.0


class Patience:
    """Tries again what may do later, until the time is over.

    Parameters
    ----------
    seconds : float
        After which nothing is tried again.
    closing : threading.Event, optional
        Set when there may be less time than that: a wait ends then.
    until : callable, optional
        When the time is over at the latest, monotonic; asked again and again.
    """

    def __init__(
        self,
        seconds: float,
        closing: threading.Event | None = None,
        until: Callable[[], float] = lambda: float("inf"),
    ) -> None:
        self._end, self._until = time.monotonic() + seconds, until
        self._closing = closing or threading.Event()

    def tried(self, call: Callable[[], None]) -> None:
        """Call it until it succeeds.

        Raises
        ------
        DeliveryError, RefusedError
            What it raised last, if the time is over or another try would not do.
        """
        backoff = Backoff(first=_FIRST, longest=_LONGEST)
        while True:
            try:
                return call()
            except RefusedError as error:
                if not self._pause(backoff.failed(min(error.retry_after, _LONGEST))):
                    raise
            except DeliveryError as error:
                if not error.retryable or not self._pause(backoff.failed(error.retry_after)):
                    raise

    def _pause(self, seconds: float) -> bool:
        """Wait; return False at once where that would take longer than there is time."""
        if seconds > self._left():
            return False
        if self._closing.wait(seconds):
            seconds = min(seconds, _FIRST)
            if seconds > self._left():
                return False
            time.sleep(seconds)
        return True

    def _left(self) -> float:
        return min(self._end, self._until()) - time.monotonic()
