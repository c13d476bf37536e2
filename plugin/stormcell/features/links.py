"""Links: rows that certainly belong together, each with its reason, joined into atoms by union-find."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

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
    born: dict[Hashable, int] = {}
    previous: dict[Hashable, int] = {}
    links: list[Link] = []
    for row, keys in enumerate(rows.keys):
        for key in keys:
            reason, _, value = key.partition(":")
            own: Hashable = (key, rows.same[row]) if rows.same else key
            if apart and reason in gaps:
                own = own, apart[row]
            if first[row] - born.setdefault(own, first[row]) > lives.get(reason, life):
                born[own] = first[row]
                del previous[own]
            before = previous.get(own)
            if before is None:
                previous[own] = row
                continue
            if reason not in gaps or first[row] - last[before] <= gaps[reason]:
                links.append(Link(before, row, reason, shown_key(value)))
            if last[row] >= last[before]:
                previous[own] = row
    return links


def join(count: int, links: list[Link]) -> IntArray:
    """Return the atom of each of ``count`` rows: connected components, numbered by their first row.

    All links at once: each of two roots that are linked hangs the larger below the smaller, until none are.
    """
    root = np.arange(count)
    ends = np.array([(link.a, link.b) for link in links], dtype=np.int64).reshape(-1, 2).T
    a, b = ends
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
    return np.unique(root, return_inverse=True)[1].astype(np.int64).reshape(count)
