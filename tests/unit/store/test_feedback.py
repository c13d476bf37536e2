"""What people said of groups, and statuses: kept, applied, undone."""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.errors import StoreError
from stormcell.store import SqliteStore
from stormcell.store.migrations import APPLICATION_ID, MIGRATIONS
from stormcell.types import Feedback, Group, Grouping, Kind, Mark, Membership
from tests.unit.store.strategies import atom_of, draft_of, feedback, group_of, grouping_of, row_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


def said(id: str) -> Feedback:
    return Feedback(
        id, Kind.MERGE, (Mark(("a",), "p", "log", "cart", "text"), Mark(("b",), "q", "log", "", "")), "ann", 7
    )


A, B, C = (atom_of(group, row_of(uid)) for group, uid in (("g", "a"), ("h", "b"), ("i", "c")))


def merged(
    atom: Membership, into: str, id: str, *others: Membership
) -> tuple[Feedback, list[Group], list[Membership]]:
    moved = replace(atom, group=into, feedback=(id,))
    rows = [row for one in (*others, moved) for row in one.rows]
    return said(id), [group_of(into, rows, rows[0].event)], [moved]


def everything(store: SqliteStore) -> object:
    groups = store.groups()
    return groups, [store.memberships(g.id) for g in groups], [store.drafts(g.id) for g in groups]


@given(st.lists(feedback, max_size=4, unique_by=lambda one: one.id))
def test_what_was_said_reads_back_equal_in_its_order(all_said: list[Feedback]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "s.db"
        with SqliteStore(place, create=True) as store:
            store.save(Grouping(0, 0, (), ()), [])
            for one in all_said:
                store.add_feedback(one, [], [])
        with SqliteStore(place, create=False) as store:
            assert store.feedback() == all_said


def test_a_store_without_a_file_holds_none(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        assert store.feedback() == []
        assert store.statuses() == {}


def test_undoing_restores_exactly_drafts_included(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(A, B, C), [draft_of("g"), draft_of("h"), draft_of("h", kind="postmortem")])
        before = everything(store)
        store.add_feedback(*merged(B, "g", "f-1", A))
        assert [group.id for group in store.groups()] == ["g", "i"]
        atom = store.membership_of("b")
        assert atom is not None
        assert (atom.group, atom.feedback) == ("g", ("f-1",))
    with SqliteStore(path, create=False) as store:
        assert store.undo_feedback("f-1") == []
        assert everything(store) == before
        assert store.feedback() == [replace(said("f-1"), undone=True)]


def test_undoing_the_first_of_two_gives_the_later_one_back_to_be_added_again(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(A, B, C), [])
        before = everything(store)
        store.add_feedback(*merged(B, "g", "f-1", A))
        store.add_feedback(*merged(C, "g", "f-2", A, B))
        assert store.undo_feedback("f-1") == [said("f-2")]
        assert everything(store) == before
        store.add_feedback(*merged(C, "g", "f-2", A))
        assert store.feedback() == [replace(said("f-1"), undone=True), said("f-2")]
        assert store.undo_feedback("f-2") == []
        assert everything(store) == before


def test_a_grouping_since_is_not_undone(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(A, B), [])
        store.add_feedback(*merged(B, "g", "f-1", A))
        store.save(grouping_of(A, C), [])
        now = everything(store)
        assert store.undo_feedback("f-1") is None
        assert everything(store) == now
        assert store.feedback()[0].undone


def test_undoing_what_is_not_there_or_undone(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(A, B), [])
        with pytest.raises(StoreError, match="no feedback 'f-1'"):
            store.undo_feedback("f-1")
        store.add_feedback(said("f-1"), [], [])
        store.undo_feedback("f-1")
        with pytest.raises(StoreError, match="undone already"):
            store.undo_feedback("f-1")


def test_an_atom_that_is_in_no_group_any_more(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(A, replace(B, group=None)), [])
        before = everything(store)
        with pytest.raises(StoreError, match="another process"):
            store.add_feedback(*merged(B, "g", "f-1", A))
        assert (everything(store), store.feedback()) == (before, [])


def test_a_status_that_a_person_set_survives_groupings_and_undoing(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(A, B), [])
        store.set_status("g", "acknowledged")
        store.save(grouping_of(A, B, C), [])
        assert store.statuses() == {"g": "acknowledged", "h": "open", "i": "open"}
        store.add_feedback(*merged(B, "g", "f-1", A))
        store.set_status("g", "resolved")
        store.undo_feedback("f-1")
        assert {group.id: group.status for group in store.groups()} == {"g": "resolved", "h": "open", "i": "open"}


def test_a_store_of_before_can_be_gone_on_with(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("".join(MIGRATIONS[:2]))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 2")
    connection.executescript(
        """
        INSERT INTO groups VALUES ('g', 'open', 0, '{}');
        INSERT INTO atoms VALUES (1, 'g', '{"surprise":1}');
        INSERT INTO rows
        VALUES (1, 1, '{"uid":"a","signal":"log","time":1,"service":"s","severity":9,"text":"t"}');
        INSERT INTO members VALUES ('a', 1);
        """
    )
    connection.close()
    with SqliteStore(path, create=False) as store:
        [atom] = store.memberships("g")
        assert (atom.voice, atom.feedback, atom.rows[0].fingerprint, atom.rows[0].template) == ("", (), "", "")
        assert store.feedback() == []
