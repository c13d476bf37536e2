from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.errors import StoreError
from stormcell.store import SqliteStore
from stormcell.types import Draft, Fact, Grouping, MemberLink, Signal, Value
from tests.unit.store.strategies import atom_of, draft_of, grouping_of, groupings, row_of, texts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stormcell.db"


def assert_holds(store: SqliteStore, grouping: Grouping) -> None:
    """Make sure that every part of a grouping reads back equal, by every way to it."""
    for group in grouping.groups:
        assert store.group(group.id) == group
        assert store.memberships(group.id) == [a for a in grouping.memberships if a.group == group.id]
    for atom in grouping.memberships:
        for row in atom.rows:
            for uid in row.members:
                assert store.membership_of(uid) == atom


@given(groupings(), st.data())
@settings(max_examples=60)
def test_what_is_stored_reads_back_equal(grouping: Grouping, data: st.DataObject) -> None:
    facts = st.lists(st.builds(Fact, texts, texts, texts, texts), max_size=2).map(tuple)
    drafts = [
        Draft(group.id, data.draw(texts), data.draw(texts), data.draw(texts), data.draw(facts))
        for group in grouping.groups
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.db"
        for _ in range(2):  # into a new file, then over what is there
            with SqliteStore(path, create=True) as store:
                store.save(grouping, drafts)
            with SqliteStore(path, create=False) as store:
                assert store.groups() == list(grouping.groups)
                assert_holds(store, grouping)
                for draft in drafts:
                    assert store.drafts(draft.group) == [draft]


@given(groupings(), groupings())
@settings(max_examples=40)
@pytest.mark.slow
def test_the_newest_of_any_two_groupings_reads_back_equal(old: Grouping, new: Grouping) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        SqliteStore(Path(folder) / "s.db", create=True) as store,
    ):
        store.save(old, [])
        store.save(new, [])
        assert_holds(store, new)
        seen: list[str] = []
        for group in store.groups():
            held = [uid for atom in store.memberships(group.id) for row in atom.rows for uid in row.members]
            assert sorted(held) == list(group.members)
            assert group.count == len(held) == sum(group.signals.values()) > 0
            seen += held
        assert len(seen) == len(set(seen))


def test_deep_attributes_and_unusual_numbers_read_back_equal(path: Path) -> None:
    deep: Value = {"inf": float("inf"), "big": 2**200, "tiny": 5e-324, "true": True, "one": 1}
    for _ in range(100):
        deep = [{"a": deep}]
    row = row_of("u")
    row = replace(row, event=replace(row.event, attributes={"deep": deep}))
    grouping = grouping_of(atom_of("g", row))
    with SqliteStore(path, create=True) as store:
        store.save(grouping, [])
        [atom] = store.memberships("g")
        assert repr(atom) == repr(grouping.memberships[0])  # 1, 1.0 and True are equal, their reprs are not


def test_a_store_without_a_file_reads_as_empty_and_makes_none(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        assert store.groups() == []
        assert store.group("g") is None
        assert store.memberships("g") == []
        assert store.membership_of("u") is None
        assert store.drafts("g") == []
    assert list(path.parent.iterdir()) == []


def test_a_store_that_is_not_to_be_created_must_exist(path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        SqliteStore(path, create=False)
    assert not path.exists()


def test_a_saved_store_is_one_file_in_a_folder_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "made" / "for # it?%41" / "s.db"
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(atom_of("g", row_of("u"))), [])
        assert store.group("g") is not None
    assert list(path.parent.iterdir()) == [path]


def test_saving_again_changes_nothing(path: Path) -> None:
    grouping = grouping_of(atom_of("g", row_of("a", "b")), atom_of("h", row_of("c")), atom_of(None, row_of("d")))
    drafts = [draft_of("g"), draft_of("h")]
    found = []
    for _ in range(3):
        with SqliteStore(path, create=True) as store:
            store.save(grouping, drafts)
            atoms = [store.membership_of(uid) for uid in "abcd"]
            found.append((store.groups(), atoms, store.drafts("g"), store.drafts("h")))
    assert found[0] == found[1] == found[2]
    assert found[0][0] == list(grouping.groups)


def test_groups_of_one_status(path: Path) -> None:
    grouping = grouping_of(atom_of("g", row_of("a")), atom_of("h", row_of("b")))
    resolved = replace(grouping.groups[1], status="resolved")
    with SqliteStore(path, create=True) as store:
        store.save(replace(grouping, groups=(grouping.groups[0], resolved)), [])
        assert store.groups(status="resolved") == [resolved]
        assert store.groups(status="open") == [grouping.groups[0]]
        assert store.groups(status="acknowledged") == []


def test_groups_come_by_time_then_id(path: Path) -> None:
    grouping = grouping_of(*(atom_of(name, row_of(name)) for name in ("b", "c", "a")))
    groups = [replace(group, first_seen=5 if group.id != "c" else 4) for group in grouping.groups]
    with SqliteStore(path, create=True) as store:
        store.save(replace(grouping, groups=tuple(groups)), [])
        assert [group.id for group in store.groups()] == ["c", "a", "b"]


def test_groups_left_without_events_go_with_their_drafts(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(atom_of("old", row_of("a"), row_of("b"))), [draft_of("old")])
        store.save(grouping_of(atom_of("new", row_of("a")), atom_of(None, row_of("b"))), [])
        assert [group.id for group in store.groups()] == ["new"]
        assert store.drafts("old") == []
        assert store.memberships("old") == []
        background = store.membership_of("b")
        assert background is not None
        assert background.group is None


def test_a_group_that_loses_some_events_keeps_the_others(path: Path) -> None:
    first = atom_of("old", row_of("a", "b"), row_of("c", "d", "e", signal=Signal.SPAN), row_of("f"))
    second = atom_of("old", row_of("g"))
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(first, second), [draft_of("old")])
        store.save(grouping_of(atom_of("new", row_of("c"), row_of("d"), row_of("f"))), [])
        old = store.group("old")
        assert old is not None
        assert old.members == ("a", "b", "e", "g")
        assert old.count == 4
        assert old.signals == {"log": 3, "span": 1}
        assert store.drafts("old") == [draft_of("old")]
        [kept, untouched] = store.memberships("old")
        assert untouched == second
        assert [row.members for row in kept.rows] == [("a", "b"), ("e",)]
        # The row of which "e" is left is still represented by "c"; the one of "f" is gone, links included.
        assert kept.links == (MemberLink("a", "c", "trace", "ab"),)
        moved = store.membership_of("c")
        assert moved is not None
        assert moved.group == "new"


def test_a_group_that_comes_anew_is_replaced_but_keeps_drafts_of_other_kinds(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        old = [draft_of("g", "old"), draft_of("g", "old too"), draft_of("g", "kept", kind="postmortem")]
        store.save(grouping_of(atom_of("g", row_of("a"), row_of("b"))), old)
        assert store.drafts("g") == old
        grouping = grouping_of(atom_of("g", row_of("b"), row_of("z")))
        store.save(grouping, [draft_of("g", "new")])
        assert store.groups() == list(grouping.groups)
        assert store.membership_of("a") is None
        assert store.drafts("g") == [draft_of("g", "kept", kind="postmortem"), draft_of("g", "new")]


def test_a_group_is_found_by_the_start_of_its_id(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(*(atom_of(name, row_of(name)) for name in ("ab", "abc", "abd", "x%"))), [])

        def found(start: str) -> str | None:
            group = store.group(start)
            return None if group is None else group.id

        assert found("abc") == "abc"
        assert found("x") == "x%"
        assert found("ab") == "ab"  # whole, though others start with it
        assert found("%") is None
        assert found("") is None
        with pytest.raises(StoreError, match="3 groups start with a: ab, abc, abd"):
            store.group("a")


def test_a_long_list_of_candidates_is_cut(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(*(atom_of(f"g{n:02}", row_of(f"u{n}")) for n in range(30))), [])
        with pytest.raises(StoreError, match=r"30 groups start with g: g00, .*g09 and 20 more;"):
            store.group("g")


def test_an_alert_is_found_by_its_fingerprint(path: Path) -> None:
    once = atom_of("g", row_of("f1@2026", signal=Signal.ALERT), row_of("f1@2027", signal=Signal.ALERT))
    twice = [
        atom_of("h", row_of("f2@2026", signal=Signal.ALERT)),
        atom_of(None, row_of("f2@2027", signal=Signal.ALERT)),
    ]
    log = atom_of(None, row_of("f3@mail"))
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(once, *twice, log), [])
        assert store.membership_of("f1") == once
        assert store.membership_of("f2@2026") == twice[0]
        with pytest.raises(StoreError, match="2 alerts are f2: f2@2026, f2@2027"):
            store.membership_of("f2")
        assert store.membership_of("f3") is None  # a log's uid has no such part
        assert store.membership_of("f3@mail") == log
        assert store.membership_of("f") is None


@pytest.mark.parametrize(
    ("grouping", "message"),
    [
        (grouping_of(atom_of("g", row_of("a")), atom_of(None, row_of("a"))), "'a' is in more than one place"),
        (replace(grouping_of(atom_of("g", row_of("a"))), groups=()), "of group 'g', which"),
        (replace(grouping_of(atom_of("g", row_of("a"))), memberships=()), "members of group 'g'"),
        (Grouping(0, 0, (), (replace(atom_of(None, row_of("a")), rows=()),)), "has no rows"),
        (
            replace(
                grouping_of(atom_of("g", row_of("a"))),
                groups=grouping_of(atom_of("g", row_of("a"))).groups * 2,
            ),
            "the same id",
        ),
    ],
)
def test_a_grouping_that_contradicts_itself_is_refused_whole(path: Path, grouping: Grouping, message: str) -> None:
    with SqliteStore(path, create=True) as store:
        with pytest.raises(ValueError, match=message):
            store.save(grouping, [])
        assert list(path.parent.iterdir()) == []
        good = grouping_of(atom_of("good", row_of("u")))
        store.save(good, [])
        with pytest.raises(ValueError, match=message):
            store.save(grouping, [])
        assert store.groups() == list(good.groups)


def test_a_draft_of_an_unknown_group_is_refused_with_all_else(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        with pytest.raises(ValueError, match="draft is for group 'other'"):
            store.save(grouping_of(atom_of("g", row_of("a"))), [draft_of("other")])
        assert list(path.parent.iterdir()) == []
        good = grouping_of(atom_of("good", row_of("u")))
        store.save(good, [])
        with pytest.raises(ValueError, match="draft is for group 'other'"):
            store.save(grouping_of(atom_of("g", row_of("u"))), [draft_of("other")])
        assert store.groups() == list(good.groups)


def test_look_ups_use_indexes(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(atom_of("g", row_of("a"))), [])
    with closing(sqlite3.connect(path)) as connection:
        for condition in (
            "atoms WHERE group_id = 'g'",
            "rows WHERE atom_id = 1",
            "members WHERE row_id = 1",
            "members WHERE uid = 'a'",
            "drafts WHERE group_id = 'g'",
        ):
            [plan] = connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {condition}").fetchall()
            assert "SEARCH" in plan[-1], condition
