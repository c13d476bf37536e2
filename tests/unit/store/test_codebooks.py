"""Codebooks: kept whole, at most one of them live, and told when they are not what was stored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings

from stormcell.errors import CodebookError, ConflictError, NotFoundError, OutputError, StoreError
from stormcell.store import SqliteStore
from stormcell.types import AuditEntry, CodebookState, ModelNote, NoteKind, Provenance
from tests.unit.store.codebooks import codebook_of, provenances

CANDIDATE, CANARY, LIVE, RETIRED, REJECTED = CodebookState
ONE, TWO, THREE = codebook_of("one"), codebook_of("two", "too"), codebook_of("three")
VERSIONS = [codebook.version for codebook, _ in (ONE, TWO, THREE)]


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    """A store of three candidates."""
    store = SqliteStore(tmp_path / "s.db", create=True)
    for number, (codebook, document) in enumerate((ONE, TWO, THREE)):
        assert store.add_codebook(codebook, document, now=number)
    return store


def states(store: SqliteStore) -> list[CodebookState]:
    return [store.codebook(version).state for version in VERSIONS]


def test_what_is_added_is_there_as_it_was(store: SqliteStore) -> None:
    assert [one.version for one in store.codebooks()] == VERSIONS[::-1]  # newest first
    assert states(store) == [CANDIDATE] * 3
    found = store.codebook(VERSIONS[1])
    assert (found.made, found.codewords, found.provenance) == (1, 2, TWO[0].provenance)
    assert store.codebook_document(VERSIONS[1]) == TWO[1]
    assert (store.live_codebook(), store.canary_codebook()) == (None, None)


@given(provenances)
@settings(max_examples=30)
def test_a_provenance_is_kept_whatever_is_in_it(provenance: Provenance) -> None:
    with TemporaryDirectory() as folder, SqliteStore(Path(folder) / "s.db", create=True) as store:
        store.add_codebook(replace(ONE[0], provenance=provenance), ONE[1])
        assert store.codebook(VERSIONS[0]).provenance == provenance


def test_adding_again_changes_nothing(store: SqliteStore) -> None:
    store.set_codebook_state(VERSIONS[0], REJECTED)
    before = store.codebooks()
    assert not store.add_codebook(*ONE, [ModelNote(5, NoteKind.TRAINED, VERSIONS[0])], now=99)
    assert (store.codebooks(), store.notes()) == (before, [])


def test_notes_come_with_what_is_added(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.add_codebook(*ONE, [ModelNote(5, NoteKind.TRAINED, VERSIONS[0], {"loss": 0.5})])
        assert store.notes() == [ModelNote(5, NoteKind.TRAINED, VERSIONS[0], {"loss": 0.5}, 1)]


def test_another_document_under_the_same_version_is_refused(store: SqliteStore) -> None:
    with pytest.raises(ConflictError, match="another document"):
        store.add_codebook(ONE[0], b"other")
    assert store.codebook_document(VERSIONS[0]) == ONE[1]


@pytest.mark.parametrize("version", ["", "../../etc/passwd", "cb-0000", "cb-0123456789ab\n", "cb-0123456789AB"])
def test_what_is_no_version_never_names_a_file(store: SqliteStore, version: str) -> None:
    with pytest.raises(CodebookError, match="expected cb- and 12 hex digits"):
        store.add_codebook(replace(ONE[0], version=version), b"{}")
    with pytest.raises(NotFoundError):
        store.codebook_document(version)


def test_a_codebook_is_found_by_the_start_of_its_version(store: SqliteStore) -> None:
    assert store.codebook(VERSIONS[0][:8]).version == VERSIONS[0]
    with pytest.raises(ConflictError, match="3 codebooks start with cb-"):
        store.codebook("cb-")
    for missing in ("", "cb-zz", "%", "\ud800"):
        with pytest.raises(NotFoundError, match="codebook list"):
            store.codebook(missing)


def test_a_store_without_a_file_has_none(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        assert (store.codebooks(), store.live_codebook(), store.notes(), store.windows("cb")) == ([], None, [], [])
        assert store.model_state("drift") is None
        with pytest.raises(NotFoundError):
            store.codebook(VERSIONS[0])
    assert list(tmp_path.iterdir()) == []


def test_promoting_retires_the_one_before_and_tells(store: SqliteStore) -> None:
    store.set_codebook_state(VERSIONS[0], LIVE)
    note = ModelNote(7, NoteKind.PROMOTED, VERSIONS[1], {"from": VERSIONS[0]})
    entry = AuditEntry(7, "ann", "promote", VERSIONS[1])
    assert store.set_codebook_state(VERSIONS[1], LIVE, note=note, audit=[entry], expected=VERSIONS[0])
    assert states(store) == [RETIRED, LIVE, CANDIDATE]
    assert [one.version for one in store.notes()] == [VERSIONS[1]]
    assert [one.target for one in store.audit_log()] == [VERSIONS[1]]
    live = store.live_codebook()
    assert live is not None
    assert live.version == VERSIONS[1]
    # Said again it changes nothing, and is not told again.
    assert not store.set_codebook_state(VERSIONS[1], LIVE, note=note, audit=[entry], expected=VERSIONS[0])
    assert (len(store.notes()), len(store.audit_log())) == (1, 1)
    assert store.set_codebook_state(VERSIONS[0], LIVE, replaced=REJECTED)
    assert states(store) == [LIVE, REJECTED, CANDIDATE]


def test_of_two_who_promote_at_once_one_is_told(store: SqliteStore) -> None:
    store.set_codebook_state(VERSIONS[1], LIVE, expected="")
    with pytest.raises(ConflictError, match=f"{VERSIONS[1]} is live, not none as before"):
        store.set_codebook_state(VERSIONS[2], LIVE, expected="", note=ModelNote(0, NoteKind.PROMOTED, VERSIONS[2]))
    assert (states(store), store.notes()) == ([CANDIDATE, LIVE, CANDIDATE], [])


def test_there_is_one_canary_and_the_live_one_stays_live(store: SqliteStore) -> None:
    store.set_codebook_state(VERSIONS[0], LIVE)
    store.set_codebook_state(VERSIONS[1], CANARY)
    canary = store.canary_codebook()
    assert canary is not None
    assert canary.version == VERSIONS[1]
    with pytest.raises(ConflictError, match=f"{VERSIONS[1]} is a canary already"):
        store.set_codebook_state(VERSIONS[2], CANARY)
    for state in (CANDIDATE, CANARY, RETIRED, REJECTED):
        with pytest.raises(ConflictError, match="is live; promote another"):
            store.set_codebook_state(VERSIONS[0], state)
    store.set_codebook_state(VERSIONS[1], LIVE)
    assert states(store) == [RETIRED, LIVE, CANDIDATE]


def test_not_even_by_hand_are_there_two_live_ones(store: SqliteStore) -> None:
    with closing(sqlite3.connect(store.path)) as connection:
        for state in ("live", "canary"):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute("UPDATE codebooks SET state = ?", (state,))


def test_the_state_of_what_is_not_there_cannot_be_set(store: SqliteStore) -> None:
    with pytest.raises(NotFoundError):
        store.set_codebook_state("cb-000000000000", LIVE)


def test_a_file_that_is_not_what_was_stored_is_told_and_mended(store: SqliteStore) -> None:
    file = store.codebook_file(VERSIONS[0])
    for damaged in (b"", ONE[1][:-1], ONE[1] + b"\n", b"x" + ONE[1][1:], None):
        file.unlink() if damaged is None else file.write_bytes(damaged)
        with pytest.raises(CodebookError, match=rf"{file} is (damaged|missing).*codebook import FILE"):
            store.codebook_document(VERSIONS[0])
        assert not store.add_codebook(*ONE)
        assert store.codebook_document(VERSIONS[0]) == ONE[1]


def test_what_is_no_file_is_told(store: SqliteStore) -> None:
    file = store.codebook_file(VERSIONS[0])
    file.unlink()
    file.mkdir()
    with pytest.raises(StoreError, match=str(file)):
        store.codebook_document(VERSIONS[0])


def test_where_the_file_cannot_be_written_there_is_no_row(tmp_path: Path) -> None:
    (tmp_path / "codebooks").write_bytes(b"")
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        with pytest.raises((OutputError, StoreError), match="codebooks"):
            store.add_codebook(*ONE)
        assert store.codebooks() == []
