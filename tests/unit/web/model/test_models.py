"""What the pages of codebooks show, without pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.codebook import drift
from stormcell.codebook.assigning import Assigning
from stormcell.codebook.summary import summarise
from stormcell.codebook.training import train
from stormcell.store import SqliteStore
from stormcell.types import Codebook, CodebookState, ModelNote, NoteKind, Value, WindowSummary
from stormcell.web.model.listing import PAGE, listed, share
from stormcell.web.model.noted import noted
from stormcell.web.model.page import PAGE as WORDS
from stormcell.web.model.page import shown
from stormcell.web.model.trying import trying
from stormcell.web.model.watching import WINDOWS, watching
from tests.unit.features.build import START
from tests.unit.store.codebooks import codebook_of
from tests.unit.web.model.build import FIRST, HOUR, KINDS, NEW, SETTINGS, watched, window


@pytest.fixture(scope="module")
def book() -> Codebook:
    return train(window(0), SETTINGS)


def seen(book: Codebook, number: int, count: int = 600, *, new: bool = False) -> WindowSummary:
    """Return what a codebook makes of a window."""
    start = START + (FIRST + number * HOUR) * 10**9
    rows = window(number, (*KINDS, NEW) if new else KINDS, count)
    made = summarise(Assigning(book, SETTINGS), rows, start, start + HOUR * 10**9)
    return replace(made, codebook=book.version)


def test_windows_are_shown_in_order_and_no_more_than_fit(book: Codebook) -> None:
    windows = [seen(book, number) for number in range(WINDOWS + 3)]
    found = watching(book, windows[::-1], {}, SETTINGS.drift)
    assert [one.start for one in found.windows] == [one.start for one in windows[3:]]
    assert {len(field.cells) for field in found.fields} == {WINDOWS}
    assert found.drifted == []


def test_a_window_of_few_events_says_nothing(book: Codebook) -> None:
    found = watching(book, [seen(book, 0, 50, new=True)], {}, SETTINGS.drift)
    assert [one.quiet for one in found.windows] == [True]
    assert {cell.level for field in found.fields for cell in field.cells} == {""}


def test_what_has_drifted_comes_first_with_what_moved(book: Codebook) -> None:
    windows = [seen(book, number, new=number > 1) for number in range(5)]
    state = drift.State()
    for one in windows:
        state, _ = drift.advance(state, drift.scores(book.reference, one, SETTINGS.drift), one)
    found = watching(book, windows[::-1], drift.dump(state), SETTINGS.drift)
    names = [field.name for field in found.fields]
    drifted = {field.name for field in found.drifted}
    assert set(names[: len(drifted)]) == drifted >= {"service", "template", "codeword"}
    moved = {field.name: {one.value: one for one in field.moved} for field in found.drifted}
    ship = moved["service"]["ship"]
    assert (ship.before, ship.example[:3]) == ("0.0%", "w4-")
    # A codeword is told by its exemplar.
    [known] = [one for name, one in moved["codeword"].items() if name == book.codewords[0].id]
    assert known.text == book.codewords[0].medoid.text
    assert [cell.kind for cell in found.fields[names.index("service")].cells] == [
        "far",
        "far",
        "over",
        "over",
        "over",
    ]
    # What is known of another codebook is not of this one.
    other = replace(state, codebook="cb-000000000000")
    assert watching(book, windows[::-1], drift.dump(other), SETTINGS.drift).drifted == []


def test_a_canary_that_the_sidecar_does_not_know_yet_is_shown(book: Codebook) -> None:
    known = watched(book, book)
    for state in (None, {}, {**known, "version": "cb-000000000000"}):
        found = trying(book.version, state)
        assert (found.version, found.windows, found.means, found.action) == (book.version, 0, (), "")
    found = trying(book.version, known)
    assert (found.agreement, found.churn, found.windows) == ("90.0%", "10.5%", 2)
    assert found.means[0] == ("new", "5.0%", "15.0%")


@pytest.mark.parametrize(
    ("kind", "detail", "words", "bad"),
    [
        (NoteKind.PROMOTED, {"by": "ada", "from": "cb-1"}, "was promoted", False),
        (NoteKind.ROLLED_BACK, {"by": "sidecar"}, "was rolled back to", True),
        (
            NoteKind.CANARY_ENDED,
            {"verdict": "ready"},
            "kept to the rules as the canary, and may be promoted",
            False,
        ),
        (NoteKind.CANARY_ENDED, {"verdict": "rejected"}, "broke the rules as the canary, and is rejected", True),
        (NoteKind.CANARY_ENDED, {"verdict": "stopped"}, "is no longer the canary", False),
        (
            NoteKind.JOB,
            {"job": "train", "outcome": "done", "seconds": 3.0},
            "the job train ended after 3 s: done",
            False,
        ),
    ],
)
def test_notes_are_told_in_words(kind: NoteKind, detail: dict[str, Value], words: str, bad: bool) -> None:
    [found] = noted([ModelNote(0, kind, "cb-2", detail)])
    assert (found.words, found.bad) == (words, bad)


values: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.sampled_from([kind for kind in NoteKind if not kind.value.startswith(("drift", "job"))]),
    st.dictionaries(st.text(max_size=5), values, max_size=4),
)
def test_whatever_a_note_holds_is_told(kind: NoteKind, detail: dict[str, Value]) -> None:
    [found] = noted([ModelNote(0, kind, "", detail)])
    assert found.words
    assert all(told for _, told in found.details)


def test_shares_tell_small_ones_apart() -> None:
    assert [share(part) for part in (0, 0.0004, 0.0123, 1)] == ["0.0%", "0.0%", "1.2%", "100.0%"]


def test_of_many_codebooks_the_last_ones_and_the_live_one_are_listed(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        made = [codebook_of(str(number)) for number in range(PAGE + 3)]
        for number, (codebook, document) in enumerate(made):
            store.add_codebook(codebook, document, now=number)
        store.set_codebook_state(made[0][0].version, CodebookState.LIVE)
        found = listed(store)
    assert [one.made for one in found.rows] == [*range(PAGE + 2, 2, -1), 0]
    assert found.more == 2


def test_a_page_of_a_codebook_goes_on_where_the_one_before_ended(tmp_path: Path) -> None:
    codebook, document = codebook_of(*(f"text {number}" for number in range(WORDS + 1)))
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.add_codebook(codebook, document)
        stored = store.codebook(codebook.version)
        one = shown(store, stored)
        two = shown(store, stored, one.next)
    assert (len(one.words), one.next, len(two.words), two.next) == (WORDS, WORDS, 1, 0)
    assert {word.id for word in (*one.words, *two.words)} == {word.id for word in codebook.codewords}
