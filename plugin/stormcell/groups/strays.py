"""Strays: atoms that are nothing like the group they came to, and did not come in a storm."""

from __future__ import annotations

import numpy as np

from stormcell.features.outline import Outline
from stormcell.types import BoolArray, Clustering, IntArray

_AROUND = 60 * 10**9
"""ns before and after an atom that make its surroundings."""
_STORM = 3
"""Services that are accused there at once in a storm."""
_SOME = 3
"""Events from which on an atom alone is worth a group."""


def find_strays(clustering: Clustering, atoms: IntArray, outline: Outline, far: float) -> BoolArray:
    """Return which atoms are strays.

    In a storm, symptoms far from one another are one incident. Where nothing else happens, an atom far from the
    medoid of its cluster only came to it because it had to come to one. So an atom is a stray if it is at least
    ``far`` from its medoid while fewer than three services are accused within a minute of it; and so is one of few
    events that is left alone. An atom that holds an alert never is: somebody wanted to be told.

    Parameters
    ----------
    clustering : Clustering
        Of a window; points are positions in ``atoms``.
    atoms : IntArray, shape (p,)
    outline : Outline
        Of all atoms.
    far : float
        A dissimilarity; above 1 there are no strays.

    Returns
    -------
    BoolArray, shape (p,)
    """
    if far > 1:
        return np.zeros(len(atoms), dtype=bool)
    quiet = ~outline.alerts[atoms] & (_services_around(atoms, outline) < _STORM)
    strays: BoolArray = quiet & (clustering.nearest >= far)
    left = np.bincount(clustering.labels[~strays], minlength=len(clustering.medoids))
    strays |= quiet & (left[clustering.labels] == 1) & (outline.items[atoms] < _SOME)
    return strays


def _services_around(atoms: IntArray, outline: Outline) -> IntArray:
    """Return how many services are accused within a minute of each atom, its own included."""
    first, last, accused = outline.first[atoms], outline.last[atoms], outline.accused[atoms]
    found = np.zeros(len(atoms), dtype=np.int64)
    for service in np.unique(accused).tolist():
        own = accused == service
        # Of a service's atoms, those that begin before the surroundings end, less those that end before they
        # begin.
        begun = np.searchsorted(np.sort(first[own]), last + _AROUND, side="right")
        over = np.searchsorted(np.sort(last[own]), first - _AROUND, side="left")
        found += begun > over
    return found
