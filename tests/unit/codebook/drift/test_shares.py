from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.codebook.drift.shares import aligned, in_order, risen, shares_of, unseen, vanished
from stormcell.types.codebooks import OTHER

counts = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", "e", "", OTHER]), st.integers(0, 500), min_size=1
).filter(lambda held: any(held.values()))


def parts_of(before: dict[str, float], after: dict[str, float]) -> dict[str, tuple[float, float]]:
    (p, old), (q, new) = shares_of(before), shares_of(after)
    values, one, two = aligned(p, q, old, new)
    return dict(zip(values, zip(one.tolist(), two.tolist(), strict=True), strict=True))


@given(counts, counts)
def test_all_events_are_compared_once(before: dict[str, float], after: dict[str, float]) -> None:
    parts = parts_of(before, after)
    assert sum(one for one, _ in parts.values()) == pytest.approx(1)
    assert sum(two for _, two in parts.values()) == pytest.approx(1)


@given(counts, counts)
def test_what_is_unseen_or_gone_is_a_share(before: dict[str, float], after: dict[str, float]) -> None:
    (p, old), (q, new) = shares_of(before), shares_of(after)
    assert 0 <= unseen(p, q, old) <= 1 + 1e-9
    assert 0 <= vanished(p, q, new) <= 1 + 1e-9
    assert unseen(p, p, old) == vanished(p, p, old) == 0


def test_rare_values_are_compared_as_one() -> None:
    rare = {f"rare {at}": 1.0 for at in range(100)}
    assert set(parts_of({"a": 900.0, **rare}, {"a": 450.0, "odd": 1.0, "other": 49.0})) == {"a", "other", OTHER}


def test_a_value_that_may_be_among_the_others_is_not_taken_for_new() -> None:
    (p, _), (q, _) = shares_of({"a": 900.0, OTHER: 100.0}), shares_of({"a": 900.0, "b": 60.0, OTHER: 40.0})
    assert unseen(p, q, 1000) == 0
    assert vanished(p, q, 1000) == pytest.approx(0)
    assert set(parts_of({"a": 900.0, OTHER: 100.0}, {"a": 900.0, "b": 60.0, OTHER: 40.0})) == {"a", OTHER}


def test_more_than_the_others_can_hold_is_new() -> None:
    before, after = {"a": 900.0, OTHER: 100.0}, {"a": 600.0, "b": 300.0, OTHER: 100.0}
    (p, old), (q, _) = shares_of(before), shares_of(after)
    assert unseen(p, q, old) == pytest.approx(0.3)
    assert parts_of(before, after)["b"] == (0, 0.3)


def test_values_seen_once_foretell_others_that_were_never_seen() -> None:
    once = {f"once {at}": 1.0 for at in range(50)}
    (p, old), (q, _) = shares_of({"a": 950.0, **once}), shares_of({"a": 950.0, "b": 50.0})
    assert unseen(p, q, old) == pytest.approx(0)


def test_few_events_leave_rare_values_out() -> None:
    (p, _), (q, _) = shares_of({"a": 900.0, **{f"rare {at}": 10.0 for at in range(10)}}), shares_of({"a": 20.0})
    assert vanished(p, q, 20) < 0.02
    assert vanished(p, q, 2000) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("after", "what"),
    [
        ({"a": 50.0, "b": 30.0, "c": 20.0}, 0.0),
        ({"a": 50.0, "b": 30.0, "c": 20.0, "storm": 100.0}, 0.5),
        ({"a": 50.0, "b": 30.0, "c": 420.0}, 0.84),
        ({"a": 50.0, "b": 30.0, "renamed": 20.0}, 0.2),
        ({"x": 1.0}, 0.0),
    ],
)
def test_what_has_risen(after: dict[str, float], what: float) -> None:
    before, _ = shares_of({"a": 50.0, "b": 30.0, "c": 20.0})
    assert risen(before, shares_of(after)[0]) == pytest.approx(what)


def test_bins_are_in_the_order_of_their_numbers() -> None:
    assert in_order(["10.50", "9.00", "0.05", "1e3", "", "-2"]) == ["-2", "0.05", "9.00", "10.50", "1e3", ""]
