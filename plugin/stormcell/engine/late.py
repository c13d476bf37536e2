"""The engine, loaded once there is something for it to do: what it computes with takes a while, and memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from stormcell import forks, threads
from stormcell.types import NOTHING_KNOWN, Assignment

if TYPE_CHECKING:
    from stormcell.config import NotificationsSettings
    from stormcell.engine.engine import Engine
    from stormcell.journal import Journal
    from stormcell.types import Record

_WAIT: Final = 0.25


class Stage(StrEnum):
    """How far the engine is."""

    IDLE = "nothing to do yet"
    STARTING = "starting"
    RUNNING = "ok"


class LateEngine:
    """Loads and starts an engine when the journal holds something; the journal is the queue until then.

    Parameters
    ----------
    make : callable
        Loads the engine; may take a while.
    journal : Journal
    failed : callable
        Called, from a thread, with why the engine could not be started; nothing is grouped then.

    Attributes
    ----------
    loaded : Engine or None
        Once it runs.
    stage : Stage
    """

    def __init__(
        self, make: Callable[[], Engine], journal: Journal, failed: Callable[[BaseException], None]
    ) -> None:
        self._make, self._journal, self._failed = make, journal, failed
        self._nudged = self._ending = self._over = False
        self._beginning = threading.Lock()
        self._notifications: NotificationsSettings | None = None
        self._thread = threading.Thread(target=self._wait, name="stormcell-engine", daemon=True)
        self.loaded: Engine | None = None
        self.stage = Stage.IDLE

    @property
    def position(self) -> int:
        """Up to where the journal was read."""
        return self._journal.first if self.loaded is None else self.loaded.stats.position

    def start(self) -> None:
        """Start the engine as soon as there is something to do."""
        self._thread.start()

    def start_now(self) -> None:
        """Start the engine.

        Raises
        ------
        StoreError
            If the store cannot be used, or what it remembers.
        """
        if self._over:  # nobody waited for it, and others may have the journal
            return
        self.stage = Stage.STARTING
        with forks.waiting():
            engine = self._make()
        with self._beginning:
            if self._over:
                return
            engine.start()
            self.loaded, self.stage = engine, Stage.RUNNING
        if self._notifications is not None:
            engine.notify_by(self._notifications)
        if self._nudged:
            engine.nudge()

    def nudge(self) -> None:
        """Tick soon: people changed something."""
        self._nudged = True
        if self.loaded is not None:
            self.loaded.nudge()

    def notify_by(self, settings: NotificationsSettings) -> None:
        """Decide by these settings what goes out from now on (see ``Engine.notify_by``)."""
        self._notifications = settings
        if self.loaded is not None:
            self.loaded.notify_by(settings)

    def assign(self, record: Record) -> Assignment:
        """Return where an event belongs (see protocols.Assigner)."""
        return NOTHING_KNOWN if self.loaded is None else self.loaded.assigner.assign(record)

    def known(self, record: Record) -> Assignment:
        """Return where an event belongs without ever waiting (see ``LiveAssigner.known``)."""
        return NOTHING_KNOWN if self.loaded is None else self.loaded.assigner.known(record)

    def stop(self, grace: float) -> bool:
        """Group all that was acknowledged, and stop (see ``Engine.stop``)."""
        until = time.monotonic() + grace
        self._ending = True
        if self._thread.ident is not None:
            self._thread.join(grace)
        with self._beginning:
            self._over = True
        if self.loaded is not None:
            return self.loaded.stop(max(until - time.monotonic(), 0.0))
        return self.stage is Stage.IDLE and not self._thread.is_alive()

    @property
    def ended(self) -> bool:
        """Whether nothing is grouped any more, having been stopped."""
        return self._over and (self.loaded is None or self.loaded.ended)

    def _wait(self) -> None:
        threads.begin()
        while not self._nudged:
            ending = self._ending  # before it is looked for the last time
            if self._journal.wait(self._journal.first, _WAIT):
                break
            if ending:
                return
        try:
            self.start_now()
        except BaseException as error:
            self._failed(error)
