"""What the estimator can cluster: rows of numbers, tables of mixed columns, a matrix of dissimilarities.

A space reads what it is given into a table of its own, and knows how far the rows of a table are from centres.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized
from typing import Any, Protocol, cast, get_args

import numpy as np
from numpy.typing import NDArray

from stormcell.cluster.assignment import Nearest, two_nearest
from stormcell.cluster.estimator.distinct import Rows, distinct_rows
from stormcell.cluster.estimator.validation import checked_rows
from stormcell.distance.columns import columns_of
from stormcell.distance.gower import FittedMixed, Mixed
from stormcell.distance.mixed import MixedPoints
from stormcell.distance.vectors import Metric, Vectors
from stormcell.protocols import Points
from stormcell.types import DoubleArray, FloatArray, IntArray

# Distances that differ by less than this share may be equal: single precision cannot tell.
_NEAR = 1e-4
# The same for mixed dissimilarities, which are at most 1.
_MIXED_NEAR = 2e-6
# Values that are compared directly: 8 MB of them at once.
_FEW = 1 << 20
# A block of distances takes 16 MB at most, and its rows are few enough to copy.
_BLOCK = 4_000_000
_ROWS = 50_000

Table = Any
# One for each cluster, ready to be compared with rows of the same space.
Centres = Sized
Columns = dict[str | int, NDArray[Any]]


class Space(Protocol):
    """Where rows lie, and how far apart."""

    @property
    def metric(self) -> Any:
        """The metric, with what it has learned."""
        ...

    def read(self, X: Any) -> Table:
        """Return X as a table, checked."""
        ...

    def shape(self, table: Table) -> tuple[int, int]:
        """Return the number of rows and of columns."""
        ...

    def take(self, table: Table, rows: IntArray) -> Table:
        """Return some rows."""
        ...

    def joined(self, one: Table, other: Table) -> Table:
        """Return the rows of two tables, one after the other."""
        ...

    def distinct(self, table: Table) -> tuple[IntArray, IntArray]:
        """Return where each different row first stands, and which of these each row is."""
        ...

    def data(self, table: Table, rows: IntArray) -> FloatArray | Points:
        """Return some rows as kmedoids takes them."""
        ...

    def ordered(self, table: Table, rows: IntArray) -> IntArray:
        """Return the numbers of rows, in the order of the clusters that they show."""
        ...

    def centres(self, table: Table, rows: IntArray) -> Centres:
        """Return some rows as centres."""
        ...

    def far(self, table: Table, rows: IntArray, centres: Any) -> FloatArray:
        """Return the dissimilarities of some rows and centres, equal where only rounding may make them differ."""
        ...


class RowSpace:
    """Rows of numbers, the same in whatever order they come; equal ones are one.

    Parameters
    ----------
    metric : {"euclidean", "manhattan", "cosine"}
    """

    def __init__(self, metric: Metric) -> None:
        self.metric = metric

    def read(self, X: Any) -> Rows:
        """See Space."""
        rows = checked_rows(X)
        if self.metric == "cosine":
            empty = np.flatnonzero(~rows.any(axis=1))
            if len(empty):
                raise ValueError(
                    f"row {empty[0]} is zero and has no direction, as the metric 'cosine' needs: leave it out"
                )
        return rows

    def shape(self, table: Rows) -> tuple[int, int]:
        """See Space."""
        return table.shape[0], table.shape[1]

    def take(self, table: Rows, rows: IntArray) -> Rows:
        """See Space."""
        return table[rows]

    def joined(self, one: Rows, other: Rows) -> Rows:
        """See Space."""
        return np.concatenate([one, other])

    def distinct(self, table: Rows) -> tuple[IntArray, IntArray]:
        """See Space."""
        return distinct_rows(table)

    def data(self, table: Rows, rows: IntArray) -> Vectors:
        """See Space."""
        return Vectors(table[rows], self.metric)

    def ordered(self, table: Rows, rows: IntArray) -> IntArray:
        """See Space: lexicographic by their values."""
        return rows[np.lexsort(table[rows].T[::-1])]

    def centres(self, table: Rows, rows: IntArray) -> Vectors:
        """See Space."""
        return self.data(table, rows)

    def far(self, table: Rows, rows: IntArray, centres: Vectors) -> FloatArray:
        """See Space; a few distances, and near ties, are computed in double precision from the two rows alone."""
        points = Vectors(table[rows], self.metric)
        left, right = points.rows, centres.rows
        if len(left) * right.size <= _FEW:
            return self._exact(left[:, None, :], right[None, :, :]).astype(np.float32)
        far = points.cross(centres)
        near = far <= far.min(axis=1, keepdims=True) * np.float32(1 + _NEAR)
        tied = np.flatnonzero(np.count_nonzero(near, axis=1) > 1)
        i, j = np.nonzero(near[tied])
        i = tied[i]
        step = max(1, _FEW // right.shape[1])
        for start in range(0, len(i), step):
            some = slice(start, start + step)
            far[i[some], j[some]] = self._exact(left[i[some]], right[j[some]])
        return far

    def _exact(self, left: Rows, right: Rows) -> DoubleArray:
        difference = left.astype(np.float64) - right
        if self.metric == "manhattan":
            return np.asarray(np.abs(difference).sum(axis=-1))
        squares = (difference**2).sum(axis=-1)
        return np.asarray(squares / 2 if self.metric == "cosine" else np.sqrt(squares))


class MixedSpace:
    """Tables of mixed columns, as they come: rows that lack a column can be equal and yet apart.

    Parameters
    ----------
    metric : FittedMixed
    """

    def __init__(self, metric: FittedMixed) -> None:
        self.metric = metric

    def read(self, X: Any) -> Columns:
        """See Space."""
        return {column.name: column.cells for column in columns_of(X, self.metric.names)}

    def shape(self, table: Columns) -> tuple[int, int]:
        """See Space."""
        return len(next(iter(table.values()))), len(table)

    def take(self, table: Columns, rows: IntArray) -> Columns:
        """See Space."""
        return {name: cells[rows] for name, cells in table.items()}

    def joined(self, one: Columns, other: Columns) -> Columns:
        """See Space."""
        return {name: _end_to_end(cells, other[name]) for name, cells in one.items()}

    def distinct(self, table: Columns) -> tuple[IntArray, IntArray]:
        """See Space."""
        every = np.arange(self.shape(table)[0])
        return every, every

    def data(self, table: Columns, rows: IntArray) -> MixedPoints:
        """See Space."""
        return self.metric.points(self.take(table, rows))

    def ordered(self, table: Columns, rows: IntArray) -> IntArray:
        """See Space: ascending."""
        return np.sort(rows)

    def centres(self, table: Columns, rows: IntArray) -> MixedPoints:
        """See Space."""
        return self.data(table, rows)

    def far(self, table: Columns, rows: IntArray, centres: MixedPoints) -> FloatArray:
        """See Space."""
        far = self.data(table, rows).cross(centres)
        least = far.min(axis=1, keepdims=True)
        return np.where(far <= least + np.float32(_MIXED_NEAR), least, far)


class MatrixSpace:
    """A matrix of dissimilarities: rows are compared with the columns of those that are medoids."""

    metric = "precomputed"

    def read(self, X: Any) -> Rows:
        """See Space."""
        matrix = checked_rows(X)
        if matrix.min() < 0:
            row, column = np.argwhere(matrix < 0)[0].tolist()
            raise ValueError(
                f"Negative values in data: row {row}, column {column} is {matrix[row, column]}, "
                "but a dissimilarity is at least 0"
            )
        return matrix

    def shape(self, table: Rows) -> tuple[int, int]:
        """See Space."""
        return table.shape[0], table.shape[1]

    def take(self, table: Rows, rows: IntArray) -> Rows:
        """See Space."""
        return table[rows]

    def joined(self, one: Rows, other: Rows) -> Rows:
        """Refuse, as rows of different matrices say nothing of each other."""
        raise ValueError(
            "partial_fit needs rows, not the dissimilarities of one batch: give another metric than 'precomputed'"
        )

    def distinct(self, table: Rows) -> tuple[IntArray, IntArray]:
        """See Space."""
        every = np.arange(len(table))
        return every, every

    def data(self, table: Rows, rows: IntArray) -> FloatArray:
        """See Space."""
        if table.shape[0] != table.shape[1]:
            raise ValueError(f"the matrix of dissimilarities must be square, found shape {table.shape}")
        part = table if len(rows) == len(table) else table[np.ix_(rows, rows)]
        return part.astype(np.float32, copy=False)

    def ordered(self, table: Rows, rows: IntArray) -> IntArray:
        """See Space: ascending."""
        return np.sort(rows)

    def centres(self, table: Rows, rows: IntArray) -> IntArray:
        """See Space."""
        return rows

    def far(self, table: Rows, rows: IntArray, centres: IntArray) -> FloatArray:
        """See Space."""
        return table[np.ix_(rows, centres)].astype(np.float32, copy=False)


def distances(space: Space, table: Table, rows: IntArray, centres: Centres) -> Iterator[FloatArray]:
    """Yield the dissimilarities of some rows and centres, block by block."""
    step = max(1, min(_ROWS, _BLOCK // len(centres)))
    for start in range(0, max(len(rows), 1), step):  # of no rows one block, too
        yield space.far(table, rows[start : start + step], centres)


def nearest(space: Space, table: Table, rows: IntArray, centres: Centres) -> Nearest:
    """Return the two centres that are nearest to each of some rows; ties go to the earlier one."""
    return Nearest.joined(two_nearest(far.T) for far in distances(space, table, rows, centres))


def space_of(metric: Any, X: Any) -> Space:
    """Return the space of a metric; one that learns learns from X.

    Raises
    ------
    ValueError
        If there is no such metric, or X does not suit it.
    """
    if isinstance(metric, Mixed):
        return MixedSpace(metric.fit(X))
    if isinstance(metric, str) and metric in get_args(Metric):
        return RowSpace(cast(Metric, metric))
    if isinstance(metric, str) and metric == "precomputed":
        return MatrixSpace()
    known = ", ".join([*get_args(Metric), "precomputed"])
    raise ValueError(f"metric must be one of {known}, or Mixed(...), found {metric!r}")


def _end_to_end(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    if one.dtype.kind == other.dtype.kind and one.shape[1:] == other.shape[1:]:
        return np.concatenate([one, other])
    # Two kinds of cells would become one: numbers text.
    cells = np.empty(len(one) + len(other), dtype=object)
    for at, cell in enumerate((*one, *other)):
        cells[at] = cell
    return cells
