"""What k-medoids needs to know of its points: how far some are from others, in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from stormcell.types import FloatArray, IntArray

# Blocks of more pairs than this are computed by compiled kernels, smaller ones by numpy.
LARGE = 300 * 300
# So are all blocks of rows of a table with more rows than this: there will be many.
MANY = 2_000
# In single precision, a square below this part of what it is a difference of is taken from the rows again: what
# remains is precise to about 1e-5.
CANCELLED = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Precomputed:
    """Points of which only a square matrix of dissimilarities is known.

    Attributes
    ----------
    dissimilarity : FloatArray, shape (n, n)
    rows : IntArray, shape (m,)
        Which of the n these points are.
    """

    dissimilarity: FloatArray
    rows: IntArray

    @classmethod
    def of(cls, dissimilarity: FloatArray) -> Self:
        """Return all points of a matrix, kept in single precision."""
        dissimilarity = np.asarray(dissimilarity, dtype=np.float32)
        return cls(dissimilarity, np.arange(len(dissimilarity)))

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: IntArray) -> Self:
        """See Points."""
        return type(self)(self.dissimilarity, self.rows[rows])

    def cross(self, other: Self) -> FloatArray:
        """See Points."""
        return self.dissimilarity[np.ix_(self.rows, other.rows)]
