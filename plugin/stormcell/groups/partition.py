"""One session's atoms into clusters."""

from __future__ import annotations

import numpy as np

from stormcell.cluster.assignment import settle, two_nearest
from stormcell.cluster.opening import cluster_by_opening_cost
from stormcell.config import GroupingSettings
from stormcell.distance.mixed import MixedPoints
from stormcell.types import Clustering, DoubleArray, IntArray


def partition(
    points: MixedPoints,
    atoms: IntArray,
    items: IntArray,
    weights: DoubleArray,
    settings: GroupingSettings,
) -> Clustering:
    """Cluster the atoms of one session by weighted k-medoids, the number of groups by its opening cost.

    Parameters
    ----------
    points : MixedPoints
        All atoms.
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
    candidates = points.take(atoms[chosen])
    solved = cluster_by_opening_cost(
        candidates.cross(candidates),
        weights[chosen],
        opening_cost=settings.opening_cost_linked if linked else settings.opening_cost,
        max_k=settings.max_groups,
    )
    if len(chosen) == len(atoms):
        return solved
    medoids = chosen[solved.medoids]
    far = points.take(atoms[medoids]).cross(points.take(atoms))
    return settle(two_nearest(far), weights, medoids, solved.iterations)
