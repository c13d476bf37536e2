from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from stormcell.codebook.drift import State, advance, dump, load, scores, sentences
from stormcell.config import DriftSettings
from stormcell.types.codebooks import ModelNote, NoteKind, WindowSummary
from tests.unit.codebook.drift.windows import HOUR, REFERENCE, RENAMED, SLOWER, STORM, USUAL, window

SETTINGS = DriftSettings()
Fields = Mapping[str, Mapping[str, float]]


def run(
    windows: Iterable[WindowSummary], state: State | None = None, settings: DriftSettings = SETTINGS
) -> tuple[State, list[ModelNote]]:
    state, notes = state or State(), []
    for one in windows:
        state, more = advance(state, scores(REFERENCE, one, settings), one)
        notes += more
    return state, notes


def hours(*fields: Fields, first: int = 0) -> list[WindowSummary]:
    return [window(first + at, each) for at, each in enumerate(fields)]


def told(note: ModelNote, name: str) -> Any:
    return cast("Any", note.detail[name])


def names_of(note: ModelNote) -> list[str]:
    return [field["field"] for field in told(note, "fields")]


DAY = hours(*[USUAL] * 24)


def test_what_is_as_before_is_no_drift() -> None:
    state, notes = run(hours(*[USUAL] * 48))
    assert notes == []
    assert state.active == ()


def test_it_begins_with_the_second_window_in_a_row() -> None:
    state, notes = run(hours(USUAL, RENAMED))
    assert (state.active, notes) == ((), [])
    state, notes = run(hours(RENAMED, first=2), state)
    assert state.active == ("service",)
    [note] = notes
    assert note.kind is NoteKind.DRIFT_BEGAN
    assert (note.time, note.version) == (3 * HOUR, window().codebook)
    assert note.detail["since"] == "1970-01-01T01:00:00.000Z"
    assert note.detail["active"] == ["service"]
    [field] = told(note, "fields")
    assert field["field"] == "service"
    assert {"value": "payments", "before": 0.0, "after": 0.4, "example": "of payments"} in field["moved"]


def test_one_window_alone_is_none() -> None:
    assert run(hours(RENAMED, USUAL, RENAMED, USUAL, USUAL, RENAMED))[1] == []


def test_a_storm_is_none_until_it_lasts() -> None:
    state, notes = run(hours(USUAL, STORM, STORM, USUAL))
    assert (state.active, notes) == ((), [])
    state, _ = run(hours(STORM, STORM, STORM))
    assert "service" in state.active


def test_it_is_over_after_three_windows_in_a_row() -> None:
    state, _ = run(hours(RENAMED, RENAMED))
    state, notes = run(hours(USUAL, USUAL, RENAMED, USUAL, USUAL, first=2), state)
    assert (state.active, notes) == (("service",), [])
    state, notes = run(hours(USUAL, first=7), state)
    assert state.active == ()
    [note] = notes
    assert note.kind is NoteKind.DRIFT_ENDED
    assert note.detail["since"] == "1970-01-01T00:00:00.000Z"


def test_between_the_thresholds_it_stays_what_it_is() -> None:
    half = {**USUAL, "service": {"cart": 600.0, "pay": 370.0, "payments": 30.0}}
    assert SETTINGS.leave < scores(REFERENCE, window(fields=half), SETTINGS).fields["service"].level < 1
    assert run(hours(*[half] * 9))[0].active == ()
    state, _ = run(hours(RENAMED, RENAMED))
    assert run(hours(*[half] * 9, first=2), state)[0].active == ("service",)


def test_a_mix_is_judged_by_what_is_usual_at_the_hour() -> None:
    night = {**USUAL, "service": {"cart": 200.0, "pay": 800.0}}
    day = [*[USUAL] * 22, night, night]
    state, notes = run(hours(*day * 5))
    assert (state.active, notes) == ((), [])
    # At noon it is not usual.
    state, notes = run(hours(*[USUAL] * 12, night, night, first=120), state)
    assert state.active == ("service",)


def test_of_a_first_day_only_what_is_unseen_is_told() -> None:
    assert run(hours(SLOWER, SLOWER, SLOWER))[0].active == ()
    state, _ = run(DAY)
    assert run(hours(SLOWER, SLOWER, first=24), state)[0].active == ("duration",)


def test_what_creeps_is_told_in_the_end() -> None:
    state, _ = run(DAY)
    for day in range(1, 15):
        share = 400 + 40.0 * day
        crept = {**USUAL, "service": {"cart": 1000 - share, "pay": share}}
        state, notes = run(hours(*[crept] * 24, first=24 * day), state)
        assert (state.active != ()) == bool(notes)
        if notes:
            break
    assert state.active == ("service",)
    assert 2 < day < 14


def test_it_can_be_told_at_once() -> None:
    assert run(hours(SLOWER, SLOWER), State(at_once=True))[0].active == ("duration",)
    night = {**USUAL, "service": {"cart": 200.0, "pay": 800.0}}
    # What was usual at an hour stays so.
    learned = replace(run(hours(*[night] * 24))[0], at_once=True)
    assert run(hours(night, night, first=24), learned)[0].active == ()


def test_what_is_usual_is_not_learned_from_drift() -> None:
    state, _ = run(DAY)
    state, notes = run(hours(*[SLOWER] * 72, first=24), state)
    assert state.active == ("duration",)
    assert len(notes) == 1


def test_a_window_counts_once() -> None:
    state, _ = run(hours(RENAMED))
    assert run(hours(RENAMED), state) == (state, [])
    assert run([window(-1, RENAMED)], state) == (state, [])


def test_quiet_windows_break_no_row() -> None:
    quiet = window(1, times=0.1)
    state, notes = run([window(0, RENAMED), quiet, window(2, RENAMED)])
    assert state.active == ("service",)
    assert len(notes) == 1


def test_fields_that_join_are_told_once() -> None:
    both = {**RENAMED, "template": {"bought <*>": 1000.0}}
    state, notes = run(hours(RENAMED, RENAMED, both, both, both))
    assert [names_of(note) for note in notes] == [["service"], ["template"]]
    assert notes[1].detail["active"] == ["service", "template"]
    assert state.active == ("service", "template")


def test_another_codebook_ends_it_and_what_is_usual_stays() -> None:
    state, _ = run([*DAY, *hours(RENAMED, RENAMED, first=24)])
    after = replace(window(26), codebook="cb-000000000002")
    state, notes = run([after], state)
    [note] = notes
    assert (note.kind, note.version) == (NoteKind.DRIFT_ENDED, window().codebook)
    assert note.detail["why"] == "replaced by cb-000000000002"
    assert state.active == ()
    assert len(state.fields["service"].usual) == 24


def test_ignored_from_now_on_is_over() -> None:
    state, _ = run(hours(RENAMED, RENAMED))
    ignoring = DriftSettings(ignore=("service",))
    assert run(hours(USUAL, USUAL, USUAL, first=2), state, ignoring)[0].active == ()


some = st.sampled_from([USUAL, RENAMED, SLOWER, STORM])


@limits(deadline=None, max_examples=40)
@given(st.lists(some, max_size=12), st.integers(0, 12))
def test_it_can_stop_anywhere_and_go_on(fields: list[Fields], stop: int) -> None:
    every = hours(*fields)
    whole = run(every)
    state, notes = run(every[:stop])
    again = load(json.loads(json.dumps(dump(state))))
    assert again == state
    state, more = run(every[stop:], again)
    assert (state, notes + more) == whole


@limits(deadline=None, max_examples=40)
@given(st.lists(some, max_size=20))
def test_beginnings_and_ends_take_turns(fields: list[Fields]) -> None:
    active: set[str] = set()
    for note in run(hours(*fields))[1]:
        names = set(names_of(note))
        if note.kind is NoteKind.DRIFT_BEGAN:
            assert not names & active
            active |= names
        else:
            assert names <= active
            active -= names
        assert set(told(note, "active")) == active


def test_notes_are_json() -> None:
    _, notes = run(hours(RENAMED, RENAMED, USUAL, USUAL, USUAL))
    assert [json.loads(json.dumps(note.detail)) for note in notes] == [note.detail for note in notes]


def test_a_state_that_was_never_kept_is_empty() -> None:
    assert load({}) == State()


@pytest.mark.parametrize(
    ("windows", "lines"),
    [
        (
            hours(RENAMED, RENAMED),
            [
                "1970-01-01T02:00:00.000Z: drift of service since 1970-01-01T00:00:00.000Z",
                "  service: 16.7 times the threshold, PSI 4.19, 40.0% with values never seen, 40.0% gone",
                "    pay: 40.0% -> 0.0% (such as of pay)",
                "    payments: 0.0% -> 40.0% (such as of payments)",
            ],
        ),
        (
            hours(RENAMED, RENAMED, USUAL, USUAL, USUAL),
            ["1970-01-01T05:00:00.000Z: drift of service is over: as before"],
        ),
    ],
)
def test_notes_in_words(windows: list[WindowSummary], lines: list[str]) -> None:
    assert sentences(run(windows)[1][-1]) == lines
