"""A bounded sample of a stream of weighted rows, in which no rare kind of row is lost.

Every row gets a random key, exponential with the row's weight as its rate; the smallest keys are a weighted sample
without replacement (A-Res of Efraimidis & Spirakis 2006, whose u**(1/w) is exp(-key)). What a kept row stands for
follows Cohen & Kaplan, "Summarizing data using bottom-k sketches" (PODC 2007).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from stormcell.types import DoubleArray, IntArray


class Reservoir:
    """Keeps at most ``capacity`` rows of a stream, known by whole numbers (handles) that the caller chooses.

    The first ``per_stratum`` places of every stratum are its own; all further places go to the smallest keys of
    the whole stream. Where there are too many strata for that, they share equally: all get a first row before any
    gets a second. Where there are more strata than places, a random draw by weight decides which get one.

    Rows once dropped never come back, and what is kept depends on the rows, their order and the seed alone, not on
    how the stream was cut into offers. Memory is in O(capacity + strata + one offer); an
    offer sorts its rows and those kept, so offer some thousand at a time.

    It changes in place and belongs to one owner: it is not safe to share between threads.

    Parameters
    ----------
    capacity : int
        At least 1.
    seed : int
    per_stratum : int
        At least 0. With 0 the strata only matter for ``estimates``.

    Raises
    ------
    ValueError
        If ``capacity`` or ``per_stratum`` is too small.
    """

    def __init__(self, capacity: int, *, seed: int, per_stratum: int = 1) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, found {capacity}")
        if per_stratum < 0:
            raise ValueError(f"per_stratum must be at least 0, found {per_stratum}")
        self.capacity = capacity
        self.per_stratum = per_stratum
        self._rng = np.random.default_rng(seed)
        # Of the rows kept, in the order of the stream.
        self._handles: IntArray = np.empty(0, dtype=np.int64)
        self._weights: DoubleArray = np.empty(0)
        self._keys: DoubleArray = np.empty(0)
        self._strata: IntArray = np.empty(0, dtype=np.int64)
        # Of every stratum seen: its number, its weight so far, the smallest key it lost.
        self._numbers: dict[Hashable, int] = {}
        self._totals: DoubleArray = np.empty(0)
        self._lost: DoubleArray = np.empty(0)

    def __len__(self) -> int:
        return len(self._handles)

    @property
    def handles(self) -> IntArray:
        """The rows kept, in the order of the stream."""
        return self._handles.copy()

    @property
    def total(self) -> float:
        """The weight of the stream so far."""
        return float(self._totals.sum())

    def offer(
        self, handles: IntArray, *, weights: DoubleArray | None = None, strata: Sequence[Hashable] | None = None
    ) -> IntArray:
        """Offer the next rows of the stream.

        Parameters
        ----------
        handles : IntArray, shape (n,)
            Different from each other and from those kept.
        weights : DoubleArray, shape (n,), optional
            Positive; 1 each by default.
        strata : sequence of hashable, length n, optional
            What kind each row is of: a template, a service. One kind by default.

        Returns
        -------
        IntArray
            The rows to forget: those that were kept and no longer are, and those offered that are not kept.

        Raises
        ------
        ValueError
            If the lengths differ, a weight is not a positive number, or a handle is taken. Nothing is changed
            then.
        """
        handles, weights = _checked(handles, weights)
        if strata is not None and len(strata) != len(handles):
            raise ValueError(f"{len(handles)} rows but {len(strata)} strata: expected one a row")
        everything = np.concatenate([self._handles, handles])
        names, counts = np.unique(everything, return_counts=True)
        if (counts > 1).any():
            raise ValueError(f"handle {names[counts > 1][0]} is taken: give every row a handle of its own")
        numbers = self._numbered(["all"] * len(handles) if strata is None else strata)
        self._totals = _grown(self._totals, len(self._numbers), 0.0)
        self._lost = _grown(self._lost, len(self._numbers), np.inf)
        # One draw a row, in order, whatever the cuts.
        keys = np.concatenate([self._keys, self._rng.standard_exponential(len(handles)) / weights])
        np.add.at(self._totals, numbers, weights)
        weights = np.concatenate([self._weights, weights])
        numbers = np.concatenate([self._strata, numbers])
        kept = np.sort(self._first(keys, numbers))
        dropped = np.setdiff1d(np.arange(len(everything)), kept)
        np.minimum.at(self._lost, numbers[dropped], keys[dropped])
        self._handles, self._weights = everything[kept], weights[kept]
        self._keys, self._strata = keys[kept], numbers[kept]
        return everything[dropped]

    def estimates(self) -> DoubleArray:
        """Return how much of the stream each kept row stands for, in the order of ``handles``.

        A row of weight w in a stratum whose smallest lost key is t was kept with probability 1 - exp(-w t), so it
        stands for w divided by that; then each stratum is scaled to its true weight. A stratum that lost nothing
        stands for itself exactly. The weight of strata without a row (where there are more strata than places) is
        shared by all rows.

        Returns
        -------
        DoubleArray, shape (len(self),)
            Sums to ``total``, to rounding.
        """
        if not len(self):
            return np.empty(0)
        lost = self._lost[self._strata]
        raw = self._weights / -np.expm1(-self._weights * lost)
        sums = np.bincount(self._strata, weights=raw, minlength=len(self._totals))
        estimates = raw * (self._totals[self._strata] / sums[self._strata])
        return np.asarray(estimates * (self.total / estimates.sum()), dtype=np.float64)

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to it as JSON values, where all strata are texts; ``restore`` goes on from there."""
        return {
            "capacity": self.capacity,
            "per_stratum": self.per_stratum,
            "random": self._rng.bit_generator.state,
            "handles": self._handles.tolist(),
            "weights": self._weights.tolist(),
            "keys": self._keys.tolist(),
            "strata": self._strata.tolist(),
            "names": list(self._numbers),
            "totals": self._totals.tolist(),
            "lost": [key if np.isfinite(key) else None for key in self._lost.tolist()],
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> Self:
        """Return a reservoir that goes on as the one that the snapshot was taken of would have.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no snapshot.
        """
        made = cls(snapshot["capacity"], seed=0, per_stratum=snapshot["per_stratum"])
        made._rng.bit_generator.state = snapshot["random"]
        made._handles = np.array(snapshot["handles"], dtype=np.int64)
        made._weights = np.array(snapshot["weights"], dtype=np.float64)
        made._keys = np.array(snapshot["keys"], dtype=np.float64)
        made._strata = np.array(snapshot["strata"], dtype=np.int64)
        made._numbers = {name: number for number, name in enumerate(snapshot["names"])}
        made._totals = np.array(snapshot["totals"], dtype=np.float64)
        made._lost = np.array([np.inf if key is None else key for key in snapshot["lost"]], dtype=np.float64)
        return made

    def _numbered(self, strata: Sequence[Hashable]) -> IntArray:
        numbers = self._numbers
        return np.fromiter((numbers.setdefault(name, len(numbers)) for name in strata), np.int64, len(strata))

    def _first(self, keys: DoubleArray, numbers: IntArray) -> IntArray:
        """Return the rows to keep: the first in the order of (rank within the stratum, key).

        Ranks beyond ``per_stratum`` count as equal. A further row can only push others back in this order, and a
        row is never kept without those of its stratum that have smaller keys. So ranks among the kept rows are
        those in the whole stream, and the sample is the same for every cut.
        """
        order = np.lexsort((keys, numbers))
        starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
        sizes = np.diff(starts, append=len(order))
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order)) - np.repeat(starts, sizes)
        return np.lexsort((keys, np.minimum(rank, self.per_stratum)))[: self.capacity]


def _checked(handles: IntArray, weights: DoubleArray | None) -> tuple[IntArray, DoubleArray]:
    handles = np.asarray(handles)
    if handles.ndim != 1 or (len(handles) and handles.dtype.kind not in "iu"):
        raise ValueError(
            f"handles must be a list of whole numbers, found shape {handles.shape} of {handles.dtype}"
        )
    weights = np.ones(len(handles)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weights.shape != handles.shape:
        raise ValueError(f"{len(handles)} rows but weights of shape {weights.shape}: expected one a row")
    bad = np.flatnonzero(~((weights > 0) & (weights < np.inf)))
    if len(bad):
        raise ValueError(f"weights must be positive numbers, found {weights[bad[0]]} at row {bad[0]} of the offer")
    return handles.astype(np.int64), weights


def _grown(values: DoubleArray, length: int, fill: float) -> DoubleArray:
    return np.concatenate([values, np.full(length - len(values), fill)])
