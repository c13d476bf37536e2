"""What is kept no longer is taken out, and nothing else."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.store import SqliteStore
from stormcell.store.migrations import MIGRATIONS
from stormcell.types import AuditEntry, Grouping, Membership, Row
from tests.unit.store.older import take_back
from tests.unit.store.strategies import atom_of, draft_of, grouping_of, row_of

OLD, NEW = 1_000, 2_000


def row(uid: str, time: int) -> Row:
    held = row_of(uid)
    return replace(held, event=replace(held.event, time=time))


def atom(group: str | None, *times: int) -> Membership:
    return atom_of(group, *(row(f"{group}-{time}", time) for time in times))


def timed(*atoms: Membership) -> Grouping:
    """Return a grouping whose groups were seen when their events happened."""
    made = grouping_of(*atoms)
    times = {
        group.id: [held.event.time for one in atoms if one.group == group.id for held in one.rows]
        for group in made.groups
    }
    groups = [
        replace(group, first_seen=min(times[group.id]), last_seen=max(times[group.id])) for group in made.groups
    ]
    return replace(made, groups=tuple(groups))


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "s.db", create=True)


def test_old_background_is_forgotten_and_new_is_not(store: SqliteStore) -> None:
    store.save(timed(atom(None, OLD), replace(atom(None, OLD + 1, NEW), surprise=9.0), atom("a", OLD)), [])
    found = store.forget(background=NEW, groups=0, audit=0, most=100)
    assert (found.atoms, found.groups, found.entries, found.more) == (1, 0, 0, False)
    # An atom stays whole as long as its last event is kept.
    assert [len(one.rows) for one in store.background()] == [2]
    assert [group.id for group in store.groups()] == ["a"]
    assert store.unknown([f"None-{OLD}"]) == {f"None-{OLD}"}


def test_resolved_groups_are_forgotten_with_all_that_is_theirs(store: SqliteStore) -> None:
    store.save(timed(atom("gone", OLD), atom("long", OLD, NEW), atom("open", OLD)), [draft_of("gone")])
    for id in ("gone", "long"):
        store.set_status(id, "resolved")
    found = store.forget(background=NEW, groups=NEW, audit=0, most=100)
    assert (found.atoms, found.groups) == (0, 1)
    assert {group.id for group in store.groups()} == {"long", "open"}
    assert store.drafts("gone") == []
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("SELECT count(*) FROM members WHERE uid LIKE 'gone%'").fetchone() == (0,)


def test_the_audit_log_is_forgotten_by_its_own_clock(store: SqliteStore) -> None:
    store.save(
        timed(atom("a", OLD)), [], audit=[AuditEntry(time, "me", "ack", "a", ("a",), {}) for time in (1, 2, 3)]
    )
    assert store.forget(background=0, groups=0, audit=3, most=100).entries == 2
    assert [entry.time for entry in store.audit_log("a")] == [3]


def test_it_goes_by_portions(store: SqliteStore) -> None:
    store.save(timed(*(atom_of(None, row(f"e{at}", OLD + at)) for at in range(5))), [])
    portions = [store.forget(background=NEW, groups=0, audit=0, most=2) for _ in range(3)]
    assert [(one.atoms, one.more) for one in portions] == [(2, True), (2, True), (1, False)]
    assert store.background() == []


def test_what_was_forgotten_may_come_again(store: SqliteStore) -> None:
    grouping = timed(atom("a", OLD), atom(None, OLD + 1))
    store.save(grouping, [])
    store.set_status("a", "resolved")
    store.forget(background=NEW, groups=NEW, audit=0, most=100)
    assert store.groups() == []
    assert store.background() == []
    store.save(grouping, [])
    assert [list(group.members) for group in store.groups()] == [[f"a-{OLD}"]]


def test_background_of_before_is_dated_by_its_events(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with SqliteStore(path, create=True) as store:
        store.save(timed(atom(None, OLD), replace(atom(None, OLD + 1, NEW), surprise=9.0)), [])
    with sqlite3.connect(path) as connection:
        take_back(connection, 6)
    with SqliteStore(path, create=False) as store:
        assert store.forget(background=NEW, groups=0, audit=0, most=100).atoms == 1
        assert len(store.background()) == 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
