"""k-medoids in which some rows must share a cluster and others may not.

Rows that must share one are contracted to one point, at the mean of their dissimilarities, so the search need not
know of them. Pairs that may not share one restrict the assignment (see conflicts). Both kinds of links are due to
Wagstaff et al., "Constrained k-means clustering with background knowledge" (ICML 2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stormcell.cluster.assignment import two_nearest
from stormcell.cluster.checks import as_matrix, checked_k, checked_places, checked_weights
from stormcell.cluster.constrained.conflicts import Unsolved, assign, attempt
from stormcell.cluster.constrained.links import checked_links, refuse_contradictions
from stormcell.cluster.fasterpam import Assignment, swap
from stormcell.cluster.seeding import Init
from stormcell.cluster.solve import kmedoids
from stormcell.cluster.textbook import swap_changes
from stormcell.types import Clustering, DoubleArray, FloatArray, IntArray

_MAX_ROUNDS = 100
# Swaps tried in a round: most cost one assignment of the rows in conflict.
_LEAST_TRIES, _MOST_TRIES = 10, 200
_TRIED_CONFLICTS = 20_000
# An improvement below this share of the loss is rounding of float32.
_TOLERANCE = 1e-7
_BLOCK = 4_000_000


def constrained_kmedoids(
    dissimilarity: FloatArray,
    k: int,
    *,
    weights: DoubleArray | None = None,
    must_link: IntArray | None = None,
    cannot_link: IntArray | None = None,
    pinned: IntArray | None = None,
    init: Init | IntArray = "k-medoids++",
    seed: int = 0,
) -> Clustering:
    """Cluster by k-medoids so that all links hold.

    Every cluster is represented by one of its own rows, and the loss is the weighted sum of the dissimilarities of
    all rows to the medoid of their cluster. The search starts from the solution without cannot-links. Then
    it assigns the rows and moves each medoid to the best row of its cluster, in turn; when that gains nothing, it
    tries the most promising swaps: 200 of them for up to 100 cannot-links, fewer for more, at least 10. The loss
    never rises. It stops when none of them lowers it, or after 100 swaps.

    Parameters
    ----------
    dissimilarity : FloatArray, shape (n, n)
        Not negative, symmetric, zero on the diagonal.
    k : int
        Number of clusters, 1 to the number of groups of rows that must-links leave.
    weights : DoubleArray, shape (n,), optional
        Positive; 1 each by default. A row of weight w counts as w equal rows.
    must_link : IntArray, shape (a, 2), optional
        Pairs of rows that share a cluster. They chain: a with b and b with c joins a and c.
    cannot_link : IntArray, shape (b, 2), optional
        Pairs of rows that do not. They hold for all that must-links join to either row.
    pinned : IntArray, shape (p,), optional
        Rows that are medoids, p <= k.
    init : {"k-medoids++", "lab", "build", "random"} or IntArray, shape (k,)
        How to seed, or the medoids to start from.
    seed : int

    Returns
    -------
    Clustering
        ``labels`` are the clusters under the links, so another medoid may be nearer than the own one:
        ``nearest`` is the dissimilarity to the own medoid, ``runner_up`` (of ``second``) to the nearest other
        one, and ``margin`` is negative where that is nearer. ``iterations`` are the swaps made under the links.

    Raises
    ------
    ValueError
        If the links contradict each other or the pinned medoids, k clusters are too few for the cannot-links or
        too many for the must-links, or an array has the wrong shape or a value that it may not have. For a part of
        more than 20 rows joined by cannot-links also where no division into k clusters was found.
    """
    n = len(dissimilarity)
    k = checked_k(k, n)
    weights = checked_weights(weights, n)
    matrix = as_matrix(dissimilarity)
    pinned = checked_places("pinned", pinned if pinned is not None else np.empty(0, dtype=np.int64), n)
    free = kmedoids(matrix, k, weights=weights, init=init, seed=seed, pinned=pinned)
    must = checked_links("must_link", must_link, n)
    cannot = checked_links("cannot_link", cannot_link, n)
    far, totals, component = contract(matrix, weights, must)
    refuse_contradictions(component, must, cannot, pinned)
    if k > len(totals):
        raise ValueError(
            f"k is {k} but must-links leave only {len(totals)} groups of rows: lower k or drop a must-link"
        )
    pairs = np.unique(np.sort(component[cannot], axis=1), axis=0)
    problem = _Problem(far, totals, component, pairs, len(pinned))
    state, swaps = _search(problem, _first(problem, pinned, free.medoids))
    return _clustering(matrix, weights, component, state, swaps)


def contract(
    dissimilarity: FloatArray, weights: DoubleArray, must_link: IntArray
) -> tuple[FloatArray, DoubleArray, IntArray]:
    """Contract rows that must share a cluster to one point each.

    Parameters
    ----------
    dissimilarity : FloatArray, shape (n, n)
    weights : DoubleArray, shape (n,)
    must_link : IntArray, shape (a, 2)
        Pairs of rows.

    Returns
    -------
    far : FloatArray, shape (n, c)
        Of every row, as a medoid, and the rows of a component: the mean of their dissimilarities by weight.
    totals : DoubleArray, shape (c,)
        The sum of the weights of each component. ``far @ totals`` is the loss of each row as the only medoid.
    component : IntArray, shape (n,)
        Of each row; numbered by their first rows.
    """
    n = len(dissimilarity)
    component = _components(n, must_link)
    totals = np.bincount(component, weights=weights).astype(np.float64)
    if len(totals) == n:
        return dissimilarity, totals, component
    order = np.argsort(component, kind="stable")
    starts = np.searchsorted(component[order], np.arange(len(totals)))
    far = np.empty((n, len(totals)), dtype=np.float32)
    step = max(1, _BLOCK // n)
    for at in range(0, n, step):
        block = dissimilarity[at : at + step, order] * weights[order]
        far[at : at + step] = np.add.reduceat(block, starts, axis=1) / totals
    return far, totals, component


def _components(n: int, must_link: IntArray) -> IntArray:
    """Return the component of every row, by union-find."""
    parent = list(range(n))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for a, b in must_link.tolist():
        a, b = sorted((root(a), root(b)))
        parent[b] = a  # so that a root is the first row of its component
    roots = np.array([root(row) for row in range(n)])
    return np.unique(roots, return_inverse=True)[1].reshape(n).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Candidates (rows) and contracted points; the first ``pinned`` medoids stay."""

    far: FloatArray
    totals: DoubleArray
    component: IntArray
    conflicts: IntArray
    pinned: int

    def fixed(self, medoids: IntArray) -> IntArray:
        """Return the slot of each component that holds a medoid, -1 for the others."""
        fixed = np.full(len(self.totals), -1)
        fixed[self.component[medoids]] = np.arange(len(medoids))
        return fixed


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Medoids in different components, the slot of each component, and the loss."""

    medoids: IntArray
    labels: IntArray
    loss: float


def _state(problem: _Problem, medoids: IntArray, labels: IntArray) -> _State:
    own = problem.far[medoids[labels], np.arange(len(labels))].astype(np.float64)
    return _State(medoids, labels, float(problem.totals @ own))


def _first(problem: _Problem, pinned: IntArray, medoids: IntArray) -> _State:
    """Return a state that obeys all links, near the solution without cannot-links.

    Raises
    ------
    ValueError
        If none was found.
    """
    start = Assignment(problem.far, problem.totals, np.concatenate([pinned, np.setdiff1d(medoids, pinned)]))
    swap(start, fixed=len(pinned))
    medoids = _apart(problem, start.medoids)
    k = len(medoids)
    far = problem.far[medoids].T
    found = attempt(far, problem.totals, problem.conflicts, fixed=problem.fixed(medoids))
    if not isinstance(found, Unsolved):
        return _state(problem, medoids, found)
    # These medoids leave some row no cluster. Others may not: divide the rows first, then choose the medoids.
    fixed = problem.fixed(medoids[: len(pinned)])
    names = np.unique(problem.component, return_index=True)[1]
    labels = assign(far, problem.totals, problem.conflicts, fixed=fixed, rows=names)
    for slot in np.setdiff1d(np.arange(k), labels):
        cost = problem.totals * far[np.arange(len(labels)), labels]
        cost[(fixed >= 0) | (np.bincount(labels, minlength=k)[labels] == 1)] = -1.0
        labels[int(cost.argmax())] = slot
    return _state(problem, _central(problem, medoids, labels), labels)


def _apart(problem: _Problem, medoids: IntArray) -> IntArray:
    """Return the medoids, each that shares a component with an earlier one replaced by the best row elsewhere."""
    earlier = np.unique(problem.component[medoids], return_index=True)[1]
    kept = medoids[np.sort(earlier)].tolist()
    while len(kept) < len(medoids):
        free = np.flatnonzero(~np.isin(problem.component, problem.component[kept]))
        losses = np.minimum(problem.far[free], problem.far[kept].min(axis=0)) @ problem.totals
        kept.append(int(free[losses.argmin()]))
    return np.array(kept)


def _central(problem: _Problem, medoids: IntArray, labels: IntArray) -> IntArray:
    """Return for each cluster the row of it with the least loss; ties stay, pinned ones stay."""
    moved = medoids.copy()
    row_labels = labels[problem.component]
    for slot in range(problem.pinned, len(medoids)):
        rows, points = np.flatnonzero(row_labels == slot), np.flatnonzero(labels == slot)
        losses = problem.far[np.ix_(rows, points)] @ problem.totals[points]
        at = int(losses.argmin())
        own = np.flatnonzero(rows == medoids[slot])
        if not len(own) or losses[at] < losses[own[0]] * (1 - _TOLERANCE):
            moved[slot] = rows[at]
    return moved


def _search(problem: _Problem, state: _State) -> tuple[_State, int]:
    """Return a state that no centring and no swap tried improves, and the number of swaps."""
    state = _settled(problem, state)
    for swaps in range(_MAX_ROUNDS):
        better = _swapped(problem, state)
        if better is None:
            return state, swaps
        state = _settled(problem, better)
    return state, _MAX_ROUNDS


def _settled(problem: _Problem, state: _State) -> _State:
    for _ in range(_MAX_ROUNDS):
        medoids = _central(problem, state.medoids, state.labels)
        # The clusters so far are an assignment that the new medoids allow, so one is found.
        labels = assign(
            problem.far[medoids].T,
            problem.totals,
            problem.conflicts,
            fixed=problem.fixed(medoids),
            start=state.labels,
        )
        after = _state(problem, medoids, labels)
        if not _lower(after, state):
            break
        state = after
    return state


def _lower(after: _State, before: _State) -> bool:
    return after.loss < before.loss * (1 - _TOLERANCE)


def _swapped(problem: _Problem, state: _State) -> _State | None:
    """Return a better state one swap away, None if there is none among the most promising.

    Without cannot-links the loss could only be lower, so a swap that does not help then is not tried.
    """
    k = len(state.medoids)
    near = two_nearest(problem.far[state.medoids])
    bound = swap_changes(problem.far, problem.totals, near, k) + problem.totals @ near.d1.astype(np.float64)
    bound[:, : problem.pinned] = np.inf
    # A component that holds a medoid can only give another row to the same cluster.
    holder = problem.fixed(state.medoids)[problem.component]
    bound[(holder >= 0)[:, None] & (holder[:, None] != np.arange(k))] = np.inf
    bound[state.medoids] = np.inf
    flat = bound.ravel()
    promising = np.flatnonzero(flat < state.loss * (1 - _TOLERANCE))
    tries = int(np.clip(_TRIED_CONFLICTS // max(len(problem.conflicts), 1), _LEAST_TRIES, _MOST_TRIES))
    for place in promising[np.argsort(flat[promising], kind="stable")][:tries].tolist():
        candidate, slot = divmod(place, k)
        medoids = state.medoids.copy()
        medoids[slot] = candidate
        far = problem.far[medoids].T
        labels = attempt(far, problem.totals, problem.conflicts, fixed=problem.fixed(medoids))
        if not isinstance(labels, Unsolved):
            after = _state(problem, medoids, labels)
            if _lower(after, state):
                return after
    return None


def _clustering(
    matrix: FloatArray, weights: DoubleArray, component: IntArray, state: _State, iterations: int
) -> Clustering:
    order = np.argsort(state.medoids)
    labels = np.argsort(order)[state.labels][component]
    medoids, rows = state.medoids[order], np.arange(len(component))
    far = matrix[medoids].T.copy()
    own = far[rows, labels]
    far[rows, labels] = np.inf
    second = far.argmin(axis=1)
    return Clustering(
        medoids=medoids,
        labels=labels,
        nearest=own,
        runner_up=far[rows, second],
        second=second if len(medoids) > 1 else np.full(len(rows), -1),
        loss=float(weights @ own.astype(np.float64)),
        iterations=iterations,
    )
