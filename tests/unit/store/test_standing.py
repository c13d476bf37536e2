"""Groups that go on are stored over and over, and mostly hold what they held."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.errors import StoreError
from stormcell.store import SqliteStore
from stormcell.types import Draft, Feedback, Grouping, Kind, Mark, Membership, Row, Signal, UidSet, union
from tests.unit.store.strategies import atom_of, grouping_of, row_of

ROWS = 8


def counted(row: Row) -> Row:
    """Return a row as whoever counts events has it."""
    members = row.members
    return replace(row, members=UidSet(len(members), sum(map(hash, members)), partial(tuple, members)))


def counted_grouping(atoms: Sequence[Membership]) -> Grouping:
    plain = grouping_of(*atoms)
    counted_atoms = tuple(replace(atom, rows=tuple(map(counted, atom.rows))) for atom in atoms)
    groups = [
        replace(
            group,
            members=union([row.members for atom in counted_atoms if atom.group == group.id for row in atom.rows]),
        )
        for group in plain.groups
    ]
    return replace(plain, groups=tuple(groups), memberships=counted_atoms)


@st.composite
def ticks(draw: st.DrawFn) -> list[list[Membership]]:
    """Draw what is found tick by tick in rows that come and grow: some in groups, some apart, some nowhere."""
    sizes = [draw(st.integers(1, 2)) for _ in range(ROWS)]
    found = []
    for _ in range(draw(st.integers(2, 4))):
        atoms: dict[int, list[Row]] = {}
        for at in range(ROWS):
            sizes[at] += draw(st.sampled_from([0, 0, 0, 1]))
            signal = Signal.ALERT if at == 0 else Signal.LOG
            row = row_of(*(f"{at}-{number}" for number in range(sizes[at])), signal=signal)
            where = draw(st.integers(0, 5))
            if where < 5:
                said = replace(row.event, status=draw(st.sampled_from(["firing", "resolved"])))
                atoms.setdefault(where, []).append(replace(row, event=said if at == 0 else row.event))
        found.append([atom_of({0: "a", 1: "a", 2: "b", 3: "c"}.get(at), *rows) for at, rows in atoms.items()])
    return found


def read(store: SqliteStore) -> tuple[object, ...]:
    groups = store.groups()
    return groups, [store.memberships(group.id) for group in groups], store.background()


@given(ticks(), st.data())
@settings(max_examples=50, deadline=None)
def test_what_stands_reads_as_if_it_had_been_put_anew(found: list[list[Membership]], data: st.DataObject) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        SqliteStore(Path(folder) / "one.db", create=True) as going,
        SqliteStore(Path(folder) / "other.db", create=True) as anew,
    ):
        for atoms in found:
            grouping = counted_grouping(atoms)
            # Of what is complete there is a draft: how its rows stand is forgotten.
            complete = [group.id for group in grouping.groups if data.draw(st.integers(0, 3)) == 0]
            drafts = [Draft(id, "runbook", "t", "text", ()) for id in complete]
            going.save(grouping, drafts)
            anew.save(grouping_of(*atoms), drafts)
            assert read(going) == read(anew)
            # Somebody else puts an atom elsewhere, and its events with it.
            for moved in data.draw(st.lists(st.sampled_from(atoms), max_size=1)) if atoms else ():
                for path in (going.path, anew.path):
                    with SqliteStore(path, create=False) as other:
                        other.save(grouping_of(replace(moved, group="theirs")), [])
                assert read(going) == read(anew)


def test_a_row_that_stands_is_not_put_again(tmp_path: Path) -> None:
    first, second, new = row_of("1", "2"), row_of("3"), row_of("4", "5")
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.save(counted_grouping([atom_of("a", first), atom_of("b", second)]), [])
        before = numbers(store)
        store.save(counted_grouping([atom_of("a", first, new)]), [])
        after = numbers(store)
    assert {uid: after[uid] for uid in "123"} == {uid: before[uid] for uid in "123"}
    assert after["4"] == after["5"] not in before.values()


def test_what_people_moved_is_put_where_it_is_found(tmp_path: Path) -> None:
    row, other = row_of("1", "2"), row_of("3")
    tick = counted_grouping([atom_of("a", row), atom_of("b", other)])
    mark = Mark(("1",), "", "", "", "")
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.save(tick, [])
        [b] = (group for group in store.groups() if group.id == "b")
        store.add_feedback(
            Feedback("f", Kind.MERGE, (mark,), "me", 0), [b], [atom_of("b", row), atom_of("b", other)]
        )
        assert [group.id for group in store.groups()] == ["b"]
        store.save(tick, [])
        assert [(group.id, list(group.members)) for group in store.groups()] == [("a", ["1", "2"]), ("b", ["3"])]


def test_what_was_undone_is_not_relied_on(tmp_path: Path) -> None:
    tick = counted_grouping([atom_of("a", row_of("1"))])
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.save(counted_grouping([atom_of("z", row_of("9"))]), [])
        try:
            with store.changing():
                store.save(tick, [])
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        store.save(tick, [])
        assert {group.id: list(group.members) for group in store.groups()} == {"a": ["1"], "z": ["9"]}


def numbers(store: SqliteStore) -> dict[str, int]:
    """Return the number of the row of each event."""
    with sqlite3.connect(store.path) as connection:
        return dict(connection.execute("SELECT uid, row_id FROM members"))


def test_a_row_that_went_from_group_to_group_and_was_left_is_put_anew(tmp_path: Path) -> None:
    row, other = row_of("1", "2"), row_of("3")
    with (
        SqliteStore(tmp_path / "one.db", create=True) as going,
        SqliteStore(tmp_path / "other.db", create=True) as anew,
    ):
        # Twice, as a store that is new is not known for sure.
        for name, held in (("a", row), ("a", row), ("b", row), ("b", other), ("c", row)):
            atoms = [atom_of(name, held)]
            going.save(counted_grouping(atoms), [])
            anew.save(grouping_of(*atoms), [])
            assert read(going) == read(anew)


def test_a_store_that_was_taken_away_right_after_it_was_made_is_not_made_again(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.save(counted_grouping([atom_of("a", row_of("1"))]), [])
        store.path.rename(tmp_path / "away.db")
        with pytest.raises(StoreError, match="was removed or replaced while in use"):
            store.save(counted_grouping([atom_of("a", row_of("1"), row_of("2"))]), [])
        assert not store.path.exists()
        (tmp_path / "away.db").rename(store.path)
        store.save(counted_grouping([atom_of("a", row_of("1"), row_of("2"))]), [])
        assert list(store.groups()[0].members) == ["1", "2"]
