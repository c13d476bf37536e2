"""The days that drift is measured on: what is added up is what the real windows would be."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))  # scripts beside each other, no package

from _drift_days import (
    HOUR,
    START,
    WEEK,
    Kinds,
    Plant,
    Rates,
    changed,
    hours_of,
    passing,
    renamed,
    representatives,
)
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.summary import added, summarise
from stormcell.config import Settings
from stormcell.features.rows import build_rows
from tests.unit.codebook.made import shop, trained

SETTINGS = Settings()
EVENTS = shop(300)
ASSIGNING = Assigning(trained(EVENTS), SETTINGS)


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    return Kinds.of(ASSIGNING, *representatives(EVENTS, SETTINGS), SETTINGS)


def test_every_event_is_of_a_kind(kinds: Kinds) -> None:
    _, counts = representatives(EVENTS, SETTINGS)
    assert counts.sum() == len(EVENTS)
    assert kinds.shares.sum() == pytest.approx(1)


def test_a_window_is_what_summarise_says(kinds: Kinds) -> None:
    counts = np.arange(len(kinds.events), dtype=np.float64)
    events = [
        replace(event, uid=f"{at}-{number}") for at, event in enumerate(kinds.events) for number in range(at)
    ]
    real = summarise(ASSIGNING, build_rows(events, SETTINGS), START, START + HOUR)
    made = kinds.window(counts, START, ASSIGNING.codebook.version)
    assert (made.events, made.new, made.codewords) == (real.events, real.new, real.codewords)
    assert made.distance == pytest.approx(real.distance)
    assert made.silhouette == pytest.approx(real.silhouette)
    for name, field in real.fields.items():
        assert dict(made.fields[name].counts) == pytest.approx(dict(field.counts)), name


def test_days_are_the_same_for_a_seed_and_twice_the_load_is_no_other_mix(kinds: Kinds) -> None:
    rates = Rates.draw(kinds, 48, 1000, 3, "nightly")
    once, again = (list(hours_of(kinds, rates, "cb", 3)) for _ in range(2))
    assert once == again
    busy = Plant("load doubled", False, times=2)
    twice = list(hours_of(kinds, rates, "cb", 3, busy, onset=24))
    assert twice[:24] == once[:24]
    assert added(twice[24:]).events == pytest.approx(2 * added(once[24:]).events, rel=0.05)


def test_what_is_planted_begins_within_its_hour(kinds: Kinds) -> None:
    rates = Rates.draw(kinds, 4, 10_000, 0, "same")
    plant = Plant("renamed", True, into=changed(kinds, ASSIGNING, SETTINGS, renamed("cart", "basket")))
    shares = []
    for window in hours_of(kinds, rates, "cb", 0, plant, onset=1.75):
        counts = window.fields["service"].counts
        shares.append(counts.get("basket", 0) / (counts.get("cart", 0) + counts.get("basket", 0)))
    assert shares == pytest.approx([0, 0.25, 1, 1], abs=0.04)


def test_messages_pass(kinds: Kinds) -> None:
    events, shares = passing(kinds.events, kinds.shares, 2)
    more = replace(Kinds.of(ASSIGNING, events, shares, SETTINGS), passing=2)
    hourly = Rates.draw(more, WEEK + 96, 1000, 0, "nightly").hourly
    assert not hourly[:WEEK, -2:].any()
    assert (hourly[WEEK : WEEK + 48, -2] > 0).all()
    assert not hourly[WEEK + 48 :, -2].any()
    assert (hourly[WEEK + 48 :, -1] > 0).all()
