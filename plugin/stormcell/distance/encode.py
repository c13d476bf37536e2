"""Cells of columns become numbers: codes, places, zeros and ones, sets, vectors of length 1."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from collections.abc import Set as AnySet
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stormcell.distance import fields
from stormcell.distance.columns import Column, is_missing
from stormcell.distance.sets import Sets
from stormcell.types import DoubleArray, FloatArray

_LOCK = threading.Lock()
# Numbers of vectors that are looked at together: they stay in the cache of the processor.
_CHUNK = 1 << 15


@dataclass(frozen=True, slots=True)
class Codes:
    """A number for each thing: what is new gets a new one, whoever asks."""

    known: dict[Hashable, int] = field(default_factory=dict)

    def of(self, thing: Hashable) -> int:
        """Return the number of a thing."""
        code = self.known.get(thing)
        if code is None:
            with _LOCK:
                code = self.known.setdefault(thing, len(self.known))
        return code


def ordinal(column: Column, places: dict[Any, int], width: float) -> fields.Numeric:
    """Return the places of a column's levels, compared as numbers."""
    return fields.Numeric(places_of(column, places), width)


def places_of(column: Column, places: dict[Any, int]) -> DoubleArray:
    """Return the place of each cell's level, NaN where missing."""
    found = np.full(len(column), np.nan)
    for row, cell in enumerate(column):
        if cell is None:
            continue
        if cell not in places:
            raise ValueError(
                f"{column.at(row)}: expected one of the levels {list(places)}, found {cell!r}; "
                "give all in kinds.Ordinal(levels)"
            )
        found[row] = places[cell]
    return found


def categorical(column: Column, codes: Codes) -> fields.Categorical:
    """Return the codes of a column's categories."""
    found = np.full(len(column), -1, dtype=np.int64)
    if column.cells.ndim == 1 and column.cells.dtype.kind in "fiub":
        present = ~np.isnan(column.cells)
        values, place = np.unique(column.cells[present], return_inverse=True)
        found[present] = np.array([codes.of(value) for value in values.tolist()], dtype=np.int64)[place]
        return fields.Categorical(found)
    for row, cell in enumerate(column):
        if cell is not None:
            try:
                found[row] = codes.of(cell)
            except TypeError:
                raise TypeError(
                    f"{column.at(row)}: expected a category, found {cell!r}; of sets or vectors say the kind"
                ) from None
    return fields.Categorical(found)


def asymmetric(column: Column) -> fields.AsymmetricBinary:
    """Return a column of true and false."""
    expected = "0, 1, true or false"
    values = column.numbers(expected)
    wrong = np.flatnonzero(~np.isnan(values) & (values != 0) & (values != 1))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(f"{column.at(row)}: expected {expected}, found {column.cells[row]!r}")
    return fields.AsymmetricBinary(values)


def sets(column: Column, codes: Codes) -> Sets:
    """Return the codes of the items of a column's sets."""
    items: list[int] = []
    sizes = np.full(len(column), -1, dtype=np.int64)
    for row, cell in enumerate(column):
        if cell is None:
            continue
        if not isinstance(cell, AnySet | list | tuple):
            raise TypeError(f"{column.at(row)}: expected a set, a list or a tuple, found {cell!r}")
        try:
            held = {codes.of(item) for item in cell}
        except TypeError:
            raise TypeError(f"{column.at(row)}: the items of a set must be hashable, found {cell!r}") from None
        items.extend(sorted(held))
        sizes[row] = len(held)
    return Sets(np.array(items, dtype=np.int64), sizes)


def vectors(column: Column) -> NDArray[Any]:
    """Return the vectors of a column, shape (n, d), zero where a cell is missing.

    Raises
    ------
    TypeError
        If a cell is no vector.
    ValueError
        If the vectors differ in their length.
    """
    if column.cells.ndim == 2 and column.cells.dtype.kind in "fiub":
        return column.cells
    rows = [_vector(column, row, cell) for row, cell in enumerate(column.cells)]
    lengths = {len(row) for row in rows if row is not None}
    if len(lengths) > 1:
        raise ValueError(f"column {column.name!r}: expected vectors of one length, found {sorted(lengths)}")
    found = np.zeros((len(rows), max(lengths, default=0)))
    for at, row in enumerate(rows):
        if row is not None:
            found[at] = row
    return found


def directions(column: Column, length: int) -> FloatArray:
    """Return the vectors of a column at length 1, zero where missing: those of zeros or with a NaN.

    Parameters
    ----------
    column : Column
    length : int
        How many numbers a vector has.

    Returns
    -------
    FloatArray, shape (n, length)

    Raises
    ------
    TypeError
        If a cell is no vector.
    ValueError
        If the vectors have another length, or a number is infinite.
    """
    rows = vectors(column)
    if rows.shape[1] != length:
        if rows.any():
            raise ValueError(f"column {column.name!r}: expected vectors of length {length}, found {rows.shape[1]}")
        rows = np.zeros((len(column), length))
    unit = np.empty(rows.shape, dtype=np.float32)
    step = max(1, _CHUNK // max(length, 1))
    for start in range(0, len(rows), step):
        some = rows[start : start + step].astype(np.float64)
        # By the largest entry first: the squares of very large or small ones are no numbers.
        largest = np.abs(some).max(axis=1, initial=0.0)
        if not (largest < np.inf).all():
            infinite = np.flatnonzero(np.isinf(some).any(axis=1))
            if len(infinite):
                place = column.at(start + int(infinite[0]))
                raise ValueError(f"{place}: expected finite numbers, found an infinite one")
            missing = np.isnan(largest)
            some[missing], largest[missing] = 0.0, 0.0
        some /= np.where(largest > 0, largest, 1.0)[:, None]
        some /= np.sqrt(np.where(largest > 0, np.einsum("ij,ij->i", some, some), 1.0))[:, None]
        unit[start : start + step] = some
    return unit


def _vector(column: Column, row: int, cell: Any) -> DoubleArray | None:
    if is_missing(cell):
        return None
    try:
        vector = np.asarray(cell, dtype=np.float64)
    except (TypeError, ValueError):
        vector = np.empty(0)
    if vector.ndim != 1 or len(vector) == 0:
        raise TypeError(f"{column.at(row)}: expected a vector of numbers, found {cell!r}")
    return vector
