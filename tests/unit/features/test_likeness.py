from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.config import RecurrenceSettings
from stormcell.distance.mixed import explain
from stormcell.features import likeness as module
from stormcell.features.likeness import likeness
from stormcell.types import Profile, Saying

SETTINGS = RecurrenceSettings()

names = st.sampled_from(["cart", "db", "front", ""])
parts = st.floats(0.01, 1)
sayings = st.builds(
    Saying,
    signal=st.sampled_from(["alert", "log", "span"]),
    service=names,
    text=st.sampled_from(["Down", "refused", "GET"]) | st.text(max_size=4),
    count=st.integers(1, 10**6),
)
profiles = st.builds(
    Profile,
    services=st.dictionaries(names, parts, max_size=3),
    sayings=st.lists(sayings, max_size=5, unique_by=lambda each: (each.signal, each.service, each.text)).map(
        tuple
    ),
    instances=st.dictionaries(names, parts, max_size=3),
)


def far(*several: Profile) -> dict[str, float | None]:
    """Return the dissimilarity of the first two in each field; None where it is missing."""
    [shares] = explain(likeness(several, SETTINGS), np.array([0]), np.array([1]))
    return {share.name: share.dissimilarity if share.weight else None for share in shares}


def told(*texts: str, service: str = "cart", signal: str = "alert", blamed: str = "cart") -> Profile:
    return Profile({blamed: 1.0}, tuple(Saying(signal, service, text, 1) for text in texts), {})


@given(st.lists(profiles, min_size=2, max_size=8))
@settings(max_examples=60)
def test_shares_sum_to_the_dissimilarity_which_is_one(several: list[Profile]) -> None:
    points = likeness(several, SETTINGS)
    matrix = points.cross(points)
    assert np.all((matrix >= 0) & (matrix <= 1))
    assert np.allclose(matrix, matrix.T, atol=1e-6)
    a, b = np.triu_indices(len(several), 1)
    for i, j, shares in zip(a, b, explain(points, a, b), strict=True):
        if any(share.weight for share in shares):
            assert sum(share.share for share in shares) == pytest.approx(float(matrix[i, j]), abs=1e-5)
        else:
            assert matrix[i, j] == 1


@given(profiles, st.lists(profiles, max_size=4))
def test_equal_profiles_are_not_apart(one: Profile, others: list[Profile]) -> None:
    assert all(value is None or value < 1e-5 for value in far(one, one, *others).values())


def test_what_both_say_counts_more_the_fewer_say_it() -> None:
    crowd = [told("Usual") for _ in range(20)]
    rare = far(told("Rare", "A"), told("Rare", "B"), *crowd)["sayings"]
    usual = far(told("Usual", "A"), told("Usual", "B"), *crowd)["sayings"]
    assert rare is not None
    assert usual is not None
    assert rare < usual


def test_the_same_alert_of_another_service_is_a_symptom_in_common() -> None:
    found = far(told("Down", blamed="cart"), told("Down", service="db", blamed="db"))
    assert found == {"blame": 1.0, "sayings": pytest.approx(1.0), "symptoms": 0.0, "instances": None}


def test_what_nobody_else_says_makes_a_difference() -> None:
    found = far(told("Only here"), told("Only there"))["sayings"]
    assert found == pytest.approx(1.0)
    assert far(told(), told("Only there"))["sayings"] is None


def test_of_very_many_sayings_the_most_telling_have_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SHARED", 1)
    several = [told("Usual", "Rare"), told("Usual", "Rare"), *[told("Usual") for _ in range(9)]]
    found = far(*several)["sayings"]
    assert found is not None
    assert found < 0.2
