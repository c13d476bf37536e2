"""Large blocks of the mixed dissimilarity: tile by tile in single precision, all fields of a tile at once.

What a field contributes is added to the sums of one tile, so that no second matrix of the result's size exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from stormcell.distance import kernels
from stormcell.distance.fields import AsymmetricBinary, Categorical, Cosine, Cyclic, Numeric, Partial
from stormcell.types import BoolArray, DoubleArray, FloatArray

Sides = tuple[Any, Any]

_SIDE = 512  # of a tile, whose sums then stay in the second-level cache
# Differences further beyond the range than this would lose digits in single precision.
_FAR_BEYOND = 8.0
_CODES = 256
_EXACT = 2**24  # up to here float32 holds whole numbers


class Pair(NamedTuple):
    """A field of both sides. The weights of all fields sum to 1."""

    weight: float
    left: Partial
    right: Partial


class Compared(NamedTuple):
    """A field's values on both sides, 0 where missing, and where they are not."""

    weight: float
    operation: int
    values: tuple[DoubleArray, DoubleArray]
    present: tuple[BoolArray, BoolArray]


def corners(rows: int, columns: int, *, half: bool) -> Iterator[tuple[int, int, int, int]]:
    """Yield the first row, the end of the rows, the first column and the end of the columns of each tile.

    With ``half``, those on and above the diagonal. Tiles of a narrow block are longer.
    """
    height, width = (_SIDE if half else max(_SIDE, _SIDE**2 // max(other, 1)) for other in (columns, rows))
    for top in range(0, rows, height):
        for left in range(top if half else 0, columns, width):
            yield top, min(top + height, rows), left, min(left + width, columns)


def mixed_tiles(pairs: list[Pair], rows: int, columns: int, *, half: bool) -> FloatArray:
    """Return the weighted mean of partial dissimilarities, 1 where two rows have no field in common.

    Parameters
    ----------
    pairs : list of Pair
    rows, columns : int
        Of each side.
    half : bool
        Whether both sides are the same.

    Returns
    -------
    FloatArray, shape (rows, columns)
    """
    numbers: list[Compared] = []
    codes: list[Compared] = []
    others: list[Compared] = []
    blocks: list[Pair] = []
    for pair in pairs:
        column = _column(pair)
        if column is None:
            blocks.append(pair)
        elif not all(side.all() for side in column.present):
            others.append(column)
        elif column.operation == kernels.DIFFERENCE and max(side.max(initial=0) for side in column.values) <= 1:
            numbers.append(column)
        elif column.operation == kernels.MISMATCH and max(side.max(initial=0) for side in column.values) < _CODES:
            codes.append(column)
        else:
            others.append(column)
    codes.sort(key=lambda column: column.weight)  # equal ones side by side
    fixed = (
        _stacked(
            [[side * column.weight for side in column.values] for column in numbers], rows, columns, np.float32
        ),
        _stacked([column.values for column in codes], rows, columns, np.uint8),
        np.array([column.weight for column in codes], dtype=np.float32),
        _stacked([column.values for column in others], rows, columns, np.float32),
        _stacked([column.present for column in others], rows, columns, np.float32),
        np.array([column.operation for column in others], dtype=np.int64),
        np.array([column.weight for column in others], dtype=np.float32),
    )
    far = np.empty((rows, columns), dtype=np.float32)
    sums = weights = np.zeros((0, 0), dtype=np.float32)
    products = [_Products(pair) for pair in blocks if isinstance(pair.left, Cosine)]
    rest = [pair for pair in blocks if not isinstance(pair.left, Cosine)]
    everywhere = float(sum(column.weight for column in numbers + codes))
    whole = not rest and all(product.whole for product in products)
    if whole:
        everywhere += sum(product.weight for product in products)
    for a0, a1, b0, b1 in corners(rows, columns, half=half):
        if blocks:
            weights = weights if whole else np.zeros((a1 - a0, b1 - b0), dtype=np.float32)
            parts = [product.part(a0, a1, b0, b1, weights) for product in products]
            sums = parts[0] if parts else np.zeros((a1 - a0, b1 - b0), dtype=np.float32)
            for part in parts[1:]:
                sums += part
            for pair in rest:
                block = pair.left.take(np.arange(a0, a1)).cross(pair.right.take(np.arange(b0, b1)))
                kernels.add_block(np.ascontiguousarray(block), pair.weight, sums, weights)
        kernels.gower_tile(a0, a1, b0, b1, *fixed, everywhere, sums, weights, half, far)
    return far


class _Products:
    """A cosine field of both sides: matrix products, tile by tile."""

    def __init__(self, pair: Pair) -> None:
        assert isinstance(pair.left, Cosine)
        assert isinstance(pair.right, Cosine)
        self.weight, self.scale = pair.weight, pair.left.scale
        self.left, self.right = pair.left.vectors, pair.right.vectors
        self.filled = pair.left.filled, pair.right.filled
        self.whole = all(bool(side.all()) for side in self.filled)

    def part(self, a0: int, a1: int, b0: int, b1: int, weights: FloatArray) -> FloatArray:
        """Return a tile of weighted partial dissimilarities; add to ``weights`` where some are missing."""
        products = self.left[a0:a1] @ self.right[b0:b1].T
        filled = self.filled[0][a0:a1], self.filled[1][b0:b1]
        kernels.finish_cosine(products, filled, self.scale, self.weight, weights)
        return products


def _column(pair: Pair) -> Compared | None:
    """Return the values that a kernel compares, None for a field that it does not know or cannot hold."""
    left, right = pair.left, pair.right
    if isinstance(left, Numeric) and isinstance(right, Numeric):
        return _numeric(pair.weight, left, right)
    if isinstance(left, Categorical) and isinstance(right, Categorical):
        if max(left.codes.max(initial=0), right.codes.max(initial=0)) >= _EXACT:
            return None
        present = left.codes >= 0, right.codes >= 0
        return _filled(pair.weight, kernels.MISMATCH, (left.codes, right.codes), present)
    for known, operation in ((AsymmetricBinary, kernels.ASYMMETRIC), (Cyclic, kernels.CYCLIC)):
        if isinstance(left, known) and isinstance(right, known):
            values = left.values, right.values
            return _filled(pair.weight, operation, values, (~np.isnan(values[0]), ~np.isnan(values[1])))
    return None


def _numeric(weight: float, left: Numeric, right: Numeric) -> Compared | None:
    present = ~np.isnan(left.values), ~np.isnan(right.values)
    known = np.concatenate([left.values[present[0]], right.values[present[1]]])
    low = known.min(initial=np.inf)
    with np.errstate(over="ignore"):
        if left.span <= 0 or len(known) == 0:
            scaled = np.zeros(len(left)), np.zeros(len(right))
        elif (known.max() - low) / left.span > _FAR_BEYOND:
            return None
        else:
            scaled = (left.values - low) / left.span, (right.values - low) / left.span
    return _filled(weight, kernels.DIFFERENCE, scaled, present)


def _filled(weight: float, operation: int, values: Sides, present: tuple[BoolArray, BoolArray]) -> Compared:
    left, right = (np.where(there, side, 0) for side, there in zip(values, present, strict=True))
    return Compared(weight, operation, (left, right), present)


def _stacked(fields: list[Any], rows: int, columns: int, dtype: type) -> Sides:
    """Return the left and the right sides of fields as the rows of two arrays."""
    sides: Sides = np.empty((len(fields), rows), dtype), np.empty((len(fields), columns), dtype)
    for at, field in enumerate(fields):
        sides[0][at], sides[1][at] = field
    return sides
