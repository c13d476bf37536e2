"""Where k-medoids starts: drawn at random, k-medoids++, LAB and BUILD.

k-medoids++ is k-means++ (Arthur & Vassilvitskii 2007) with the dissimilarity in place of its square; LAB is from
Schubert & Rousseeuw (2021), BUILD from Kaufman & Rousseeuw (1990).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from stormcell.cluster.checks import refuse
from stormcell.cluster.fasterpam import best_addition
from stormcell.types import BoolArray, DoubleArray, FloatArray, IntArray

Init = Literal["k-medoids++", "lab", "build", "random"]

_LAB_SAMPLE = 10


def seed_medoids(
    init: Init,
    dissimilarity: FloatArray,
    weights: DoubleArray,
    k: int,
    *,
    seed: int = 0,
    given: IntArray | None = None,
) -> IntArray:
    """Return k different points to start from.

    Parameters
    ----------
    init : {"k-medoids++", "lab", "build", "random"}
        k-medoids++ and LAB take time in O(n k) and O(n**1.5 k), BUILD in O(n**2 k) but draws nothing.
    dissimilarity : FloatArray, shape (n, n)
    weights : DoubleArray, shape (n,)
        A point of weight w is drawn like w points.
    k : int
        1 to n.
    seed : int
    given : IntArray, shape (p,), optional
        Medoids that come first whatever else is drawn, p <= k.

    Returns
    -------
    IntArray, shape (k,)

    Raises
    ------
    ValueError
        If ``init`` is none of these, or a value that is read is no dissimilarity.
    """
    if init not in _SEEDINGS:
        raise ValueError(f"init must be one of {', '.join(_SEEDINGS)}, found {init!r}")
    medoids = [] if given is None else given.tolist()
    draw, rng = _SEEDINGS[init], np.random.default_rng(seed)
    nearest = dissimilarity[medoids].min(axis=0, initial=np.inf).astype(np.float64)
    free = np.ones(len(weights), dtype=bool)
    free[medoids] = False
    while len(medoids) < k:
        chosen = draw(dissimilarity, weights, nearest, free, rng)
        medoids.append(chosen)
        free[chosen] = False
        row = dissimilarity[chosen]
        if not (row.min() >= 0 and row.max() < np.inf):
            refuse(dissimilarity, chosen)
        np.minimum(nearest, row, out=nearest)
    return np.array(medoids, dtype=np.int64)


# Chooses the next medoid: (dissimilarity, weights, distances to the nearest one so far, points still free, rng).
_Draw = Callable[[FloatArray, DoubleArray, DoubleArray, BoolArray, np.random.Generator], int]


def _random(
    far: FloatArray, weights: DoubleArray, nearest: DoubleArray, free: BoolArray, rng: np.random.Generator
) -> int:
    return _drawn(weights * free, rng)


def _plus_plus(
    far: FloatArray, weights: DoubleArray, nearest: DoubleArray, free: BoolArray, rng: np.random.Generator
) -> int:
    chance = weights * free
    if np.isfinite(nearest[0]):  # not the first one
        away = chance * nearest
        chance = away if away.sum() > 0 else chance
    return _drawn(chance, rng)


def _lab(
    far: FloatArray, weights: DoubleArray, nearest: DoubleArray, free: BoolArray, rng: np.random.Generator
) -> int:
    places = np.flatnonzero(free)
    size = min(len(places), _LAB_SAMPLE + int(np.sqrt(len(weights))))
    sample = np.sort(rng.choice(places, size=size, replace=False))
    return int(sample[best_addition(far[sample], weights, nearest)[0]])


def _build(
    far: FloatArray, weights: DoubleArray, nearest: DoubleArray, free: BoolArray, rng: np.random.Generator
) -> int:
    best = best_addition(far, weights, nearest)[0]
    # Every point is at distance 0 of a medoid: any other will do.
    return best if free[best] else int(np.flatnonzero(free)[0])


def _drawn(chance: DoubleArray, rng: np.random.Generator) -> int:
    """Draw a place with a probability proportional to ``chance``."""
    upto = np.cumsum(chance)
    at = int(np.searchsorted(upto, rng.random() * upto[-1], side="right"))
    # Rounding may carry the draw past the last place that has a chance.
    return at if at < len(chance) and chance[at] > 0 else int(np.flatnonzero(chance)[-1])


_SEEDINGS: dict[str, _Draw] = {
    "k-medoids++": _plus_plus,
    "lab": _lab,
    "build": _build,
    "random": _random,
}
