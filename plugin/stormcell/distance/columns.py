"""A table's columns: taken from an array, a mapping or a data frame, and read as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stormcell.types import DoubleArray

# What a table may be: an array of two dimensions, a structured array, columns by name, or a data frame.
Table = Any
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Cells of one meaning.

    Attributes
    ----------
    name : str or int
        A name, or the place in an array.
    cells : array, shape (n,) or, of vectors, (n, d)
        Numbers, times, or objects.
    levels : tuple, optional
        In ascending order, where the table itself says that they have one.
    """

    name: str | int
    cells: NDArray[Any]
    levels: tuple[Any, ...] | None = None

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the cells, None where missing."""
        # Times finer than those of Python become whole numbers, NaT among them.
        cells = self.cells.astype(object)
        if self.cells.dtype.kind in "mM":
            cells[np.isnat(self.cells)] = None
        return (None if is_missing(cell) else cell for cell in cells.tolist())

    def at(self, row: int) -> str:
        """Say where a cell is."""
        return f"column {self.name!r}, row {row}"

    def numbers(self, expected: str = "a number") -> DoubleArray:
        """Return the cells as numbers, times in seconds (of today to .2 microseconds); NaN where missing.

        Raises
        ------
        TypeError
            If a cell is something else.
        ValueError
            If a cell is infinite.
        """
        cells = self.cells
        if cells.ndim != 1:
            raise TypeError(f"column {self.name!r}: expected {expected} a row, found shape {cells.shape}")
        if cells.dtype.kind in "mM":
            count = cells.astype(f"{cells.dtype.kind}8[us]").astype(np.int64) / 1e6
            values = np.where(np.isnat(cells), np.nan, count)
        elif cells.dtype.kind in "fiub":
            values = cells.astype(np.float64)
        else:
            values = np.array(
                [self._number(row, cell, expected) for row, cell in enumerate(self)], dtype=np.float64
            )
        infinite = np.flatnonzero(np.isinf(values))
        if len(infinite):
            row = int(infinite[0])
            raise ValueError(f"{self.at(row)}: expected {expected}, found {cells[row]!r}; use None where unknown")
        return values

    def _number(self, row: int, cell: Any, expected: str) -> float:
        if cell is None:
            return np.nan
        if isinstance(cell, timedelta):
            return cell.total_seconds()
        if isinstance(cell, date) and not isinstance(cell, datetime):
            cell = datetime(cell.year, cell.month, cell.day, tzinfo=UTC)
        if isinstance(cell, datetime):
            return ((cell if cell.tzinfo else cell.replace(tzinfo=UTC)) - _EPOCH).total_seconds()
        if isinstance(cell, Real | Decimal):
            return float(cell)
        raise TypeError(f"{self.at(row)}: expected {expected}, found {cell!r}")


def is_missing(cell: Any) -> bool:
    """Return whether a cell is None, NaN, NaT or the NA of pandas."""
    if cell is None:
        return True
    try:
        return bool(cell != cell)
    except (TypeError, ValueError):  # neither true nor false: the NA of pandas, or an array
        return type(cell).__name__ == "NAType"


def columns_of(table: Table, names: tuple[str | int, ...] | None = None) -> tuple[Column, ...]:
    """Return the columns of a table.

    Parameters
    ----------
    table : array of two dimensions, structured array, mapping of name to cells, or data frame
        A data frame is what has ``columns`` and gives one by its name.
    names : tuple, optional
        The columns that it must have; they are returned in this order.

    Raises
    ------
    TypeError
        If it is something else.
    ValueError
        If it has no column, columns of different lengths or of one name, or other columns than ``names``.
    """
    found = dict(_columns(table))
    if not found:
        raise ValueError("the table has no column: there is nothing to compare")
    lengths = {name: len(column) for name, column in found.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns must have one cell a row each, found lengths {lengths}")
    if names is None:
        return tuple(found.values())
    if set(found) != set(names):
        raise ValueError(f"expected the columns {list(names)}, found {list(found)}")
    return tuple(found[name] for name in names)


def _columns(table: Table) -> Iterator[tuple[str | int, Column]]:
    if isinstance(table, np.ndarray):
        if table.dtype.names is not None and table.ndim == 1:
            for name in table.dtype.names:
                yield name, _column(name, table[name])
        elif table.dtype.names is None and table.ndim == 2:
            for at in range(table.shape[1]):
                yield at, _column(at, table[:, at])
        else:
            raise ValueError(f"an array must have two dimensions (rows, columns), found shape {table.shape}")
    elif isinstance(table, Mapping):
        for name, cells in table.items():
            yield name, _column(name, cells)
    elif hasattr(table, "columns") and hasattr(table, "__getitem__"):
        names = list(table.columns)
        if len(set(names)) != len(names):
            raise ValueError(f"the columns must have different names, found {names}")
        for name in names:
            yield name, _column(name, table[name])
    else:
        raise TypeError(
            f"expected an array of two dimensions, a mapping of column names or a data frame, found {type(table)}"
        )


def _column(name: str | int, given: Any) -> Column:
    if isinstance(given, np.ma.MaskedArray):
        cells = np.asarray(given.data).astype(object)
        cells[np.ma.getmaskarray(given)] = None
        return Column(name, cells)
    if hasattr(given, "__array__"):
        dtype: Any = getattr(given, "dtype", None)
        levels = tuple(dtype.categories) if getattr(dtype, "ordered", False) else None
        cells = np.asarray(given)
        if cells.ndim not in (1, 2):
            raise ValueError(f"column {name!r}: expected one dimension, or two for vectors, found {cells.shape}")
        return Column(name, cells, levels)
    if isinstance(given, str | bytes) or not hasattr(given, "__len__"):
        raise TypeError(f"column {name!r}: expected a sequence of cells, found {given!r}")
    # One by one: numpy would make one kind of all cells, and "1" of 1.
    cells = np.empty(len(given), dtype=object)
    for row, cell in enumerate(given):
        cells[row] = cell
    return Column(name, cells)
