"""Looking through members and the audit log, page by page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.store import SqliteStore
from stormcell.store.browsing import Line, Narrowed, Sort
from stormcell.types import AuditEntry, Grouping, Membership, Row
from tests.unit.store.strategies import groupings, texts


def held(grouping: Grouping, group: str) -> dict[str, tuple[Row, Membership]]:
    """The rows of a group by the uid of their event."""
    return {
        row.event.uid: (row, atom) for atom in grouping.memberships if atom.group == group for row in atom.rows
    }


def walk(store: SqliteStore, group: str, wanted: Narrowed, sort: Sort, limit: int) -> list[Line]:
    found: list[Line] = []
    while page := store.lines(group, wanted, sort, limit=limit, offset=len(found)).page:
        found += page
    return found


@given(groupings(), st.sampled_from(Sort), st.integers(1, 4))
@settings(max_examples=10)
def test_pages_together_are_the_rows_of_the_group(
    tmp_path_factory: pytest.TempPathFactory, grouping: Grouping, sort: Sort, limit: int
) -> None:
    with SqliteStore(tmp_path_factory.mktemp("lines") / "s.db", create=True) as store:
        store.save(grouping, [])
        for group in grouping.groups:
            rows = held(grouping, group.id)
            found = walk(store, group.id, Narrowed(), sort, limit)
            assert {line.row.event.uid: line.count for line in found} == {
                uid: len(row.members) for uid, (row, _) in rows.items()
            }
            assert all(line.atom.shares == rows[line.row.event.uid][1].shares for line in found)
            whole = store.lines(group.id, Narrowed(), sort, limit=1)
            assert (whole.rows, whole.events) == (len(rows), group.count)
            assert sum(store.services_of(group.id).values()) == group.count
            assert {uid for uid, _, _ in store.every_member(group.id)} == set(group.members)


@given(groupings(), st.data())
@settings(max_examples=10)
def test_lines_are_narrowed_by_what_their_event_says(
    tmp_path_factory: pytest.TempPathFactory, grouping: Grouping, data: st.DataObject
) -> None:
    with SqliteStore(tmp_path_factory.mktemp("lines") / "s.db", create=True) as store:
        store.save(grouping, [])
        for group in grouping.groups:
            rows = [row for row, _ in held(grouping, group.id).values()]
            some = data.draw(st.sampled_from([row.event for row in rows]))
            text = some.text[: data.draw(st.integers(0, 3))].swapcase() or data.draw(texts)
            for wanted in (
                Narrowed(text=text),
                Narrowed(service=some.service),
                Narrowed(signal=some.signal.value),
            ):
                found = {line.row.event.uid for line in walk(store, group.id, wanted, Sort.EARLIEST, 100)}
                assert found == {
                    row.event.uid
                    for row in rows
                    if (text.casefold() in row.event.text.casefold() or text in row.members or not wanted.text)
                    and wanted.service in ("", row.event.service)
                    and wanted.signal in ("", row.event.signal)
                }
            for row in rows:
                for uid in row.members:
                    line, size = store.line_of(uid) or pytest.fail(uid)
                    assert (line.row.event, line.count) == (row.event, len(row.members))
                    assert size >= line.count


def test_sorts_say_what_they_sort_by(tmp_path: Path, grouped: SqliteStore) -> None:
    for group in grouped.statuses():
        keys: dict[Sort, Callable[[Line], Any]] = {
            Sort.EARLIEST: lambda line: line.row.event.time,
            Sort.LATEST: lambda line: -line.row.event.time,
            Sort.SEVEREST: lambda line: -line.row.event.severity,
            Sort.FARTHEST: lambda line: -line.atom.dissimilarity,
            Sort.DOUBTFUL: lambda line: (line.atom.margin is None, line.atom.margin or 0.0),
        }
        for sort, key in keys.items():
            found = walk(grouped, group, Narrowed(), sort, 50)
            assert found == sorted(found, key=key), sort


def test_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "none.db", create=True) as store:
        assert store.head_of("g") is None
        assert store.lines("g", Narrowed("x"), Sort.EARLIEST, limit=5).page == ()
        assert store.services_of("g") == {}
        assert store.line_of("e") is None
        assert store.spans_of("g") == []
        assert list(store.every_member("g")) == []
        assert store.newest_entries(limit=5) == []


def test_a_group_without_its_members_is_the_group_else(grouped: SqliteStore) -> None:
    for group in grouped.groups():
        head = grouped.head_of(group.id)
        assert head is not None
        assert head.members == ()
        assert (head.title, head.count, head.medoid, head.status) == (
            *(group.title, group.count, group.medoid),
            group.status,
        )
        assert grouped.head_of(group.id[:6]) is None


def test_the_audit_log_is_read_backwards_in_pages(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.save(Grouping(0, 0, (), ()), [])
        for at in range(7):
            store.audit(AuditEntry(at, "ann" if at % 2 else "bob", "ack", f"g{at}", (f"g{at}", "g")))
        numbers: list[int] = []
        while page := store.newest_entries(limit=3, before=numbers[-1] if numbers else None):
            numbers += [entry.number for entry in page]
        assert numbers == [7, 6, 5, 4, 3, 2, 1]
        assert [entry.number for entry in store.newest_entries(who="ann", limit=9)] == [6, 4, 2]
        assert [entry.target for entry in store.newest_entries(group="g3", limit=9)] == ["g3"]
        assert store.newest_entries(action="merge", limit=9) == []


@pytest.fixture
def grouped(tmp_path_factory: pytest.TempPathFactory) -> SqliteStore:
    from tests.integration.program import EXAMPLE, stormcell

    out = tmp_path_factory.mktemp("browsing") / "out"
    assert stormcell("group", EXAMPLE, "--out", out).code == 0
    return SqliteStore(out / "stormcell.db", create=False)
