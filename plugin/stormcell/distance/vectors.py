"""Distances between rows of numbers: Euclidean, Manhattan and cosine."""

from __future__ import annotations

from typing import Any, Literal, Self, cast, get_args

import numpy as np
from numpy.typing import NDArray

from stormcell.distance.points import CANCELLED, LARGE, MANY
from stormcell.types import DoubleArray, FloatArray, IntArray

Metric = Literal["euclidean", "manhattan", "cosine"]
Rows = NDArray[np.floating[Any]]

# The distances of larger values, squared, leave single precision.
LARGEST = 1e18
# Rows of smaller values leave it at the other end.
SMALLEST = 1e-30
_CHUNK = 1 << 20
# Rows are moved where their centre is farther from 0 than half of their spread, as judged by some of them, and
# scaled where their largest value is not within this range.
_SAFE, _SOME = 4.0, 1_000
_SAFE_RANGE = 1e6


class Vectors:
    """Points that are rows of numbers.

    Distances are computed in single precision, by matrix products but for "manhattan", from rows that are moved
    and scaled where products would lose digits; those of near pairs, which cancel, from the differences of the
    rows themselves. So identical rows are exactly 0 apart, and small distances are about as precise as large ones.

    Parameters
    ----------
    X : array, shape (n, d)
        Finite numbers, at least one column. Integers and float64 are kept in double precision. The array is not
        copied where it need not be, so leave it as it is.
    metric : {"euclidean", "manhattan", "cosine"}
        "cosine" is ``1 - cos``, from 0 to 2.

    Raises
    ------
    ValueError
        If X is no table of numbers, a number is missing, infinite or above 1e18, none is above 1e-30 but 0, the
        metric is unknown or, for "cosine", a row is zero and so has no direction.
    """

    __slots__ = ("_at", "_centre", "_placed", "_raw", "_scale", "_sizes", "metric")

    def __init__(self, X: NDArray[Any], metric: Metric = "euclidean") -> None:
        if metric not in get_args(Metric):
            raise ValueError(f"the metric must be one of {', '.join(get_args(Metric))}, found {metric!r}")
        raw, largest = _checked(X)
        if metric == "cosine":
            raw, largest = _directions(raw), 1.0
        self.metric: Metric = metric
        self._raw = raw
        self._at: IntArray | None = None  # which of the raw rows these are; None: all
        self._centre, self._scale = _frame(raw, largest)
        self._placed: FloatArray = raw
        if self._centre.any() or self._scale != 1.0 or raw.dtype != np.float32:
            placed = raw - self._centre
            placed *= 1.0 / self._scale
            self._placed = placed.astype(np.float32, copy=False)
        self._sizes = self._measured(self._placed)

    @property
    def rows(self) -> Rows:
        """The rows: as given, or of length 1 where the metric is "cosine"."""
        return self._raw if self._at is None else self._raw[self._at]

    def __len__(self) -> int:
        return len(self._placed)

    def take(self, rows: IntArray) -> Self:
        """See Points. Rows that follow one another are not copied."""
        run = _run(rows)
        at = rows if self._at is None else self._at[run]
        return self._with(self._raw, at, self._placed[run], self._sizes[run], self._centre, self._scale)

    def cross(self, other: Self) -> FloatArray:
        """See Points.

        Raises
        ------
        ValueError
            If the other points have another metric or another number of columns.
        """
        if self.metric != other.metric or self._raw.shape[1] != other._raw.shape[1]:
            raise ValueError(
                f"points of {self._raw.shape[1]} columns and the metric {self.metric!r} cannot be compared with "
                f"points of {other._raw.shape[1]} columns and the metric {other.metric!r}"
            )
        other = other._moved_to(self)
        many = self._raw is other._raw and len(self._raw) > MANY
        if many or len(self) * len(other) > LARGE:
            return self._large(other)
        return self._small(other)

    def _with(
        self, raw: Rows, at: IntArray | None, placed: FloatArray, sizes: FloatArray, centre: Rows, scale: float
    ) -> Self:
        made = object.__new__(type(self))
        made.metric, made._raw, made._at = self.metric, raw, at
        made._placed, made._sizes, made._centre, made._scale = placed, sizes, centre, scale
        return made

    def _moved_to(self, home: Self) -> Self:
        """Return the same points around another centre."""
        if home._centre is self._centre:
            return self
        placed = ((self.rows - home._centre.astype(np.float64)) / home._scale).astype(np.float32)
        sizes = self._measured(placed)
        return self._with(self._raw, self._at, placed, sizes, home._centre, home._scale)

    def _measured(self, placed: FloatArray) -> FloatArray:
        if self.metric == "manhattan":
            return np.asarray(np.abs(placed).sum(axis=1))
        sizes: FloatArray = np.einsum("ij,ij->i", placed, placed)
        return sizes

    def _small(self, other: Self) -> FloatArray:
        if self.metric == "manhattan":
            return _direct(self.rows, other.rows)
        sizes = self._sizes[:, None] + other._sizes[None, :]
        squared = self._placed @ other._placed.T
        squared *= -2
        squared += sizes
        sizes *= np.float32(CANCELLED)
        i, j = np.nonzero(squared <= sizes)
        far = self._of_squares(np.maximum(squared, 0, out=squared), self._scale)
        step = max(1, _CHUNK // self._raw.shape[1])
        for start in range(0, len(i), step):
            some = slice(start, start + step)
            difference = self._raw[self._places()[i[some]]].astype(np.float64)
            difference -= other._raw[other._places()[j[some]]]
            far[i[some], j[some]] = self._of_squares((difference**2).sum(axis=1), 1.0)
        return far

    def _of_squares(self, squared: DoubleArray | FloatArray, scale: float) -> FloatArray:
        if self.metric == "cosine":
            return (squared * (scale**2 / 2)).astype(np.float32, copy=False)
        return (np.sqrt(squared) * scale).astype(np.float32, copy=False)

    def _large(self, other: Self) -> FloatArray:
        # Imported where there is much to compute: numba takes a while.
        from stormcell.distance import vector_kernels as kernels
        from stormcell.distance.tiles import corners

        half = other is self
        left, right = self._placed, other._placed
        if self.metric == "manhattan":
            columns = np.ascontiguousarray(left.T), np.ascontiguousarray(right.T)
        metric = get_args(Metric).index(self.metric)
        unit = self._raw.dtype.type(1 / self._scale)
        raw, at = (self._raw, other._raw), (self._places(), other._places())
        far = np.empty((len(self), len(other)), dtype=np.float32)
        for a0, a1, b0, b1 in corners(len(self), len(other), half=half):
            if self.metric == "manhattan":
                found = np.empty((a1 - a0, b1 - b0), dtype=np.float32)
                kernels.manhattan_tile(a0, a1, b0, b1, *columns, found)
            else:
                found = left[a0:a1] @ right[b0:b1].T
            kernels.finish_vectors(
                a0, a1, b0, b1, metric, raw, at, (self._sizes, other._sizes), self._scale, unit, found, half, far
            )
        return far

    def _places(self) -> IntArray:
        return np.arange(len(self)) if self._at is None else self._at


def _run(rows: IntArray) -> IntArray | slice:
    """Return a slice where rows follow one another."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and rows[0] >= 0 and (np.diff(rows) == 1).all():
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def _frame(raw: Rows, largest: float) -> tuple[Rows, float]:
    """Return an origin and a unit for which products of rows lose few digits and do not overflow.

    They are 0 and 1 where that is so already: then rows need not be copied. ``largest`` is that of all numbers
    without their signs.
    """
    some = raw[:: max(1, len(raw) // _SOME)].astype(np.float64)
    centre = some.mean(axis=0) if len(some) else np.zeros(raw.shape[1])
    if _SAFE * float((centre**2).sum()) > float(((some - centre) ** 2).sum() / max(len(some), 1)):
        # In their own precision: the same centre is taken from all.
        centre = centre.astype(raw.dtype)
        largest = float(max((raw.max(axis=0) - centre).max(), (centre - raw.min(axis=0)).max()))
    else:
        centre = np.zeros(raw.shape[1], dtype=raw.dtype)
    # A power of two: multiplying by it rounds nothing.
    inside = largest == 0 or 1 / _SAFE_RANGE < largest < _SAFE_RANGE
    return centre, 1.0 if inside else 2.0 ** float(np.ceil(np.log2(largest)))


def _checked(X: NDArray[Any]) -> tuple[Rows, float]:
    """Return rows of numbers, and the largest without its sign."""
    rows = np.asarray(X)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(f"X must have two dimensions and at least one column, found shape {rows.shape}")
    if rows.dtype.kind not in "fiub":
        raise ValueError(f"X must hold numbers, found {rows.dtype}; gower() compares columns of other kinds")
    single = rows.dtype.kind == "f" and rows.dtype.itemsize <= 4
    rows = np.ascontiguousarray(rows, dtype=np.float32 if single else np.float64)
    # The extremes tell without a copy of all; NaN is one.
    low, high = rows.min(initial=0.0), rows.max(initial=0.0)
    if not (low >= -LARGEST and high <= LARGEST):
        row, column = np.argwhere(~(np.abs(rows) <= LARGEST))[0].tolist()
        raise ValueError(
            f"X must hold finite numbers up to {LARGEST:g}, found {rows[row, column]} in row {row}, "
            f"column {column}"
        )
    largest = max(float(high), -float(low))
    if 0 < largest < SMALLEST:
        raise ValueError(f"X holds no number above {largest:g}: choose a smaller unit")
    return rows, largest


def _directions(rows: Rows) -> Rows:
    """Return rows of length 1, in double precision: near directions differ by little."""
    # Scaled by the largest entry first: the squares of small ones would vanish.
    largest = np.abs(rows).max(axis=1, keepdims=True)
    zero = np.flatnonzero(largest == 0)
    if len(zero):
        raise ValueError(f"the cosine distance needs a direction, but row {zero[0]} of X is zero; leave it out")
    scaled = rows.astype(np.float64) / largest
    return cast(Rows, scaled / np.linalg.norm(scaled, axis=1, keepdims=True))


def _direct(left: Rows, right: Rows) -> FloatArray:
    """Return Manhattan distances, a few rows at a time."""
    far = np.empty((len(left), len(right)), dtype=np.float32)
    step = max(1, _CHUNK // max(right.size, 1))
    for start in range(0, len(left), step):
        some = left[start : start + step].astype(np.float64)
        far[start : start + step] = np.abs(some[:, None, :] - right[None, :, :]).sum(axis=2)
    return far
