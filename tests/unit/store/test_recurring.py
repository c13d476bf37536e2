"""Profiles and families in the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.store import SqliteStore, migrations
from stormcell.types import Family, Grouping, Past, Profile, Saying, Share, Similar
from tests.unit.store.strategies import atom_of, grouping_of, row_of

PROFILE = Profile({"cart": 0.7, "d\ud83db": 0.3}, (Saying("log", "cart", "a\0b", 3),), {"cart-0": 1.0})
SHARES = (Share("blame", 0.5, 1.0, 0.25), Share("sayings", 0.0, 1.0, 0.0))


def grouping(*names: str) -> Grouping:
    found = grouping_of(*(atom_of(name, row_of(f"{name}-a", f"{name}-b")) for name in names))
    return replace(found, groups=tuple(replace(group, profile=PROFILE) for group in found.groups))


def family(id: str, *groups: str) -> Family:
    first, *others = groups
    return Family(id, first, (Similar(first, ()), *(Similar(group, SHARES) for group in others)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "stormcell.db"
    with SqliteStore(path, create=True) as store:
        store.save(grouping("g", "h", "\ud83d"), [])
    return path


def test_a_profile_reads_back_equal(path: Path) -> None:
    with SqliteStore(path, create=False) as store:
        assert {group.id: group.profile for group in store.groups()} == dict.fromkeys(
            ("g", "h", "\ud83d"), PROFILE
        )
        assert [each.id for each in store.past()] == ["g", "h", "\ud83d"]
        assert store.past()[0] == Past("g", "open", 0, PROFILE)


def test_without_a_file_nothing_is_past(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "none.db", create=True) as store:
        assert (store.past(), store.families()) == ([], [])


def test_a_group_that_loses_events_loses_its_profile(path: Path) -> None:
    with SqliteStore(path, create=False) as store:
        store.save(grouping_of(atom_of(None, row_of("g-a"))), [])
        assert {each.id: each.profile is None for each in store.past()} == {"g": True, "h": False, "\ud83d": False}


def test_a_group_saved_without_a_profile_has_none(path: Path) -> None:
    with SqliteStore(path, create=False) as store:
        store.save(grouping_of(atom_of("g", row_of("g-a", "g-b"))), [])
        found = store.group("g")
        assert found is not None
        assert found.profile is None


def test_families_read_back_equal_and_replace_the_last(path: Path) -> None:
    with SqliteStore(path, create=False) as store:
        store.save_families([family("f-2", "g", "h"), family("f-1", "\ud83d")], {})
        assert store.families() == [family("f-1", "\ud83d"), family("f-2", "g", "h")]
        store.save_families([family("f-3", "\ud83d", "g")], {})
        assert store.families() == [family("f-3", "\ud83d", "g")]


def test_profiles_are_saved_of_groups_that_are_there(path: Path) -> None:
    other = replace(PROFILE, instances={})
    with SqliteStore(path, create=False) as store:
        store.save_families([], {"g": other, "gone": other})
        assert {each.id: each.profile for each in store.past()} == {"g": other, "h": PROFILE, "\ud83d": PROFILE}


def test_a_family_outlives_the_group_of_its_exemplar(path: Path) -> None:
    with SqliteStore(path, create=False) as store:
        store.save_families([family("f-1", "g", "h", "gone")], {})
        store.save(grouping_of(atom_of(None, row_of("g-a", "g-b"))), [])
        assert store.families() == [Family("f-1", "g", (Similar("h", SHARES),))]
        store.save(grouping_of(atom_of(None, row_of("h-a", "h-b"))), [])
        assert store.families() == []


def test_a_store_of_version_2_is_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as old:
        for script in migrations.MIGRATIONS[:2]:
            old.executescript(script)
        old.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
        old.execute("PRAGMA user_version = 2")
        old.execute("INSERT INTO groups VALUES ('g', 'resolved', 7, '{}')")
        old.commit()
    with SqliteStore(path, create=False) as store:
        assert store.past() == [Past("g", "resolved", 7, None)]
        store.save_families([family("f-1", "g")], {"g": PROFILE})
        assert store.past() == [Past("g", "resolved", 7, PROFILE)]
        assert store.families() == [family("f-1", "g")]
