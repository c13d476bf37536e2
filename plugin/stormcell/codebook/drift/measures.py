"""How far two distributions over the same values are apart, from counts.

Counts are taken as shares, so that twice as many of everything is the same. A share of 0 has no logarithm: the
measures that take one compare each side mixed with a little of both (``MIXED`` of it), the skew divergence of
L. Lee, "Measures of distributional similarity" (ACL 1999). So a value that is on one side only counts for some
five times its share, however many values there are and whatever the sizes of the samples.
"""

from __future__ import annotations

from math import log, sqrt
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from stormcell.types import DoubleArray

MIXED: Final = 0.01
"""How much of the middle of both is mixed into each before logarithms are taken."""
LARGEST_PSI: Final = 2 * (1 - MIXED) * log((2 - MIXED) / MIXED)
"""Of two distributions that share no value."""


def psi(before: ArrayLike, after: ArrayLike) -> float:
    """Return the population stability index: the sum of ``(after - before) ln(after / before)``.

    H. Jeffreys' divergence (Proc. R. Soc. A 186, 1946), the sum of both Kullback-Leibler divergences; as an index
    of stability in N. Siddiqi, "Credit Risk Scorecards" (2006). Symmetric; 0 for equal shares only.

    Parameters
    ----------
    before, after : array-like of counts, shape (m,)
        Not negative, and not all 0.

    Returns
    -------
    float
        From 0 to ``LARGEST_PSI``.

    Raises
    ------
    ValueError
        If the counts are of different lengths, negative, not finite or all 0.
    """
    return float(psi_parts(before, after).sum())


def psi_parts(before: ArrayLike, after: ArrayLike) -> DoubleArray:
    """Return what each value adds to ``psi``, shape (m,); none is negative."""
    p, q = _mixed(before, after)
    # A value that neither has is mixed to nothing, and adds nothing.
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = (q - p) * np.log(q / p)
    return np.asarray(np.where(p == q, 0.0, parts))


def kl(before: ArrayLike, after: ArrayLike) -> float:
    """Return the Kullback-Leibler divergence of ``after`` from ``before``, in nats.

    S. Kullback and R. A. Leibler, "On information and sufficiency" (Ann. Math. Stat. 22, 1951). It grows with what
    comes that was rare; what no longer comes adds little. Not symmetric; 0 for equal shares only. Arguments and
    errors are those of ``psi``.

    Returns
    -------
    float
        From 0 to ``LARGEST_PSI / 2``.
    """
    p, q = _mixed(before, after)
    return _divergence(q, p)


def js(before: ArrayLike, after: ArrayLike) -> float:
    """Return the Jensen-Shannon distance: the root of the divergence in bits.

    J. Lin, "Divergence measures based on the Shannon entropy" (IEEE Trans. Inf. Theory 37, 1991); that the root is
    a metric is of D. M. Endres and J. E. Schindelin (ibid. 49, 2003). Nothing is mixed in, for it is finite as it
    is. Arguments and errors are those of ``psi``.

    Returns
    -------
    float
        From 0, for equal shares only, to 1, for those that share no value.
    """
    p, q = _both(before, after)
    middle = (p + q) / 2
    return sqrt(min((_divergence(p, middle) + _divergence(q, middle)) / 2 / log(2), 1.0))


def ks(before: ArrayLike, after: ArrayLike) -> float:
    """Return the statistic of Kolmogorov and Smirnov: the largest difference of the cumulated shares.

    Of values in bins it is at most that of the values themselves. N. V. Smirnov (1939). Arguments and errors are
    those of ``psi``, in the order of the bins.

    Returns
    -------
    float
        From 0, for equal shares only, to 1.
    """
    p, q = _both(before, after)
    return float(min(np.abs(np.cumsum(q - p)[:-1]).max(initial=0.0), 1.0))


def chance_psi(values: int, before: float, after: float, sigmas: float) -> float:
    """Return the PSI that chance alone brings about at most, for two samples of one distribution.

    ``(1 / before + 1 / after)`` times chi-square of ``values - 1`` degrees of freedom is how it is distributed in
    large samples: B. Yurdakul and J. Naranjo, "Statistical properties of the population stability index"
    (J. Risk Model Validation 14(4), 2020). The quantile of chi-square is that of E. B. Wilson and M. M. Hilferty
    (1931).

    Parameters
    ----------
    values : int
    before, after : float
        Events in each sample.
    sigmas : float
        It is exceeded as often as a normal value exceeds so many standard deviations.
    """
    free = values - 1
    if free < 1:
        return 0.0
    spread = 2 / (9 * free)
    return (1 / before + 1 / after) * free * max(1 - spread + sigmas * sqrt(spread), 0.0) ** 3


def chance_ks(before: float, after: float, level: float) -> float:
    """Return the KS statistic that chance exceeds with probability ``level`` at most (Smirnov's limit).

    Of values in bins it is exceeded less often.
    """
    return sqrt(-log(level / 2) / 2 * (1 / before + 1 / after))


def chance_share(share: float, events: float, sigmas: float) -> float:
    """Return by how much a share of some events is off by chance at most: E. B. Wilson's interval (1927).

    ``share - chance_share(...)`` is its lower bound: never negative, and well below one or two events of few.
    """
    square = sigmas**2
    middle = (share + square / (2 * events)) / (1 + square / events)
    half = sigmas / (1 + square / events) * sqrt(share * (1 - share) / events + square / (4 * events**2))
    return share - max(middle - half, 0.0)


def _divergence(p: DoubleArray, q: DoubleArray) -> float:
    """Return the sum of ``p ln(p / q)``; q is 0 only where p is."""
    there = p > 0
    return max(float((p[there] * np.log(p[there] / q[there])).sum()), 0.0)


def _mixed(before: ArrayLike, after: ArrayLike) -> tuple[DoubleArray, DoubleArray]:
    p, q = _both(before, after)
    half = MIXED / 2
    return (1 - half) * p + half * q, (1 - half) * q + half * p


def _both(before: ArrayLike, after: ArrayLike) -> tuple[DoubleArray, DoubleArray]:
    p, q = _shares(before), _shares(after)
    if p.shape != q.shape:
        raise ValueError(f"found counts of {len(p)} and {len(q)} values; both sides must count the same values")
    return p, q


def _shares(counts: ArrayLike) -> DoubleArray:
    held = np.asarray(counts, dtype=np.float64)
    total = float(held.sum())
    if held.ndim != 1 or not 0 < total < float("inf") or held.min() < 0:
        raise ValueError("counts must be a list of numbers, none negative, all finite and not all 0")
    return np.asarray(held / total)
