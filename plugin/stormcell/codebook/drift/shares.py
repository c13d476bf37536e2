"""The values of a field on two sides, as shares: what can be compared one by one, what is new, what is gone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import exp
from typing import Final

import numpy as np

from stormcell.types import DoubleArray
from stormcell.types.codebooks import OTHER

Shares = Mapping[str, float]

_FEWEST: Final = 5.0
"""Values that are to be expected less often are compared as one (W. G. Cochran's rule, 1954)."""
_ONCE: Final = 1.5
_RISEN: Final = 3.0
_HALF: Final = 0.5
_NUMBER: Final = re.compile(r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?")


def shares_of(counts: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Return the shares of the values that there are, and how many events these are of."""
    total = sum(counts.values())
    return {value: count / total for value, count in counts.items() if count > 0}, total


def aligned(p: Shares, q: Shares, old: float, new: float) -> tuple[list[str], DoubleArray, DoubleArray]:
    """Return the values of both sides that are compared one by one, and their shares; all others are ``OTHER``.

    Those are values that are rare on both sides, and what one side has and the other may have among its others.

    Parameters
    ----------
    p, q : mapping of str to float
        Shares in the reference and in the window.
    old, new : float
        Events of both.
    """
    fewest = _FEWEST / min(old, new)
    hidden = max(p.get(OTHER, 0.0), q.get(OTHER, 0.0))
    values, before, after = [], [], []
    for value in sorted({*p, *q} - {OTHER}):
        one, two = p.get(value, 0.0), q.get(value, 0.0)
        if (one + two) / 2 < fewest or (not (one and two) and max(one, two) <= hidden):
            continue
        values.append(value)
        before.append(one)
        after.append(two)
    rest = max(1 - sum(before), 0.0), max(1 - sum(after), 0.0)
    if max(rest) > 1e-9:
        values.append(OTHER)
        before.append(rest[0])
        after.append(rest[1])
    return values, np.array(before), np.array(after)


def unseen(p: Shares, q: Shares, old: float) -> float:
    """Return the share of the window's events whose value the reference lacks, beyond what was to be expected.

    That is the share of what it saw once: I. J. Good, "The population frequencies of species" (1953).
    """
    once = sum(share for value, share in p.items() if share * old < _ONCE and value != OTHER)
    return max(_absent(p, q) - once, 0.0)


def vanished(p: Shares, q: Shares, new: float) -> float:
    """Return how much of the reference is not in the window, beyond what so few events leave out by chance."""
    missed = sum(share * exp(-share * new) for value, share in p.items() if value != OTHER)
    return max(_absent(q, p) - missed, 0.0)


def _absent(p: Shares, q: Shares) -> float:
    """Return the share of q on values that p does not have, as far as what is counted as other lets it be told."""
    lone = sum(share for value, share in q.items() if value not in p and value != OTHER)
    lacking = sum(share for value, share in p.items() if value not in q and value != OTHER)
    beyond = max(q.get(OTHER, 0.0) - lacking, 0.0)
    return max(lone + beyond - p.get(OTHER, 0.0), 0.0)


def risen(p: Shares, q: Shares) -> float:
    """Return the share of the window's events on values that come ``_RISEN`` times as much as before, or are new.

    It is 0 where half of the reference, or more, does not come at all: then it is not more of some that came.
    """
    if sum(share for value, share in p.items() if value in q) <= _HALF:
        return 0.0
    return sum(share for value, share in q.items() if share >= _RISEN * p.get(value, 0.0))


def in_order(bins: Iterable[str]) -> list[str]:
    """Return the names of bins in the order of the numbers that they start with."""
    return sorted(bins, key=_start)


def _start(bin: str) -> tuple[float, str]:
    number = _NUMBER.match(bin)
    return float(number[0]) if number else float("inf"), bin
