from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

from stormcell.codebook.matching import assignment, named
from stormcell.types import DoubleArray
from tests.unit.codebook.books import codebook, codeword

_TABLES = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.floats(-5, 5, width=16))
_FAR = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=st.floats(0, 1, width=16))


@given(_TABLES)
def test_matching_costs_what_scipy_says(costs: DoubleArray) -> None:
    rows, columns = assignment(costs)
    theirs = linear_sum_assignment(costs)
    assert len(rows) == len(set(rows.tolist())) == len(set(columns.tolist())) == min(costs.shape)
    assert (np.diff(rows) > 0).all()
    assert costs[rows, columns].sum() == pytest.approx(costs[theirs].sum(), abs=1e-9)


def test_matching_of_a_large_table_costs_what_scipy_says() -> None:
    costs = np.random.default_rng(3).random((150, 200))
    assert costs[assignment(costs)].sum() == pytest.approx(costs[linear_sum_assignment(costs)].sum())


@pytest.mark.parametrize("costs", [np.zeros(3), np.array([[np.inf]]), np.array([[1.0, np.nan]])])
def test_what_is_no_table_of_costs_is_refused(costs: DoubleArray) -> None:
    with pytest.raises(ValueError, match="expected a table of finite costs"):
        assignment(costs)


def test_nothing_is_matched_with_nothing() -> None:
    rows, columns = assignment(np.zeros((0, 4)))
    assert len(rows) == len(columns) == 0


@given(_FAR)
def test_ids_are_kept_within_the_radius_only_and_never_given_twice(far: DoubleArray) -> None:
    old = codebook([codeword(f"k-{at}", radius=0.3) for at in range(far.shape[1])])
    ids = named(old, [codeword("?", f"text {at}") for at in range(far.shape[0])], far)
    assert len(set(ids)) == len(ids) == far.shape[0]
    for at, id in enumerate(ids):
        before = [number for number, one in enumerate(old.codewords) if one.id == id]
        assert all(far[at, number] <= 0.3 for number in before)


@given(_FAR)
def test_as_many_ids_are_kept_as_can_be_where_all_are_as_near(far: DoubleArray) -> None:
    far = np.where(far < 0.3, 0.01, far)
    old = codebook([codeword(f"k-{at}", radius=0.3) for at in range(far.shape[1])])
    ids = named(old, [codeword("?", f"text {at}") for at in range(far.shape[0])], far)
    kept = sum(id in {one.id for one in old.codewords} for id in ids)
    allowed = (far < 0.3).astype(float)
    assert kept == allowed[linear_sum_assignment(allowed, maximize=True)].sum()


@given(_FAR, st.data())
def test_the_same_medoid_keeps_its_id_whatever_is_near(far: DoubleArray, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, far.shape[0] - 1))
    column = data.draw(st.integers(0, far.shape[1] - 1))
    far = np.maximum(far, 0.01)
    far[row, column] = 0.0
    old = codebook([codeword(f"k-{at}", radius=0.9) for at in range(far.shape[1])])
    assert named(old, [codeword("?", f"text {at}") for at in range(far.shape[0])], far)[row] == f"k-{column}"


def test_where_a_kind_was_split_the_nearer_part_keeps_the_id() -> None:
    old = codebook([codeword("k-old", radius=0.4)])
    ids = named(old, [codeword("?", "one"), codeword("?", "two")], np.array([[0.3], [0.1]]))
    assert ids[1] == "k-old"
    assert ids[0] not in {"k-old", ""}


def test_without_a_parent_ids_tell_what_is_the_same() -> None:
    first = named(None, [codeword("a", "one"), codeword("b", "two")])
    again = named(None, [codeword("c", "two"), codeword("d", "one")])
    assert first == again[::-1]
    assert all(id.startswith("k-") and len(id) == 14 for id in first)


def test_two_of_one_template_have_two_ids_whatever_their_order() -> None:
    one, other = codeword("a", "same"), codeword("b", "same")
    ids = named(None, [one, other])
    assert len(set(ids)) == 2
    assert named(None, [other, one]) == ids[::-1]


def test_an_id_that_is_gone_does_not_come_back_for_another_kind() -> None:
    [id] = named(None, [codeword("a", "one")])
    second = codebook([codeword(id, "one", radius=0.2)], "cb-1")
    # The kind goes on under another medoid; what the first medoid was like is now another kind.
    ids = named(second, [codeword("b", "two"), codeword("c", "one")], np.array([[0.1], [0.19]]))
    assert ids[0] == id
    third = codebook([codeword(ids[1], "one")], "cb-2")
    [last] = named(third, [codeword("d", "one")], np.array([[0.9]]))
    assert last not in {*ids}
