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
        backoff, closing = _backoff(), self._closing.is_set()
        while True:
            try:
                return call()
            except RefusedError as error:
                failure: RefusedError | DeliveryError = error
                asked: float | None = min(error.retry_after, _LONGEST)
            except DeliveryError as error:
                if not error.retryable:
                    raise
                failure, asked = error, error.retry_after
            if not closing and self._closing.is_set():  # there is little time left, to be used
                backoff, closing = _backoff(), True
            if not self._pause(backoff.failed(asked), closing):
                raise failure

    def _pause(self, seconds: float, closing: bool) -> bool:
        """Wait; return False at once where that would take longer than there is time."""
        if seconds > self._left():
            return False
        if closing:
            time.sleep(seconds)
        else:
            self._closing.wait(seconds)
        return True

    def _left(self) -> float:
        return min(self._end, self._until()) - time.monotonic()


def _backoff() -> Backoff:
    return Backoff(first=_FIRST, longest=_LONGEST)
