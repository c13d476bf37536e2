"""The most central of many atoms, looked for among the likely ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from stormcell.distance.mixed import MixedPoints
from stormcell.types import DoubleArray, IntArray

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
