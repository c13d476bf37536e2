"""Gower's dissimilarity of the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stormcell.distance.columns import Column, Table, columns_of
from stormcell.distance.kinds import Encoder, Kind, Span, kind_named
from stormcell.distance.mixed import Field, MixedPoints
from stormcell.types import FloatArray

Kinds = Mapping[Any, str | Kind | None] | Sequence[str | Kind | None] | None
Weights = Mapping[Any, float] | Sequence[float] | NDArray[Any] | None
Ranges = Mapping[Any, Span | None] | Sequence[Span | None] | None


# A weight below this share of the largest is none in single precision.
_LIGHTEST = 1e-30


@dataclass(frozen=True, slots=True)
class Mixed:
    """The mixed dissimilarity of a table whose columns may be of any kind.

    Attributes
    ----------
    kinds : sequence with an entry a column, or mapping from column, optional
        "numeric", "log", "ordinal", "categorical", "asymmetric", "set", "vector", or an object of
        ``stormcell.distance.kinds``, as ``kinds.Cyclic(24)``. Of a column that is not named (or None): numbers and
        times are numeric, ordered columns of a data frame ordinal, columns of two dimensions vectors, columns of
        sets sets, all else categorical. True and false are a category too; R's daisy takes them as asymmetric.
    weights : sequence with an entry a column, or mapping from column, optional
        At least 0, not all 0, none that is above 0 below 1e-30 of the largest; 1 where nothing is said.
    ranges : sequence with an entry a column (None where it has none), or mapping from column, optional
        The lowest and the highest value of a numeric or ordinal column, instead of those found. What differs by
        more than the range is 1 apart.
    """

    kinds: Kinds = None
    weights: Weights = None
    ranges: Ranges = None

    def fit(self, X: Table) -> FittedMixed:
        """Learn the ranges and the categories of a table.

        Parameters
        ----------
        X : array of two dimensions, structured array, mapping of column name to cells, or data frame
            See gower.

        Returns
        -------
        FittedMixed

        Raises
        ------
        ValueError, TypeError
            As gower.
        """
        return self._learn([columns_of(X)])

    def _learn(self, tables: Sequence[tuple[Column, ...]]) -> FittedMixed:
        columns = tables[0]
        names = tuple(column.name for column in columns)
        kinds = [
            kind_named(given, column)
            for given, column in zip(_by_column("kinds", self.kinds, names), columns, strict=True)
        ]
        spans = _by_column("ranges", self.ranges, names)
        weights = [1.0 if given is None else float(given) for given in _by_column("weights", self.weights, names)]
        if not (np.isfinite(weights).all() and min(weights) >= 0 and max(weights) > 0):
            raise ValueError(f"the weights must be numbers of at least 0, and not all 0, found {weights}")
        if min(weight for weight in weights if weight > 0) < _LIGHTEST * max(weights):
            raise ValueError(f"the weights must be 0 or at least {_LIGHTEST:g} of the largest, found {weights}")
        encoders = tuple(
            kind.fit([table[at] for table in tables], span)
            for at, (kind, span) in enumerate(zip(kinds, spans, strict=True))
        )
        return FittedMixed(names, encoders, tuple(weights))


@dataclass(frozen=True, slots=True)
class FittedMixed:
    """The mixed dissimilarity with the ranges and categories of a table.

    Attributes
    ----------
    names : tuple
        Of the columns.
    encoders : tuple of callable
    weights : tuple of float
    """

    names: tuple[str | int, ...]
    encoders: tuple[Encoder, ...]
    weights: tuple[float, ...]

    def points(self, X: Table) -> MixedPoints:
        """Return the rows of a table with the same columns as points.

        Raises
        ------
        ValueError, TypeError
            If a column is missing or too many, or a cell is not of its column's kind.
        """
        return self._points(columns_of(X, self.names))

    def _points(self, columns: Sequence[Column]) -> MixedPoints:
        return MixedPoints(
            tuple(
                Field(str(column.name), weight, encode(column))
                for column, weight, encode in zip(columns, self.weights, self.encoders, strict=True)
            )
        )


def gower(
    X: Table, Y: Table | None = None, *, kinds: Kinds = None, weights: Weights = None, ranges: Ranges = None
) -> FloatArray:
    """Return Gower's dissimilarities of the rows of a table, or of the rows of two.

    Numeric columns count by their difference divided by the range, categories by whether they differ, and so on
    (see ``stormcell.distance.kinds``); the dissimilarity of two rows is the weighted mean over the columns that
    both have. A constant column says that all rows are equal in it.

    Parameters
    ----------
    X : array of two dimensions, structured array, mapping of column name to cells, or data frame
        n rows. None, NaN, NaT and the NA of pandas are missing. A column of two dimensions holds vectors.
    Y : the same, optional
        m rows with the same columns; X by default.
    kinds, weights, ranges
        See Mixed. By default the ranges are those of X and Y together.

    Returns
    -------
    FloatArray, shape (n, m)
        In [0, 1]. Two rows without a column in common are 1 apart; without Y, the diagonal is 0.

    Raises
    ------
    ValueError, TypeError
        If the tables do not fit together, a cell is not of its column's kind or is infinite, or a kind, weight or
        range is not possible.

    References
    ----------
    Gower, "A general coefficient of similarity and some of its properties", Biometrics 27 (1971); missing values
    as in Kaufman & Rousseeuw, "Finding Groups in Data" (1990), and R's ``cluster::daisy``.
    """
    left = columns_of(X)
    right = left if Y is None else columns_of(Y, tuple(column.name for column in left))
    fitted = Mixed(kinds, weights, ranges)._learn([left] if Y is None else [left, right])
    points = fitted._points(left)
    return points.cross(points if Y is None else fitted._points(right))


def _by_column(what: str, given: Any, names: tuple[str | int, ...]) -> list[Any]:
    """Return an entry for each column, None where nothing is said."""
    if given is None:
        return [None] * len(names)
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ValueError(f"{what} names columns that are not there: {unknown}; there are {list(names)}")
        return [given.get(name) for name in names]
    if isinstance(given, str) or len(given) != len(names):
        raise ValueError(f"{what} must have one entry for each of the {len(names)} columns, found {given!r}")
    return list(given)
