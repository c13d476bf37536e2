"""The mixed dissimilarity: a weighted mean of partial ones over the fields that both rows have, and its parts.

Gower, "A general coefficient of similarity and some of its properties", Biometrics 27 (1971), with the treatment
of missing values of R's ``cluster::daisy``: a field that either row lacks has weight 0 for the pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from stormcell.distance.fields import Partial
from stormcell.distance.points import LARGE, MANY
from stormcell.types import DoubleArray, FloatArray, IntArray, Share

_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of the mixed dissimilarity.

    Attributes
    ----------
    name : str
    weight : float
        At least 0; a field of weight 0 is left out.
    partial : Partial
    """

    name: str
    weight: float
    partial: Partial

    def take(self, rows: IntArray) -> Field:
        """Return the field of some rows."""
        return Field(self.name, self.weight, self.partial.take(rows))


class MixedPoints:
    """Rows compared by the weighted mean of partial dissimilarities over the fields that both have.

    Two rows without a field in common are 1 apart. A row is 0 away from itself, whatever it lacks.

    Parameters
    ----------
    fields : tuple of Field
        At least one, all of the same number of rows.

    Raises
    ------
    ValueError
        If there is no field, or the fields differ in their number of rows.
    """

    __slots__ = ("_numbers", "_origin", "fields")

    def __init__(self, fields: tuple[Field, ...]) -> None:
        lengths = {field.name: len(field.partial) for field in fields}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"the fields must be one or more of as many rows each, found {lengths}")
        self.fields = fields
        self._numbers: IntArray = np.arange(len(fields[0].partial))
        self._origin = fields

    def __len__(self) -> int:
        return len(self._numbers)

    def take(self, rows: IntArray) -> Self:
        """See Points."""
        taken = type(self)(tuple(field.take(rows) for field in self.fields))
        taken._numbers, taken._origin = self._numbers[rows], self._origin
        return taken

    def cross(self, other: Self) -> FloatArray:
        """See Points; in [0, 1].

        Blocks of more than ``LARGE`` pairs, and those within a table of more than ``MANY`` rows, are computed by
        compiled kernels in single precision, others in double precision. Both agree to 1e-6.
        """
        rows, columns = len(self), len(other)
        same = self._origin is other._origin
        half = same and np.array_equal(self._numbers, other._numbers)
        if rows * columns > LARGE or (same and len(self._origin[0].partial) > MANY):
            far = _large(self.fields, other.fields, rows, columns, half=half)
        else:
            far = _small(self.fields, other.fields, rows, columns)
        if same:
            far[_equal(self._numbers, other._numbers)] = 0.0
        return far


def _small(left: tuple[Field, ...], right: tuple[Field, ...], rows: int, columns: int) -> FloatArray:
    far = np.empty((rows, columns), dtype=np.float32)
    shares = _shares(left)
    # In blocks: the sums are in double precision, and those of a whole matrix would take ten times its size.
    for start in range(0, rows, _BLOCK):
        some = np.arange(start, min(start + _BLOCK, rows))
        total = np.zeros((len(some), columns), dtype=np.float64)
        weights = np.zeros((len(some), columns), dtype=np.float64)
        for field, other, share in zip(left, right, shares, strict=True):
            if share <= 0:
                continue
            block = field.partial.take(some).cross(other.partial).astype(np.float64)
            missing = np.isnan(block)
            total += share * np.where(missing, 0.0, block)
            weights += share * ~missing
        far[some] = np.divide(total, weights, out=np.ones_like(total), where=weights > 0)
    return far


def _large(
    left: tuple[Field, ...], right: tuple[Field, ...], rows: int, columns: int, *, half: bool
) -> FloatArray:
    # Imported where there is much to compute: numba takes a while.
    from stormcell.distance.tiles import Pair, mixed_tiles

    pairs = [
        Pair(share, field.partial, other.partial)
        for field, other, share in zip(left, right, _shares(left), strict=True)
        if share > 0
    ]
    return mixed_tiles(pairs, rows, columns, half=half)


def _shares(fields: tuple[Field, ...]) -> list[float]:
    """Return the weights divided by their sum; by the largest first, as the sum may be no number."""
    weights = np.array([max(field.weight, 0.0) for field in fields])
    weights /= weights.max() or 1.0
    shares: list[float] = (weights / (weights.sum() or 1.0)).tolist()
    return shares


def _equal(a: IntArray, b: IntArray) -> tuple[IntArray, IntArray]:
    """Return all places (i, j) where ``a[i] == b[j]``."""
    order = np.argsort(b, kind="stable")
    first = np.searchsorted(b, a, side="left", sorter=order)
    count = np.searchsorted(b, a, side="right", sorter=order) - first
    i = np.repeat(np.arange(len(a)), count)
    within = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count)
    return i, order[np.repeat(first, count) + within]


def explain(points: MixedPoints, a: IntArray, b: IntArray) -> list[tuple[Share, ...]]:
    """Return the exact parts of the mixed dissimilarity for each pair ``(a[i], b[i])``.

    Parameters
    ----------
    points : MixedPoints
    a, b : IntArray, shape (p,)
        Rows.

    Returns
    -------
    list of tuple of Share, length p
        One share a field of a weight above 0, in the order of the fields; the shares of a pair sum to its
        dissimilarity (0 where two rows have no field in common).

    Raises
    ------
    ValueError
        If a and b are not of one length.
    IndexError
        If there is no such row.
    """
    a, b = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"a and b must be two lists of as many rows each, found shapes {a.shape} and {b.shape}")
    used = [field for field in points.fields if field.weight > 0]
    parts = np.zeros((len(a), len(used)))
    for column, field in enumerate(used):
        parts[:, column] = _pairs(field.partial, a, b)
    present = ~np.isnan(parts)
    weights = np.array([field.weight for field in used]) * present
    parts = np.where(present, parts, 0.0)
    sums = weights.sum(axis=1, keepdims=True)
    shares = np.divide(parts * weights, sums, out=np.zeros_like(parts), where=sums > 0)
    names = [field.name for field in used]
    return [
        tuple(map(Share, names, *columns))
        for columns in zip(parts.tolist(), weights.tolist(), shares.tolist(), strict=True)
    ]


def _pairs(partial: Any, a: IntArray, b: IntArray) -> DoubleArray:
    """Return the partial dissimilarity of each pair; pairs that share a ``b`` are computed together."""
    result = np.empty(len(a))
    for other in np.unique(b):
        chosen = b == other
        result[chosen] = partial.take(a[chosen]).cross(partial.take(np.array([other])))[:, 0]
    return result
