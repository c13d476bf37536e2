from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.codebook.drift import CODEWORD, scores
from stormcell.codebook.drift.measures import psi
from stormcell.config import DriftSettings
from stormcell.types.codebooks import Histogram
from tests.unit.codebook.drift.windows import REFERENCE, RENAMED, SLOWER, STORM, USUAL, VERSION, window

SETTINGS = DriftSettings()


def test_a_window_like_the_reference_is_not_apart() -> None:
    found = scores(REFERENCE, window(3), SETTINGS)
    assert found.codebook == VERSION
    assert (found.start, found.end) == (window(3).start, window(3).end)
    assert set(found.fields) == {*USUAL, CODEWORD}
    for score in found.fields.values():
        assert (score.psi, score.kl, score.js, score.unseen, score.vanished, score.level) == (0,) * 6
        assert score.moved == ()
    assert (found.quiet, found.surge, found.churn) == (False, False, 0.0)
    assert [found.distance, found.distance_before] == pytest.approx([0.1, 0.1])
    assert (found.silhouette, found.silhouette_before) == (0.9, 0.9)


@given(st.floats(0.5, 1000))
def test_volume_is_no_drift(times: float) -> None:
    found = scores(REFERENCE, window(times=times), SETTINGS)
    assert all(score.level == pytest.approx(0, abs=1e-9) for score in found.fields.values())
    assert not found.surge


def test_a_renamed_service_is_told_with_examples() -> None:
    score = scores(REFERENCE, window(fields=RENAMED), SETTINGS).fields["service"]
    assert score.psi == pytest.approx(psi([600, 400, 0], [600, 0, 400]))
    assert [score.unseen, score.vanished] == pytest.approx([0.4, 0.4])
    assert score.fresh > 10
    moved = {one.value: one for one in score.moved}
    assert set(moved) == {"pay", "payments"}
    assert [moved["payments"].before, moved["payments"].after] == pytest.approx([0, 0.4])
    assert moved["payments"].example == "of payments"
    # Of what is gone an event of the training speaks.
    assert moved["pay"].example == "of pay"


def test_a_field_that_vanishes_is_told() -> None:
    fields = {name: counts for name, counts in USUAL.items() if name != "template"}
    score = scores(REFERENCE, window(fields=fields), SETTINGS).fields["template"]
    assert score.unseen == 1
    assert score.fresh > 30


def test_events_that_have_none_are_none_of_a_duration_s() -> None:
    gone = {**USUAL, "duration": {"6.00": 50.0, "6.50": 50.0, "": 900.0}}
    score = scores(REFERENCE, window(fields=gone), SETTINGS).fields["duration"]
    assert (score.events, score.psi, score.ks) == (100, 0, 0)
    none = {**USUAL, "duration": {"": 1000.0}}
    assert "duration" not in scores(REFERENCE, window(fields=none), SETTINGS).fields


def test_slower_spans_are_told() -> None:
    score = scores(REFERENCE, window(fields=SLOWER), SETTINGS).fields["duration"]
    assert score.ks == pytest.approx(0.5)
    assert score.shift > 1
    assert score.fresh == 0


def test_a_bin_is_not_unseen_but_far() -> None:
    far = {**USUAL, "duration": {"9.00": 1000.0, "": 1000.0}}
    score = scores(REFERENCE, window(fields=far), SETTINGS).fields["duration"]
    assert score.fresh == 0
    assert score.ks == 1


def test_what_is_of_no_codeword_is_unseen() -> None:
    found = scores(REFERENCE, window(new=100.0), SETTINGS)
    assert found.new == pytest.approx(0.1)
    assert found.fields[CODEWORD].unseen == pytest.approx(0.1)
    assert found.fields[CODEWORD].fresh > 1
    before = window(times=100.0, new=10_000.0, codebook="")
    assert scores(before, window(new=100.0), SETTINGS).fields[CODEWORD].fresh == 0


def test_templates_tell_how_much_has_changed() -> None:
    other = {**USUAL, "template": {"added <*>": 600.0, "charged <*>": 300.0, "declined": 100.0}}
    found = scores(REFERENCE, window(fields=other), SETTINGS)
    assert [found.churn, found.vanished] == pytest.approx([0.3, 0.3])


def test_few_events_say_nothing() -> None:
    found = scores(REFERENCE, window(fields=RENAMED, times=0.1), SETTINGS)
    assert found.quiet
    assert found.fields["service"].psi > 1
    assert all(score.level == 0 for score in found.fields.values())


@pytest.mark.parametrize("empty", [window(times=0.0), replace(window(times=0.0), fields={}, codewords={})])
def test_no_events_say_nothing(empty: object) -> None:
    assert isinstance(empty, type(REFERENCE))
    assert scores(REFERENCE, empty, SETTINGS).quiet
    assert scores(replace(empty, codebook=""), window(), SETTINGS).quiet
    assert scores(empty, empty, SETTINGS).fields == {}


def test_the_same_difference_says_less_of_few_events() -> None:
    other = {**USUAL, "service": {"cart": 450.0, "pay": 550.0}}
    few, many = (
        scores(REFERENCE, window(fields=other, times=times), SETTINGS).fields["service"] for times in (0.3, 10)
    )
    assert few.psi == pytest.approx(many.psi)
    assert few.shift < many.shift
    assert few.chance > many.chance


def test_much_on_top_of_what_is_usual_is_a_surge() -> None:
    assert scores(REFERENCE, window(fields=STORM), SETTINGS).surge
    assert not scores(REFERENCE, window(fields=RENAMED), SETTINGS).surge
    assert not scores(REFERENCE, window(fields=SLOWER), SETTINGS).surge


def test_ignored_fields_are_not_looked_at() -> None:
    settings = DriftSettings(ignore=("service", CODEWORD))
    assert set(scores(REFERENCE, window(fields=RENAMED), settings).fields) == {"template", "duration"}


def test_a_label_that_is_new_is_told() -> None:
    labelled = replace(window(), fields={**window().fields, "label:zone": Histogram({"a": 1000.0})})
    assert scores(REFERENCE, labelled, SETTINGS).fields["label:zone"].unseen == 1
