"""What the estimator is given, checked: rows of numbers, weights, seeds, names of columns."""

from __future__ import annotations

import operator
import sys
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stormcell.cluster.estimator.distinct import Rows
from stormcell.distance.vectors import LARGEST, SMALLEST
from stormcell.types import DoubleArray, IntArray

_NAMED = 5


class NotFittedError(ValueError, AttributeError):
    """The estimator is not fitted. Where scikit-learn is loaded, its class of this name is used."""


def not_fitted(estimator: str) -> Exception:
    """Return the error for an estimator that was not fitted."""
    loaded = sys.modules.get("sklearn.exceptions")
    kind = NotFittedError if loaded is None else loaded.NotFittedError
    error: Exception = kind(f"this {estimator} is not fitted yet: call fit or partial_fit first")
    return error


def checked_rows(X: Any) -> Rows:
    """Return rows of numbers, in single precision where X is, else in double precision.

    Raises
    ------
    ValueError
        If X is no table of numbers, is empty, holds a number that is missing, infinite or above 1e18, or none
        above 1e-30 but 0.
    TypeError
        If X is sparse or masked, or holds what is no number.
    """
    if hasattr(X, "toarray"):
        raise TypeError("sparse input is not supported: make it dense with X.toarray()")
    if isinstance(X, np.ma.MaskedArray):
        raise TypeError(
            "a masked array is not supported: fill it, or give the metric Mixed(), which knows missing values"
        )
    given = np.asarray(X)
    kind = given.dtype.kind
    if kind == "c":
        raise ValueError("Complex data not supported: give the real and the imaginary parts as columns")
    if given.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {given.ndim}D array instead (shape {given.shape}). Reshape your data either "
            "using array.reshape(-1, 1) if it has one feature or array.reshape(1, -1) if it is one sample"
        )
    for axis, what in enumerate(("sample", "feature")):
        if given.shape[axis] == 0:
            raise ValueError(
                f"Found array with 0 {what}(s) (shape={given.shape}) while a minimum of 1 is required."
            )
    if kind not in "fiubO":
        raise TypeError(f"X must hold numbers, found {given.dtype}: for other columns give the metric Mixed()")
    single = kind == "f" and given.dtype.itemsize <= 4
    try:
        # A number too large for double precision becomes infinite and is named below.
        with np.errstate(over="ignore"):
            rows: Rows = np.ascontiguousarray(given, dtype=np.float32 if single else np.float64)
    except ValueError as error:
        raise ValueError(f"X must hold numbers: {error} (for other columns give the metric Mixed())") from None
    if not (rows.min() >= -LARGEST and rows.max() <= LARGEST):
        row, column = np.argwhere(~(np.abs(rows) <= LARGEST))[0].tolist()
        raise ValueError(f"row {row}, column {column} is {_said(float(rows[row, column]))}")
    largest = max(rows.max(), -rows.min())
    if 0 < largest < SMALLEST:
        raise ValueError(f"X holds no number above {largest:g}: choose a smaller unit")
    return rows


def _said(value: float) -> str:
    if np.isnan(value):
        return "NaN: fill it in, or use the metric Mixed(), which knows missing values"
    if np.isinf(value):
        return f"{value}: expected a finite number"
    return f"{value:g}: expected numbers up to {LARGEST:g}, so choose a larger unit"


def checked_count(name: str, value: Any) -> int:
    """Return a whole number of at least 1.

    Raises
    ------
    ValueError
        If it is less.
    TypeError
        If it is no whole number.
    """
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, found {value!r}") from None
    if count < 1:
        raise ValueError(f"{name} must be at least 1, found {count}")
    return count


def checked_sample_weight(sample_weight: Any, n: int) -> DoubleArray:
    """Return a weight for each of n rows, 1 each for None.

    Raises
    ------
    ValueError
        If there are not n, one is negative, infinite or missing, or all are 0.
    """
    if sample_weight is None:
        return np.ones(n)
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (n,):
        raise ValueError(f"sample_weight must hold {n} weights, one a row, found shape {weights.shape}")
    bad = np.flatnonzero(~((weights >= 0) & (weights < np.inf)))
    if len(bad):
        raise ValueError(f"the weight of row {bad[0]} is {weights[bad[0]]}: expected a number of at least 0")
    if not weights.any():
        raise ValueError("sample_weight is zero for all rows: at least one must count")
    return weights


def checked_places(name: str, places: Any, weights: DoubleArray) -> IntArray:
    """Return the numbers of rows that are to be medoids.

    Parameters
    ----------
    name : str
        What to call them.
    places : array-like of int, shape (p,)
    weights : DoubleArray, shape (n,)

    Raises
    ------
    ValueError
        If they are not different rows of a weight above 0.
    """
    rows = np.asarray(places)
    if rows.ndim != 1 or (len(rows) and rows.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be the numbers of rows, found {places!r}")
    rows = rows.astype(np.int64)
    if len(rows) and not (rows.min() >= 0 and rows.max() < len(weights) and len(np.unique(rows)) == len(rows)):
        raise ValueError(f"{name} must name different rows, 0 to {len(weights) - 1}, found {rows.tolist()}")
    light = rows[weights[rows] == 0]
    if len(light):
        raise ValueError(f"{name} names row {light[0]}, whose weight is 0: it cannot be a medoid")
    return rows


def seed_of(random_state: Any) -> int:
    """Return a seed, drawn from a random generator where one is given.

    Parameters
    ----------
    random_state : int, None, RandomState or Generator

    Raises
    ------
    ValueError
        If it is negative.
    TypeError
        If it is something else.
    """
    if random_state is None:
        random_state = np.random.default_rng()
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(1 << 31))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint((1 << 31) - 1))
    try:
        seed = operator.index(random_state)
    except TypeError:
        raise TypeError(
            f"random_state must be a whole number, None, a RandomState or a Generator, found {random_state!r}"
        ) from None
    if seed < 0:
        raise ValueError(f"random_state must be at least 0, found {seed}")
    return seed


def names_of(columns: Any) -> NDArray[np.object_] | None:
    """Return the names of columns, None where there are none or not all are text."""
    names = [] if columns is None else list(columns)
    return np.array(names, dtype=object) if names and all(isinstance(name, str) for name in names) else None


def check_names(estimator: str, fitted: NDArray[np.object_] | None, found: NDArray[np.object_] | None) -> None:
    """Compare the names of columns with those at fit.

    Raises
    ------
    ValueError
        If they differ, in the words of scikit-learn.

    Warns
    -----
    UserWarning
        If only one of the two has names.
    """
    if fitted is None and found is None:
        return
    if fitted is None:
        warnings.warn(f"X has feature names, but {estimator} was fitted without feature names", stacklevel=4)
    elif found is None:
        warnings.warn(
            f"X does not have valid feature names, but {estimator} was fitted with feature names", stacklevel=4
        )
    elif fitted.tolist() != found.tolist():
        new, gone = sorted(set(found) - set(fitted)), sorted(set(fitted) - set(found))
        said = "The feature names should match those that were passed during fit.\n"
        said += _listed("Feature names unseen at fit time:", new)
        said += _listed("Feature names seen at fit time, yet now missing:", gone)
        if not new and not gone:
            said += "Feature names must be in the same order as they were in fit.\n"
        raise ValueError(said)


def _listed(head: str, names: list[str]) -> str:
    lines = [f"- {name}" for name in names[:_NAMED]] + ["- ..."] * (len(names) > _NAMED)
    return "\n".join([head, *lines, ""]) if names else ""
