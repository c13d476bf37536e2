"""A thread that outlives whatever goes wrong in it."""

from __future__ import annotations

import logging
import threading
from typing import Final

from stormcell import threads
from stormcell.engine.shared import Signals
from stormcell.errors import problem_of, unexpected

log: Final = logging.getLogger("stormcell")


class Worker(threading.Thread):
    """Takes one step after the other; one that fails is taken again, after a pause and never at once.

    Parameters
    ----------
    name : str
        Of the thread.
    signals : Signals
        Tell when to end, whatever is left to do.
    pause : float
        Seconds between a step that failed and the next.
    failing : str
        What is said in the log before why a step failed.

    Attributes
    ----------
    failures : int
        Steps that failed.
    problem : str
        Why the last one did; "" once one succeeded.
    finished : bool
        Whether the last step was taken.
    """

    def __init__(self, name: str, signals: Signals, pause: float, failing: str) -> None:
        super().__init__(name=f"stormcell-{name}", daemon=True)
        self._signals, self._seconds, self._failing = signals, pause, failing
        self._logged = ""
        self.failures = 0
        self.problem = ""
        self.finished = False

    def step(self) -> bool:
        """Do some of what is to be done, or wait a little; return whether nothing is left to do, ever."""
        raise NotImplementedError

    def run(self) -> None:
        """Take all steps."""
        threads.begin()
        while not self.finished and not self._signals.stopping:
            try:
                self.finished = self.step()
            except Exception as error:  # whatever it is, the next try may do
                self._failed(error)
                self._signals.pause(self._seconds)
            else:
                self.problem = self._logged = ""
        self._signals.tell()

    def check(self) -> str:
        """Return "ok", or what is wrong."""
        if self.problem or self.is_alive() or self.finished:
            return self.problem or "ok"
        return "does not run; restart the sidecar" if self.ident else "has not been started"

    def join_until(self, seconds: float) -> None:
        """Wait until it has ended, so many seconds at most, if it was ever started."""
        if self.ident is not None:
            self.join(max(seconds, 0.0))

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self.problem = problem_of(error)
        if self._logged != (said := repr(error)):
            self._logged = said
            log.error("%s: %s", self._failing, self.problem, exc_info=unexpected(error))
