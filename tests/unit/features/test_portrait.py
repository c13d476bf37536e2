from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.config import RecurrenceSettings
from stormcell.features.likeness import usual
from stormcell.features.portrait import DIMENSIONS, portrait, question
from stormcell.types import Profile, Saying
from tests.unit.features.test_likeness import profiles

SETTINGS = RecurrenceSettings()
NOTHING = Profile({}, (), {})


def said(*texts: str, service: str = "cart", count: int = 1) -> Profile:
    return Profile({service: 1.0}, tuple(Saying("log", service, text, count) for text in texts), {})


def cosine(one: Profile, other: Profile) -> float:
    return float(portrait(one) @ portrait(other))


@given(profiles)
@settings(max_examples=60)
def test_a_portrait_is_one_long_and_of_nothing_there_is_none(profile: Profile) -> None:
    found = portrait(profile)
    if profile == NOTHING:
        assert found.shape == (0,)
    elif len(found):  # what cancels out leaves none
        assert found.shape == (DIMENSIONS,)
        assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)


@given(profiles, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_equal_profiles_have_equal_portraits_in_whatever_order_they_are_put(
    profile: Profile, random: Random
) -> None:
    def shuffled(parts: dict[str, float]) -> dict[str, float]:
        return dict(random.sample(sorted(parts.items()), len(parts)))

    other = Profile(
        shuffled(dict(profile.services)),
        profile.sayings,
        shuffled(dict(profile.instances)),
    )
    assert np.allclose(portrait(profile), portrait(other), atol=1e-7)


@given(profiles)
def test_texts_that_are_no_unicode_have_portraits(profile: Profile) -> None:
    odd = replace(profile, sayings=(*profile.sayings, Saying("log", "d\ud83db", "a\0b\udc80", 3)))
    assert portrait(odd).shape == (DIMENSIONS,)
    assert question(odd, SETTINGS, usual([odd])).shape == (DIMENSIONS,)


def test_a_portrait_stays_as_it_is_from_version_to_version() -> None:
    """Portraits of another version would be compared with those that are stored already."""
    profile = Profile({"cart": 1.0}, (Saying("log", "cart", "refused", 1),), {"cart-0": 0.25})
    found = portrait(profile)
    assert {int(place): round(float(found[place]), 4) for place in np.flatnonzero(found)} == {
        40: -0.3015,  # sqrt(.25 / 2.75): its part of the weights of the fields that it has
        93: -0.4264,
        369: -0.8528,
    }


def test_the_more_two_have_in_common_the_more_alike_they_are() -> None:
    asked = said(*"abcdefgh")
    likes = [cosine(asked, said(*texts)) for texts in ("abcdefgh", "abcdefxy", "abcdwxyz", "abstuxyz")]
    assert likes == sorted(likes, reverse=True)
    assert likes[0] == pytest.approx(1.0)
    assert abs(cosine(asked, said("other", service="db"))) < 0.3


def test_a_question_is_about_what_is_rare() -> None:
    crowd = [said("usual", *(f"own {number}-{at}" for at in range(3))) for number in range(60)]
    asked, rare, common = said("usual", "rare"), said("rare", "x"), said("usual", "y")
    wanted = question(asked, SETTINGS, usual([asked, rare, common, *crowd]))
    assert float(wanted @ portrait(rare)) > float(wanted @ portrait(common)) + 0.1
    assert cosine(asked, rare) == pytest.approx(cosine(asked, common), abs=0.1)


def test_a_question_weighs_fields_as_it_is_told() -> None:
    asked = Profile({"cart": 1.0}, (Saying("log", "cart", "refused", 1),), {})
    accused, spoken = Profile({"cart": 1.0}, (), {}), Profile({}, asked.sayings, {})
    known = usual([asked, accused, spoken])
    by_default = question(asked, SETTINGS, known)
    blame_alone = question(asked, SETTINGS.model_copy(update={"sayings": 0.0}), known)
    assert float(by_default @ portrait(spoken)) > float(by_default @ portrait(accused))
    assert float(blame_alone @ portrait(accused)) == pytest.approx(1.0)
    # The settings may leave nothing to ask for.
    none = RecurrenceSettings(blame=0, sayings=0, symptoms=0, instances=0)
    assert question(asked, none, known).shape == (0,)
