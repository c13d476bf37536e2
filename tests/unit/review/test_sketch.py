"""How many members are others now: exactly where there are few, nearly where there are many."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.review.sketch import KEPT, changed, sketch
from stormcell.types import Basis
from tests.unit.store.strategies import texts

uids = st.sets(texts, max_size=40)


def basis(members: set[str]) -> Basis:
    return Basis("e", len(members), sketch(members))


def exact(before: set[str], now: set[str]) -> float:
    return len(before ^ now) / max(len(before), 1)


def told(before: set[str], now: set[str]) -> float:
    return changed(basis(before), sketch(now), len(now))


@given(uids, uids)
def test_of_few_it_is_exact(before: set[str], now: set[str]) -> None:
    assert told(before, now) == pytest.approx(exact(before, now), abs=1e-9)


@given(uids)
def test_of_the_same_nothing_changed(members: set[str]) -> None:
    assert told(members, members) == 0


@given(st.lists(texts, max_size=40))
def test_order_and_repetition_do_not_matter(members: list[str]) -> None:
    assert sketch(members) == sketch(reversed(members + members)) == sketch(set(members))


def numbers(start: int, count: int) -> set[str]:
    return {f"{number:032x}" for number in range(start, start + count)}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 3 * KEPT), st.integers(0, 3 * KEPT), st.integers(0, 3 * KEPT))
def test_of_many_it_is_near(left: int, common: int, came: int) -> None:
    before, now = numbers(0, left + common), numbers(left, common + came)
    # Five standard deviations of what is common to a sample of KEPT, as a part of all that there were.
    bound = 5 * (len(before) + len(now)) / KEPT**0.5 / max(len(before), 1)
    assert told(before, now) == pytest.approx(exact(before, now), abs=bound)


@pytest.mark.parametrize("more", [0, 1, 10 * KEPT])
def test_it_stays_small(more: int) -> None:
    assert len(sketch(numbers(0, KEPT + more))) == 8 * KEPT


def test_where_only_one_is_large_what_is_known_of_the_other_is_used() -> None:
    few, many = numbers(0, 100), numbers(0, 50_000)
    assert told(few, many) == pytest.approx(exact(few, many), rel=0.02)
    assert told(many, few) == pytest.approx(exact(many, few), abs=0.001)
