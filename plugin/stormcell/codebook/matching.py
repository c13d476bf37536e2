"""Which codeword of a new codebook is which of an old one: as few kinds as can be get another id."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from stormcell.types import Codebook, Codeword, DoubleArray, FloatArray, IntArray

_SAME: Final = 1e-5
"""Dissimilarity up to which two medoids are one, to the rounding of single precision."""
_DIGITS: Final = 12


def assignment(costs: DoubleArray) -> tuple[IntArray, IntArray]:
    """Return the cheapest matching of rows and columns, each with one other at most.

    The Hungarian method by shortest augmenting paths (Jonker & Volgenant 1987), for tables that need not be
    square as in Crouse, "On implementing 2D rectangular assignment algorithms" (2016): O(n^2 m) for n <= m.

    Parameters
    ----------
    costs : DoubleArray, shape (n, m)
        Finite.

    Returns
    -------
    rows, columns : IntArray, shape (min(n, m),)
        The pairs, ascending by row.

    Raises
    ------
    ValueError
        If it is no table, or a cost is not finite.
    """
    costs = np.asarray(costs, dtype=np.float64)
    if costs.ndim != 2 or not np.isfinite(costs).all():
        raise ValueError(f"expected a table of finite costs, found shape {costs.shape} with {_odd(costs)}")
    if len(costs) > costs.shape[1]:
        columns, rows = assignment(costs.T)
        order = np.argsort(rows)
        return rows[order], columns[order]
    n, m = costs.shape
    of_row, of_column = np.full(n, -1), np.full(m, -1)
    row_price, column_price = np.zeros(n), np.zeros(m)
    for start in range(n):
        _augment(costs, start, of_row, of_column, row_price, column_price)
    return np.arange(n), of_row


def _augment(
    costs: DoubleArray,
    start: int,
    of_row: IntArray,
    of_column: IntArray,
    row_price: DoubleArray,
    column_price: DoubleArray,
) -> None:
    """Match one more row, along the shortest path by reduced costs to a column that is free; in place."""
    m = costs.shape[1]
    far, through = np.full(m, np.inf), np.full(m, -1)
    done = np.zeros(m, dtype=bool)
    reached = [start]
    row, length = start, 0.0
    while True:
        step = length + costs[row] - row_price[row] - column_price
        nearer = ~done & (step < far)
        far[nearer], through[nearer] = step[nearer], row
        column = int(np.argmin(np.where(done, np.inf, far)))
        length = float(far[column])
        done[column] = True
        if of_column[column] < 0:
            break
        row = int(of_column[column])
        reached.append(row)
    row_price[start] += length
    others = np.array(reached[1:], dtype=np.int64)
    row_price[others] += length - far[of_row[others]]
    column_price[done] -= length - far[done]
    while True:
        row = int(through[column])
        of_column[column] = row
        of_row[row], column = column, int(of_row[row])
        if row == start:
            return


def named(
    parent: Codebook | None, codewords: Sequence[Codeword], far: FloatArray | DoubleArray | None = None
) -> tuple[str, ...]:
    """Return the ids of the codewords of a new codebook.

    One takes the id of the codeword of the parent that it is matched to, if it lies within the radius of that one:
    such whose medoids are the same keep theirs in any case, and of the others those that are nearest, measured by
    the radius. Any other gets an id of its own, which hashes what it is and the parent, so that no id is ever of
    another kind.

    Parameters
    ----------
    parent : Codebook or None
    codewords : sequence of Codeword, length n
        Their ids are not looked at.
    far : FloatArray or DoubleArray, shape (n, m), optional
        Dissimilarities to the medoids of the parent's codewords, in its order; needed where there is a parent.

    Returns
    -------
    tuple of str, length n
    """
    kept = {} if parent is None or far is None else _matched(parent, far)
    ids = [kept.get(at, "") for at in range(len(codewords))]
    taken = {*ids, *(one.id for one in parent.codewords)} if parent is not None else set()
    fresh = (at for at, id in enumerate(ids) if not id)
    for at in sorted(fresh, key=lambda at: (codewords[at].medoid.time, codewords[at].medoid.uid)):
        tries = (_id(codewords[at], parent, turn) for turn in range(len(codewords) + len(taken) + 1))
        ids[at] = next(id for id in tries if id not in taken)
        taken.add(ids[at])
    return tuple(ids)


def _matched(parent: Codebook, far: FloatArray | DoubleArray) -> dict[int, str]:
    """Return the ids that are kept, by the number of the new codeword."""
    near = np.asarray(far, dtype=np.float64)
    radius = np.array([one.radius for one in parent.codewords])
    within = near <= np.maximum(radius, _SAME)
    share = np.divide(near, radius, out=np.ones_like(near), where=radius > 0)
    # Whatever is beyond its radius costs as much as to be matched to nothing: those pairs are dropped below.
    costs = np.where(within, np.minimum(share, 1.0) - 1.0, 0.0)
    costs[near <= _SAME] = -1.0 - min(near.shape)
    rows, columns = assignment(costs)
    return {
        int(row): parent.codewords[column].id
        for row, column in zip(rows, columns, strict=True)
        if within[row, column]
    }


def _id(codeword: Codeword, parent: Codebook | None, turn: int) -> str:
    medoid = codeword.medoid
    before = "" if parent is None else parent.version
    parts = (medoid.signal.value, medoid.service, str(medoid.severity), codeword.template, before, str(turn))
    hashed = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
    return f"k-{hashed.hexdigest()[:_DIGITS]}"


def _odd(costs: DoubleArray) -> str:
    bad = costs[~np.isfinite(costs)]
    return f"{bad.flat[0]}" if bad.size else "finite numbers"
