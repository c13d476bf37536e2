"""Sessions: stretches of event time between silences."""

from __future__ import annotations

import numpy as np

from stormcell.types import IntArray


def cut_sessions(first: IntArray, last: IntArray, silence: int) -> list[IntArray]:
    """Cut intervals into sessions wherever nothing happens for longer than ``silence``.

    Parameters
    ----------
    first, last : IntArray, shape (m,)
        Start and end of each interval, ns.
    silence : int
        ns.

    Returns
    -------
    list of IntArray
        The intervals of each session, in order of their start; sessions in order of time.
    """
    if len(first) == 0:
        return []
    order = np.lexsort((last, first))
    reached = np.maximum.accumulate(last[order])
    cuts = np.flatnonzero(first[order][1:] - reached[:-1] > silence) + 1
    return np.split(order, cuts)
