"""Who changed what, in the store."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.errors import StoreError
from stormcell.store import SqliteStore
from stormcell.types import AuditEntry
from tests.unit.store.strategies import atom_of, attributes, draft_of, grouping_of, row_of, texts, times

entries = st.builds(
    AuditEntry, times, texts, texts, texts, st.lists(texts, max_size=3, unique=True).map(tuple), attributes
)


def entry(action: str, *groups: str) -> AuditEntry:
    return AuditEntry(1, "ann", action, groups[0], groups)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "stormcell.db"
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(atom_of("g1", row_of("a"))), [])
    return path


@given(st.lists(entries, max_size=5), st.integers(0, 6), st.integers(0, 6))
def test_it_reads_back_in_order_page_by_page(
    tmp_path_factory: pytest.TempPathFactory, written: list[AuditEntry], limit: int, after: int
) -> None:
    path = tmp_path_factory.mktemp("audit") / "s.db"
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(atom_of("g1", row_of("a"))), [], audit=written)
        found = store.audit_log()
        assert [(e.time, e.who, e.action, e.target, e.groups, e.detail) for e in found] == [
            (e.time, e.who, e.action, e.target, e.groups, e.detail) for e in written
        ]
        assert [e.number for e in found] == list(range(1, len(written) + 1))
        assert store.audit_log(limit=limit, after=after) == found[after : after + limit]
        for group in {group for one in written for group in one.groups}:
            assert store.audit_log(group) == [e for e in found if group in e.groups]
        assert sum(store.audit_counts().values()) == len(written)


def test_it_outlives_its_groups(path: Path) -> None:
    with SqliteStore(path, create=False) as store:
        store.audit(entry("ack", "g1"))
        store.save(grouping_of(atom_of("g2", row_of("a"))), [], audit=[entry("moved", "g2", "g1")])
        assert store.group("g1") is None
        assert [one.action for one in store.audit_log("g1")] == ["ack", "moved"]
        assert store.audit_counts() == {("ann", "ack"): 1, ("ann", "moved"): 1}


def test_a_grouping_that_is_not_saved_leaves_no_entry(path: Path) -> None:
    with SqliteStore(path, create=False) as store:
        with pytest.raises(ValueError, match="which is not stored"):
            store.save(grouping_of(atom_of("g1", row_of("b"))), [draft_of("g9")], audit=[entry("ack", "g1")])
        assert store.audit_log() == []


def test_a_change_is_all_or_nothing_for_others_too(path: Path) -> None:
    def half() -> None:
        with SqliteStore(path, create=False) as store, store.changing():
            store.set_status("g1", "resolved")
            store.audit(entry("resolve", "g1"))
            assert store.statuses() == {"g1": "resolved"}
            with SqliteStore(path, create=False) as other:
                assert other.statuses() == {"g1": "open"}
            raise StoreError("stop")

    with pytest.raises(StoreError, match="stop"):
        half()
    with SqliteStore(path, create=False) as store:
        assert store.statuses() == {"g1": "open"}
        assert store.audit_log() == []


def test_a_part_that_fails_takes_back_itself_alone(path: Path) -> None:
    with SqliteStore(path, create=False) as store:
        with store.changing():
            store.set_status("g1", "resolved")
            with pytest.raises(StoreError, match="no feedback"):
                store.undo_feedback("f-none")
            store.audit(entry("resolve", "g1"))
        assert store.statuses() == {"g1": "resolved"}
        assert len(store.audit_log()) == 1


def test_only_one_changes_at_a_time(path: Path) -> None:
    with SqliteStore(path, create=False) as store, SqliteStore(path, create=False, busy_timeout=0) as other:
        with store.changing(), pytest.raises(StoreError, match="is being written by another process"):
            other.set_status("g1", "resolved")
        other.set_status("g1", "resolved")


def test_without_a_file_there_is_nothing_to_hold(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store, store.changing():
        assert store.audit_log() == []
        assert store.audit_counts() == {}
        assert store.groups() == []
    assert list(tmp_path.iterdir()) == []
