"""Rules on the clusters of one session, on places on a line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stormcell.config import GroupingSettings, RulesSettings
from stormcell.groups.central import labelled, most_central
from stormcell.groups.partition import Partition
from stormcell.groups.rules import Obeyed, obey
from stormcell.groups.units import Marks
from stormcell.types import Clustering, IntArray
from tests.unit.groups.build import flat, line

ANY = {"service": "any"}


def ruled(together: int = 0, by: int = 0, apart: int = 0) -> RulesSettings:
    """Rules of which only the names and kinds count here: joining, joining by a value, parting."""
    joined: list[dict[str, Any]] = [{"name": f"t{at}", "when": ANY} for at in range(together)]
    joined += [{"name": f"b{at}", "when": ANY, "by": ["zone"]} for at in range(by)]
    parted = [{"name": f"a{at}", "when": ANY, "from": ANY} for at in range(apart)]
    return RulesSettings.model_validate({"together": joined, "apart": parted})


def obeyed(
    places: list[float], labels: list[int], marks: dict[int, Marks], rules: RulesSettings, opening_cost: float
) -> Obeyed:
    """Obey rules where there are these groups; -1 is a stray."""
    points, weights = line(places), np.ones(len(places))
    kept = np.flatnonzero(np.array(labels) >= 0)
    settings = GroupingSettings(opening_cost=opening_cost)
    session = np.arange(len(places))
    if len(kept) == 0:
        none, far = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        part = Partition(Clustering(none, none, far, far, none, 0.0, 0), none)
        return obey(points, session, flat(len(places)), weights, part, marks, rules.named, settings)
    own = np.unique(np.array(labels)[kept], return_inverse=True)[1].reshape(-1)
    medoids = np.array(
        [
            most_central(points, kept, weights[kept], np.flatnonzero(own == one))
            for one in range(own.max(initial=-1) + 1)
        ],
        dtype=np.int64,
    )
    part = Partition(labelled(points, kept, weights[kept], medoids, own), kept)
    return obey(points, session, flat(len(places)), weights, part, marks, rules.named, settings)


def groups_of(found: Obeyed, count: int) -> IntArray:
    """Return the group of each place, -1 for strays."""
    groups = np.full(count, -1)
    groups[found.part.kept] = found.part.clustering.labels
    return groups


def when(rule: int) -> Marks:
    return frozenset({(rule, "when")})


def of(rule: int) -> Marks:
    return frozenset({(rule, "from")})


PLACES = [0, 0.1, 0.2, 1.0, 1.1]
TWO = [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("marks", "opening_cost", "expected"),
    [
        # The other group is free to join, and opening one costs much.
        ({0: when(0), 1: when(0), 2: of(0)}, 9, [0, 0, 1, 1, 1]),
        # It is not worth much to be one: it opens its own.
        ({0: when(0), 1: when(0), 2: of(0)}, 0, [0, 0, 1, 2, 2]),
        # The other group holds the other side.
        ({0: when(0), 1: when(0), 2: of(0), 3: when(0)}, 9, [0, 0, 1, 2, 2]),
        # The exemplar stays, even against many.
        ({0: of(0), 1: when(0), 2: of(0)}, 9, [1, 0, 1, 1, 1]),
    ],
)
def test_what_may_not_be_there_leaves(marks: dict[int, Marks], opening_cost: float, expected: list[int]) -> None:
    found = obeyed(PLACES, TWO, marks, ruled(apart=1), opening_cost)
    assert groups_of(found, 5).tolist() == expected
    moved = {int(found.part.kept[at]) for at in found.placed}
    assert moved == ({2} if expected[0] == 0 else {0, 2})


def test_what_is_joined_leaves_as_one() -> None:
    both = {at: frozenset({(0, ""), (1, "from")}) for at in (0, 2)}
    found = obeyed(PLACES, TWO, {**both, 1: when(1)}, ruled(together=1, apart=1), 9)
    assert groups_of(found, 5).tolist() == [1, 0, 1, 1, 1]


def test_strays_that_belong_together_are_a_group() -> None:
    marks: dict[int, Marks] = {at: frozenset({(0, "")}) for at in (1, 2)}
    found = obeyed(PLACES, [-1] * 5, marks, ruled(together=1), 1)
    assert groups_of(found, 5).tolist() == [-1, 0, 0, -1, -1]
    assert set(found.placed) == {0, 1}


def test_nothing_marked_is_the_same_object() -> None:
    found = obeyed(PLACES, TWO, {}, ruled(apart=1), 1)
    again = obeyed(PLACES, TWO, {0: when(0), 3: of(0)}, ruled(apart=1), 1)
    assert (found.placed, again.placed, again.clashes) == ({}, {}, {})
    assert groups_of(again, 5).tolist() == TWO


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[float], list[int], dict[int, Marks], RulesSettings, float]:
    count = draw(st.integers(2, 10))
    places = draw(st.lists(st.floats(0, 1, width=16), min_size=count, max_size=count, unique=True))
    labels = draw(st.lists(st.integers(-1, 2), min_size=count, max_size=count))
    together, by, apart = (draw(st.integers(0, 2)) for _ in range(3))
    sides = [(at, "") for at in range(together)]
    sides += [(together + at, value) for at in range(by) for value in "xyz"]
    sides += [(together + by + at, side) for at in range(apart) for side in ("when", "from")]
    if not sides:
        return places, labels, {}, ruled(), 1
    one = st.frozensets(st.sampled_from(sides), max_size=3)
    marks = {at: held for at in range(count) if (held := draw(one))}
    return places, labels, marks, ruled(together, by, apart), draw(st.sampled_from([0, 0.1, 1, 9]))


@example(
    # The centre of what leaves is not kept out of its own group by those that leave with it.
    (
        [0.4375, 0.0, 0.375, 0.25, 1.0, 0.5],
        [0, 0, 0, 0, 0, 1],
        {
            1: frozenset({(2, "when"), (0, ""), (1, "x")}),
            2: frozenset({(1, "y")}),
            3: frozenset({(2, "from"), (1, "x")}),
            4: frozenset({(0, "")}),
        },
        ruled(1, 1, 1),
        0,
    )
)
@given(cases())
def test_rules_hold_or_are_told(
    case: tuple[list[float], list[int], dict[int, Marks], RulesSettings, float],
) -> None:
    places, labels, marks, rules, _ = case
    found = obeyed(*case)
    groups = groups_of(found, len(places))
    for at, rule in enumerate(rules.named):
        own = {atom: [side for held, side in mark if held == at] for atom, mark in marks.items()}
        sides = {atom: one[0] for atom, one in own.items() if len(one) == 1}
        parting, joining = rule.name[0] in "ab", rule.name[0] in "tb"
        if parting:
            for atom, side in sides.items():
                for other, another in sides.items():
                    assert side == another or groups[atom] != groups[other] or groups[atom] < 0
        if joining and at not in found.clashes:
            for side in set(sides.values()):
                assert len({int(groups[atom]) for atom in sides if sides[atom] == side}) == 1
        assert (at in found.clashes) or all(len(one) < 2 for one in own.values()) or not parting
    # Nobody that was in a group is lost, and strays only come where a rule joins them.
    assert all(groups[atom] >= 0 for atom, label in enumerate(labels) if label >= 0)
    assert all(groups[atom] < 0 or atom in marks for atom, label in enumerate(labels) if label < 0)
    clustering = found.part.clustering
    assert (clustering.labels[clustering.medoids] == np.arange(len(clustering.medoids))).all()
    assert sorted(set(clustering.labels.tolist())) == list(range(len(clustering.medoids)))
    for at, names in found.placed.items():
        assert names
        assert set(names) <= {rule.name for rule in rules.named}
        assert 0 <= at < len(found.part.kept)
