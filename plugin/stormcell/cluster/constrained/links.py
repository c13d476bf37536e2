"""Links between rows, as given: checked before anything is clustered."""

from __future__ import annotations

from collections import deque

import numpy as np

from stormcell.types import IntArray


def checked_links(name: str, links: IntArray | None, n: int) -> IntArray:
    """Return pairs of rows, none for None.

    Raises
    ------
    ValueError
        If they are not pairs of whole numbers from 0 to n - 1. Names the first pair that is wrong.
    """
    pairs = np.empty((0, 2), dtype=np.int64) if links is None else np.asarray(links)
    if pairs.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be pairs of row numbers, shape (pairs, 2), found shape {pairs.shape} of {pairs.dtype}"
        )
    outside = np.flatnonzero(((pairs < 0) | (pairs >= n)).any(axis=1))
    if len(outside):
        at = int(outside[0])
        raise ValueError(f"{name}[{at}] is {pairs[at].tolist()}: rows are 0 to {n - 1}")
    return pairs.astype(np.int64)


def refuse_contradictions(component: IntArray, must: IntArray, cannot: IntArray, pinned: IntArray) -> None:
    """Look for rows that must share a cluster and may not.

    Parameters
    ----------
    component : IntArray, shape (n,)
        Rows that must-links join have the same.
    must, cannot : IntArray, shape (links, 2)
    pinned : IntArray, shape (p,)
        Medoids, no two of which can share a cluster.

    Raises
    ------
    ValueError
        Names the first two such rows, and the must-links that join them.
    """
    same = np.flatnonzero(component[cannot[:, 0]] == component[cannot[:, 1]])
    if len(same):
        a, b = cannot[same[0]].tolist()
        if a == b:
            raise ValueError(f"cannot_link[{same[0]}] is {[a, b]}: a row always shares a cluster with itself")
        raise ValueError(
            f"cannot_link[{same[0]}] keeps rows {a} and {b} apart, but must-links join them: {_path(a, b, must)}. "
            "Drop one of these links"
        )
    order = pinned[np.argsort(component[pinned], kind="stable")]
    twice = np.flatnonzero(np.diff(component[order]) == 0)
    if len(twice):
        a, b = sorted(order[twice[0] : twice[0] + 2].tolist())
        raise ValueError(
            f"rows {a} and {b} are pinned as two medoids, but must-links join them: {_path(a, b, must)} "
            "(unpin one or drop a link)"
        )


def _path(a: int, b: int, must: IntArray) -> str:
    """Name the shortest chain of must-links from one row to another."""
    near: dict[int, list[int]] = {}
    for one, other in must.tolist():
        near.setdefault(one, []).append(other)
        near.setdefault(other, []).append(one)
    before, ahead = {b: b}, deque([b])
    while a not in before:
        at = ahead.popleft()
        for other in near[at]:
            if other not in before:
                before[other] = at
                ahead.append(other)
    links = []
    while a != b:
        links.append(f"{a} with {before[a]}")
        a = before[a]
    return ", ".join(links)
