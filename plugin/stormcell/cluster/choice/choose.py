"""How many clusters: four ways to choose k."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from stormcell.cluster.checks import as_given, check_values, checked_matrix, checked_weights, matrix_of, whole
from stormcell.cluster.choice.msc import dynmsc
from stormcell.cluster.opening import cluster_by_opening_cost
from stormcell.cluster.quality.silhouette import silhouette
from stormcell.cluster.solve import kmedoids, label
from stormcell.distance.points import Precomputed
from stormcell.protocols import Points
from stormcell.types import Clustering, DoubleArray, FloatArray

ChoiceMethod = Literal["opening_cost", "medoid_silhouette", "silhouette", "elbow"]

MATRIX_UP_TO = 20_000
# Scores that differ by less are the same: the smaller k is taken.
_SAME = 1e-9
# An elbow less deep than this share of the fall of the loss is a straight line, near enough.
_LEAST_ELBOW = 0.05


class CeilingWarning(UserWarning):
    """The chosen k is the largest that was allowed, so it says little of the data."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The chosen number of clusters.

    Attributes
    ----------
    k : int
    clustering : Clustering
        With k medoids.
    scores : mapping of int to float
        The score of each k that was compared, by ascending k; see `choose_k`. Empty where all rows are alike.
    method : str
    k_max : int
        The largest k that was allowed: what was asked for, or fewer where there are too few rows.
    at_ceiling : bool
        Whether k is ``k_max`` and a smaller and a larger k were possible.
    """

    k: int
    clustering: Clustering
    scores: Mapping[int, float]
    method: ChoiceMethod
    k_max: int
    at_ceiling: bool


def choose_k(
    data: FloatArray | Points,
    *,
    k_max: int,
    k_min: int | None = None,
    method: ChoiceMethod = "medoid_silhouette",
    weights: DoubleArray | None = None,
    seed: int = 0,
    opening_cost: float | None = None,
) -> Choice:
    """Choose the number of clusters, and cluster.

    Parameters
    ----------
    data : FloatArray, shape (n, n), or Points of length n
        As `kmedoids` takes them; of Points the matrix is made, so at most 20,000.
    k_max : int
        The largest k to look at. One above what n rows allow (n, for a silhouette n - 1) is cut to that, and
        ``Choice.k_max`` says so.
    k_min : int, optional
        The least, by default 1, for a silhouette 2.
    method : {"medoid_silhouette", "silhouette", "elbow", "opening_cost"}
        "medoid_silhouette" takes the clustering with the highest average medoid silhouette, which it optimises
        itself (DynMSC, see msc). Every medoid scores 1, so a cluster of m rows scores best as m medoids: it finds
        clusters only where ``k_max`` leaves no room for that, so not among clusters of a few rows.
        "silhouette" takes the k-medoids solution with the highest mean silhouette, O(n²) for each k.
        "elbow" takes the k at which the loss lies deepest below the straight line from ``k_min`` to ``k_max``,
        with both axes scaled to [0, 1]; the score is that depth (the difference curve of Kneedle: Satopää et al.
        2011, doi:10.1109/ICDCSW.2011.20). A depth below 0.05 is no elbow, and the choice is ``k_max``.
        "opening_cost" opens another medoid where that lowers the mean dissimilarity by more than
        ``opening_cost`` (see opening). Its score is a cost, less is better, and known of the chosen k only. If it
        opens fewer than ``k_min``, the choice is ``k_min``.
    weights : DoubleArray, shape (n,), optional
        Positive; 1 each by default. A row of weight w counts as w rows.
    seed : int
        For the seeding of k-medoids at ``k_max``; smaller k start from the solution before, less the medoid
        whose removal costs least.
    opening_cost : float, optional
        At least 0, in the unit of the dissimilarity; for the method of that name, which has no default.

    Returns
    -------
    Choice
        Among equal scores, the least k. Rows that are all alike are one cluster (``k_min``, if given).

    Raises
    ------
    ValueError
        If the range of k is empty, too few rows are there, or another argument has a value it may not have.

    Warns
    -----
    CeilingWarning
        If ``Choice.at_ceiling``.
    """
    if method not in get_args(ChoiceMethod):
        raise ValueError(f"method must be one of {', '.join(get_args(ChoiceMethod))}, found {method!r}")
    if method == "opening_cost" and not (opening_cost is not None and 0 <= opening_cost < np.inf):
        raise ValueError(f"the method opening_cost needs an opening_cost of at least 0, found {opening_cost}")
    if method != "opening_cost" and opening_cost is not None:
        raise ValueError(f"an opening_cost is for the method of that name, found the method {method}")
    matrix = _matrix(data)
    n = len(matrix)
    weights = checked_weights(weights, n)
    of_silhouette = method in ("medoid_silhouette", "silhouette")
    low, high = _range(k_min, k_max, 2 if of_silhouette else 1)
    top = min(high, n)
    if not matrix.any():
        k = 1 if k_min is None else low
        return Choice(k, kmedoids(matrix, k, weights=weights, seed=seed), {}, method, top, False)
    if of_silhouette:
        top = min(high, n - 1)
    if low > top:
        limit = "n - 1 clusters" if of_silhouette else "n clusters"
        raise ValueError(
            f"{method} can tell {low} to {limit} apart, found n = {n} rows: give more, or lower k_min"
        )
    if method == "opening_cost":
        scores, clustering = _by_opening_cost(matrix, weights, low, top, seed, float(opening_cost or 0))
    else:
        choose = {"medoid_silhouette": _by_medoid_silhouette, "silhouette": _by_silhouette, "elbow": _by_elbow}
        scores, clustering = choose[method](matrix, weights, low, top, seed)
    k = len(clustering.medoids)
    at_ceiling = low < k == top < n
    if at_ceiling:
        warnings.warn(_advice(method, k, high, n), CeilingWarning, stacklevel=2)
    return Choice(k, clustering, scores, method, top, at_ceiling)


_Found = tuple[dict[int, float], Clustering]


def _by_opening_cost(
    matrix: FloatArray, weights: DoubleArray, low: int, top: int, seed: int, opening_cost: float
) -> _Found:
    found = cluster_by_opening_cost(matrix, weights, opening_cost=opening_cost, max_k=top)
    if len(found.medoids) < low:
        found = kmedoids(matrix, low, weights=weights, seed=seed)
    k = len(found.medoids)
    return {k: found.loss / float(weights.sum()) + opening_cost * k}, found


def _by_medoid_silhouette(matrix: FloatArray, weights: DoubleArray, low: int, top: int, seed: int) -> _Found:
    start = kmedoids(matrix, top, weights=weights, seed=seed).medoids
    solutions = {len(each.medoids): each for each in reversed(dynmsc(matrix, weights, start, low))}
    scores = {k: each.score for k, each in solutions.items()}
    best = solutions[_best(scores)]
    found = label(Precomputed.of(matrix), best.medoids, weights=weights)
    return scores, replace(found, iterations=best.passes)


def _by_silhouette(matrix: FloatArray, weights: DoubleArray, low: int, top: int, seed: int) -> _Found:
    solutions = _sweep(matrix, weights, low, top, seed)
    scores = {k: silhouette(matrix, each.labels, weights=weights).mean for k, each in solutions.items()}
    return scores, solutions[_best(scores)]


def _by_elbow(matrix: FloatArray, weights: DoubleArray, low: int, top: int, seed: int) -> _Found:
    solutions = _sweep(matrix, weights, low, top, seed)
    losses = {k: each.loss for k, each in solutions.items()}
    fall = losses[low] - losses[top]
    if fall <= _SAME * losses[low]:  # no more clusters than the least help
        return dict.fromkeys(losses, 0.0), solutions[low]
    depths = {k: (top - k) / (top - low) - (loss - losses[top]) / fall for k, loss in losses.items()}
    k = _best(depths)
    return depths, solutions[k if depths[k] >= _LEAST_ELBOW else top]


def _sweep(matrix: FloatArray, weights: DoubleArray, low: int, top: int, seed: int) -> dict[int, Clustering]:
    """Return a k-medoids solution for each k, ascending, each made from the next larger one."""
    found = kmedoids(matrix, top, weights=weights, seed=seed)
    solutions = {top: found}
    for k in range(top - 1, low - 1, -1):
        removal = np.bincount(found.labels, weights=weights * found.margin)
        found = kmedoids(matrix, k, weights=weights, init=np.delete(found.medoids, removal.argmin()), seed=seed)
        solutions[k] = found
    return dict(reversed(solutions.items()))


def _best(scores: Mapping[int, float]) -> int:
    """Return the least k whose score is the highest, but for rounding."""
    highest = max(scores.values())
    return min(k for k, score in scores.items() if score >= highest - _SAME)


def _matrix(data: FloatArray | Points) -> FloatArray:
    data = as_given(data)
    n = len(data)
    if n == 0:
        raise ValueError("there is no row to cluster: the input is empty")
    if isinstance(data, np.ndarray):
        matrix = checked_matrix(data)
    elif n <= MATRIX_UP_TO:
        matrix = matrix_of(data)
    else:
        raise ValueError(
            f"choosing k needs the matrix of all rows, found {n} rows, expected at most {MATRIX_UP_TO}: "
            "choose k on a sample of them, then cluster all with kmedoids"
        )
    check_values(matrix)
    return matrix


def _range(k_min: int | None, k_max: int, least: int) -> tuple[int, int]:
    for name, value in (("k_min", k_min), ("k_max", k_max)):
        if value is not None:
            whole(name, value)
    low, high = least if k_min is None else k_min, k_max
    if low < least:
        raise ValueError(f"k_min must be at least {least} for this method, found {low}")
    if high < low:
        raise ValueError(f"k_max must be at least k_min ({low}), found {high}")
    return low, high


def _advice(method: ChoiceMethod, k: int, k_max: int, n: int) -> str:
    if k < k_max:
        return f"the chosen k is {k}, the most that {n} rows allow: too few to tell clusters from single rows"
    remedy = {
        "opening_cost": "raise k_max or the opening_cost",
        "medoid_silhouette": "raise k_max if it is well below the number of rows; else there may be no clusters",
        "silhouette": "raise k_max; if k rises with it, there may be no clusters",
        "elbow": "raise k_max; if k rises with it, there is no elbow",
    }[method]
    return f"the chosen k is k_max ({k}), so more clusters may score better: {remedy}"
