"""An order in which what is alike stands together."""

from __future__ import annotations

import numpy as np

from stormcell.types import DoubleArray, FloatArray, IntArray

_ROUNDS = 30


def serial(far: FloatArray) -> list[int]:
    """Return an order of the rows in which the sum of the distances between neighbours is small.

    The path from every row that always goes on to the nearest, the shortest of them mended by turning round pieces
    of it as long as that makes it shorter (2-opt): not the best there is, but one that no turn makes better.

    Parameters
    ----------
    far : FloatArray, shape (n, n)
        Symmetric.
    """
    n = len(far)
    if n < 3:
        return list(range(n))
    exact = far.astype(np.float64)
    best = min(
        (_nearest(exact, start) for start in range(n)), key=lambda path: (round(_length(exact, path), 9), path)
    )
    order = _mended(exact, np.array(best))
    return order if order[0] <= order[-1] else order[::-1]


def _nearest(far: DoubleArray, start: int) -> list[int]:
    path, left = [start], np.ones(len(far), dtype=bool)
    left[start] = False
    while len(path) < len(far):
        path.append(int(np.where(left, far[path[-1]], np.inf).argmin()))
        left[path[-1]] = False
    return path


def _length(far: DoubleArray, path: list[int]) -> float:
    return float(far[path[:-1], path[1:]].sum())


def _mended(far: DoubleArray, path: IntArray) -> list[int]:
    n = len(path)
    # At both ends of the path there is nothing to be far from.
    for _ in range(_ROUNDS * n):
        before = np.concatenate(([0.0], far[path[:-1], path[1:]], [0.0]))
        ordered = np.pad(far[np.ix_(path, path)], 1)
        # What turning round the piece from i to j makes the path longer by.
        gain = ordered[:-2, 1:-1] + ordered[1:-1, 2:] - before[:-1, None] - before[None, 1:]
        gain[np.tril_indices(n)] = 0.0
        at = int(gain.argmin())
        i, j = divmod(at, n)
        if gain[i, j] >= -1e-9:
            break
        path[i : j + 1] = path[i : j + 1][::-1]
    return [int(row) for row in path]
