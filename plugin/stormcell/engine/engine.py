"""The engine: one thread reads the journal, another ticks; the only owner of what is alive."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stormcell.config import Settings
from stormcell.decode.report import Report
from stormcell.decode.requests import Requests
from stormcell.engine import state
from stormcell.engine.assigner import LiveAssigner, Verdicts
from stormcell.engine.keeping import keep
from stormcell.engine.live import Live
from stormcell.engine.notifying import NOTIFIED, dump, notify
from stormcell.engine.segments import Segments
from stormcell.errors import StormcellError
from stormcell.journal import Entry, Journal
from stormcell.protocols import Clock
from stormcell.semconv import OWN_SERVICE
from stormcell.store import SqliteStore
from stormcell.types import Assignment, Membership, Record

log: Final = logging.getLogger("stormcell")

_WAIT: Final = 0.25
_CALM: Final = 30.0
"""Seconds between two ticks while nothing comes."""
_KEPT_LATENCIES: Final = 100_000
_BEHIND: Final = 1 << 20
"""Bytes of the journal behind which nothing is assigned provisionally: the tick will do it sooner than we
could."""


@dataclass(slots=True)
class Stats:
    """What the engine did since it started, and how it stands.

    Attributes
    ----------
    position : int
        Up to where the journal was read.
    own : int
        Events of our own telemetry, which are dropped.
    broken : int
        Records that could not be read.
    provisional : dict of str to int
        Events assigned at once, by why.
    latencies : list of float
        Seconds from receipt to assignment, since somebody took them.
    ticks : int
    tick_seconds : list of float
        How long ticks took, since somebody took them.
    failed_ticks : int
        Ticks whose result could not be stored, and were made again.
    problem : str
        Why the last one failed; "" once one succeeded.
    """

    position: int = 0
    own: int = 0
    broken: int = 0
    provisional: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    ticks: int = 0
    tick_seconds: list[float] = field(default_factory=list)
    failed_ticks: int = 0
    problem: str = ""


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
    ) -> None:
        self._settings, self._journal, self._path = settings, journal, path
        self._clock, self._monotonic = clock, monotonic
        self._held, self._told = held or (lambda: journal.end), told or (lambda: None)
        with SqliteStore(path, create=True) as store:
            memory, self._notified = state.load(store, settings)
        self.live = Live(settings, memory)
        self.assigner = LiveAssigner(settings)
        self.stats = Stats(position=journal.first)
        self._segments = Segments(journal)
        self._report = Report()
        self._requests = Requests(settings, self._report)
        self._arrived = monotonic()
        self._ticked = monotonic()
        self._stopping = threading.Event()
        self._draining = threading.Event()
        self._wake = threading.Condition()
        self._nudged = False
        self._threads: list[threading.Thread] = []
        self.memberships: tuple[Membership, ...] = ()

    def start(self) -> None:
        """Start reading and ticking."""
        for name, run in (("intake", self._take_in), ("ticks", self._keep_ticking)):
            thread = threading.Thread(target=run, name=f"stormcell-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def nudge(self) -> None:
        """Tick soon: people changed something."""
        with self._wake:
            self._nudged = True
            self._wake.notify_all()

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
        self._draining.set()
        self.nudge()
        for thread in self._threads:
            thread.join(max(until - self._monotonic(), 0.0))
        done = not any(thread.is_alive() for thread in self._threads) and not self.stats.problem
        self._stopping.set()
        self.nudge()
        for thread in self._threads:
            thread.join(grace)
        return done

    # The intake thread.

    def _take_in(self) -> None:
        while not self._stopping.is_set():
            if not self._journal.wait(self.stats.position, _WAIT):
                if self._draining.is_set():
                    return
                continue
            for entry in self._journal.read(self.stats.position):
                self._make_room()
                if self._stopping.is_set():
                    return
                self._take(entry)

    def _take(self, entry: Entry) -> None:
        request, before = entry.request, self._report.broken
        records: list[Record] = []
        try:
            for record in self._requests.records(request):
                if record.service == OWN_SERVICE:
                    self.stats.own += 1
                else:
                    records.append(record)
        except StormcellError as error:
            # It was read before it was acknowledged; what cannot be read now is not to stop what can.
            log.error("a request in the journal cannot be read: %s", error)
            self.stats.broken += 1
        self.stats.broken += self._report.broken - before
        self.live.extend(records, request.received)
        latest = request.received + int(self._settings.live.future_seconds * 1e9)
        self._segments.saw(entry.end, max((one.time for one in records if one.time <= latest), default=0))
        self.stats.position = entry.end
        self._arrived = self._monotonic()
        if self._journal.end - entry.end < _BEHIND:
            self._assign(records)
            self.stats.latencies.append((self._clock.now() - request.received) / 1e9)
            if len(self.stats.latencies) > _KEPT_LATENCIES:
                del self.stats.latencies[: _KEPT_LATENCIES // 2]
        if self.live.is_due():
            with self._wake:
                self._wake.notify_all()

    def _assign(self, records: Sequence[Record]) -> None:
        counts = self.stats.provisional
        for record in records:
            found: Assignment = self.assigner.assign(record)
            counts[found.why] = counts.get(found.why, 0) + 1

    def _make_room(self) -> None:
        """Wait while more is held than may be: the journal is the queue."""
        while self.live.is_full() and not self._stopping.is_set():
            with self._wake:
                self._wake.notify_all()
                self._wake.wait(_WAIT)

    # The thread of ticks.

    def _keep_ticking(self) -> None:
        with SqliteStore(self._path, create=True) as store:
            while not self._stopping.is_set():
                draining = self._draining.is_set() and not self._threads[0].is_alive()
                done = self._tick_all(store, draining)
                self._notify(store)
                if draining:
                    return
                with self._wake:
                    if not self._nudged and not (done and self.live.is_due()):
                        self._wake.wait(_WAIT if done else self._settings.live.tick_seconds)

    def _tick_all(self, store: SqliteStore, draining: bool) -> bool:
        """Make all ticks that are due; return whether their results could be stored."""
        idle = self._monotonic() - self._arrived >= self._settings.live.idle_seconds
        full = self.live.is_full()
        end = self.live.end()
        for now in self.live.due(end - 1 if draining else end if idle or full else None):
            if not self._tick(store, now) or self._stopping.is_set():
                return False
        if draining:
            return self._tick(store, end, everything=True)
        nudged, self._nudged = self._nudged, False
        rested = self._monotonic() - self._ticked
        calm = min(_CALM, self._settings.live.settle_seconds / 4)
        if (
            nudged
            or self.live.is_full()
            or (self.live.late and rested >= self._settings.live.tick_seconds)
            or (idle and self.live.memory.living and rested >= calm)
        ):
            return self._tick(store, self._event_time(idle=idle, full=full))
        return True

    def _event_time(self, *, idle: bool, full: bool) -> int:
        """Return the event time by now; without events it goes on as the clock does."""
        if full:
            return self.live.end()
        gone = int((self._monotonic() - self._arrived) * 1e9) if idle else 0
        return self.live.at(self.live.watermark + gone) if gone else self.live.memory.now

    def _tick(self, store: SqliteStore, now: int, *, everything: bool = False) -> bool:
        start, position = self._monotonic(), self.stats.position
        try:
            found = self.live.tick(now, store.statuses(), store.feedback(), everything=everything)
            knowledge = self.live.settled_knowledge(found)
            told = keep(store, found, knowledge, self.live, self._settings, self._clock.now(), self._notified)
        except StormcellError as error:
            self._failed(error)
            return False
        self._notified = told or self._notified
        self.live.commit(found, knowledge)
        self.assigner.verdicts = Verdicts(self._settings, found)
        self.memberships = found.memberships
        self.stats.problem = ""
        self.stats.ticks += 1
        self._ticked = self._monotonic()
        self.stats.tick_seconds.append(self._ticked - start)
        self._journal.release(min(self._segments.needed(found.released, position), self._held()))
        self._segments.forget()
        with self._wake:
            self._wake.notify_all()
        self._told()
        return True

    def _notify(self, store: SqliteStore) -> None:
        """Put out what was to wait, where no tick does."""
        now = self._clock.now()
        if self._notified.due is None or now < self._notified.due:
            return
        living = [one.group for one in self.live.memory.living.values()]
        outbox, told = notify(self._notified, living, self._settings.notifications, now)
        try:
            store.put_out(outbox, {NOTIFIED: dump(told)}, now)
        except StormcellError as error:
            self._failed(error)
            return
        self._notified = told
        if outbox:
            self._told()

    def _failed(self, error: StormcellError) -> None:
        self.stats.failed_ticks += 1
        if self.stats.problem != str(error):
            log.error("what changed could not be stored, and will be again: %s", error)
        self.stats.problem = str(error)
