"""Noticing that a store changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from stormcell.store import SqliteStore
from stormcell.store.watching import Watch
from tests.unit.store.strategies import atom_of, grouping_of, row_of


def fill(path: Path) -> None:
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(atom_of("g-1", row_of("e-1"))), [])


def test_every_change_is_noticed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    watch = Watch(path)
    seen = [watch.version()]
    assert watch.version() == seen[0]
    fill(path)
    seen.append(watch.version())
    with SqliteStore(path, create=False) as store:
        store.groups()
        assert watch.version() == seen[-1]
        for status in ("acknowledged", "resolved"):
            store.set_status("g-1", status)
            seen.append(watch.version())
            assert watch.version() == seen[-1]
    # Closing writes what the log of changes holds into the file: nothing that anybody sees.
    assert len(set(seen)) == len(seen)


def test_another_file_of_the_same_name_is_another_store(tmp_path: Path) -> None:
    path, other = tmp_path / "s.db", tmp_path / "other.db"
    fill(path)
    fill(other)
    watch = Watch(path)
    first = watch.version()
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    other.replace(path)
    assert watch.version() != first


def test_where_it_cannot_be_told_everything_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"no database" * 1000)
    watch = Watch(path)
    assert len({watch.version() for _ in range(3)}) == 3
    path.unlink()
    fill(path)
    assert watch.version() == watch.version()


def test_who_writes_is_not_kept_waiting(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path)
    watch = Watch(path)
    before = watch.version()
    writer = sqlite3.connect(path, isolation_level=None, timeout=0)
    writer.execute("BEGIN EXCLUSIVE")
    writer.execute("DELETE FROM groups")
    assert watch.version() == before
    writer.execute("COMMIT")
    writer.close()
    assert watch.version() != before
