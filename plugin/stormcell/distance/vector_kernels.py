"""Compiled tiles of distances between rows of numbers; see kernels for what a tile is."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stormcell.distance.kernels import add_numbers, mirror
from stormcell.distance.points import CANCELLED
from stormcell.jit import compiled
from stormcell.types import FloatArray, IntArray

Rows = NDArray[np.floating]

EUCLIDEAN, MANHATTAN, COSINE = range(3)

_ZERO, _TWO = np.float32(0), np.float32(2)
# Below this part of what they are a difference of, distances are taken from the rows again.
_CANCELLED = np.float32(CANCELLED)


@compiled
def manhattan_tile(
    a0: int, a1: int, b0: int, b1: int, left: FloatArray, right: FloatArray, sums: FloatArray
) -> None:
    """Write the sums of absolute differences of columns, shape (d, rows), to ``sums``."""
    for i in range(a0, a1):
        total = sums[i - a0]
        for j in range(len(total)):
            total[j] = _ZERO
        add_numbers(i, b0, b1, left, right, total)


@compiled
def finish_vectors(
    a0: int,
    a1: int,
    b0: int,
    b1: int,
    metric: int,
    raw: tuple[Rows, Rows],
    at: tuple[IntArray, IntArray],
    sizes: tuple[FloatArray, FloatArray],
    scale: float,
    unit: Any,
    found: FloatArray,
    half: bool,
    far: FloatArray,
) -> None:
    """Write distances to ``far[a0:a1, b0:b1]``, those of near pairs from the rows themselves.

    Parameters
    ----------
    metric : int
        EUCLIDEAN, MANHATTAN or COSINE.
    raw : pair of array, shape (any number of rows, d)
        As given; of length 1 for COSINE.
    at : pair of IntArray, shape (rows,)
        Which raw rows they are.
    sizes : pair of FloatArray, shape (rows,)
        Of each centred and scaled row the sum of squares, or of absolute values for MANHATTAN.
    scale : float
        What the rows were divided by: a power of two.
    unit : floating
        ``1 / scale`` in the precision of ``raw``.
    found : FloatArray, shape (a1 - a0, b1 - b0)
        Products of the centred and scaled rows; for MANHATTAN their distances.
    half : bool
        Whether both sides are the same: the other half of ``far`` gets the same values.
    """
    s = np.float32(scale)
    close = np.empty(b1 - b0, np.float32)
    for i in range(a0, a1):
        row, size, right, products = far[i, b0:b1], sizes[0][i], sizes[1][b0:b1], found[i - a0]
        if metric == MANHATTAN:
            for j in range(len(row)):
                close[j] = _CANCELLED * (size + right[j]) - products[j]
                row[j] = products[j] * s
        else:
            for j in range(len(row)):
                squared = size + right[j] - _TWO * products[j]
                close[j] = _CANCELLED * (size + right[j]) - squared
                row[j] = s * np.sqrt(squared if squared > _ZERO else _ZERO)
            if metric == COSINE:
                for j in range(len(row)):
                    row[j] = row[j] * row[j] / _TWO
        for j in range(len(row)):
            if close[j] >= _ZERO:
                row[j] = _distance(raw[0][at[0][i]], raw[1][at[1][b0 + j]], metric, scale, unit)
    if half:
        mirror(a0, a1, b0, b1, far)


@partial(compiled, any_order=True)
def _sum_of_squares(x: Rows, y: Rows, unit: Any) -> Any:
    total = x[0] - x[0]  # zero, in the precision of the rows
    for f in range(len(x)):
        difference = (x[f] - y[f]) * unit
        total += difference * difference
    return total


@partial(compiled, any_order=True)
def _sum_of_differences(x: Rows, y: Rows, unit: Any) -> Any:
    total = x[0] - x[0]
    for f in range(len(x)):
        total += abs(x[f] - y[f]) * unit
    return total


@compiled
def _distance(x: Rows, y: Rows, metric: int, scale: float, unit: Any) -> float:
    """Return one distance, summed in the precision of the rows, times ``unit`` so that squares stay in range."""
    if metric == MANHATTAN:
        return float(_sum_of_differences(x, y, unit) * scale)
    squared = float(_sum_of_squares(x, y, unit)) * scale * scale
    return float(squared / 2 if metric == COSINE else np.sqrt(squared))
