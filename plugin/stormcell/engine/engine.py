"""The engine: one thread reads the journal, another ticks; the only owner of what is alive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from stormcell.config import NotificationsSettings, Settings
from stormcell.engine import state
from stormcell.engine.assigner import LiveAssigner
from stormcell.engine.live import Live
from stormcell.engine.model import ModelWatch
from stormcell.engine.model_training import Training
from stormcell.engine.reader import Reader
from stormcell.engine.segments import Segments
from stormcell.engine.shared import Shared, Signals, Stats
from stormcell.engine.ticker import Ticker
from stormcell.journal import Journal
from stormcell.protocols import Clock
from stormcell.store import SqliteStore
from stormcell.telemetry.meters import Meters

_LEAVING: Final = 1.0
"""Seconds that threads have to leave what they are at."""


class Engine:
    """Reads the journal, and keeps living groups in the store.

    Parameters
    ----------
    settings : Settings
    journal : Journal
        Is released as far as neither the engine nor ``held`` needs it.
    path : Path
        The store.
    clock : Clock
    monotonic : callable
        Seconds that never go back.
    held : callable
        The position up to which others are done with the journal.
    told : callable
        Called after groups were put out.
    meters : Meters
        Get a span of each tick.

    Attributes
    ----------
    live : Live
    assigner : LiveAssigner
    stats : Stats
    model : ModelWatch

    Raises
    ------
    StoreError
        If the store cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        path: Path,
        clock: Clock,
        monotonic: Callable[[], float],
        *,
        held: Callable[[], int] | None = None,
        told: Callable[[], None] | None = None,
        meters: Meters | None = None,
    ) -> None:
        with SqliteStore(path, create=True) as store:
            memory, notified = state.load(store, settings)
            self.model = ModelWatch(settings, store, monotonic, Training(meters=meters))
        self.live = Live(settings, memory)
        self.assigner = LiveAssigner(settings)
        self.stats = Stats(position=journal.first, arrived=monotonic())
        self._monotonic, self._signals = monotonic, Signals()
        shared = Shared(
            settings=settings,
            journal=journal,
            clock=clock,
            monotonic=monotonic,
            live=self.live,
            assigner=self.assigner,
            segments=Segments(journal),
            stats=self.stats,
            signals=self._signals,
            meters=meters or Meters(),
        )
        self._reader = Reader(shared)
        self._ticker = Ticker(
            *(shared, path, self._reader, notified, held or (lambda: journal.end), told or (lambda: None)),
            model=self.model,
        )
        self._workers = (self._reader, self._ticker)

    def start(self) -> None:
        """Start reading and ticking."""
        for worker in self._workers:
            worker.start()

    def nudge(self) -> None:
        """Tick soon: people changed something."""
        self._signals.nudge()

    def notify_by(self, settings: NotificationsSettings) -> None:
        """Decide by these settings what goes out from now on; exporters are of the same names as before."""
        self._ticker.notify_by(settings)

    def stop(self, grace: float) -> bool:
        """Group all that was acknowledged, and stop.

        Parameters
        ----------
        grace : float
            Seconds; what is not done by then is done after the next start.

        Returns
        -------
        bool
            Whether all was done.
        """
        until = self._monotonic() + grace
        self._signals.drain()
        self._join(until)
        started = any(worker.ident is not None for worker in self._workers)
        done = not started or all(worker.finished for worker in self._workers)
        self._signals.stop()
        self._join(self._monotonic() + _LEAVING)
        return done

    @property
    def ended(self) -> bool:
        """Whether both threads have ended, or were never started."""
        return not any(worker.is_alive() for worker in self._workers)

    def checks(self) -> dict[str, str]:
        """Return how it stands with reading the journal and with ticks: "ok", or what is wrong."""
        return {"intake": self._reader.check(), "ticks": self._ticker.check()}

    @property
    def failed_ticks(self) -> int:
        """Ticks whose result could not be stored, and were made again."""
        return self._ticker.failures

    @property
    def problem(self) -> str:
        """What keeps it from grouping what comes; "" where nothing does."""
        return self._reader.problem or self._ticker.problem

    @property
    def silhouette(self) -> float | None:
        """How clear-cut the groups are that the last tick found (see ``ticker.silhouette_of``)."""
        return self._ticker.silhouette

    @property
    def behind(self) -> float:
        """For how many seconds the groups have lacked something that came; 0 where they lack nothing."""
        return self._ticker.behind

    def _join(self, until: float) -> None:
        for worker in self._workers:
            worker.join_until(until - self._monotonic())
