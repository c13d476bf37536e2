"""The watch over the model: what the live codebook makes of what comes, whether that drifts, and what follows.

It is shown rows once they are settled, each exactly once and in the order of event time, and writes what it has
seen in the transaction of the tick that settles them. So nothing is counted twice, whenever it is killed. Whatever
goes wrong here is logged, and keeps no tick from being made.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from stormcell.codebook.points import TraitReader
from stormcell.config import Settings
from stormcell.engine import model_state as states
from stormcell.engine.model_held import Held
from stormcell.engine.model_sample import Sample
from stormcell.engine.model_state import Watched
from stormcell.engine.model_step import Look, Parts, Step
from stormcell.engine.model_training import Training
from stormcell.errors import ConflictError, InputError, NotFoundError, StoreError, problem_of, unexpected
from stormcell.store import SqliteStore
from stormcell.store.model import SAMPLE
from stormcell.types import Rows

log: Final = logging.getLogger("stormcell")

_KEPT: Final = 100_000
"""Durations that are kept until somebody takes them."""


@dataclass(slots=True)
class ModelStats:
    """What the watch did since it started.

    Attributes
    ----------
    known, new : float
        Events that were assigned to a codeword, and that are too far from all.
    seconds : list of float
        How long it took to assign a row, since somebody took them.
    failures : int
        Ticks at which it could not look, or could not store what it saw.
    problem : str
        Why, the last time; "" once it could again.
    """

    known: float = 0.0
    new: float = 0.0
    seconds: list[float] = field(default_factory=list)
    failures: int = 0
    problem: str = ""


class ModelWatch:
    """Watches over the model; belongs to the thread that ticks, but for ``stats`` and ``problems``.

    Parameters
    ----------
    settings : Settings
    store : SqliteStore
        What it remembers is gone on with.
    monotonic : callable
        Seconds that never go back.
    training : Training, optional
        One that trains in a thread of its own by default.

    Attributes
    ----------
    stats : ModelStats
    watched : Watched
        What is so after the last tick.
    """

    def __init__(
        self,
        settings: Settings,
        store: SqliteStore,
        monotonic: Callable[[], float],
        training: Training | None = None,
    ) -> None:
        self.stats = ModelStats()
        try:
            self.watched = states.load(store)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.error("what the store remembers of the model cannot be used and is begun anew: %r", error)
            self.watched = Watched()
        self._parts = Parts(
            settings,
            monotonic,
            Held(settings),
            TraitReader(settings),
            _sample(store, settings),
            training or Training(),
        )

    @property
    def problems(self) -> dict[str, str]:
        """Why codebooks that are to be used cannot be, by version."""
        return dict(self._parts.held.problems)

    def look(self, store: SqliteStore, rows: Rows | None, released: int, wall: int) -> Look:
        """Look at rows that are settled now; nothing changes before ``commit``.

        Parameters
        ----------
        store : SqliteStore
        rows : Rows or None
            None where nothing more is settled.
        released : int
            Event time before which all is settled, ns.
        wall : int
            Wall clock, ns.

        Raises
        ------
        StoreError
            If the store cannot be read: then the tick cannot be stored either.
        """
        try:
            return Step(self._parts, self.watched, store, released, wall).look(rows)
        except Exception as error:
            self._failed(error)
            return Look(self.watched)

    def write(self, store: SqliteStore, look: Look) -> None:
        """Store what was seen, within the transaction of the tick; where that cannot be, the tick does without.

        Raises
        ------
        StoreError
            If the store cannot be written.
        """
        try:
            with store.changing():
                states.save(store, self.watched, look.after)
                for write in look.writes:
                    write(store)
        except Exception as error:
            self._failed(error)
            if look.took and not isinstance(error, StoreError):
                # Told at the next tick. Trained anew, it could not be stored any better.
                self._parts.training.fail(self.stats.problem)
            look.drop(self.watched)

    def commit(self, look: Look) -> None:
        """Go on from what was seen, which is stored."""
        parts, seen = self._parts, look.seen
        self.watched = look.after
        parts.sampled = look.sampled or parts.sampled
        try:
            if look.clear:
                parts.sample.clear()
            if look.rows is not None:
                parts.sample.offer(look.rows)
                self.stats.problem = ""
            if look.took:
                parts.training.take()
            if look.train:
                parts.training.start(parts.sample.trainer(look.parent), look.train)
        except Exception as error:
            self._failed(error)
        if seen is not None:
            new = float(seen.weights[seen.assigned.new].sum())
            self.stats.new += new
            self.stats.known += float(seen.weights.sum()) - new
            parts.recent.extend(seen.seconds.tolist())
            self.stats.seconds += seen.seconds.tolist()
            del self.stats.seconds[:-_KEPT]

    def _failed(self, error: Exception) -> None:
        if isinstance(error, StoreError) and not isinstance(error, ConflictError | NotFoundError):
            raise error
        self.stats.failures += 1
        said = problem_of(error)
        if self.stats.problem != said:
            self.stats.problem = said
            told = "the model is not watched for now, and grouping goes on: %s"
            log.error(told, said, exc_info=unexpected(error))


def _sample(store: SqliteStore, settings: Settings) -> Sample:
    stored = store.model_state(SAMPLE)
    if stored is not None:
        try:
            return Sample.restore(settings, stored)
        except InputError as error:
            log.warning("the sample for training is begun anew: %s", error)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.error("the stored sample for training cannot be used and is begun anew: %r", error)
    return Sample(settings)
