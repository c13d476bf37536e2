"""Compiled tiles of large blocks of the mixed dissimilarity.

Values lie field by field, so that every inner loop runs along one field and the sums, which stay in the cache of
the processor. A tile is the pairs of the rows ``a0 <= i < a1`` of one side and ``b0 <= j < b1`` of the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stormcell.distance.fields import ROUNDING
from stormcell.distance.transpose import SIDE, mirrored
from stormcell.jit import compiled
from stormcell.types import BoolArray, FloatArray, IntArray

ByteArray = NDArray[np.uint8]

# What is done with a field that is compared one by one: one that not all rows have, or that is cyclic or wide.
DIFFERENCE, MISMATCH, ASYMMETRIC, CYCLIC = range(4)

_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_ROUNDING = np.float32(ROUNDING)
_MOST = 255  # mismatches are counted in bytes


@compiled
def gower_tile(
    a0: int,
    a1: int,
    b0: int,
    b1: int,
    numbers: tuple[FloatArray, FloatArray],
    codes: tuple[ByteArray, ByteArray],
    code_weights: FloatArray,
    values: tuple[FloatArray, FloatArray],
    present: tuple[FloatArray, FloatArray],
    operations: IntArray,
    value_weights: FloatArray,
    everywhere: float,
    sums: FloatArray,
    sum_weights: FloatArray,
    half: bool,
    far: FloatArray,
) -> None:
    """Write the weighted mean of partial dissimilarities to ``far[a0:a1, b0:b1]``.

    Parameters
    ----------
    numbers : pair of FloatArray, shape (p, rows)
        Of fields whose partial is a difference of two numbers, times the weight; all rows have them.
    codes : pair of ByteArray, shape (q, rows)
        Of fields whose partial is 1 where two codes differ; all rows have them.
    code_weights : FloatArray, shape (q,)
        Equal ones side by side: their mismatches are counted together.
    values, present : pair of FloatArray, shape (r, rows)
        Of the other fields: values, 0 where missing, and 1 where not.
    operations : IntArray, shape (r,)
        Of each such field.
    value_weights : FloatArray, shape (r,)
    everywhere : float
        The sum of the weights of the fields that all rows have.
    sums, sum_weights : FloatArray, shape (a1 - a0, b1 - b0), or (0, 0) where there is nothing to add
        The weighted sum of other partial dissimilarities, and the weights of those that may be missing.
    half : bool
        Whether both sides are the same: the other half of ``far`` gets the same values.
    """
    total, weight, count = (
        np.empty(b1 - b0, np.float32),
        np.empty(b1 - b0, np.float32),
        np.empty(b1 - b0, np.uint8),
    )
    always, whole = np.float32(everywhere), np.float32(1 / everywhere)
    partly = len(operations) > 0 or len(sum_weights) > 0 or everywhere <= 0
    for i in range(a0, a1):
        for j in range(len(total)):
            total[j] = sums[i - a0, j] if len(sums) > 0 else _ZERO
        if partly:
            for j in range(len(total)):
                weight[j] = always + (sum_weights[i - a0, j] if len(sum_weights) > 0 else _ZERO)
        add_numbers(i, b0, b1, numbers[0], numbers[1], total)
        _add_codes(i, b0, b1, codes[0], codes[1], code_weights, count, total)
        for f in range(len(operations)):
            if present[0][f, i] == _ZERO:
                continue
            x, w = values[0][f, i], value_weights[f]
            column, there = values[1][f, b0:b1], present[1][f, b0:b1]
            if operations[f] == DIFFERENCE:
                _add_difference(x, w, column, there, total, weight)
            elif operations[f] == MISMATCH:
                _add_mismatch(x, w, column, there, total, weight)
            elif operations[f] == ASYMMETRIC:
                _add_asymmetric(x, w, column, there, total, weight)
            else:
                _add_cyclic(x, w, column, there, total, weight)
        if partly:
            _divide(total, weight, far[i, b0:b1])
        else:
            _scale(total, whole, far[i, b0:b1])
    if half:
        mirror(a0, a1, b0, b1, far)


@compiled
def add_numbers(i: int, b0: int, b1: int, left: FloatArray, right: FloatArray, total: FloatArray) -> None:
    """Add the absolute differences of row i and the rows b0 to b1, field by field, to their sums."""
    f = 0
    while f + 4 <= len(left):  # four at a time: the sums are read and written once for them
        x0, x1, x2, x3 = left[f, i], left[f + 1, i], left[f + 2, i], left[f + 3, i]
        c0, c1, c2, c3 = right[f, b0:b1], right[f + 1, b0:b1], right[f + 2, b0:b1], right[f + 3, b0:b1]
        for j in range(len(total)):
            total[j] += abs(x0 - c0[j]) + abs(x1 - c1[j]) + abs(x2 - c2[j]) + abs(x3 - c3[j])
        f += 4
    while f < len(left):
        x, c = left[f, i], right[f, b0:b1]
        for j in range(len(total)):
            total[j] += abs(x - c[j])
        f += 1


@compiled
def _add_codes(
    i: int,
    b0: int,
    b1: int,
    left: ByteArray,
    right: ByteArray,
    weights: FloatArray,
    count: ByteArray,
    total: FloatArray,
) -> None:
    f = 0
    while f < len(weights):
        stop = f + 1
        while stop < len(weights) and weights[stop] == weights[f] and stop - f < _MOST:
            stop += 1
        weight = weights[f]
        for j in range(len(count)):
            count[j] = 0
        while f + 4 <= stop:
            x0, x1, x2, x3 = left[f, i], left[f + 1, i], left[f + 2, i], left[f + 3, i]
            c0, c1, c2, c3 = right[f, b0:b1], right[f + 1, b0:b1], right[f + 2, b0:b1], right[f + 3, b0:b1]
            for j in range(len(count)):
                count[j] += np.uint8(
                    np.uint8(x0 != c0[j]) + np.uint8(x1 != c1[j]) + np.uint8(x2 != c2[j]) + np.uint8(x3 != c3[j])
                )
            f += 4
        while f < stop:
            x, c = left[f, i], right[f, b0:b1]
            for j in range(len(count)):
                count[j] += np.uint8(x != c[j])
            f += 1
        for j in range(len(total)):
            total[j] += weight * np.float32(count[j])


@compiled
def _add_difference(
    x: np.float32, w: np.float32, column: FloatArray, there: FloatArray, total: FloatArray, weight: FloatArray
) -> None:
    for j in range(len(total)):
        far = abs(x - column[j])
        total[j] += w * there[j] * (far if far < _ONE else _ONE)
        weight[j] += w * there[j]


@compiled
def _add_mismatch(
    x: np.float32, w: np.float32, column: FloatArray, there: FloatArray, total: FloatArray, weight: FloatArray
) -> None:
    for j in range(len(total)):
        total[j] += w * there[j] * (_ONE if x != column[j] else _ZERO)
        weight[j] += w * there[j]


@compiled
def _add_asymmetric(
    x: np.float32, w: np.float32, column: FloatArray, there: FloatArray, total: FloatArray, weight: FloatArray
) -> None:
    for j in range(len(total)):
        total[j] += w * there[j] * abs(x - column[j])
        weight[j] += w * there[j] * (x if x > column[j] else column[j])  # two zeros say nothing


@compiled
def _add_cyclic(
    x: np.float32, w: np.float32, column: FloatArray, there: FloatArray, total: FloatArray, weight: FloatArray
) -> None:
    for j in range(len(total)):
        far = abs(x - column[j])
        total[j] += w * there[j] * _TWO * (far if far < _ONE - far else _ONE - far)
        weight[j] += w * there[j]


@compiled
def _divide(total: FloatArray, weight: FloatArray, far: FloatArray) -> None:
    """Write the mean; two rows without a field in common are 1 apart."""
    for j in range(len(total)):
        mean = total[j] / weight[j] if weight[j] > _ZERO else _ONE
        far[j] = mean if mean < _ONE else _ONE


@compiled
def _scale(total: FloatArray, whole: np.float32, far: FloatArray) -> None:
    for j in range(len(total)):
        mean = total[j] * whole
        far[j] = mean if mean < _ONE else _ONE


@compiled
def mirror(a0: int, a1: int, b0: int, b1: int, far: FloatArray) -> None:
    """Copy what is above the diagonal to below it, in blocks so small that both stay in the cache."""
    for j0 in range(b0, b1, SIDE):
        for i0 in range(a0, a1, SIDE):
            # Above the diagonal i0 + SIDE is at most a1 as well: only the last tile of rows is shorter.
            if i0 + SIDE <= j0 and j0 + SIDE <= b1:
                mirrored(far, i0, j0)
            else:
                for j in range(j0, min(j0 + SIDE, b1)):
                    for i in range(i0, min(i0 + SIDE, a1, j)):
                        far[j, i] = far[i, j]


@compiled
def finish_cosine(
    products: FloatArray,
    filled: tuple[BoolArray, BoolArray],
    scale: float,
    weight: float,
    weights: FloatArray,
) -> None:
    """Turn products of vectors into ``(1 - products) * scale``, weighted, in place; 0 where a vector is missing.

    ``filled`` says which rows of each side have one. ``weights``, of the same shape, gets the weight added where
    both have; with shape (0, 0) all have.
    """
    s, w = np.float32(scale), np.float32(weight)
    there = filled[1].astype(np.float32)
    for i in range(len(products)):
        row, here = products[i], w * np.float32(filled[0][i])
        for j in range(len(row)):
            far = _ONE - row[j]
            far = s * far if far >= _ROUNDING else _ZERO
            row[j] = here * there[j] * (far if far < _ONE else _ONE)
        if len(weights) > 0:
            for j in range(len(row)):
                weights[i, j] += here * there[j]


@compiled
def add_block(block: FloatArray, weight: float, sums: FloatArray, sum_weights: FloatArray) -> None:
    """Add a block of partial dissimilarities, weighted, to the sums; NaN is left out."""
    w = np.float32(weight)
    for i in range(len(block)):
        row, total, weights = block[i], sums[i], sum_weights[i]
        for j in range(len(row)):
            total[j] += w * row[j] if row[j] == row[j] else _ZERO
            weights[j] += w if row[j] == row[j] else _ZERO


@compiled
def count_shared(
    items: IntArray, of_row: IntArray, starts: IntArray, holders: IntArray, shared: FloatArray
) -> None:
    """Count what each pair of sets shares.

    Parameters
    ----------
    items, of_row : IntArray, shape (total,)
        The items of the left side's sets, and which set holds each.
    starts : IntArray, shape (number of items + 1,)
        Where the holders of each item start.
    holders : IntArray
        The right side's sets that hold each item.
    shared : FloatArray, shape (left, right)
        Zero at first.
    """
    for at in range(len(items)):
        row = shared[of_row[at]]
        for place in range(starts[items[at]], starts[items[at] + 1]):
            row[holders[place]] += _ONE
