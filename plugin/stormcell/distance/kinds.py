"""Kinds of columns: what the cells mean, and how they become a partial dissimilarity.

A kind learns what it needs (a range, categories) from columns by ``fit``, which returns what encodes other columns
of the same meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from numbers import Real
from typing import Any, Protocol, cast

import numpy as np

from stormcell.distance import encode, fields
from stormcell.distance.columns import Column
from stormcell.types import DoubleArray

Span = tuple[Any, Any]
Encoder = Callable[[Column], fields.Partial]


class Kind(Protocol):
    """What the cells of a column mean."""

    def fit(self, columns: Sequence[Column], span: Span | None) -> Encoder:
        """Learn from columns of the same name.

        Parameters
        ----------
        columns : sequence of Column
            At least one.
        span : pair, optional
            The lowest and the highest value, instead of those found.

        Returns
        -------
        callable
            Takes a column and returns its partial dissimilarity.

        Raises
        ------
        ValueError, TypeError
            If a cell is not of this kind, or it has no range and one is given.
        """
        ...


@dataclass(frozen=True, slots=True)
class Numeric:
    """Numbers or times: the difference divided by the range.

    Attributes
    ----------
    log : bool
        Whether to take the logarithm first: then ratios count, and all numbers must be above 0.
    """

    log: bool = False

    def fit(self, columns: Sequence[Column], span: Span | None) -> Encoder:
        """See Kind."""
        values = np.concatenate([self._values(column) for column in columns])
        if span is not None:
            values = self._values(_range_column(columns[0], span))
            if len(values) != 2 or not values[0] <= values[1]:
                raise ValueError(f"the range of column {columns[0].name!r} must be (low, high), found {span}")
        known = values[~np.isnan(values)]
        with np.errstate(over="ignore"):
            width = float(known.max() - known.min()) if len(known) else 0.0
        if width == np.inf:
            raise ValueError(f"column {columns[0].name!r}: its range is too large for a number; use smaller units")
        return partial(self._encode, width=width)

    def _encode(self, column: Column, width: float) -> fields.Numeric:
        return fields.Numeric(self._values(column), width)

    def _values(self, column: Column) -> DoubleArray:
        values = column.numbers()
        if not self.log:
            return values
        low = np.flatnonzero(values <= 0)
        if len(low):
            raise ValueError(
                f"{column.at(int(low[0]))}: a log column needs numbers above 0, found {values[low[0]]}"
            )
        return cast(DoubleArray, np.log(values))


@dataclass(frozen=True, slots=True)
class Ordinal:
    """Levels in an order: the difference of their places, divided by the range of the places found.

    Attributes
    ----------
    levels : tuple, optional
        Ascending. By default those of an ordered column of a data frame, else the sorted cells.
    """

    levels: tuple[Any, ...] | None = None

    def fit(self, columns: Sequence[Column], span: Span | None) -> Encoder:
        """See Kind."""
        first = columns[0]
        levels = first.levels if self.levels is None else tuple(self.levels)
        if levels is None:
            cells = {cell for column in columns for cell in column if cell is not None}
            try:
                levels = tuple(sorted(cells))
            except TypeError:
                raise TypeError(
                    f"column {first.name!r}: its cells have no order, give kinds.Ordinal(levels)"
                ) from None
        places = {level: place for place, level in enumerate(levels)}
        if len(places) != len(levels):
            raise ValueError(f"column {first.name!r}: every level must be there once, found {levels}")
        if span is not None:
            columns = [_range_column(first, span)]
        known = np.concatenate([encode.places_of(column, places) for column in columns])
        if span is not None and (len(known) != 2 or not known[0] <= known[1]):
            raise ValueError(f"the range of column {first.name!r} must be (low, high), found {span}")
        known = known[~np.isnan(known)]
        return partial(encode.ordinal, places=places, width=float(np.ptp(known)) if len(known) else 0.0)


@dataclass(frozen=True, slots=True)
class Categorical:
    """Categories: 0 where equal, 1 where not. Cells are compared by ``==``.

    A category that was not there when the ranges and categories were learned equals only itself.
    """

    def fit(self, columns: Sequence[Column], span: Span | None) -> Encoder:
        """See Kind."""
        _no_range("categorical", columns, span)
        codes = encode.Codes()
        for column in columns:
            encode.categorical(column, codes)
        return partial(encode.categorical, codes=codes)


@dataclass(frozen=True, slots=True)
class Asymmetric:
    """True or false, of which only true says something: a pair of two falses lacks the field."""

    def fit(self, columns: Sequence[Column], span: Span | None) -> Encoder:
        """See Kind."""
        _no_range("asymmetric", columns, span)
        return encode.asymmetric


@dataclass(frozen=True, slots=True)
class Cyclic:
    """Numbers that come back to where they started, as the hours of a day: the shorter way around.

    Attributes
    ----------
    period : float
        Above 0: 24 for hours, 360 for degrees.
    """

    period: float

    def __post_init__(self) -> None:
        if not 0 < self.period < np.inf:
            raise ValueError(f"the period must be a number above 0, found {self.period!r}")

    def fit(self, columns: Sequence[Column], span: Span | None) -> Encoder:
        """See Kind."""
        _no_range("cyclic", columns, span)
        return self._encode

    def _encode(self, column: Column) -> fields.Cyclic:
        return fields.Cyclic(np.mod(column.numbers(), self.period) / self.period)


@dataclass(frozen=True, slots=True)
class Set:
    """Sets, lists or tuples of things, in no order: the Jaccard distance; two empty sets are the same."""

    def fit(self, columns: Sequence[Column], span: Span | None) -> Encoder:
        """See Kind."""
        _no_range("set", columns, span)
        return partial(encode.sets, codes=encode.Codes())


@dataclass(frozen=True, slots=True)
class Vector:
    """Vectors of one length: ``(1 - cos) * scale``, at most 1. A vector of zeros, or with a NaN, is missing.

    Attributes
    ----------
    scale : float
        Above 0, at most 1: .5 lets opposite vectors be 1 apart, 1 is for vectors without negative entries.
    """

    scale: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.scale <= 1:
            raise ValueError(f"the scale must be above 0 and at most 1, found {self.scale!r}")

    def fit(self, columns: Sequence[Column], span: Span | None) -> Encoder:
        """See Kind."""
        _no_range("vector", columns, span)
        # A column of which all vectors are missing has no length.
        lengths = {encode.vectors(column).shape[1] for column in columns} - {0}
        if len(lengths) > 1:
            raise ValueError(
                f"column {columns[0].name!r}: expected vectors of one length, found {sorted(lengths)}"
            )
        return partial(self._encode, length=lengths.pop() if lengths else 0)

    def _encode(self, column: Column, length: int) -> fields.Cosine:
        return fields.Cosine(encode.directions(column, length), self.scale)


KINDS: dict[str, Kind] = {
    "numeric": Numeric(),
    "log": Numeric(log=True),
    "ordinal": Ordinal(),
    "categorical": Categorical(),
    "asymmetric": Asymmetric(),
    "set": Set(),
    "vector": Vector(),
}


def kind_of(column: Column) -> Kind:
    """Return the kind of a column of which nothing is said.

    Numbers and times are numeric, an ordered column of a data frame is ordinal, a column of two dimensions holds
    vectors, one of sets holds sets. All else is categorical, true and false too.
    """
    if column.levels is not None:
        return KINDS["ordinal"]
    if column.cells.ndim == 2:
        return KINDS["vector"]
    if column.cells.dtype.kind in "fiumM":
        return KINDS["numeric"]
    present = [cell for cell in column if cell is not None] if column.cells.dtype.kind == "O" else []
    if present and all(
        isinstance(cell, Real | Decimal | date | timedelta) and not isinstance(cell, bool) for cell in present
    ):
        return KINDS["numeric"]
    if present and all(isinstance(cell, AnySet) for cell in present):
        return KINDS["set"]
    return KINDS["categorical"]


def kind_named(given: Any, column: Column) -> Kind:
    """Return the kind that a name or a kind stands for.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    if given is None:
        return kind_of(column)
    if isinstance(given, str) and given in KINDS:
        return KINDS[given]
    if isinstance(given, str) or not hasattr(given, "fit") or isinstance(given, type):
        raise ValueError(
            f"column {column.name!r}: the kind must be one of {', '.join(KINDS)}, or an object such as "
            f"kinds.Cyclic(24), found {given!r}"
        )
    return cast(Kind, given)


def _no_range(kind: str, columns: Sequence[Column], span: Span | None) -> None:
    if span is not None:
        raise ValueError(f"column {columns[0].name!r} is {kind} and has no range, found {span}")


def _range_column(column: Column, span: Span) -> Column:
    cells = np.empty(len(span), dtype=object)
    cells[:] = span
    return Column(f"{column.name} (its range)", cells)
