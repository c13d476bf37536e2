"""The most central of many atoms, looked for among the likely ones, and clusterings whose labels are given."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from stormcell.cluster.assignment import two_nearest
from stormcell.distance.mixed import MixedPoints
from stormcell.types import Clustering, DoubleArray, IntArray

_HEAVIEST = 256


def most_central(
    points: MixedPoints, atoms: IntArray, weights: DoubleArray, part: IntArray, likely: Iterable[int] = ()
) -> int:
    """Return the atom of a part with the least weighted sum of dissimilarities to it, of equals the first.

    Parameters
    ----------
    points : MixedPoints
        All atoms.
    atoms : IntArray, shape (p,)
        The session's atoms.
    weights : DoubleArray, shape (p,)
        Of each, inside the objective.
    part : IntArray
        Positions in ``atoms``.
    likely : iterable of int
        Positions in ``atoms`` that are tried beside the part's heaviest ones.
    """
    heaviest = part[np.lexsort((part, -weights[part]))[:_HEAVIEST]].tolist()
    tried = np.array(sorted({*heaviest, *likely}))
    far = points.take(atoms[tried]).cross(points.take(atoms[part])).astype(np.float64)
    return int(tried[(far @ weights[part]).round(9).argmin()])


def labelled(
    points: MixedPoints, atoms: IntArray, weights: DoubleArray, medoids: IntArray, labels: IntArray
) -> Clustering:
    """Return the clustering with these medoids and labels.

    Parameters
    ----------
    points : MixedPoints
        All atoms.
    atoms : IntArray, shape (p,)
        Those that are clustered.
    weights : DoubleArray, shape (p,)
        Of each, inside the objective.
    medoids : IntArray, shape (k,)
        Positions in ``atoms``.
    labels : IntArray, shape (p,)
        Index into ``medoids``, each used.

    Returns
    -------
    Clustering
        ``second`` is the nearest medoid but the own: it can be nearer, and ``margin`` negative then.
    """
    far = points.take(atoms[medoids]).cross(points.take(atoms))
    every = np.arange(len(atoms))
    own = far[labels, every]
    others = far.copy()
    others[labels, every] = np.inf
    several = len(medoids) > 1
    return Clustering(
        medoids=medoids,
        labels=labels,
        nearest=own,
        runner_up=others.min(axis=0),
        second=two_nearest(others).nearest if several else np.full(len(atoms), -1),
        loss=float(weights @ own.astype(np.float64)),
        iterations=0,
    )
