"""Partial dissimilarities: how two rows differ in one field, each in [0, 1], in blocks.

Every partial dissimilarity answers ``block(a, b)`` for two arrays of row numbers with float32 values of shape
(len(a), len(b)); NaN marks a pair of which either value is missing (Gower's delta = 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from stormcell.types import BoolArray, DoubleArray, FloatArray, IntArray

_NAN = np.float32(np.nan)


class Partial(Protocol):
    """The dissimilarity of one field."""

    def block(self, a: IntArray, b: IntArray) -> FloatArray:
        """Return the partial dissimilarities of rows ``a`` and rows ``b``, NaN where missing."""
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

    def block(self, a: IntArray, b: IntArray) -> FloatArray:
        """See Partial."""
        difference = np.abs(self.values[a][:, None] - self.values[b][None, :])
        if self.span > 0:
            difference = np.minimum(difference / self.span, 1.0)
        else:
            difference = np.where(np.isnan(difference), np.nan, 0.0)
        block: FloatArray = difference.astype(np.float32)
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

    def block(self, a: IntArray, b: IntArray) -> FloatArray:
        """See Partial."""
        left, right = self.codes[a][:, None], self.codes[b][None, :]
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

    def block(self, a: IntArray, b: IntArray) -> FloatArray:
        """See Partial."""
        left, right = self.values[a][:, None], self.values[b][None, :]
        differ = np.abs(left - right)
        return np.where((left == 0) & (right == 0), np.nan, differ).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Cosine:
    """``(1 - cos) * scale``; a row of zeros is missing.

    Attributes
    ----------
    vectors : FloatArray, shape (n, d)
        Rows of length 1 or 0.
    scale : float
        1 for vectors without negative entries (cos >= 0), .5 for others.
    """

    vectors: FloatArray
    scale: float

    def block(self, a: IntArray, b: IntArray) -> FloatArray:
        """See Partial."""
        left, right = self.vectors[a], self.vectors[b]
        far: FloatArray = np.clip((1.0 - left @ right.T) * np.float32(self.scale), 0.0, 1.0).astype(np.float32)
        # Rounding leaves a row some 1e-7 away from itself.
        far[a[:, None] == b[None, :]] = 0.0
        far[~_filled(left), :] = _NAN
        far[:, ~_filled(right)] = _NAN
        return far


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

    def block(self, a: IntArray, b: IntArray) -> FloatArray:
        """See Partial."""
        gap = np.maximum(self.first[a][:, None], self.first[b][None, :]) - np.minimum(
            self.last[a][:, None], self.last[b][None, :]
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

    def block(self, a: IntArray, b: IntArray) -> FloatArray:
        """See Partial."""
        left, right = self.codes[a], self.codes[b]
        if self.table.size == 0:
            return np.full((len(a), len(b)), _NAN, dtype=np.float32)
        found = self.table[left[:, None], right[None, :]].astype(np.float32)
        found[left < 0, :] = _NAN
        found[:, right < 0] = _NAN
        return found


def _filled(vectors: FloatArray) -> BoolArray:
    return np.asarray(vectors.any(axis=1))
