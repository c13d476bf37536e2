"""Partial dissimilarities: how two rows differ in one field, each in [0, 1].

Every one is over rows of its own, of which ``take`` gives some and which ``cross`` compares with others of the
same field; NaN marks a pair of which either value is missing (Gower's delta = 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from stormcell.types import BoolArray, DoubleArray, FloatArray, IntArray

_NAN = np.float32(np.nan)
# Rounding leaves a vector some 1e-7 away from itself, and from one of the same direction.
ROUNDING = 1e-6


class Partial(Protocol):
    """The dissimilarity of one field."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def take(self, rows: IntArray) -> Self:
        """Return the field of the rows with the given numbers, in their order."""
        ...

    def cross(self, other: Self) -> FloatArray:
        """Return the partial dissimilarities of these rows and others, shape (len(self), len(other))."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Numeric:
    """Gower's range-scaled difference: ``|x - y| / range``; a constant column gives 0.

    Attributes
    ----------
    values : DoubleArray, shape (n,)
        NaN where missing.
    span : float
        The range. A difference beyond it (a row unseen when the range was taken) counts as 1.
    """

    values: DoubleArray
    span: float

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> Self:
        """See Partial."""
        return type(self)(self.values[rows], self.span)

    def cross(self, other: Self) -> FloatArray:
        """See Partial."""
        # A difference too large for a number is beyond every range.
        with np.errstate(over="ignore"):
            difference = np.abs(self.values[:, None] - other.values[None, :])
            if self.span > 0:
                difference = np.minimum(difference / self.span, 1.0)
            else:
                difference = np.where(np.isnan(difference), np.nan, 0.0)
        block: FloatArray = difference.astype(np.float32)
        return block


@dataclass(frozen=True, slots=True, eq=False)
class Cyclic:
    """The way around a circle: ``2 min(|x - y|, 1 - |x - y|)``, 1 for opposite places.

    Attributes
    ----------
    values : DoubleArray, shape (n,)
        In periods, from 0 to 1; NaN where missing.
    """

    values: DoubleArray

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> Self:
        """See Partial."""
        return type(self)(self.values[rows])

    def cross(self, other: Self) -> FloatArray:
        """See Partial."""
        difference = np.abs(self.values[:, None] - other.values[None, :])
        block: FloatArray = (2.0 * np.minimum(difference, 1.0 - difference)).astype(np.float32)
        return block


@dataclass(frozen=True, slots=True, eq=False)
class Categorical:
    """0 where equal, 1 where not.

    Attributes
    ----------
    codes : IntArray, shape (n,)
        -1 where missing.
    """

    codes: IntArray

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: IntArray) -> Self:
        """See Partial."""
        return type(self)(self.codes[rows])

    def cross(self, other: Self) -> FloatArray:
        """See Partial."""
        left, right = self.codes[:, None], other.codes[None, :]
        differ: FloatArray = np.asarray(left != right, dtype=np.float32)
        differ[np.broadcast_to((left < 0) | (right < 0), differ.shape)] = _NAN
        return differ


@dataclass(frozen=True, slots=True, eq=False)
class AsymmetricBinary:
    """0 where both are true, 1 where one is; two falses say nothing and count as missing.

    Attributes
    ----------
    values : DoubleArray, shape (n,)
        0, 1, or NaN where missing.
    """

    values: DoubleArray

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: IntArray) -> Self:
        """See Partial."""
        return type(self)(self.values[rows])

    def cross(self, other: Self) -> FloatArray:
        """See Partial."""
        left, right = self.values[:, None], other.values[None, :]
        differ = np.abs(left - right)
        return np.where((left == 0) & (right == 0), np.nan, differ).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Cosine:
    """``(1 - cos) * scale``; a row of zeros is missing, and what is below 1e-6 is 0.

    Attributes
    ----------
    vectors : FloatArray, shape (n, d)
        Rows of length 1 or 0.
    scale : float
        1 for vectors without negative entries (cos >= 0), .5 for others.
    """

    vectors: FloatArray
    scale: float

    def __len__(self) -> int:
        return len(self.vectors)

    def take(self, rows: IntArray) -> Self:
        """See Partial."""
        return type(self)(self.vectors[rows], self.scale)

    def cross(self, other: Self) -> FloatArray:
        """See Partial."""
        apart = 1.0 - self.vectors @ other.vectors.T
        far: FloatArray = np.clip(apart * np.float32(self.scale), 0.0, 1.0).astype(np.float32)
        far[apart < ROUNDING] = 0.0
        far[~self.filled, :] = _NAN
        far[:, ~other.filled] = _NAN
        return far

    @property
    def filled(self) -> BoolArray:
        """Which rows are not missing."""
        return np.asarray(self.vectors.any(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """The time between two intervals that do not overlap: ``1 - exp(-gap / scale)``.

    Attributes
    ----------
    first, last : IntArray, shape (n,)
        ns.
    scale : float
        ns.
    """

    first: IntArray
    last: IntArray
    scale: float

    def __len__(self) -> int:
        return len(self.first)

    def take(self, rows: IntArray) -> Self:
        """See Partial."""
        return type(self)(self.first[rows], self.last[rows], self.scale)

    def cross(self, other: Self) -> FloatArray:
        """See Partial."""
        gap = np.maximum(self.first[:, None], other.first[None, :]) - np.minimum(
            self.last[:, None], other.last[None, :]
        )
        block: FloatArray = (1.0 - np.exp(-np.maximum(gap, 0) / self.scale)).astype(np.float32)
        return block


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """The dissimilarity of two categories, looked up in a table.

    Attributes
    ----------
    codes : IntArray, shape (n,)
        -1 where missing.
    table : FloatArray, shape (categories, categories)
        In [0, 1], NaN where unknown.
    """

    codes: IntArray
    table: FloatArray

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: IntArray) -> Self:
        """See Partial."""
        return type(self)(self.codes[rows], self.table)

    def cross(self, other: Self) -> FloatArray:
        """See Partial."""
        left, right = self.codes, other.codes
        if self.table.size == 0:
            return np.full((len(left), len(right)), _NAN, dtype=np.float32)
        found = self.table[left[:, None], right[None, :]].astype(np.float32)
        found[left < 0, :] = _NAN
        found[:, right < 0] = _NAN
        return found
