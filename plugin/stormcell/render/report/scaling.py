"""A map of what is known only by how far apart it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stormcell.types import DoubleArray, FloatArray

_NOTHING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Points in the plane.

    Attributes
    ----------
    at : DoubleArray, shape (n, 2)
        Centred.
    explained : float
        The part of the variance that two dimensions hold, of all that any number of dimensions could, in [0, 1].
    stress : float
        Kruskal's stress-1: how far the distances in the plane are from the true ones; 0 is exact.
    """

    at: DoubleArray
    explained: float
    stress: float


def scale(far: FloatArray) -> Map:
    """Return the plane in which distances are nearest to those given, by classical scaling.

    Torgerson, "Multidimensional scaling: I. Theory and method", Psychometrika 17 (1952): the eigenvectors of the
    doubly centred squared distances. What is no distance of points in any space (negative eigenvalues) is left
    out.

    Parameters
    ----------
    far : FloatArray, shape (n, n)
        Symmetric, 0 on the diagonal.
    """
    n = len(far)
    at = np.zeros((n, 2))
    if n < 2:
        return Map(at, 1.0, 0.0)
    exact = far.astype(np.float64)
    exact = (exact + exact.T) / 2
    squared = exact**2
    centred = -0.5 * (squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean())
    values, vectors = np.linalg.eigh(centred)
    values, vectors = values[::-1], vectors[:, ::-1]
    total = float(values[values > _NOTHING].sum())
    if total <= 0:
        return Map(at, 1.0, 0.0)
    kept = np.maximum(values[:2], 0.0)
    at[:, : len(kept)] = vectors[:, :2] * np.sqrt(kept)
    for axis in range(2):
        # An eigenvector has no sign of its own: the farthest point is on the right, and above.
        if at[np.abs(at[:, axis]).argmax(), axis] < 0:
            at[:, axis] *= -1
    shown = np.sqrt(((at[:, None] - at[None]) ** 2).sum(axis=2))
    stress = float(np.sqrt(((shown - exact) ** 2).sum() / squared.sum()))
    return Map(at, float(kept.sum()) / total, stress)
