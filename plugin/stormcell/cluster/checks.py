"""What k-medoids demands of its input."""

from __future__ import annotations

import operator
from typing import Any, cast

import numpy as np

from stormcell.cluster.assignment import COMPILED_FROM
from stormcell.distance.points import Precomputed
from stormcell.distance.vectors import SMALLEST
from stormcell.protocols import Points
from stormcell.types import DoubleArray, FloatArray, IntArray

_CHECKED_PAIRS = 5_000
# What rounding may leave between the halves of a matrix, and on its diagonal (as a share of the mean).
_ASYMMETRY = 1e-4
_DIAGONAL = 1e-3
# Heavier, and their products with dissimilarities may be no numbers.
_HEAVIEST = 1e200


def whole(name: str, value: int) -> int:
    """Return a whole number.

    Raises
    ------
    TypeError
        If it is none.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, found {value!r}") from None


def checked_k(k: int, n: int) -> int:
    """Return k.

    Raises
    ------
    ValueError
        If there are no points, or k is not 1 to n.
    TypeError
        If k is no whole number.
    """
    k = whole("k", k)
    if n == 0:
        raise ValueError("there is no point to cluster: the input is empty")
    if not 1 <= k <= n:
        raise ValueError(f"k must be 1 to the number of points ({n}), found {k}")
    return k


def checked_weights(weights: DoubleArray | None, n: int) -> DoubleArray:
    """Return weights in double precision, 1 each for None.

    Raises
    ------
    ValueError
        If there are not n, or one is not a positive number.
    """
    if weights is None:
        return np.ones(n)
    weights = np.ascontiguousarray(weights, dtype=np.float64)
    if weights.shape != (n,):
        raise ValueError(f"expected {n} weights, one a point, found shape {weights.shape}")
    bad = np.flatnonzero(~((weights > 0) & (weights < np.inf)))
    if len(bad):
        raise ValueError(
            f"weights must be positive numbers, found {weights[bad[0]]} at point {bad[0]}"
            " (leave out points that should not count)"
        )
    if not weights.sum() < _HEAVIEST:
        raise ValueError(
            f"the weights sum to {weights.sum():g}, expected less than {_HEAVIEST:g}: divide them by a number"
        )
    return weights


def checked_matrix(data: FloatArray) -> FloatArray:
    """Return a matrix of dissimilarities as float32 rows, without a copy where it is that already.

    Symmetry is looked at in all pairs of small matrices and in 5,000 pairs of large ones.

    Raises
    ------
    ValueError
        If it is not square, not symmetric, not zero on the diagonal, or (looked for in small ones only) holds a
        negative, infinite or missing value.
    TypeError
        If it holds objects.
    """
    if data.dtype == object:
        raise TypeError("the dissimilarity holds Python objects: convert it with astype(np.float32)")
    if data.dtype.kind not in "fiub":
        raise TypeError(f"the dissimilarity must hold numbers, found {data.dtype}")
    if data.ndim != 2 or data.shape[0] != data.shape[1]:
        raise ValueError(f"the dissimilarity must be square, found shape {data.shape}")
    with np.errstate(over="ignore"):  # too large becomes infinite, which is refused
        matrix = np.ascontiguousarray(data, dtype=np.float32)
    n = len(matrix)
    if data.dtype.itemsize > matrix.dtype.itemsize and n and matrix.max() < SMALLEST and data.any():
        raise ValueError(
            f"the dissimilarity has no value above {data.max()}, which is lost in single precision: "
            "choose a smaller unit"
        )
    if matrix.size < COMPILED_FROM:
        check_values(matrix)
        i, j = np.triu_indices(n)
    else:
        i, j = np.random.default_rng(0).integers(n, size=(2, _CHECKED_PAIRS))
    there, back = matrix[i, j], matrix[j, i]
    with np.errstate(invalid="ignore"):  # infinite in both halves: the search will find it
        uneven = np.flatnonzero(np.abs(there - back) > _ASYMMETRY * np.maximum(np.abs(there), np.abs(back)))
    if len(uneven):
        a, b = int(i[uneven[0]]), int(j[uneven[0]])
        raise ValueError(
            f"the dissimilarity is not symmetric: row {a}, column {b} is {matrix[a, b]} but row {b}, column {a} "
            f"is {matrix[b, a]} (take the mean of the matrix and its transpose)"
        )
    own = np.diagonal(matrix)
    apart = np.flatnonzero(own > _DIAGONAL * there.mean())
    if len(apart):
        raise ValueError(
            f"the dissimilarity of point {apart[0]} with itself is {own[apart[0]]}: expected 0"
            " (is this a similarity?)"
        )
    return matrix


def as_given(data: Any) -> FloatArray | Points:
    """Return points as they are, and anything else as an array: lists, data frames.

    Raises
    ------
    TypeError
        If it is a masked array: a matrix of dissimilarities has no missing value.
    """
    if hasattr(data, "cross"):
        return cast(Points, data)
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("the dissimilarity is a masked array: give every pair a value, as with data.filled(1)")
    return np.asarray(data)


def as_points(data: Any) -> Points:
    """Return points as they are, and a matrix of dissimilarities, all of it checked, as points."""
    given = as_given(data)
    if not isinstance(given, np.ndarray):
        return given
    matrix = checked_matrix(given)
    check_values(matrix)
    return Precomputed.of(matrix)


def as_matrix(data: Any) -> FloatArray:
    """Return a matrix of dissimilarities (see checked_matrix), of points the one that they have."""
    given = as_given(data)
    return checked_matrix(given) if isinstance(given, np.ndarray) else matrix_of(given)


def matrix_of(points: Points) -> FloatArray:
    """Return the dissimilarities of all points as float32; rounding leaves none between a point and itself.

    Raises
    ------
    ValueError
        As checked_matrix of values.
    """
    matrix = np.ascontiguousarray(points.cross(points), dtype=np.float32)
    np.fill_diagonal(matrix, 0.0)
    if matrix.size < COMPILED_FROM:
        check_values(matrix)
    return matrix


def check_values(matrix: FloatArray) -> None:
    """Look at all values of a matrix.

    Raises
    ------
    ValueError
        For the first that is negative, infinite or missing.
    """
    if not (matrix.min() >= 0 and matrix.max() < np.inf):
        wrong = ~((matrix >= 0) & (matrix < np.inf))
        refuse(matrix, int(np.flatnonzero(wrong.any(axis=1))[0]))


def refuse(dissimilarity: FloatArray, row: int) -> None:
    """Raise for the first value of a row that is no dissimilarity.

    Raises
    ------
    ValueError
        Naming row and column.
    """
    values = dissimilarity[row]
    column = int(np.flatnonzero(~((values >= 0) & (values < np.inf)))[0])
    raise ValueError(
        f"row {row}, column {column} of the dissimilarity is {values[column]}: expected no negative, infinite or "
        "missing value (give every pair a value; 1 is the largest that Gower's can take)"
    )


def checked_places(name: str, places: IntArray, n: int) -> IntArray:
    """Return a list of different points.

    Raises
    ------
    ValueError
        If they are not whole numbers, or not different ones of 0 to n - 1; the message names the list.
    """
    places = np.array(places)
    if places.ndim != 1 or (len(places) and places.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be a list of points (whole numbers), found {places.tolist()!r}")
    if len(places) and not (places.min() >= 0 and places.max() < n and len(np.unique(places)) == len(places)):
        raise ValueError(f"{name} must name different points, 0 to {n - 1}, found {places.tolist()}")
    return places.astype(np.int64)
