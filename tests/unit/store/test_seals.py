"""Nothing in the audit log can be other than it was written without being found."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.store import SqliteStore
from stormcell.types import AuditCheck, AuditEntry, Seal
from tests.unit.store.older import take_back
from tests.unit.store.strategies import atom_of, attributes, grouping_of, row_of, texts, times

COLUMNS = ("time", "who", "action", "target", "document", "seal")
entries = st.lists(
    st.builds(AuditEntry, times, texts, texts, texts, st.lists(texts, max_size=3).map(tuple), attributes),
    min_size=1,
    max_size=6,
)


def entry(time: int = 1, action: str = "ack", *groups: str) -> AuditEntry:
    return AuditEntry(time, "ann", action, "g1", groups or ("g1",))


def filled(path: Path, *written: AuditEntry) -> Path:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(atom_of("g1", row_of("a"))), [], audit=written)
    return path


def checked(path: Path, since: Seal | None = None) -> AuditCheck:
    with SqliteStore(path, create=False) as store:
        return store.verify_audit(since)


def change(path: Path, statement: str, *values: object) -> None:
    """Do what somebody does who may write the file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return filled(tmp_path / "s.db", *(entry(time) for time in range(1, 6)))


def head(path: Path) -> Seal:
    with SqliteStore(path, create=False) as store:
        return store.audit_seal()


def test_what_was_written_holds(path: Path) -> None:
    found = checked(path)
    assert (found.holds, found.sealed, found.unsealed, found.number) == (True, 5, 0, 0)
    assert (found.start, found.head) == (Seal(0, ""), head(path))
    assert len(found.head.seal) == 64
    assert checked(path, found.head).holds


@settings(max_examples=40)
@given(entries, st.lists(entries, max_size=2))
def test_anything_can_be_written(
    tmp_path_factory: pytest.TempPathFactory, first: list[AuditEntry], more: list[list[AuditEntry]]
) -> None:
    path = filled(tmp_path_factory.mktemp("seals") / "s.db", *first)
    kept = [head(path)]
    for written in more:
        with SqliteStore(path, create=False) as store:
            store.audit(*written)
        kept.append(head(path))
    assert checked(path).sealed == len(first) + sum(map(len, more))
    assert all(checked(path, seal).holds for seal in kept)


@given(st.data(), entries)
def test_any_change_of_any_column_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, written: list[AuditEntry]
) -> None:
    path = filled(tmp_path_factory.mktemp("seals") / "s.db", *written)
    number = data.draw(st.integers(1, len(written)))
    column = data.draw(st.sampled_from(COLUMNS))
    with closing(sqlite3.connect(path)) as connection:
        [before] = connection.execute(f"SELECT {column} FROM audit WHERE number = ?", (number,)).fetchone()
    values = st.integers(-(2**63), 2**63 - 1) if column == "time" else st.text(st.characters(codec="ascii"))
    change(
        path,
        f"UPDATE audit SET {column} = ? WHERE number = ?",
        data.draw(values.filter(lambda v: v != before)),
        number,
    )
    found = checked(path)
    assert not found.holds
    # Of the seal of an entry the next one tells as well, and is not looked at.
    assert found.number == number
    assert found.sealed == number - 1


@given(st.data(), entries)
def test_whatever_is_taken_out_moved_or_put_in_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, written: list[AuditEntry]
) -> None:
    path = filled(tmp_path_factory.mktemp("seals") / "s.db", *written)
    number = data.draw(st.integers(1, len(written)))
    act = data.draw(st.sampled_from(["delete", "move", "copy", "unlist", "list"]))
    if act == "delete":
        change(path, "DELETE FROM audit WHERE number = ?", number)
    elif act == "move":
        change(
            path,
            "UPDATE audit SET number = ? WHERE number = ?",
            len(written) + data.draw(st.integers(1, 3)),
            number,
        )
    elif act == "copy":
        to = data.draw(st.sampled_from([-1, 0, len(written) + 1]))
        copied = (
            "INSERT INTO audit SELECT ?, time, who, action, target, document, seal FROM audit WHERE number = ?"
        )
        change(path, copied, to, number)
    elif act == "list":
        change(path, "INSERT INTO audit_groups VALUES ('another group', ?)", number)
    elif not written[number - 1].groups:
        return
    else:
        change(path, "DELETE FROM audit_groups WHERE number = ?", number)
    assert not checked(path).holds


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 4), (1, 5), (4, 5)])
def test_two_that_change_places_are_found(path: Path, one: int, other: int) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for before, after in ((one, 99), (other, one), (99, other)):
            connection.execute("UPDATE audit SET number = ? WHERE number = ?", (after, before))
    found = checked(path)
    assert (found.number, found.sealed) == (one, one - 1)
    assert f"entry {one} does not fit its seal" in found.problem


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM audit WHERE number IN (2, 3)", "entries 2 to 3 were taken out"),
        ("DELETE FROM audit WHERE number = 1", "entry 1 was taken out"),
        ("DELETE FROM audit WHERE number > 3", "entries 4 to 5 were taken out"),
        ("DELETE FROM audit", "entries 1 to 5 were taken out"),
        ("UPDATE audit SET who = 'bob' WHERE number = 3", "entry 3 does not fit its seal"),
        ("UPDATE audit SET seal = '' WHERE number = 5", "entry 5 does not fit its seal"),
        (
            "INSERT INTO audit SELECT 6, 1, who, action, target, document, seal FROM audit LIMIT 1",
            "entry 6 was put in",
        ),
        ("INSERT INTO audit SELECT 0, 1, who, action, target, document, '' FROM audit LIMIT 1", ""),
        ("UPDATE audit_ends SET number = 3 WHERE place = 'start'", "entry 1 was put in"),
        ("UPDATE audit_ends SET seal = 'a' WHERE place = 'start'", "entry 1 does not fit its seal"),
        ("UPDATE audit_ends SET number = 4 WHERE place = 'head'", "entry 5 was put in"),
        ("UPDATE audit_ends SET number = 6 WHERE place = 'head'", "entry 6 was taken out"),
        ("UPDATE audit_ends SET seal = '' WHERE place = 'head'", "that is noted of entry 5"),
        ("DELETE FROM audit_ends", "is no longer noted"),
        ("DELETE FROM audit_groups WHERE number = 4", "entry 4 is listed under other groups"),
        ("INSERT INTO audit_groups VALUES ('g2', 4)", "entry 4 is listed under other groups"),
        ("INSERT INTO audit_groups VALUES ('g2', 0)", "entry 0 is listed under a group and is not there"),
        ("INSERT INTO audit_groups VALUES ('g2', 6)", "entry 6 is listed under a group and is not there"),
    ],
)
def test_it_tells_what_is_wrong(path: Path, statement: str, problem: str) -> None:
    change(path, statement)
    if not problem:  # of what was never sealed nothing can be told
        assert checked(path).unsealed == 1
        return
    assert problem in checked(path).problem


def test_what_comes_later_does_not_hide_it(path: Path) -> None:
    change(path, "DELETE FROM audit WHERE number > 3")
    with SqliteStore(path, create=False) as store:
        store.audit(entry(), entry())
        assert [one.number for one in store.audit_log(after=3)] == [6, 7]
    assert checked(path).problem == "entries 4 to 5 were taken out"


def test_the_log_goes_on_whatever_was_done_to_it(path: Path) -> None:
    change(path, "INSERT INTO audit SELECT 6, 1, who, action, target, document, seal FROM audit LIMIT 1")
    change(path, "DELETE FROM audit_ends")
    with SqliteStore(path, create=False) as store:
        store.audit(entry())
        assert store.audit_log()[-1].number == 7
    assert not checked(path).holds


def test_a_log_that_was_written_anew_is_found_by_a_seal_that_was_kept(tmp_path: Path, path: Path) -> None:
    kept = [head(path)]
    forged = filled(tmp_path / "forged.db", *(entry(time) for time in (1, 2, 9, 4, 5, 6)))
    found = checked(forged)
    assert found.holds
    assert "entry 5 has another seal than the one you kept" in checked(forged, kept[0]).problem
    short = filled(tmp_path / "short.db", *(entry(time) for time in range(1, 5)))
    assert "ends at entry 4, before 5, whose seal you kept" in checked(short, kept[0]).problem
    # As far as the one that was kept nothing was changed.
    longer = filled(tmp_path / "longer.db", *(entry(time) for time in range(1, 8)))
    assert checked(longer, kept[0]).holds


def forget(path: Path, before: int, most: int = 100) -> int:
    with SqliteStore(path, create=False) as store:
        return store.forget(background=0, groups=0, audit=before, most=most).entries


def test_what_is_left_by_retention_holds(path: Path) -> None:
    kept = {number: Seal(number, seal) for number, seal in rows(path)}
    assert [forget(path, 4, most=2), forget(path, 4, most=2), forget(path, 4)] == [2, 1, 0]
    found = checked(path)
    assert (found.holds, found.sealed, found.start) == (True, 2, kept[3])
    for number in (3, 4, 5):
        assert checked(path, kept[number]).holds
    assert "entry 2, whose seal you kept, is no longer there" in checked(path, kept[2]).problem
    assert not checked(path, Seal(3, "0" * 64)).holds
    change(path, "DELETE FROM audit WHERE number = 4")
    assert checked(path).problem == "entry 4 was taken out"


def rows(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT number, seal FROM audit ORDER BY number").fetchall()


def test_numbers_go_on_once_all_was_forgotten(path: Path) -> None:
    assert forget(path, 100) == 5
    assert checked(path).holds
    with SqliteStore(path, create=False) as store:
        store.audit(entry())
        assert [one.number for one in store.audit_log()] == [6]
    assert checked(path).holds
    change(path, "INSERT INTO audit SELECT 2, 1, who, action, target, document, seal FROM audit LIMIT 1")
    assert checked(path).problem == "entry 2 was put in"


def test_an_old_entry_behind_one_that_is_kept_stays(tmp_path: Path) -> None:
    path = filled(tmp_path / "s.db", *(entry(time) for time in (1, 9, 2, 3)))
    assert forget(path, 5) == 1
    assert [number for number, _ in rows(path)] == [2, 3, 4]
    assert checked(path).holds


def test_entries_of_before_there_were_seals(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        take_back(connection, 8)
    found = checked(path)
    assert (found.holds, found.sealed, found.unsealed, found.head) == (True, 0, 5, Seal(5, ""))
    with SqliteStore(path, create=False) as store:
        store.audit(entry(6), entry(7))
    found = checked(path)
    assert (found.holds, found.sealed, found.unsealed) == (True, 2, 5)
    assert forget(path, 3) == 2
    assert (checked(path).holds, checked(path).unsealed) == (True, 3)
    change(path, "UPDATE audit SET seal = '' WHERE number = 7")
    assert checked(path).number == 7
    assert forget(path, 7) == 4
    assert checked(path).start.number == 6


def test_the_seals_of_two_writers_are_one_chain(path: Path) -> None:
    def write(who: str) -> None:
        for _ in range(40):
            with SqliteStore(path, create=False, busy_timeout=60) as store, store.changing():
                store.audit(AuditEntry(1, who, "ack", "g1", ("g1",)))

    writers = [threading.Thread(target=write, args=(who,)) for who in ("cli", "sidecar")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = checked(path)
    assert (found.holds, found.sealed) == (True, 85)


def test_what_fails_leaves_no_seal(path: Path) -> None:
    before = head(path)

    def broken() -> None:
        with SqliteStore(path, create=False) as store, store.changing():
            store.audit(entry())
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        broken()
    assert head(path) == before
    assert checked(path).holds


def test_without_a_file_there_is_nothing_to_check(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        assert store.audit_seal() == Seal(0, "")
        assert store.verify_audit().holds
