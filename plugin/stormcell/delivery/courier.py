"""Carries letters from the outbox to one exporter; without a thread or a wait of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stormcell.errors import DeliveryError, StoreError
from stormcell.protocols import Clock, Exporter, Projection
from stormcell.store import SqliteStore
from stormcell.store.dossiers import dossier
from stormcell.store.outbox import Letter
from stormcell.wire.backoff import Backoff

SECOND: Final = 10**9
GIVE_UP: Final = 24 * 3600 * SECOND
"""Nanoseconds after which a letter that was tried in vain is given up: the outbox must not grow for ever."""

NOTED: Final = 300 * SECOND
"""Nanoseconds between two notes of how the store stands, to whom keeps copies."""

_BATCH: Final = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where groups go.

    Attributes
    ----------
    name : str
        By which the outbox knows it.
    exporter : Exporter
    target : str
        What the exporter is told: a URL or a path.
    """

    name: str
    exporter: Exporter
    target: str


@dataclass(slots=True)
class Progress:
    """What a courier did so far.

    Attributes
    ----------
    delivered, attempts, dead : int
        Letters that were taken; all tries; letters that were given up.
    failures : int
        Tries that failed in a row; 0 while all is well.
    closed_until : int
        Nothing is tried before, ns, wall clock.
    problem : str
        Why the last try that failed did; "" once one succeeded.
    """

    delivered: int = 0
    attempts: int = 0
    dead: int = 0
    failures: int = 0
    closed_until: int = 0
    problem: str = ""


class Courier:
    """Carries letters to one destination.

    After a failure that another try may mend nothing is tried for a while: longer with each failure in a row, and
    as long as the other side asks for. Letters that were tried less often go first then, so that one that is never
    taken holds up none but its own group's.

    Parameters
    ----------
    destination : Destination
    open_store : callable
        Opens the store; called in the thread that steps.
    clock : Clock
    seed : bytes, optional
        What the waits by chance follow from (see Backoff).
    """

    def __init__(
        self,
        destination: Destination,
        open_store: Callable[[], SqliteStore],
        clock: Clock,
        seed: bytes | None = None,
    ) -> None:
        self.destination = destination
        self.progress = Progress()
        self._open_store, self._clock = open_store, clock
        self._backoff = Backoff(seed)
        self._store: SqliteStore | None = None
        self._noted: int | None = None

    def step(self, enough: Callable[[], bool] = lambda: False) -> int | None:
        """Hand over what is due.

        Parameters
        ----------
        enough : callable
            Asked before each letter; none is handed over once it says so.

        Returns
        -------
        int or None
            When there is something to do next, ns, wall clock; None if nothing waits.
        """
        if self._clock.now() < self.progress.closed_until:
            return self.progress.closed_until
        try:
            return self._carry(self._opened(), enough)
        except StoreError as error:
            self.close()
            return self._shut(str(error), None)

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _opened(self) -> SqliteStore:
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def _carry(self, store: SqliteStore, enough: Callable[[], bool]) -> int | None:
        name = self.destination.name
        while letters := store.outbox_due(self._clock.now(), _BATCH, name):
            for letter in letters:
                if enough():
                    return self._clock.now()
                if not self._hand_over(store, letter):
                    return self.progress.closed_until
                self._note(store)
        return store.outbox_next(name)

    def _hand_over(self, store: SqliteStore, letter: Letter) -> bool:
        """Return whether the next letter may be tried at once."""
        self.progress.attempts += 1
        try:
            self._export(store, letter)
        except DeliveryError as error:
            since = self._clock.now() - letter.put
            if error.retryable and since < GIVE_UP:
                until = self._shut(str(error), error.retry_after)
                store.outbox_failed(letter.number, str(error), until, dead=False)
                return False
            self._give_up(store, letter, f"given up after a day: {error}" if error.retryable else str(error))
        except Exception as error:  # an exporter of others may raise anything
            self._give_up(store, letter, f"{type(error).__name__}: {error}")
        else:
            store.outbox_done([letter.number])
            self.progress.delivered += 1
            self._succeeded()
        return True

    def _export(self, store: SqliteStore, letter: Letter) -> None:
        """Hand a group over: as it is in the letter or, to keep a copy of, as it is now with all that it has."""
        to = self.destination
        if not isinstance(to.exporter, Projection):
            to.exporter.export([letter.group], to.target)
            return
        found = dossier(store, letter.group.id)
        if found is None:
            done = to.exporter.project([], to.target, gone=[letter.group.id])
        else:
            done = to.exporter.project([found], to.target)
        if done.refused:
            more = f", and {len(done.refused) - 1:,} more" if len(done.refused) > 1 else ""
            raise DeliveryError(f"refused: {done.refused[0]}{more}", retryable=False)

    def _note(self, store: SqliteStore) -> None:
        """Say how the store stands, now and then, while groups go out."""
        to, now = self.destination, self._clock.now()
        if not isinstance(to.exporter, Projection) or (self._noted is not None and now - self._noted < NOTED):
            return
        self._noted = now
        try:
            to.exporter.note(store.totals(now), to.target)
        except DeliveryError as error:  # the next one comes soon
            _log.debug("%s: how the store stands is not noted: %s", to.name, error)

    def _give_up(self, store: SqliteStore, letter: Letter, problem: str) -> None:
        store.outbox_failed(letter.number, problem, letter.due, dead=True)
        self.progress.dead += 1
        self.progress.problem = problem
        _log.warning(
            "%s: a group is not delivered, see `stormcell outbox list`: %s", self.destination.name, problem
        )

    def _shut(self, problem: str, asked: float | None) -> int:
        wait = self._backoff.failed(asked)
        if not self.progress.failures:
            _log.warning("%s: nothing is delivered for now: %s", self.destination.name, problem)
        self.progress.failures = self._backoff.failures
        self.progress.problem = problem
        self.progress.closed_until = self._clock.now() + round(wait * SECOND)
        return self.progress.closed_until

    def _succeeded(self) -> None:
        if self.progress.failures:
            _log.warning("%s: groups are delivered again", self.destination.name)
        self._backoff.succeeded()
        self.progress.failures = self.progress.closed_until = 0
        self.progress.problem = ""
