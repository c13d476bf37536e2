"""Windows: a session too long or too full to be clustered at once, in overlapping parts, put together again.

A stream may never be silent. Each window is clustered for itself; two clusters of neighbouring windows that hold
mostly the same of what both windows saw are one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stormcell.types import BoolArray, Clustering, DoubleArray, IntArray


def cut_windows(first: IntArray, last: IntArray, width: int, overlap: int, most: int) -> list[IntArray]:
    """Cut a session into windows.

    Parameters
    ----------
    first, last : IntArray, shape (p,)
        Start and end of each atom, ns.
    width : int
        A window's length, ns. An atom is in every window that it reaches into.
    overlap : int
        What neighbouring windows share, ns; less than ``width``.
    most : int
        A window of more atoms than this is halved, as long as it is longer than twice the overlap.

    Returns
    -------
    list of IntArray
        The atoms of each window, ascending; windows in order of time, none empty; each atom in at least one.
    """
    start, end = int(first.min()), int(last.max())
    windows: list[IntArray] = []
    pending = [(start, end)] if end - start <= width else _grid(start, end, width, overlap)
    while pending:
        low, high = pending.pop(0)
        inside = np.flatnonzero((first <= high) & (last >= low))
        if len(inside) > most and high - low > 2 * overlap:
            half = (low + high) // 2
            pending[:0] = [(low, half + overlap // 2), (half - overlap // 2, high)]
        elif len(inside):
            windows.append(inside)
    return windows


def _grid(start: int, end: int, width: int, overlap: int) -> list[tuple[int, int]]:
    """Return windows at fixed places of the clock, so that what came before does not move them."""
    step = width - overlap
    lows = range(start // step * step - overlap, end + 1, step)
    return [(low, low + width) for low in lows if low + width >= start]


def stitch(
    windows: Sequence[IntArray],
    clusterings: Sequence[Clustering],
    strays: Sequence[BoolArray],
    weights: DoubleArray,
) -> IntArray:
    """Return one label for each atom over all windows, by first appearance; -1 for what is a stray in all.

    Of an atom in several windows the first label counts. Two clusters of neighbouring windows become one if at
    least half of the shared weight of either lies in the other.

    Parameters
    ----------
    windows : sequence of IntArray
        As ``cut_windows`` gives them.
    clusterings : sequence of Clustering
        One a window; points are positions in the window.
    strays : sequence of BoolArray
        For each window which of its atoms are not really in their cluster.
    weights : DoubleArray, shape (p,)
        Of the atoms.

    Returns
    -------
    IntArray, shape (p,)
    """
    offsets = np.concatenate([[0], np.cumsum([len(c.medoids) for c in clusterings])])
    parent = list(range(int(offsets[-1])))

    def root(cluster: int) -> int:
        while parent[cluster] != cluster:
            cluster = parent[cluster]
        return cluster

    held = np.full(len(weights), -1)
    latest = held.copy()
    for window, clustering, stray, offset in zip(windows, clusterings, strays, offsets.tolist(), strict=False):
        own = np.where(stray, -1, clustering.labels + offset)
        before = latest[window]
        shared = (before >= 0) & (own >= 0)
        for a, b in _same(before[shared], own[shared], weights[window[shared]]):
            low, high = sorted((root(a), root(b)))
            parent[high] = low
        latest[window] = np.where(own >= 0, own, before)
        fresh = held[window] < 0
        held[window[fresh]] = own[fresh]
    inside = np.flatnonzero(held >= 0)
    roots = np.array([root(cluster) for cluster in held[inside].tolist()], dtype=np.int64)
    _, places, numbers = np.unique(roots, return_index=True, return_inverse=True)
    labels = np.full(len(weights), -1)
    labels[inside] = np.argsort(np.argsort(places))[numbers.reshape(-1)]
    return labels


def _same(before: IntArray, now: IntArray, weights: DoubleArray) -> list[tuple[int, int]]:
    """Return the pairs of clusters each of which holds at least half of what is shared of the other."""
    pairs, place = np.unique(np.stack([before, now]), axis=1, return_inverse=True)
    weight = np.bincount(place.reshape(-1), weights=weights, minlength=pairs.shape[1])
    left = {int(a): float(weight[pairs[0] == a].sum()) for a in np.unique(pairs[0])}
    right = {int(b): float(weight[pairs[1] == b].sum()) for b in np.unique(pairs[1])}
    return [
        (int(a), int(b))
        for a, b, both in zip(pairs[0], pairs[1], weight, strict=True)
        if 2 * both >= left[int(a)] and 2 * both >= right[int(b)]
    ]
