from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.cluster.constrained.conflicts import assign
from stormcell.cluster.constrained.constraints import constrained_kmedoids, contract
from stormcell.cluster.solve import kmedoids
from stormcell.types import Clustering, FloatArray, IntArray
from tests.unit.cluster.points import Points, points, random_points

Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class Problem:
    """Points, links and pinned medoids, small enough to try everything."""

    points: Points
    k: int
    must: Pairs
    cannot: Pairs
    pinned: list[int]

    def solve(self) -> Clustering:
        return constrained_kmedoids(
            self.points.far,
            self.k,
            weights=self.points.weights,
            must_link=np.array(self.must, dtype=int).reshape(-1, 2),
            cannot_link=np.array(self.cannot, dtype=int).reshape(-1, 2),
            pinned=np.array(self.pinned, dtype=int),
        )

    def obeyed(self, labels: list[int]) -> bool:
        return (
            all(labels[a] == labels[b] for a, b in self.must)
            and all(labels[a] != labels[b] for a, b in self.cannot)
            and len({labels[row] for row in self.pinned}) == len(self.pinned)
        )

    def loss(self, labels: list[int]) -> float:
        """The loss of a division into clusters, each with its best medoid."""
        far, weights = self.points.far.astype(np.float64), self.points.weights
        loss = 0.0
        for label in set(labels):
            rows = np.flatnonzero(np.array(labels) == label)
            medoids = np.intersect1d(rows, self.pinned) if set(rows) & set(self.pinned) else rows
            loss += float((far[np.ix_(medoids, rows)] @ weights[rows]).min())
        return loss

    def optimum(self) -> float | None:
        """The least loss of all divisions that obey the links, None if there is none."""
        divisions = restricted_growth(len(self.points.far), self.k)
        return min((self.loss(labels) for labels in divisions if self.obeyed(labels)), default=None)


def restricted_growth(n: int, k: int) -> Iterator[list[int]]:
    """Yield every division of n rows into k clusters once."""

    def grow(labels: list[int], used: int) -> Iterator[list[int]]:
        if len(labels) == n:
            if used == k:
                yield labels
            return
        for label in range(min(used + 1, k)):
            yield from grow([*labels, label], max(used, label + 1))

    return grow([], 0)


@st.composite
def problems(draw: st.DrawFn, most: int = 7) -> Problem:
    given_points = draw(points(most))
    n = len(given_points.far)
    k = draw(st.integers(1, n))
    link = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))
    apart = link.filter(lambda pair: pair[0] != pair[1])
    return Problem(
        given_points,
        k,
        draw(st.lists(link, max_size=3)),
        draw(st.lists(apart, max_size=6)) if n > 1 else [],
        draw(st.lists(st.integers(0, n - 1), max_size=min(2, k), unique=True)),
    )


def random_problem(rng: np.random.Generator, n: int, k: int) -> Problem:
    def links(count: int) -> Pairs:
        return [(int(a), int(b)) for a, b in (rng.choice(n, 2, replace=False) for _ in range(count))]

    return Problem(random_points(rng, n), k, links(2), links(4), [])


def assert_right(found: Clustering, problem: Problem) -> None:
    """Check the links, and everything that the solution says of itself."""
    far, k = problem.points.far, problem.k
    labels = found.labels.tolist()
    assert problem.obeyed(labels)
    assert len(found.medoids) == k
    assert found.medoids.tolist() == sorted(found.medoids.tolist())
    assert found.labels[found.medoids].tolist() == list(range(k))
    assert set(problem.pinned) <= set(found.medoids.tolist())
    for row, label in enumerate(labels):
        assert found.nearest[row] == far[found.medoids[label], row]
        others = [float(far[medoid, row]) for medoid in np.delete(found.medoids, label)]
        if others:
            assert found.second[row] != label
            assert found.runner_up[row] == min(others) == far[found.medoids[found.second[row]], row]
        else:
            assert (found.second[row], found.runner_up[row]) == (-1, np.inf)
    assert found.loss == pytest.approx(float(problem.points.weights @ found.nearest.astype(float)))
    # Each medoid is the best row of its cluster.
    assert found.loss <= problem.loss(labels) * (1 + 1e-6) + 1e-9


@given(problems())
def test_links_hold_whenever_they_can(problem: Problem) -> None:
    optimum = problem.optimum()
    if optimum is None:
        with pytest.raises(ValueError, match=r"rows? \d+|k is \d+"):
            problem.solve()
    else:
        found = problem.solve()
        assert_right(found, problem)
        assert found.loss >= optimum - 1e-5


def test_finds_the_optimum_of_most_small_problems() -> None:
    rng = np.random.default_rng(2)
    tried = hits = 0
    for _ in range(100):
        problem = random_problem(rng, 8, 3)
        optimum = problem.optimum()
        if optimum is not None:
            loss = problem.solve().loss
            assert optimum - 1e-5 <= loss <= 1.6 * optimum
            tried += 1
            hits += loss <= optimum * (1 + 1e-5)
    assert tried >= 50
    assert hits >= 0.9 * tried


@given(points(), st.data())
def test_without_links_it_is_kmedoids(given_points: Points, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(given_points.far)))
    found = Problem(given_points, k, [], [], []).solve()
    free = kmedoids(given_points.far, k, weights=given_points.weights)
    assert found.loss == pytest.approx(free.loss, rel=1e-5, abs=1e-6)


def test_without_links_larger_problems_are_kmedoids_too() -> None:
    rng = np.random.default_rng(7)
    for k in (1, 3, 8):
        given_points = random_points(rng, 80)
        found = constrained_kmedoids(given_points.far, k, weights=given_points.weights, seed=1)
        free = kmedoids(given_points.far, k, weights=given_points.weights, seed=1)
        assert found.loss <= free.loss * (1 + 1e-6)
        assert found.nearest.tolist() == given_points.far[found.medoids].min(axis=0).tolist()


@given(problems())
def test_contracted_points_have_the_loss_of_their_rows(problem: Problem) -> None:
    far, weights = problem.points.far, problem.points.weights
    contracted, totals, component = contract(far, weights, np.array(problem.must, dtype=int).reshape(-1, 2))
    assert contracted.shape == (len(far), len(totals))
    assert contracted.dtype == np.float32
    for a, b in problem.must:
        assert component[a] == component[b]
    # Numbered by their first rows, and no row is joined without a link.
    firsts = np.unique(component, return_index=True)[1]
    assert firsts.tolist() == sorted(firsts.tolist())
    assert len(totals) >= len(far) - len(problem.must)
    for point in range(len(totals)):
        rows = component == point
        assert totals[point] == pytest.approx(weights[rows].sum())
        assert np.allclose(contracted[:, point] * totals[point], far[:, rows] @ weights[rows], rtol=1e-5)


def test_must_links_chain_and_weigh_together() -> None:
    far = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0))).astype(np.float32)
    contracted, totals, component = contract(far, np.array([1, 1, 1, 1, 2.0]), np.array([[3, 4], [0, 3]]))
    assert component.tolist() == [0, 1, 2, 0, 0]
    assert totals.tolist() == [4, 1, 1]
    assert contracted[1].tolist() == [(1 + 2 + 2 * 3) / 4, 0, 1]


def brute(far: FloatArray, weights: IntArray, conflicts: Pairs, fixed: list[int]) -> float | None:
    losses = [
        sum(w * float(far[point, slot]) for point, (w, slot) in enumerate(zip(weights, slots, strict=True)))
        for slots in product(range(far.shape[1]), repeat=len(far))
        if all(slots[a] != slots[b] for a, b in conflicts)
        and all(want in (-1, slot) for want, slot in zip(fixed, slots, strict=True))
    ]
    return min(losses, default=None)


@given(st.data())
def test_a_small_part_gets_its_best_assignment(data: st.DataObject) -> None:
    n, k = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 3))
    far = np.array(data.draw(st.lists(st.integers(0, 9), min_size=n * k, max_size=n * k)), dtype=np.float32)
    far = far.reshape(n, k)
    pairs = list(combinations(range(n), 2))
    conflicts = data.draw(st.lists(st.sampled_from(pairs), max_size=8)) if pairs else []
    weights = np.array(data.draw(st.lists(st.integers(1, 5), min_size=n, max_size=n)))
    fixed = data.draw(st.lists(st.sampled_from([-1, -1, -1, *range(k)]), min_size=n, max_size=n))
    best = brute(far, weights, conflicts, fixed)
    links = np.array(conflicts, dtype=int).reshape(-1, 2)
    if best is None:
        with pytest.raises(ValueError, match=f"k(?: is| =) {k}"):
            assign(far, weights.astype(float), links, fixed=np.array(fixed))
    else:
        slots = assign(far, weights.astype(float), links, fixed=np.array(fixed))
        assert (weights * far[np.arange(n), slots]).sum() == best
        assert all(slots[a] != slots[b] for a, b in conflicts)
        assert all(want in (-1, slot) for want, slot in zip(fixed, slots.tolist(), strict=True))


def test_a_part_of_twenty_points_gets_its_best_assignment() -> None:
    # A path of 20 points has a dynamic program.
    rng = np.random.default_rng(0)
    for k in (2, 3, 6):
        far = rng.random((20, k)).astype(np.float32)
        path = np.array([(at, at + 1) for at in range(19)])
        upto = far[0].astype(float)
        for at in range(1, 20):
            upto = far[at] + np.array([np.delete(upto, slot).min() for slot in range(k)])
        slots = assign(far, np.ones(20), path)
        assert far[np.arange(20), slots].sum() == pytest.approx(upto.min(), rel=1e-6)


def test_a_large_part_obeys_and_is_good() -> None:
    rng = np.random.default_rng(1)
    n, k = 300, 5
    far = rng.random((n, k)).astype(np.float32)
    conflicts = np.array([pair for pair in rng.integers(n, size=(500, 2)).tolist() if pair[0] != pair[1]])
    fixed = np.full(n, -1)
    fixed[:5] = far[:5].argmax(axis=1)
    slots = assign(far, np.ones(n), conflicts, fixed=fixed)
    assert (slots[conflicts[:, 0]] != slots[conflicts[:, 1]]).all()
    assert slots[:5].tolist() == fixed[:5].tolist()
    # No free point could move alone to a cheaper slot, and no two in conflict could exchange theirs.
    loss = far[np.arange(n), slots].sum()
    moves = [([point], [slot]) for point in range(5, n) for slot in range(k)]
    moves += [([a, b], [slots[b], slots[a]]) for a, b in conflicts.tolist() if min(a, b) >= 5]
    for changed, to in moves:
        after = slots.copy()
        after[changed] = to
        obeyed = (after[conflicts[:, 0]] != after[conflicts[:, 1]]).all()
        assert not obeyed or far[np.arange(n), after].sum() >= loss - 1e-4
    free, drawn = far.min(axis=1).sum(), far.mean(axis=1).sum()
    # Between the assignment that ignores the conflicts and one that ignores the dissimilarities.
    assert loss < free + 0.2 * (drawn - free)


def test_a_start_is_never_made_worse() -> None:
    rng = np.random.default_rng(3)
    n, k = 200, 4
    start = rng.integers(k, size=n)
    pairs = rng.integers(n, size=(900, 2))
    conflicts = pairs[start[pairs[:, 0]] != start[pairs[:, 1]]]
    # Hard to divide otherwise, and the start is almost the best.
    far = np.where(np.arange(k) == start[:, None], 0.3, rng.random((n, k))).astype(np.float32)
    slots = assign(far, np.ones(n), conflicts, start=start)
    assert (slots[conflicts[:, 0]] != slots[conflicts[:, 1]]).all()
    assert far[np.arange(n), slots].sum() <= far[np.arange(n), start].sum()


def line(*places: float) -> FloatArray:
    at = np.array(places)
    return np.asarray(np.abs(at[:, None] - at), dtype=np.float32)


def test_links_override_nearness() -> None:
    far = line(0, 1, 10, 11)
    found = constrained_kmedoids(far, 2, must_link=np.array([[0, 3]]), cannot_link=np.array([[1, 3]]))
    assert found.labels[0] == found.labels[3] != found.labels[1]
    # The margin of a row that is nearer to the other medoid is negative.
    assert (found.margin < 0).any()


def test_medoids_that_leave_a_row_no_cluster_are_given_up() -> None:
    # Alone, rows 0 and 4 would be the medoids; row 2 may be with neither.
    far = line(0, 0.1, 5, 9.9, 10)
    cannot = np.array([[0, 2], [2, 4], [1, 2], [2, 3]])
    found = constrained_kmedoids(far, 2, cannot_link=cannot)
    assert found.labels.tolist() == [1, 1, 0, 1, 1]


def test_no_cluster_is_left_empty() -> None:
    # Row 3 may be with none of the starting medoids, and no slot is nearer than another.
    cannot = np.array([[3, 0], [3, 1], [3, 2]])
    pinned = np.array([0])
    found = constrained_kmedoids(
        np.zeros((5, 5), dtype=np.float32), 3, cannot_link=cannot, pinned=pinned, init=np.array([0, 1, 2])
    )
    assert np.unique(found.labels).tolist() == [0, 1, 2]
    assert 0 in found.medoids
    assert found.labels[found.medoids].tolist() == [0, 1, 2]
    assert found.labels[3] not in found.labels[:3]


def test_medoids_are_central_where_few_swaps_are_tried() -> None:
    rng = np.random.default_rng(6)
    planted = rng.integers(4, size=120)
    pairs = rng.integers(120, size=(4000, 2))
    cannot = pairs[planted[pairs[:, 0]] != planted[pairs[:, 1]]]
    problem = Problem(random_points(rng, 120), 4, [], [(int(a), int(b)) for a, b in cannot], [])
    found = problem.solve()
    assert_right(found, problem)
    assert found.loss <= problem.loss(planted.tolist()) * (1 + 1e-6)


def test_k_clusters_are_too_few() -> None:
    clique = np.array(list(combinations([1, 3, 4], 2)))
    with pytest.raises(
        ValueError, match=r"rows 1, 3, 4 may not share.* need 3 clusters but k is 2. Raise k or drop"
    ):
        constrained_kmedoids(line(0, 1, 2, 3, 4, 5), 2, cannot_link=clique)
    assert len(constrained_kmedoids(line(0, 1, 2, 3, 4, 5), 3, cannot_link=clique).medoids) == 3


def test_an_odd_ring_has_no_clique_but_cannot_be_halved() -> None:
    ring = np.array([(at, (at + 1) % 5) for at in range(5)])
    with pytest.raises(
        ValueError, match="the 5 rows 0, 1, 2, 3, 4, joined by cannot-links, cannot be divided into k"
    ):
        constrained_kmedoids(line(*range(7)), 2, cannot_link=ring)


def test_must_links_leave_too_few_groups() -> None:
    with pytest.raises(ValueError, match="k is 3 but must-links leave only 2 groups of rows"):
        constrained_kmedoids(line(0, 1, 2), 3, must_link=np.array([[0, 2]]))


def test_contradicting_links_are_named() -> None:
    must = np.array([[0, 1], [4, 1], [4, 2]])
    with pytest.raises(
        ValueError, match=r"rows 0 and 2 apart, but must-links join them: 0 with 1, 1 with 4, 4 with 2"
    ):
        constrained_kmedoids(line(*range(5)), 2, must_link=must, cannot_link=np.array([[3, 2], [0, 2]]))
    with pytest.raises(
        ValueError, match=r"cannot_link\[0\] is \[1, 1\]: a row always shares a cluster with itself"
    ):
        constrained_kmedoids(line(*range(5)), 2, cannot_link=np.array([[1, 1]]))
    with pytest.raises(
        ValueError, match="rows 0 and 4 are pinned as two medoids, but must-links join them: 0 with 1"
    ):
        constrained_kmedoids(line(*range(5)), 3, must_link=must, pinned=np.array([4, 3, 0]))


def test_refuses_links_that_are_no_pairs_of_rows() -> None:
    far = line(*range(5))
    with pytest.raises(ValueError, match=r"must_link\[1\] is \[2, 5\]: rows are 0 to 4"):
        constrained_kmedoids(far, 2, must_link=np.array([[0, 1], [2, 5]]))
    with pytest.raises(ValueError, match=r"cannot_link\[0\] is \[-1, 2\]: rows are 0 to 4"):
        constrained_kmedoids(far, 2, cannot_link=np.array([[-1, 2]]))


@pytest.mark.parametrize("links", [[0, 1], [[0, 1, 2]], [[0.0, 1.0]]])
def test_refuses_links_of_a_wrong_shape(links: list[object]) -> None:
    with pytest.raises(ValueError, match="must_link must be pairs of row numbers"):
        constrained_kmedoids(line(*range(5)), 2, must_link=np.array(links))


def test_larger_problems_obey_and_depend_on_nothing_but_the_seed() -> None:
    rng = np.random.default_rng(9)
    problem = Problem(random_points(rng, 120), 6, [(1, 2), (2, 3), (50, 70)], [(4, 5), (4, 6), (1, 119)], [7, 8])
    found = problem.solve()
    assert_right(found, problem)
    assert problem.solve().labels.tolist() == found.labels.tolist()
    free = kmedoids(problem.points.far, 6, weights=problem.points.weights)
    assert free.loss <= found.loss <= 1.5 * free.loss
