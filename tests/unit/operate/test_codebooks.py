"""What people do with codebooks: each change whole, told once, and refused where it would break something."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.codebook import document
from stormcell.config import Settings
from stormcell.errors import CodebookError, ConflictError, InputError, NotFoundError, StormcellError
from stormcell.operate import canary, codebooks
from stormcell.operate.codebooks import Fault
from stormcell.operate.people import Person
from stormcell.store import SqliteStore
from stormcell.types import CodebookState, NoteKind
from tests.unit.store.codebooks import codebook_of

ANN = Person("cli", "ann", 7)
ONE, TWO, THREE = (codebook_of(*texts) for texts in (("one",), ("two", "too"), ("three",)))
FIRST, SECOND, THIRD = (codebook.version for codebook, _ in (ONE, TWO, THREE))


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    """A store of three codebooks, none of which is live."""
    store = SqliteStore(tmp_path / "s.db", create=True)
    for number, (codebook, data) in enumerate((ONE, TWO, THREE)):
        store.add_codebook(codebook, data, now=number)
    return store


def live(store: SqliteStore) -> str:
    found = store.live_codebook()
    return "" if found is None else found.version


def told(store: SqliteStore) -> list[tuple[str, str]]:
    return [(note.kind.value, note.version) for note in store.notes()][::-1]


def test_promoting_is_told_with_whom_and_why(store: SqliteStore) -> None:
    codebooks.promote(store, FIRST, ANN)
    done = codebooks.promote(store, SECOND[:9], ANN, why="more traffic")
    assert (done.codebook.version, done.codebook.state, done.before, done.changed) == (SECOND, "live", FIRST, True)
    assert store.codebook(FIRST).state is CodebookState.RETIRED
    note = store.notes()[0]
    assert (note.kind, note.version, note.time) == (NoteKind.PROMOTED, SECOND, 7)
    assert note.detail == {"from": FIRST, "by": "ann", "why": "more traffic"}
    entry = store.audit_log()[-1]
    assert (entry.who, entry.action, entry.target) == ("cli", "promote", SECOND)
    assert entry.detail == {"by": "ann", "from": FIRST, "why": "more traffic"}


def test_promoting_again_changes_nothing(store: SqliteStore) -> None:
    codebooks.promote(store, FIRST, ANN)
    done = codebooks.promote(store, FIRST, ANN)
    assert (done.changed, done.before) == (False, FIRST)
    assert told(store) == [("promoted", FIRST)]
    assert len(store.audit_log()) == 1


def test_who_promotes_on_an_old_footing_is_told(store: SqliteStore) -> None:
    codebooks.promote(store, FIRST, ANN, expected="")
    with pytest.raises(ConflictError, match=f"{FIRST} is live, not none as before"):
        codebooks.promote(store, SECOND, ANN, expected="")
    assert live(store) == FIRST


@pytest.mark.parametrize("change", [codebooks.promote, codebooks.reject])
def test_what_is_not_there_is_told(store: SqliteStore, change: object) -> None:
    assert callable(change)
    for name, why in (("cb-ffff", "codebook list"), ("live", "no codebook is live"), ("canary", "is canary")):
        with pytest.raises(NotFoundError, match=why):
            change(store, name, ANN)


def test_the_canary_is_promoted_by_that_name(store: SqliteStore) -> None:
    store.set_codebook_state(THIRD, CodebookState.CANARY)
    assert codebooks.promote(store, "canary", ANN).codebook.version == THIRD
    assert store.canary_codebook() is None


def test_a_damaged_codebook_never_becomes_live(store: SqliteStore) -> None:
    codebooks.promote(store, FIRST, ANN)
    store.codebook_file(SECOND).write_bytes(TWO[1][:50])
    with pytest.raises(CodebookError, match=f"{SECOND}.json is damaged"):
        codebooks.promote(store, SECOND, ANN)
    assert live(store) == FIRST


def test_rolling_back_goes_to_the_one_before_and_then_to_the_one_before_that(store: SqliteStore) -> None:
    for version in (FIRST, SECOND, THIRD):
        codebooks.promote(store, version, ANN)
    done = codebooks.roll_back(store, ANN, why="all new")
    assert (done.codebook.version, done.before, live(store)) == (SECOND, THIRD, SECOND)
    assert store.codebook(THIRD).state is CodebookState.REJECTED
    assert store.notes()[0].detail == {"from": THIRD, "by": "ann", "why": "all new"}
    assert store.audit_log()[-1].action == "roll-back"
    codebooks.roll_back(store, ANN)
    assert live(store) == FIRST
    with pytest.raises(ConflictError, match=f"no codebook was live before {FIRST}"):
        codebooks.roll_back(store, ANN)
    # What was rejected is promoted again by hand.
    codebooks.promote(store, THIRD, ANN)
    codebooks.roll_back(store, ANN)
    assert live(store) == FIRST


def test_rolling_back_to_another_that_was_live(store: SqliteStore) -> None:
    for version in (FIRST, SECOND, THIRD):
        store.codebook(version)
    codebooks.promote(store, FIRST, ANN)
    codebooks.promote(store, SECOND, ANN)
    with pytest.raises(ConflictError, match=f"{THIRD} was never live"):
        codebooks.roll_back(store, ANN, to=THIRD)
    assert not codebooks.roll_back(store, ANN, to=SECOND).changed
    codebooks.promote(store, THIRD, ANN)
    assert codebooks.roll_back(store, ANN, to=FIRST).changed
    assert live(store) == FIRST
    with pytest.raises(ConflictError, match="no codebook was live before"):
        codebooks.roll_back(store, ANN)


def test_there_is_nothing_to_roll_back_where_none_is_live(store: SqliteStore) -> None:
    with pytest.raises(ConflictError, match="codebook promote VERSION"):
        codebooks.roll_back(store, ANN)
    codebooks.promote(store, FIRST, ANN)
    with pytest.raises(ConflictError, match=f"{FIRST} is live, not {SECOND}"):
        codebooks.roll_back(store, ANN, expected=SECOND)


def test_rolling_back_to_what_is_damaged_is_refused_with_another(store: SqliteStore) -> None:
    for version in (FIRST, SECOND, THIRD):
        codebooks.promote(store, version, ANN)
    store.codebook_file(SECOND).unlink()
    with pytest.raises(CodebookError, match=rf"roll back to {SECOND}.*missing.*live before, too: {FIRST}"):
        codebooks.roll_back(store, ANN)
    assert live(store) == THIRD
    assert codebooks.roll_back(store, ANN, to=FIRST).codebook.version == FIRST


def test_a_damaged_live_one_is_rolled_back(store: SqliteStore) -> None:
    codebooks.promote(store, FIRST, ANN)
    codebooks.promote(store, SECOND, ANN)
    store.codebook_file(SECOND).write_bytes(b"")
    with pytest.raises(CodebookError, match="codebook rollback"):
        codebooks.opened(store, SECOND)
    codebooks.roll_back(store, ANN)
    assert codebooks.opened(store, live(store)) == ONE[0]


def test_a_codebook_is_rejected_unless_it_is_live(store: SqliteStore) -> None:
    codebooks.promote(store, FIRST, ANN)
    with pytest.raises(ConflictError, match="roll back"):
        codebooks.reject(store, FIRST, ANN)
    done = codebooks.reject(store, SECOND, ANN, why="a day off")
    assert (done.codebook.state, done.changed) == (CodebookState.REJECTED, True)
    assert store.notes()[0].detail == {"by": "ann", "why": "a day off", "was": "candidate"}
    assert not codebooks.reject(store, SECOND, ANN).changed
    assert [entry.action for entry in store.audit_log()] == ["promote", "reject"]


def test_a_reason_has_a_bound(store: SqliteStore) -> None:
    with pytest.raises(InputError, match="at most 4,096"):
        codebooks.promote(store, FIRST, ANN, why="x" * 4097)


def test_what_is_imported_is_a_candidate_and_told_once(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        done = codebooks.add(store, ONE[1], "cb.json", ANN)
        assert (done.codebook.version, done.codebook.state, done.changed) == (FIRST, "candidate", True)
        assert told(store) == [("imported", FIRST)]
        assert [(entry.action, entry.target) for entry in store.audit_log()] == [("import", FIRST)]
        # With other blanks it is the same, and is kept as we write it.
        spread = json.dumps(json.loads(ONE[1]), indent=3).encode()
        store.codebook_file(FIRST).unlink()
        assert not codebooks.add(store, spread, "cb.json", ANN).changed
        assert store.codebook_document(FIRST) == ONE[1]
        assert len(store.notes()) == len(store.audit_log()) == 1


@given(st.integers(0, len(TWO[1]) - 1))
def test_what_is_truncated_is_not_imported(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    with SqliteStore(tmp_path_factory.mktemp("s") / "s.db", create=True) as store:
        with pytest.raises(CodebookError, match=r"^cb\.json: "):
            codebooks.add(store, TWO[1][:length], "cb.json", ANN)
        assert not store.codebook_folder.exists()
        assert not store.path.exists()


@given(st.integers(0, len(TWO[1]) - 1), st.integers(0, 255))
def test_what_was_altered_is_told_by_its_checksum(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    altered = TWO[1][:at] + bytes([byte]) + TWO[1][at + 1 :]
    with SqliteStore(tmp_path_factory.mktemp("s") / "s.db", create=True) as store:
        store.add_codebook(*TWO)
        store.codebook_file(SECOND).write_bytes(altered)
        if altered == TWO[1]:
            assert codebooks.verify(store) == []
            return
        with pytest.raises(CodebookError, match="is damaged"):
            codebooks.opened(store, SECOND)
        [found] = codebooks.verify(store)
        assert (found.file, found.fault) == (store.codebook_file(SECOND), Fault.DAMAGED)


def refused(store: SqliteStore, **changes: object) -> str:
    """Return why a document with other contents, and the version that fits them, is refused."""
    contents = {**json.loads(ONE[1]), **changes}
    del contents["version"]
    with pytest.raises(StormcellError) as found:
        codebooks.add(store, document._with_version(contents), "cb.json", ANN)
    assert isinstance(found.value, CodebookError)
    assert store.codebooks() == []
    return str(found.value)


def test_what_is_of_another_version_or_compares_by_others_is_not_imported(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        newer = refused(store, schema="stormcell.codebook/2")
        assert newer.startswith("cb.json: schema: expected 'stormcell.codebook/1', found 'stormcell.codebook/2'")
        assert "newer Stormcell" in newer
        mood = {"name": "mood", "kind": "numeric", "weight": 1.0, "span": 0.0}
        assert "cb.json: fields: expected" in refused(store, fields=[mood])
        assert "found 'mood'" in refused(store, fields=[mood])
        text = json.loads(ONE[1])["text"]
        assert "text.dimensions: expected" in refused(store, text={**text, "dimensions": "many"})
        assert "codewords[0].medoid: expected" in refused(store, codewords=[{"id": "k", "medoid": {}}])


def test_what_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    with (
        SqliteStore(tmp_path / "s.db", create=True) as store,
        pytest.raises(CodebookError, match="at most 67,108"),
    ):
        codebooks.add(store, bytes(codebooks.MAX_DOCUMENT + 1), "cb.json", ANN)


def test_all_is_whole(store: SqliteStore) -> None:
    (store.codebook_folder / ".training.json").write_bytes(b"what a training that was stopped left")
    assert codebooks.verify(store) == []


def test_what_is_missing_damaged_or_surplus_is_found(store: SqliteStore) -> None:
    codebooks.promote(store, SECOND, ANN)
    store.codebook_file(FIRST).unlink()
    store.codebook_file(SECOND).write_bytes(TWO[1].replace(b"two", b"owt"))
    store.codebook_file("cb-0123456789ab").write_bytes(b"{}")
    temporary = store.codebook_folder / f".{THIRD}.json.77.tmp"
    temporary.write_bytes(b"{")
    found = {one.file.name: (one.fault, one.state) for one in codebooks.verify(store)}
    assert found == {
        f"{FIRST}.json": (Fault.MISSING, "candidate"),
        f"{SECOND}.json": (Fault.DAMAGED, "live"),
        "cb-0123456789ab.json": (Fault.SURPLUS, None),
        temporary.name: (Fault.SURPLUS, None),
    }


def test_a_row_that_tells_of_another_codebook_is_found(store: SqliteStore) -> None:
    """Two rows that were mixed up by hand: each file is whole, and not what its row says."""
    with closing(sqlite3.connect(store.path)) as connection, connection:
        [document] = connection.execute("SELECT document FROM codebooks WHERE version = ?", (FIRST,)).fetchone()
        connection.execute("UPDATE codebooks SET document = ? WHERE version = ?", (document, SECOND))
    store.codebook_file(SECOND).write_bytes(ONE[1])
    [found] = codebooks.verify(store)
    assert (found.file.name, found.fault) == (f"{SECOND}.json", Fault.DAMAGED)
    assert f"holds {FIRST}" in found.told
    with pytest.raises(CodebookError):
        codebooks.promote(store, SECOND, ANN)


def test_a_store_without_codebooks_is_whole(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        assert codebooks.verify(store) == []


def test_of_many_who_promote_at_once_each_knew_what_was_live(store: SqliteStore) -> None:
    """Whatever the order: each promotion that went through began from the one before it."""
    begin = Barrier(2)
    lost = []

    def promote(version: str) -> None:
        with SqliteStore(store.path, create=False) as own:
            begin.wait()
            try:
                codebooks.promote(own, version, ANN)
            except ConflictError as error:
                lost.append(str(error))

    for _ in range(20):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(promote, (SECOND, THIRD)))
        before = live(store)
        codebooks.promote(store, FIRST, ANN, expected=before)
    notes = store.notes()[::-1]
    assert [note.detail["from"] for note in notes] == ["", *(note.version for note in notes[:-1])]
    assert len(notes) == 20 * 3 - len(lost) == len(store.audit_log())
    assert all("somebody else was faster" in why for why in lost)
    assert [one.version for one in store.codebooks() if one.state is CodebookState.LIVE] == [FIRST]


@pytest.mark.parametrize(
    "act",
    [
        lambda store, why: codebooks.promote(store, SECOND, ANN, why=why),
        lambda store, why: codebooks.roll_back(store, ANN, why=why),
        lambda store, why: codebooks.reject(store, SECOND, ANN, why=why),
        lambda store, why: canary.start(store, SECOND, ANN, why=why),
        lambda store, why: canary.stop(store, ANN, why=why),
        lambda store, why: canary.retrain(store, ANN, Settings(), why=why),
    ],
)
def test_a_reason_without_end_is_refused_before_anything_is_done(
    store: SqliteStore, act: Callable[[SqliteStore, str], object]
) -> None:
    codebooks.promote(store, FIRST, ANN)
    before = (told(store), live(store), store.audit_log())
    with pytest.raises(InputError, match="the reason has 4,097 characters; expected at most 4,096"):
        act(store, "x" * 4097)
    assert (told(store), live(store), store.audit_log()) == before
