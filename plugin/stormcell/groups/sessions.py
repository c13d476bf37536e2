"""Sessions: stretches of event time between silences."""

from __future__ import annotations

from collections.abc import Sequence

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


def cut_apart(first: IntArray, last: IntArray, silence: int, same: Sequence[tuple[str, ...]]) -> list[IntArray]:
    """Cut the intervals of each of those that differ in ``same`` into sessions of their own.

    Parameters
    ----------
    first, last : IntArray, shape (m,)
        Start and end of each interval, ns.
    silence : int
        ns.
    same : sequence of tuple of str, length m
        See Rows; empty where all are alike.

    Returns
    -------
    list of IntArray
        As ``cut_sessions``; sessions in order of their start, of equals by what they have in common.
    """
    if not same:
        return cut_sessions(first, last, silence)
    own: dict[tuple[str, ...], list[int]] = {}
    for at, value in enumerate(same):
        own.setdefault(value, []).append(at)
    sessions = []
    for value, places in own.items():
        inside = np.array(places)
        for session in cut_sessions(first[inside], last[inside], silence):
            sessions.append((int(first[inside[session[0]]]), value, inside[session]))
    return [session for *_, session in sorted(sessions, key=lambda each: each[:2])]
