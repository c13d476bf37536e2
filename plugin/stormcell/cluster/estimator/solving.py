"""k-medoids of a table that may hold equal rows and rows of weight 0."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from stormcell.cluster.estimator.spaces import Space, Table
from stormcell.cluster.seeding import Init
from stormcell.cluster.solve import Method, kmedoids
from stormcell.types import DoubleArray, IntArray


@dataclass(frozen=True, slots=True)
class Options:
    """What kmedoids is told besides the data."""

    method: Method
    max_passes: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A solution over the rows of a table.

    Attributes
    ----------
    medoids : IntArray, shape (k,)
        Different rows of a weight above 0, or equal to such a row.
    first : IntArray, shape (m,)
        Where each different row first stands.
    which : IntArray, shape (n,)
        Which of these each row is.
    loss : float
    iterations : int
    """

    medoids: IntArray
    first: IntArray
    which: IntArray
    loss: float
    iterations: int


def solve(
    space: Space,
    table: Table,
    weights: DoubleArray,
    k: int,
    init: Init | IntArray,
    pinned: IntArray,
    options: Options,
) -> Found:
    """Find k medoids; equal rows are one row of their weights' sum.

    Parameters
    ----------
    space : Space
    table : Table, n rows
    weights : DoubleArray, shape (n,)
        At least 0, not all 0.
    k : int
    init : str or IntArray, shape (k,)
        Different rows of a weight above 0.
    pinned : IntArray
        The same.
    options : Options

    Raises
    ------
    ValueError
        If there are fewer than k rows of a weight above 0, or rows of ``init`` or ``pinned`` are equal.

    Warns
    -----
    UserWarning
        If fewer than k of these rows differ. Medoids equal to others fill the places that are left.
    """
    counting = np.flatnonzero(weights > 0)
    if len(counting) < k:
        raise ValueError(too_few(len(counting), k))
    first, which = space.distinct(table)
    total: DoubleArray = np.bincount(which, weights=weights, minlength=len(first)).astype(np.float64)
    counts = np.flatnonzero(total > 0)
    place = np.full(len(first), -1)
    place[counts] = np.arange(len(counts))
    start = init if isinstance(init, str) else place[_different("init", init, which)]
    fixed = place[_different("pinned", pinned, which)]
    if not isinstance(init, str):
        free = pinned[~np.isin(which[pinned], which[init])]
        if len(free):
            raise ValueError(f"row {free[0]} is pinned but not in init: add it there")
    found = kmedoids(
        space.data(table, first[counts]),
        min(k, len(counts)),
        weights=total[counts],
        init=start,
        seed=options.seed,
        pinned=fixed,
        method=options.method,
        max_passes=options.max_passes,
    )
    medoids = first[counts[found.medoids]]
    if len(medoids) < k:
        warnings.warn(
            f"only {len(medoids)} rows differ, so {k - len(medoids)} of {k} clusters are empty: lower n_clusters",
            stacklevel=4,
        )
        spare = np.setdiff1d(counting, medoids)
        spare = spare[np.argsort(which[spare], kind="stable")]
        medoids = np.concatenate([medoids, spare[: k - len(medoids)]])
    return Found(medoids, first, which, found.loss, found.iterations)


def too_few(n: int, k: int) -> str:
    """Say that there are too few rows."""
    return f"n_samples={n} should be >= n_clusters={k} (rows of weight 0 do not count): lower n_clusters"


def _different(name: str, rows: IntArray, which: IntArray) -> IntArray:
    """Return which different row each of some rows is."""
    contents = which[rows]
    order = np.argsort(contents, kind="stable")
    twins = np.flatnonzero(np.diff(contents[order]) == 0)
    if len(twins):
        one, other = rows[order[twins[0]]], rows[order[twins[0] + 1]]
        raise ValueError(f"{name} names the rows {one} and {other}, which are equal: leave one out")
    return contents
