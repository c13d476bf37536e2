"""Links: rows that certainly belong together, each with its reason, joined into atoms by union-find."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from stormcell.config import LinksSettings
from stormcell.privacy import shown_key
from stormcell.types import IntArray, Link, Rows


def find_links(rows: Rows, settings: LinksSettings, apart: Sequence[Hashable] = ()) -> list[Link]:
    """Link each row to the latest one before it that carries the same key, while the key lives.

    Ids are reused, or name a tenant that is in every line, and a service may log for ever: a key dies
    ``key_life_seconds`` after it was first seen, that of a burst ``burst_life_seconds``, and is born anew. So
    atoms stay bounded in time. Logs of one service, pod and logger without a trace link in a burst, and
    notifications of one alert while they repeat. Rows that differ in ``Rows.same`` share no key.

    Parameters
    ----------
    rows : Rows, n rows
    settings : LinksSettings
    apart : sequence, length n
        Rows that differ in it are linked by what is certain only, not as a burst or an alert; empty for none.
    """
    life = int(settings.key_life_seconds * 1e9)
    lives = {"burst": int(settings.burst_life_seconds * 1e9)}
    gaps = {"burst": int(settings.burst_seconds * 1e9), "alert": int(settings.alert_seconds * 1e9)}
    first, last = rows.first.tolist(), rows.last.tolist()
    alive: dict[Hashable, _Key] = {}
    links: list[Link] = []
    for row, keys in enumerate(rows.keys):
        begin, end = first[row], last[row]
        for key in keys:
            own: Hashable = (key, rows.same[row]) if rows.same else key
            if apart and key.partition(":")[0] in gaps:
                own = own, apart[row]
            known = alive.get(own)
            if known is None or begin - known.born > known.life:
                reason, _, value = key.partition(":")
                alive[own] = _Key(reason, shown_key(value), begin, lives.get(reason, life), gaps.get(reason), row)
                continue
            before = known.row
            if known.gap is None or begin - last[before] <= known.gap:
                links.append(Link(before, row, known.reason, known.shown))
            if end >= last[before]:
                known.row = row
    return links


@dataclass(slots=True)
class _Key:
    """A key that lives: since when and for how long, what it may pause, and the latest row that carried it."""

    reason: str
    shown: str
    born: int
    life: int
    gap: int | None
    row: int


def join(count: int, links: list[Link]) -> IntArray:
    """Return the atom of each of ``count`` rows: connected components, numbered by their first row.

    All links at once: each of two roots that are linked hangs the larger below the smaller, until none are.
    """
    root = np.arange(count)
    a, b = (np.fromiter(map(itemgetter(end), links), dtype=np.int64, count=len(links)) for end in (0, 1))
    while True:
        low, high = np.minimum(root[a], root[b]), np.maximum(root[a], root[b])
        apart = low != high
        if not apart.any():
            break
        a, b = a[apart], b[apart]
        np.minimum.at(root, high[apart], low[apart])
        above = root[root]
        while (above != root).any():
            root, above = above, above[above]
    # A root is the first row of its atom.
    atom_of: IntArray = (np.cumsum(root == np.arange(count)) - 1)[root]
    return atom_of
