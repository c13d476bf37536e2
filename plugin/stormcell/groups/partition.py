"""One session's atoms into clusters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stormcell.cluster.kmedoids import settle
from stormcell.cluster.opening import cluster_by_opening_cost
from stormcell.config import GroupingSettings
from stormcell.distance.mixed import Field, mixed
from stormcell.types import Clustering, DoubleArray, FloatArray, IntArray


def partition(
    fields: Sequence[Field],
    atoms: IntArray,
    items: IntArray,
    weights: DoubleArray,
    settings: GroupingSettings,
) -> Clustering:
    """Cluster the atoms of one session by weighted k-medoids, the number of groups by its opening cost.

    Parameters
    ----------
    fields : sequence of Field
        Over all atoms.
    atoms : IntArray, shape (p,)
        The session's atoms.
    items : IntArray, shape (p,)
        Events of each.
    weights : DoubleArray, shape (p,)
        Of each, inside the objective.
    settings : GroupingSettings

    Returns
    -------
    Clustering
        Points are positions in ``atoms``. Of more than ``max_points`` atoms only the heaviest can be medoids;
        the rest is assigned to these.
    """
    shares = items / items.sum()
    linked = float((shares**2).sum()) >= settings.linked_share
    chosen = np.sort(np.lexsort((np.arange(len(atoms)), -weights))[: settings.max_points])
    solved = cluster_by_opening_cost(
        dissimilarities(fields, atoms[chosen], atoms[chosen]),
        weights[chosen],
        opening_cost=settings.opening_cost_linked if linked else settings.opening_cost,
        max_k=settings.max_groups,
    )
    if len(chosen) == len(atoms):
        return solved
    return _assign(fields, atoms, weights, chosen[solved.medoids], solved.iterations)


def dissimilarities(fields: Sequence[Field], a: IntArray, b: IntArray) -> FloatArray:
    """Return mixed dissimilarities; two atoms without a field in common are as different as can be."""
    far = np.nan_to_num(mixed(fields, a, b), copy=False, nan=1.0)
    far[a[:, None] == b[None, :]] = 0.0
    return far


def _assign(
    fields: Sequence[Field], atoms: IntArray, weights: DoubleArray, medoids: IntArray, iterations: int
) -> Clustering:
    """Assign all atoms to given medoids."""
    return settle(dissimilarities(fields, atoms, atoms[medoids]), weights, medoids, iterations)
