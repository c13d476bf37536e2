"""Lulls: a group ends where it pauses for much longer than it is used to."""

from __future__ import annotations

import numpy as np

from stormcell.types import IntArray

_USUAL = 3.0
"""Times its usual pause that a group may pause: what comes every ten minutes goes on."""
_PAUSE = 10**9
"""ns; less is no pause."""


def cut_lulls(first: IntArray, last: IntArray, lull: int) -> list[IntArray]:
    """Cut the atoms of one cluster wherever they pause.

    A pause ends the group if it is longer than ``lull`` and longer than three times the cluster's usual pause, the
    median of those over a second.

    Parameters
    ----------
    first, last : IntArray, shape (m,)
        Start and end of each atom, ns.
    lull : int
        ns; 0 cuts nothing.

    Returns
    -------
    list of IntArray
        The atoms of each part, in order of their start; parts in order of time.
    """
    order = np.lexsort((last, first))
    if lull == 0 or len(order) < 2:
        return [order]
    pauses = first[order][1:] - np.maximum.accumulate(last[order])[:-1]
    known = pauses[pauses > _PAUSE]
    longest = max(float(lull), _USUAL * float(np.median(known))) if len(known) > 2 else float(lull)
    return np.split(order, np.flatnonzero(pauses > longest) + 1)
