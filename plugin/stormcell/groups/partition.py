"""One session's atoms into clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stormcell.cluster.assignment import settle, two_nearest
from stormcell.cluster.opening import cluster_by_opening_cost
from stormcell.config import GroupingSettings
from stormcell.distance.mixed import MixedPoints
from stormcell.features.outline import Outline
from stormcell.groups.central import most_central
from stormcell.groups.lulls import cut_lulls
from stormcell.groups.strays import find_strays
from stormcell.groups.windows import cut_windows, stitch
from stormcell.types import BoolArray, Clustering, DoubleArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """A session in clusters.

    Attributes
    ----------
    clustering : Clustering
        Points are positions in ``kept``.
    kept : IntArray, shape (q,)
        Positions in the session of the atoms that are in a cluster, ascending; the others are strays.
    """

    clustering: Clustering
    kept: IntArray


def partition(
    points: MixedPoints,
    atoms: IntArray,
    outline: Outline,
    weights: DoubleArray,
    settings: GroupingSettings,
    *,
    gate: bool = True,
) -> Partition:
    """Cluster the atoms of one session by weighted k-medoids, the number of groups by its opening cost.

    A long or full session is clustered in overlapping windows, whose clusters are stitched together; strays are
    set apart; then each cluster is cut at its lulls.

    Parameters
    ----------
    points : MixedPoints
        All atoms.
    atoms : IntArray, shape (p,)
        The session's atoms.
    outline : Outline
        Of all atoms.
    weights : DoubleArray, shape (p,)
        Of the session's atoms, inside the objective.
    settings : GroupingSettings
    gate : bool
        Whether strays are left out; else each is a cluster of its own.

    Returns
    -------
    Partition
        An atom may be nearer to the medoid of a cluster that was not there at its time than to its own: its margin
        is negative.
    """
    first, last = outline.first[atoms], outline.last[atoms]
    windows = cut_windows(
        first,
        last,
        _ns(settings.window_seconds),
        min(_ns(settings.overlap_seconds), _ns(settings.window_seconds) // 2),
        settings.window_atoms,
    )
    solved = [_solve(points, atoms[window], weights[window], settings) for window in windows]
    strays = [
        find_strays(one, atoms[window], outline, settings.stray)
        for window, one in zip(windows, solved, strict=True)
    ]
    if len(windows) == 1:
        labels = np.where(strays[0], -1, solved[0].labels)
    else:
        labels = stitch(windows, solved, strays, weights)
    parts: list[IntArray] = []
    for label in np.unique(labels[labels >= 0]).tolist():
        own = np.flatnonzero(labels == label)
        parts += [np.sort(own[part]) for part in cut_lulls(first[own], last[own], _ns(settings.lull_seconds))]
    if len(windows) == 1 and not strays[0].any() and len(parts) == len(solved[0].medoids):
        return Partition(solved[0], np.arange(len(atoms)))
    central = {int(window[medoid]) for window, one in zip(windows, solved, strict=True) for medoid in one.medoids}
    if not gate:
        parts += [np.array([stray]) for stray in np.flatnonzero(labels < 0)]
    medoids = np.array(
        [most_central(points, atoms, weights, part, central & set(part.tolist())) for part in parts],
        dtype=np.int64,
    )
    kept = np.sort(np.concatenate(parts)) if parts else np.zeros(0, dtype=np.int64)
    order = np.argsort(medoids)
    place = np.searchsorted(kept, medoids[order])
    part_of = np.empty(len(atoms), dtype=np.int64)
    there = np.empty((len(parts), len(kept)), dtype=bool)
    for label, number in enumerate(order.tolist()):
        own, lull = parts[number], _ns(settings.lull_seconds)
        part_of[own] = label
        there[label] = (first[kept] <= last[own].max() + lull) & (last[kept] >= first[own].min() - lull)
    far = points.take(atoms[medoids[order]]).cross(points.take(atoms[kept]))
    return Partition(_settled(far, place, part_of[kept], there, weights[kept]), kept)


def _solve(points: MixedPoints, atoms: IntArray, weights: DoubleArray, settings: GroupingSettings) -> Clustering:
    """Cluster one window.

    One more group must lower the loss by more than ``opening_cost`` times the root of the whole weight: what
    chance alone makes of a sum of so many dissimilarities grows as that root does. Of more than ``max_points``
    atoms only the heaviest can be medoids.
    """
    chosen = np.sort(np.lexsort((np.arange(len(atoms)), -weights))[: settings.max_points])
    candidates = points.take(atoms[chosen])
    solved = cluster_by_opening_cost(
        candidates.cross(candidates),
        weights[chosen],
        opening_cost=settings.opening_cost / math.sqrt(weights[chosen].sum()),
        max_k=settings.max_groups,
    )
    if len(chosen) == len(atoms):
        return solved
    medoids = chosen[solved.medoids]
    far = points.take(atoms[medoids]).cross(points.take(atoms))
    return settle(two_nearest(far), weights, medoids, solved.iterations)


def _settled(
    far: FloatArray, medoids: IntArray, own: IntArray, there: BoolArray, weights: DoubleArray
) -> Clustering:
    """Return the clustering in which each atom is with the nearest medoid whose part was there at its time.

    Parameters
    ----------
    far : FloatArray, shape (k, q)
        From the medoids to all atoms.
    medoids : IntArray, shape (k,)
        Atoms, ascending.
    own : IntArray, shape (q,)
        The part of each atom, in which it stays if no other is nearer.
    there : BoolArray, shape (k, q)
        Whether each part was there at the time of each atom.
    weights : DoubleArray, shape (q,)
    """
    at = np.arange(far.shape[1])
    if len(at) == 0:
        none = np.zeros(0, dtype=np.float32)
        return Clustering(medoids, own, none, none, own, 0.0, 0)
    allowed = np.where(there, far, np.inf)
    allowed[own, at] = far[own, at]
    labels = allowed.argmin(axis=0)
    labels = np.where(allowed[labels, at] < allowed[own, at], labels, own)
    labels[medoids] = np.arange(len(medoids))
    nearest = far[labels, at].copy()
    others = far.copy()
    others[labels, at] = np.inf
    second = others.argmin(axis=0) if len(medoids) > 1 else np.full(len(at), -1)
    return Clustering(medoids, labels, nearest, others[second, at], second, float(nearest @ weights), 0)


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
