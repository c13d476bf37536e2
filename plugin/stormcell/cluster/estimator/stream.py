"""The bounded memory of a stream of rows, and medoids found from it again and again."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from stormcell.cluster.estimator.solving import Found, Options, solve
from stormcell.cluster.estimator.spaces import Space, Table
from stormcell.cluster.reservoir import Reservoir
from stormcell.cluster.seeding import Init
from stormcell.types import DoubleArray, IntArray

# What a medoid weighs that is no longer in the memory, as a share of the lightest row there: it may stay a medoid.
_FEATHER = 1e-6
_NONE = np.empty(0, dtype=np.int64)


class Memory:
    """The rows of a stream that a reservoir keeps.

    Parameters
    ----------
    space : Space
    capacity : int
        Most rows.
    seed : int
    """

    def __init__(self, space: Space, capacity: int, seed: int) -> None:
        self._space = space
        self._reservoir = Reservoir(capacity, seed=seed)
        self.table: Table = None
        self.numbers: IntArray = _NONE

    def __len__(self) -> int:
        return len(self.numbers)

    def add(
        self, table: Table, numbers: IntArray, weights: DoubleArray, strata: Sequence[Hashable] | None
    ) -> None:
        """Take the next rows of the stream.

        Parameters
        ----------
        table : Table, n rows
        numbers : IntArray, shape (n,)
            Never seen before.
        weights : DoubleArray, shape (n,)
            Above 0.
        strata : sequence of hashable, length n, optional
        """
        self._reservoir.offer(numbers, weights=weights, strata=strata)
        every = np.concatenate([self.numbers, numbers])
        joined = table if self.table is None else self._space.joined(self.table, table)
        kept = np.flatnonzero(np.isin(every, self._reservoir.handles))
        self.table, self.numbers = self._space.take(joined, kept), every[kept]

    def weights(self) -> DoubleArray:
        """Return what each row kept stands for."""
        return self._reservoir.estimates()


@dataclass(frozen=True, slots=True, eq=False)
class Medoids:
    """Medoids by cluster.

    Attributes
    ----------
    rows : Table
        k rows.
    numbers : IntArray, shape (k,)
        Theirs in the stream.
    """

    rows: Table
    numbers: IntArray


def search(
    space: Space, memory: Memory, k: int, present: Medoids | None, init: Init, options: Options
) -> tuple[Medoids, Found]:
    """Find the medoids of what is remembered, starting from the present ones if there are k that differ.

    A medoid that stays keeps its cluster's number, and one that moves gives it to the nearest new one.
    """
    pool, numbers, weights = memory.table, memory.numbers, memory.weights()
    if present is None or len(present.numbers) != k or len(space.distinct(present.rows)[0]) != k:
        found = solve(space, pool, weights, k, init, _NONE, options)
        medoids = space.ordered(pool, found.medoids)
    else:
        gone = np.flatnonzero(~np.isin(present.numbers, numbers))
        # In front: the first of equal rows is the one that is taken, so a medoid stays itself.
        pool = space.joined(space.take(present.rows, gone), pool)
        numbers = np.concatenate([present.numbers[gone], numbers])
        weights = np.concatenate([np.full(len(gone), _FEATHER * weights.min()), weights])
        order = np.argsort(numbers)
        old = order[np.searchsorted(numbers, present.numbers, sorter=order)]
        found = solve(space, pool, weights, k, old, _NONE, options)
        medoids = _by_slot(space, pool, old, found.medoids)
    return Medoids(space.take(pool, medoids), numbers[medoids]), found


def _by_slot(space: Space, pool: Table, old: IntArray, new: IntArray) -> IntArray:
    """Return new medoids in the order of the old ones that they are or replace, nearest first."""
    slots = old.copy()
    free = np.flatnonzero(~np.isin(old, new))
    come = np.setdiff1d(new, old)
    if not len(come):
        return slots
    far = space.far(pool, come, space.centres(pool, old[free]))
    for _ in come:
        i, j = np.unravel_index(far.argmin(), far.shape)
        slots[free[j]] = come[i]
        far[i, :] = far[:, j] = np.inf
    return slots
