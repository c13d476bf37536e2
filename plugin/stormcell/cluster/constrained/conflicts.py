"""Assignment of points to medoids where some pairs may not share a cluster.

Points without such a pair go to the nearest medoid. The others are a graph colouring with costs: each connected
part of the graph of conflicts is solved on its own by branch and bound, in the order of Brelaz' DSATUR (1979).
Where that is cut short, exchanges along Kempe chains improve what it found.
"""

from __future__ import annotations

import numpy as np

from stormcell.types import BoolArray, DoubleArray, FloatArray, IntArray

EXACT_UP_TO = 20
_STEPS_EXACT = 50_000
_STEPS = 200
_KEMPE_PASSES = 10
_NAMED = 10


def assign(
    far: FloatArray,
    weights: DoubleArray,
    conflicts: IntArray,
    *,
    fixed: IntArray | None = None,
    start: IntArray | None = None,
    rows: IntArray | None = None,
) -> IntArray:
    """Assign every point to a medoid so that no conflict is inside a cluster.

    Minimises the weighted sum of the dissimilarities. A connected part of the graph of conflicts with up to 20
    points gets its best assignment (where 50,000 steps suffice), a larger one a good one: the first found and
    some 200 steps more, improved by exchanges.

    Parameters
    ----------
    far : FloatArray, shape (n, k)
        Dissimilarities to the medoids.
    weights : DoubleArray, shape (n,)
    conflicts : IntArray, shape (c, 2)
        Pairs of different points.
    fixed : IntArray, shape (n,), optional
        The medoid that a point must go to, -1 where it is free.
    start : IntArray, shape (n,), optional
        An assignment that obeys ``fixed`` and all conflicts. The result is never worse.
    rows : IntArray, shape (n,), optional
        What an error calls the points; their places by default.

    Returns
    -------
    IntArray, shape (n,)
        Columns of ``far``.

    Raises
    ------
    ValueError
        If there is no such assignment, or none was found for a large part. Names the rows.
    """
    found = attempt(far, weights, conflicts, fixed=fixed, start=start)
    if isinstance(found, Unsolved):
        raise ValueError(found.message(far.shape[1], conflicts, np.arange(len(far)) if rows is None else rows))
    return found


class Unsolved:
    """A part of the graph of conflicts for which no assignment was found.

    Attributes
    ----------
    points : IntArray
    proven : bool
        Whether there is none.
    """

    def __init__(self, points: IntArray, proven: bool) -> None:
        self.points, self.proven = points, proven

    def message(self, k: int, conflicts: IntArray, rows: IntArray) -> str:
        """Return what is wrong and what to do, with the names of the points given by ``rows``."""
        clique = _clique(self.points, conflicts)
        if len(clique) > k:
            return (
                f"rows {_names(rows[clique])} may not share a cluster, each with each: they need {len(clique)} "
                f"clusters but k is {k}. Raise k or drop a cannot-link"
            )
        what = "cannot be divided" if self.proven else "were not divided, within the steps allowed,"
        return (
            f"the {len(self.points)} rows {_names(rows[self.points])}, joined by cannot-links, {what} into "
            f"k = {k} clusters. Raise k or drop a cannot-link (or a pinned medoid among them)"
        )


def attempt(
    far: FloatArray,
    weights: DoubleArray,
    conflicts: IntArray,
    *,
    fixed: IntArray | None = None,
    start: IntArray | None = None,
) -> IntArray | Unsolved:
    """Assign, or return the first part of the conflicts for which that failed; see assign."""
    n = len(far)
    fixed = np.full(n, -1) if fixed is None else fixed
    labels = np.where(fixed >= 0, fixed, far.argmin(axis=1))
    broken = conflicts[labels[conflicts[:, 0]] == labels[conflicts[:, 1]]]
    if not len(broken):
        return labels
    neighbours = _neighbours(n, conflicts)
    seen = np.zeros(n, dtype=bool)
    # A part in which the nearest medoids obey all conflicts is solved.
    for point in broken[:, 0].tolist():
        if seen[point]:
            continue
        part = _part(point, neighbours, seen)
        place = {int(member): at for at, member in enumerate(part)}
        inside = [np.array([place[other] for other in neighbours[member]]) for member in part.tolist()]
        cost = weights[part, None] * far[part].astype(np.float64)
        found, proven = _solve(cost, inside, fixed[part], None if start is None else start[part])
        if found is None:
            return Unsolved(part, proven)
        labels[part] = found
    return labels


def _neighbours(n: int, conflicts: IntArray) -> list[list[int]]:
    neighbours: list[set[int]] = [set() for _ in range(n)]
    for a, b in conflicts.tolist():
        neighbours[a].add(b)
        neighbours[b].add(a)
    return [sorted(others) for others in neighbours]


def _part(point: int, neighbours: list[list[int]], seen: BoolArray) -> IntArray:
    """Return the points, ascending, that conflicts join to ``point``; mark them as seen."""
    part, ahead = [], [point]
    seen[point] = True
    while ahead:
        part.append(ahead.pop())
        for other in neighbours[part[-1]]:
            if not seen[other]:
                seen[other] = True
                ahead.append(other)
    return np.array(sorted(part))


def _solve(
    cost: DoubleArray, neighbours: list[IntArray], fixed: IntArray, start: IntArray | None
) -> tuple[IntArray | None, bool]:
    """Return the best assignment found of one part, None for none, and whether all were looked at."""
    p, k = cost.shape
    free = np.flatnonzero(fixed < 0)
    blocked = np.zeros((p, k), dtype=np.int64)
    for point in np.flatnonzero(fixed >= 0).tolist():
        blocked[neighbours[point], fixed[point]] += 1
        if (fixed[neighbours[point]] == fixed[point]).any():
            return None, True
    best, least = start, np.inf if start is None else float(cost[np.arange(p), start].sum())
    labels = fixed.copy()
    spent = [float(cost[labels >= 0, labels[labels >= 0]].sum())]
    stack: list[tuple[int, list[int]]] = []
    for _ in range(_STEPS_EXACT if p <= EXACT_UP_TO else p + _STEPS):
        undecided = free[labels[free] < 0]
        if not len(undecided):
            if spent[-1] < least:
                best, least = labels.copy(), spent[-1]
        else:
            options = np.where(blocked[undecided] > 0, np.inf, cost[undecided])
            if spent[-1] + float(options.min(axis=1).sum()) < least * (1 - 1e-12):
                stack.append(_branch(undecided, options))
        # Go on with the next option of the last point that has one.
        while stack:
            point, slots = stack[-1]
            if labels[point] >= 0:
                blocked[neighbours[point], labels[point]] -= 1
                labels[point] = -1
                spent.pop()
            if slots:
                labels[point] = slots.pop()
                blocked[neighbours[point], labels[point]] += 1
                spent.append(spent[-1] + float(cost[point, labels[point]]))
                break
            stack.pop()
        else:
            return best, True
    return (None if best is None else _exchanged(cost, neighbours, fixed, best)), False


def _branch(undecided: IntArray, options: DoubleArray) -> tuple[int, list[int]]:
    """Return the point to decide next and its slots, the cheapest last.

    It is the point with the fewest slots left; of those the one that would lose most without its cheapest.
    """
    left = np.isfinite(options).sum(axis=1)
    tight = np.flatnonzero(left == left.min())
    if left[tight[0]] == 1:
        at = int(tight[0])
    else:
        two = np.partition(options[tight], 1, axis=1)
        at = int(tight[(two[:, 1] - two[:, 0]).argmax()])
    slots = np.argsort(options[at], kind="stable")[: left[at]]
    return int(undecided[at]), slots[::-1].tolist()


def _exchanged(cost: DoubleArray, neighbours: list[IntArray], fixed: IntArray, labels: IntArray) -> IntArray:
    """Return the assignment improved by exchanging two slots along a Kempe chain, while that lowers the cost.

    The chain of a point and two slots is what conflicts join to it among the points of these slots; exchanging the
    slots in all of it breaks no conflict. A single point's move is the shortest chain.
    """
    labels = labels.copy()
    for _ in range(_KEMPE_PASSES):
        moved = False
        for point in np.flatnonzero(fixed < 0).tolist():
            for slot in np.flatnonzero(cost[point] < cost[point, labels[point]]).tolist():
                own = int(labels[point])
                chain = _chain(point, own, slot, neighbours, labels)
                swapped = np.where(labels[chain] == own, slot, own)
                change = float((cost[chain, swapped] - cost[chain, labels[chain]]).sum())
                if change < -1e-12 * float(cost[chain].max()) and (fixed[chain] < 0).all():
                    labels[chain] = swapped
                    moved = True
                    break
        if not moved:
            break
    return labels


def _chain(point: int, own: int, slot: int, neighbours: list[IntArray], labels: IntArray) -> IntArray:
    chain, ahead = {point}, [point]
    while ahead:
        at = ahead.pop()
        across = slot if labels[at] == own else own
        for other in neighbours[at][labels[neighbours[at]] == across].tolist():
            if other not in chain:
                chain.add(other)
                ahead.append(other)
    return np.array(sorted(chain))


def _clique(points: IntArray, conflicts: IntArray) -> IntArray:
    """Return a large set of points in conflict each with each, grown greedily from every point of a part."""
    inside = conflicts[np.isin(conflicts, points).all(axis=1)]
    near: dict[int, set[int]] = {int(point): set() for point in points}
    for a, b in inside.tolist():
        near[a].add(b)
        near[b].add(a)
    best: list[int] = []
    for point in near:
        clique, common = [point], set(near[point])
        while common:
            clique.append(max(sorted(common), key=lambda other: len(near[other] & common)))
            common &= near[clique[-1]]
        best = max(best, clique, key=len)
    return np.array(sorted(best))


def _names(rows: IntArray) -> str:
    named = ", ".join(map(str, rows[:_NAMED].tolist()))
    return named + (", ..." if len(rows) > _NAMED else "")
