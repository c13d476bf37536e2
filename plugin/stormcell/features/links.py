"""Links: rows that certainly belong together, each with its reason, joined into atoms by union-find."""

from __future__ import annotations

import numpy as np

from stormcell.config import LinksSettings
from stormcell.types import IntArray, Link, Rows


def find_links(rows: Rows, settings: LinksSettings) -> list[Link]:
    """Link each row to the one before it that carries the same key, if that was recent enough.

    A trace id links for ever. Request and resource ids are reused, so they link within
    ``key_life_seconds``. Logs of one service, pod and logger without a trace link in a burst, and
    notifications of one alert while they repeat.
    """
    limits = {
        "id": int(settings.key_life_seconds * 1e9),
        "resource": int(settings.key_life_seconds * 1e9),
        "burst": int(settings.burst_seconds * 1e9),
        "alert": int(settings.alert_seconds * 1e9),
    }
    first, last = rows.first.tolist(), rows.last.tolist()
    previous: dict[str, int] = {}
    links: list[Link] = []
    for row, keys in enumerate(rows.keys):
        for key in keys:
            before = previous.get(key)
            if before is not None:
                reason, _, value = key.partition(":")
                limit = limits.get(reason)
                if limit is None or first[row] - last[before] <= limit:
                    links.append(Link(before, row, reason, value))
            previous[key] = row
    return links


def join(count: int, links: list[Link]) -> IntArray:
    """Return the atom of each of ``count`` rows: connected components, numbered by their first row.

    Union-find with path halving (Tarjan & van Leeuwen 1984); the smaller root wins.
    """
    parent = list(range(count))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for link in links:
        a, b = root(link.a), root(link.b)
        if a != b:
            parent[max(a, b)] = min(a, b)
    roots = np.fromiter((root(row) for row in range(count)), dtype=np.int64, count=count)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64).reshape(count)
