"""What is held: how far back events may still change groups, as a function of what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from stormcell.config import Settings
from stormcell.groups.sessions import cut_sessions
from stormcell.types import Group, Rows

_STEP: Final = 60 * 10**9
"""What is settled is put away in portions of so long, ns, as every portion costs."""


def tick_width(settings: Settings) -> int:
    """Return the length of a tick in ns: whole buckets of rows."""
    bucket = _ns(settings.rows.bucket_seconds)
    return max(round(settings.live.tick_seconds * 1e9 / bucket), 1) * bucket


def release_at(now: int, released: int, groups: Sequence[Group], rows: Rows, settings: Settings) -> int:
    """Return the time before which all is settled at a tick.

    Events are held for ``keep_seconds``, and while the session of a group that may still change goes on; but not
    for longer than ``horizon_seconds``, and not more than ``max_events`` and ``max_rows`` of them.

    Parameters
    ----------
    now : int
        Event time of the tick, ns.
    released : int
        The same at the tick before; it never goes back.
    groups : sequence of Group
        Those found at this tick.
    rows : Rows
        All that are held.
    settings : Settings

    Returns
    -------
    int
        ns, where a time bucket of rows begins.
    """
    live, bucket = settings.live, _ns(settings.rows.bucket_seconds)
    over = _ns(max(settings.grouping.silence_seconds, live.quiet_seconds))
    settled = now - _ns(live.keep_seconds)
    first = np.array([group.first_seen for group in groups], dtype=np.int64)
    last = np.array([group.last_seen for group in groups], dtype=np.int64)
    for session in cut_sessions(first, last, _ns(settings.grouping.silence_seconds)):
        if now - int(last[session].max()) <= over:
            settled = min(settled, int(first[session].min()))
    step = max(tick_width(settings), _STEP)
    forced = now - _ns(live.horizon_seconds)
    crowded = _crowded(rows, live.max_events, live.max_rows) // bucket * bucket
    return max(max(settled, forced) // step * step, crowded, released)


def _crowded(rows: Rows, events: int, most: int) -> int:
    """Return the time from which on half of so many events and rows are left; 0 if there are not more at all.

    Half, for else each tick from then on would cut off a little.
    """
    if len(rows) <= most and int(rows.weight.sum()) <= events:
        return 0
    events, most = events // 2, most // 2
    order = np.argsort(rows.first, kind="stable")[::-1]
    left = np.flatnonzero((np.cumsum(rows.weight[order]) > events) | (np.arange(len(order)) >= most))
    return int(rows.first[order[left[0]]]) + 1 if len(left) else 0


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
