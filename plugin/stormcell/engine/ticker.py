"""The thread that ticks: what is held becomes groups in the store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Final

import numpy as np

from stormcell.config import NotificationsSettings
from stormcell.engine.assigner import Verdicts
from stormcell.engine.keeping import keep
from stormcell.engine.live import LATEST
from stormcell.engine.model import ModelWatch
from stormcell.engine.notifying import NOTIFIED, Told, dump, notify
from stormcell.engine.shared import WAIT, Shared
from stormcell.engine.slack import Slack
from stormcell.engine.worker import Worker
from stormcell.errors import StoreError
from stormcell.store import SqliteStore
from stormcell.store.connection import failures_named
from stormcell.types import Membership, Seal

log: Final = logging.getLogger("stormcell")

_CALM: Final = 30.0
"""Seconds between two ticks while nothing comes."""
_FAR: Final = 8 << 20
"""Bytes of the journal behind which ticks take half of the time at most, the other half being for reading it."""
_KEPT: Final = 1000
"""Durations of ticks that are kept until somebody takes them."""
_SWEEP: Final = 600.0
"""Seconds between two looks for what is kept no longer."""
_PORTION: Final = 1000
"""Atoms, groups and entries that are forgotten at once."""
_DAY: Final = 86_400 * 10**9
_NEVER: Final = -(2**63)


class Ticker(Worker):
    """Makes one tick after the other, as they are due, and stores what each finds.

    Parameters
    ----------
    shared : Shared
    path : Path
        The store.
    reader : Worker
        Reads the journal; once it has finished, nothing more comes.
    notified : Told
        What exporters know.
    held : callable
        The position up to which others are done with the journal.
    told : callable
        Called after groups were put out.
    model : ModelWatch

    Attributes
    ----------
    silhouette : float or None
        See ``silhouette_of``; of what the last tick found.
    """

    def __init__(
        self,
        shared: Shared,
        path: Path,
        reader: Worker,
        notified: Told,
        held: Callable[[], int],
        told: Callable[[], None],
        model: ModelWatch,
    ) -> None:
        failing = "what changed could not be stored, and will be again"
        super().__init__("ticks", shared.signals, shared.settings.live.tick_seconds, failing)
        self._shared, self._settings, self._live = shared, shared.settings, shared.live
        self._path, self._reader, self._notified = path, reader, notified
        self._held, self._told, self._model = held, told, model
        self._store: SqliteStore | None = None
        self._file: int | None = None
        self._ticked, self._took = shared.monotonic(), 0.0
        self._began = self._ticked
        self._waits: float | None = None
        self._decided = True
        self._sweep = 0.0
        self._sealed = Seal(0, "")
        self._slack = Slack()
        self.silhouette: float | None = None

    @property
    def behind(self) -> float:
        """For how many seconds the groups have lacked something that came; 0 where they lack nothing."""
        waits = self._waits
        return 0.0 if waits is None else max(self._shared.monotonic() - waits, 0.0)

    def notify_by(self, settings: NotificationsSettings) -> None:
        """Decide by these settings what goes out from now on, what waits included; from any thread."""
        self._settings = self._settings.model_copy(update={"notifications": settings})
        self._decided = False

    def run(self) -> None:
        """Take all steps, and close the store."""
        try:
            super().run()
        finally:
            self._close()

    def step(self) -> bool:
        """Make the tick that is due; where none is, put out what was to wait, and wait a little."""
        ticks = self._shared.stats.ticks
        try:
            done = self._step(self._opened())
        except Exception:
            # Whatever it was to store is owed, and the store may have to be opened anew.
            self._signals.nudged = True
            self._close()
            raise
        if self._shared.stats.ticks > ticks:
            self._slack.give_back()
        return done

    def _step(self, store: SqliteStore) -> bool:
        live, signals, full = self._live, self._signals, self._live.is_full()
        self._wait_for_tick()
        if self._nothing_comes():
            end = live.end()
            now = next(live.due(end - 1), None)
            return self._tick(store, end if now is None else now, everything=now is None) and now is None
        now = self._due()
        if now is not None:
            self._tick(store, now)
            return False
        self._put_out(store)
        self._forget(store)
        signals.wait(WAIT, lambda: signals.nudged or self._nothing_comes() or (live.is_full() and not full))
        return False

    def _wait_for_tick(self) -> None:
        """Note since when something waits for a tick."""
        arrived = self._shared.stats.arrived
        if arrived <= self._began:
            self._waits = None
        elif self._waits is None or self._waits <= self._began:
            self._waits = arrived

    def _nothing_comes(self) -> bool:
        return self._signals.draining and self._reader.finished

    def _due(self) -> int | None:
        """Return the event time of the tick that is to be made now; None if none is.

        Ticks may be made later than they are due, but each of them is, and in order: what they find depends on it.
        """
        live, signals, full, gone = self._live, self._signals, self._live.is_full(), self._gone()
        rested = self._shared.monotonic() - self._ticked
        now = next(live.due(live.end() if gone else None), None)
        if now is None and live.is_crowded():
            now = next(live.due(LATEST), None)
        if now is not None:
            pressing = full or signals.nudged or signals.draining
            return now if pressing or rested >= self._took or not self._is_far_behind() else None
        calm = min(_CALM, self._settings.live.settle_seconds / 4)
        if (
            signals.nudged
            or (full and rested >= WAIT)
            or (live.late and rested >= self._settings.live.tick_seconds)
            or (gone and live.memory.living and rested >= calm)
        ):
            # Without events time goes on as the clock does.
            return live.at(live.watermark + int(gone * 1e9)) if gone else live.memory.now
        return None

    def _gone(self) -> float:
        """Return for how many seconds there was nothing to read; 0 as long as it may yet come."""
        stats = self._shared.stats
        gone = self._shared.monotonic() - stats.arrived
        idle = gone >= self._settings.live.idle_seconds and stats.position >= self._shared.journal.end
        return gone if idle else 0.0

    def _is_far_behind(self) -> bool:
        return self._shared.journal.behind(self._shared.stats.position) > _FAR

    def _tick(self, store: SqliteStore, now: int, *, everything: bool = False) -> bool:
        """Make a tick; return whether it was stored, which it is not where nobody waits for it any more."""
        with self._shared.meters.span("stormcell.tick"):
            return self._made(store, now, everything=everything)

    def _made(self, store: SqliteStore, now: int, *, everything: bool) -> bool:
        shared, live, stats = self._shared, self._live, self._shared.stats
        # All of these are of before the tick looks at anything: what comes later is for the next one.
        start, position, self._signals.nudged = shared.monotonic(), stats.position, False
        found = live.tick(now, store.statuses(), store.feedback(), everything=everything)
        knowledge, settled = live.settled(found)
        wall = shared.clock.now()
        with nullcontext() if settled is None else shared.meters.span("stormcell.model"):
            look = self._model.look(store, settled, found.released, wall)
        if self._signals.stopping:
            return False
        told = keep(
            *(store, found, knowledge, live, self._settings, wall, self._notified),
            more=lambda store: self._model.write(store, look),
        )
        self._notified = told or self._notified
        live.commit(found, knowledge)
        self._model.commit(look)
        shared.assigner.use(Verdicts(self._settings, found))
        self.silhouette = silhouette_of(found.memberships)
        stats.ticks += 1
        self._ticked = shared.monotonic()
        self._took = self._ticked - start
        self._began = start
        self._wait_for_tick()
        stats.tick_seconds.append(self._took)
        # In a service nobody takes them.
        del stats.tick_seconds[:-_KEPT]
        self._signals.tell()
        self._told()
        shared.journal.release(min(shared.segments.needed(found.released, position), self._held()))
        shared.segments.forget()
        return True

    def _put_out(self, store: SqliteStore) -> None:
        """Put out what was to wait, where no tick does."""
        now, due = self._shared.clock.now(), self._notified.due
        if self._decided and (due is None or now < due):
            return
        self._decided = True
        living = [one.group for one in self._live.memory.living.values()]
        outbox, told = notify(self._notified, living, self._settings.notifications, now)
        store.put_out(outbox, {NOTIFIED: dump(told)}, now)
        self._notified = told
        if outbox:
            self._told()

    def _forget(self, store: SqliteStore) -> None:
        """Take a portion of what is kept no longer out of the store, now and then."""
        monotonic, now = self._shared.monotonic(), self._live.memory.now
        if not now or monotonic < self._sweep:
            return
        kept = self._settings.retention
        found = store.forget(
            background=_before(now, kept.background_days),
            groups=_before(now, kept.groups_days),
            audit=_before(self._shared.clock.now(), kept.audit_days),
            most=_PORTION,
        )
        self._sweep = monotonic + (0 if found.more else _SWEEP)
        counts = (found.atoms, found.groups, found.entries, found.windows, found.notes)
        if any(counts):
            log.info(
                "kept no longer (see retention): %d atoms in no group, %d groups, %d entries of the audit log, "
                "%d windows and %d notes of the model",
                *counts,
            )
        sealed = store.audit_seal()
        if sealed.seal and sealed != self._sealed:
            # Logs are kept elsewhere, out of reach of who may write the store.
            log.info("the seal of the audit log is %s", sealed)
            self._sealed = sealed

    def _opened(self) -> SqliteStore:
        """Return the store, and make sure that its file has a name: SQLite would go on without one."""
        with failures_named(self._path):
            found = self._path.stat().st_ino if self._path.exists() else None
        # The first tick that was stored has made it.
        if self._file not in (None, found) or (found is None and self._shared.stats.ticks):
            raise StoreError(f"{self._path} was removed or replaced while in use; put it back, or start again")
        self._file = found
        if self._store is None:
            self._store = SqliteStore(self._path, create=True)
        return self._store

    def _close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()


def silhouette_of(memberships: Iterable[Membership]) -> float | None:
    """Return the mean medoid silhouette (Lenssen & Schubert 2024) of events with a runner-up; None without any."""
    pairs = [
        (atom.dissimilarity, atom.runner_up_dissimilarity, sum(len(row.members) for row in atom.rows))
        for atom in memberships
        if atom.runner_up_dissimilarity is not None
    ]
    if not pairs:
        return None
    own, other, weight = np.array(pairs, dtype=np.float64).T
    larger = np.maximum(own, other)
    silhouettes = np.divide(other - own, larger, out=np.zeros_like(own), where=larger > 0)
    return float(np.average(silhouettes, weights=weight))


def _before(now: int, days: float) -> int:
    """Return the time before which nothing is kept, ns; of what is kept for good, the first there is."""
    return now - int(days * _DAY) if days else _NEVER
