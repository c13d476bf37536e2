"""How two sets differ (Jaccard), by an index of which rows hold an item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from stormcell.distance.points import LARGE
from stormcell.types import FloatArray, IntArray

_WIDTH = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Sets:
    """``1 - |x and y| / |x or y|``; two empty sets are the same.

    Attributes
    ----------
    items : IntArray, shape (total,)
        The items of all sets, one set after the other, each at most once in a set.
    sizes : IntArray, shape (n,)
        -1 where missing.
    """

    items: IntArray
    sizes: IntArray

    def __len__(self) -> int:
        return len(self.sizes)

    def take(self, rows: IntArray) -> Self:
        """See Partial."""
        held = np.maximum(self.sizes, 0)
        starts = np.cumsum(held) - held
        chosen = held[rows]
        # Where each chosen item is: its set's start, and its place in the set.
        within = np.arange(chosen.sum()) - np.repeat(np.cumsum(chosen) - chosen, chosen)
        return type(self)(self.items[np.repeat(starts[rows], chosen) + within], self.sizes[rows])

    def cross(self, other: Self) -> FloatArray:
        """See Partial."""
        shared = self._shared(other)
        left, right = (np.maximum(sets.sizes, 0).astype(np.float32) for sets in (self, other))
        either = left[:, None] + right[None, :] - shared
        # Two empty sets: nothing of nothing is shared, and they do not differ.
        far: FloatArray = 1.0 - np.divide(shared, either, out=np.ones_like(shared), where=either > 0)
        far[self.sizes < 0, :] = np.nan
        far[:, other.sizes < 0] = np.nan
        return far

    def _shared(self, other: Self) -> FloatArray:
        """Return how many items each pair shares."""
        shared = np.zeros((len(self), len(other)), dtype=np.float32)
        if shared.size > LARGE:
            # Imported where there is much to compute: numba takes a while.
            from stormcell.distance.kernels import count_shared

            order = np.argsort(other.items, kind="stable")
            known, starts = np.unique(other.items[order], return_index=True)
            place = np.searchsorted(known, self.items)
            held = np.append(known, -1)[place] == self.items
            count_shared(
                place[held],
                self._row_of_item()[held],
                np.append(starts, len(order)),
                other._row_of_item()[order],
                shared,
            )
        else:
            for left, right in self._incidence(other):
                shared += left @ right.T
        return shared

    def _incidence(self, other: Self) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield which rows hold which items, a few items that both sides hold at a time."""
        common = np.intersect1d(self.items, other.items)
        for start in range(0, len(common), _WIDTH):
            some = common[start : start + _WIDTH]
            yield self._holds(some), other._holds(some)

    def _holds(self, some: IntArray) -> FloatArray:
        holds = np.zeros((len(self), len(some)), dtype=np.float32)
        place = np.minimum(np.searchsorted(some, self.items), len(some) - 1)
        found = some[place] == self.items
        holds[self._row_of_item()[found], place[found]] = 1.0
        return holds

    def _row_of_item(self) -> IntArray:
        return np.repeat(np.arange(len(self)), np.maximum(self.sizes, 0))
