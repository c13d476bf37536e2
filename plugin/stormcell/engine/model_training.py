"""Training a codebook of the sample, where it keeps nobody waiting."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from stormcell import threads
from stormcell.codebook.training import Trainer
from stormcell.errors import problem_of, unexpected
from stormcell.telemetry.meters import Meters
from stormcell.types import Codebook

log: Final = logging.getLogger("stormcell")

Run = Callable[[Callable[[], None]], None]
"""Does something, now or later."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to.

    Attributes
    ----------
    why : str
        What it was for: "schedule", "drift" or "asked".
    seconds : float
    codebook : Codebook or None
    problem : str
        Why there is none.
    """

    why: str
    seconds: float
    codebook: Codebook | None = None
    problem: str = ""


def in_thread(call: Callable[[], None]) -> None:
    """Do it in a thread of its own, which ends with the process."""

    def run() -> None:
        threads.begin()
        call()

    threading.Thread(target=run, name="stormcell-training", daemon=True).start()


class Training:
    """One training at a time; asked by the thread that ticks.

    Parameters
    ----------
    run : callable
        By default in a thread of its own.
    meters : Meters
        Get a span of each training.

    Attributes
    ----------
    busy : bool
        Whether one goes on, or what it came to has not been taken.
    asked : int
        The number of the request to train that it hears.
    """

    def __init__(self, run: Run = in_thread, meters: Meters | None = None) -> None:
        self._run, self._meters = run, meters or Meters()
        self._result: Trained | None = None
        self.busy = False
        self.asked = 0

    @property
    def result(self) -> Trained | None:
        """What the last one came to, until it is taken."""
        return self._result

    def start(self, trainer: Trainer, why: str) -> None:
        """Train; ``trainer`` belongs to it from now on."""
        self.busy = True
        self._run(lambda: self._train(trainer, why))

    def take(self) -> None:
        """Let go of what the last one came to; another may begin."""
        self._result, self.busy = None, False

    def fail(self, problem: str) -> None:
        """Let what the last one came to be none, for a reason; it is still to be taken."""
        if self._result is not None:
            self._result = replace(self._result, codebook=None, problem=problem)

    def _train(self, trainer: Trainer, why: str) -> None:
        begun = time.monotonic()
        try:
            with self._meters.span("stormcell.training", {"stormcell.reason": why}):
                codebook = trainer.train()
        except Exception as error:  # whatever it is, the next one may do
            problem = problem_of(error)
            log.error("no codebook was trained: %s", problem, exc_info=unexpected(error))
            self._result = Trained(why, time.monotonic() - begun, problem=problem)
        else:
            self._result = Trained(why, time.monotonic() - begun, codebook)
