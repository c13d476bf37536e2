"""What the store remembers for the model."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.store import SqliteStore
from stormcell.types import ModelNote, NoteKind, WindowSummary
from tests.unit.store.codebooks import notes, windows
from tests.unit.store.older import take_back
from tests.unit.store.strategies import atom_of, attributes, grouping_of, row_of

WINDOW = WindowSummary("cb-1", 0, 10, 5.0, 1.0, 0.5, {"k-1": 5.0}, {})


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "s.db", create=True)


@given(st.lists(windows, max_size=3))
@settings(max_examples=50)
def test_windows_read_back_equal(kept: list[WindowSummary]) -> None:
    with TemporaryDirectory() as folder, SqliteStore(Path(folder) / "s.db", create=True) as store:
        for window in kept:
            store.save_window(window)
        last = {(window.codebook, window.start): window for window in kept}
        for codebook in {window.codebook for window in kept}:
            expected = [window for (of, _), window in last.items() if of == codebook]
            assert store.windows(codebook) == sorted(expected, key=lambda window: -window.start)


@given(st.lists(notes, min_size=1, max_size=3))
@settings(max_examples=50)
def test_notes_read_back_equal(kept: list[ModelNote]) -> None:
    with TemporaryDirectory() as folder, SqliteStore(Path(folder) / "s.db", create=True) as store:
        for note in kept:
            store.add_note(note)
        numbered = [replace(note, number=number) for number, note in enumerate(kept, 1)][::-1]
        assert store.notes() == numbered
        assert store.notes(limit=1) == numbered[:1]
        assert sum(one.times for one in store.tallies()) == len(kept)
        one = kept[0]
        assert store.notes(one.kind, version=one.version) == [
            note for note in numbered if (note.kind, note.version) == (one.kind, one.version)
        ]


@given(attributes)
@settings(max_examples=30)
def test_state_reads_back_equal_and_is_none_of_what_was_learned(document: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder, SqliteStore(Path(folder) / "s.db", create=True) as store:
        store.learn({"drift": {"other": 1}})
        for _ in range(2):
            store.save_model_state("drift", document)
            assert store.model_state("drift") == document
        assert store.model_state("training") is None
        assert store.learned() == {"drift": {"other": 1}}


def test_the_latest_windows_come_first(store: SqliteStore) -> None:
    for start in (20, 0, 10):
        store.save_window(replace(WINDOW, start=start))
    assert [window.start for window in store.windows("cb-1", 2)] == [20, 10]
    assert store.windows("cb-2") == []


def test_old_windows_are_forgotten_a_portion_at_a_time(store: SqliteStore) -> None:
    for start in range(5):
        store.save_window(replace(WINDOW, start=start))
    assert store.forget_windows(4, most=1) == 1
    assert [window.start for window in store.windows("cb-1")] == [4, 3, 2, 1]
    found = store.forget(background=0, groups=4, audit=0, most=2)
    assert (found.windows, found.more) == (2, True)
    found = store.forget(background=0, groups=4, audit=0, most=2)
    assert (found.windows, found.more) == (1, False)
    assert [window.start for window in store.windows("cb-1")] == [4]


def run(store: SqliteStore, time: int, outcome: str) -> None:
    store.add_note(ModelNote(time, NoteKind.JOB, "", {"job": "train", "outcome": outcome, "seconds": time}))


def counted(store: SqliteStore) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Return how often each thing happened, and when it did last."""
    return {(one.last.kind.value, one.job, one.outcome): (one.times, one.last.time) for one in store.tallies()}


def test_old_notes_are_forgotten_but_for_the_last_of_each_kind_and_what_was_live(store: SqliteStore) -> None:
    for kind in (NoteKind.PROMOTED, NoteKind.ROLLED_BACK, NoteKind.CANARY_STARTED, NoteKind.CANARY_STARTED):
        store.add_note(ModelNote(1, kind, "cb-1"))
    for time, outcome in ((2, "done"), (3, "done"), (4, "failed"), (9, "done")):
        run(store, time, outcome)
    before = counted(store)
    assert before["job", "train", "done"] == (3, 9)
    assert store.forget(background=0, groups=0, audit=2, most=100).notes == 1
    found = store.forget(background=0, groups=0, audit=9, most=1)
    assert (found.notes, found.more) == (1, True)
    found = store.forget(background=0, groups=0, audit=9, most=100)
    assert (found.notes, found.more) == (1, False)
    assert [(note.kind.value, note.time) for note in store.notes()] == [
        ("job", 9),
        ("job", 4),
        ("canary-started", 1),
        ("rolled-back", 1),
        ("promoted", 1),
    ]
    assert counted(store) == before
    run(store, 10, "failed")
    assert counted(store)["job", "train", "failed"] == (2, 10)


def test_notes_of_before_are_counted(store: SqliteStore) -> None:
    store.add_note(ModelNote(1, NoteKind.DRIFT_BEGAN, "cb-1", {"job": "none"}))
    for time, outcome in ((2, "done"), (3, "skipped"), (4, "done")):
        run(store, time, outcome)
    before = counted(store)
    store.close()
    with sqlite3.connect(store.path) as connection:
        take_back(connection, 9)
    with SqliteStore(store.path, create=False) as found:
        assert counted(found) == before
        assert before["drift-began", "", ""] == (1, 1)


def test_a_window_goes_in_with_a_state_and_a_grouping_or_not_at_all(store: SqliteStore) -> None:
    store.save(grouping_of(atom_of("g", row_of("a"))), [])

    def fail() -> None:
        with store.changing():
            store.save(grouping_of(atom_of("h", row_of("b"))), [])
            store.save_window(WINDOW)
            store.save_model_state("drift", {"a": 1})
            store.add_note(ModelNote(0, NoteKind.DRIFT_BEGAN, "cb-1"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (store.windows("cb-1"), store.model_state("drift"), store.notes()) == ([], None, [])
    assert [group.id for group in store.groups()] == ["g"]
