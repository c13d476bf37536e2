"""What the store does with files that are not what they should be, and with machines that fail it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from stormcell.errors import StoreError
from stormcell.store import SqliteStore, connection, migrations
from tests.unit.store.strategies import atom_of, draft_of, grouping_of, row_of

pytestmark = pytest.mark.slow

GROUPING = grouping_of(atom_of("g", row_of("a", "b")), atom_of(None, row_of("c")))
LARGE = grouping_of(*(atom_of(f"g{n:04}", row_of(f"{n:04}" + 400 * "x")) for n in range(500)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store that holds GROUPING and a draft."""
    path = tmp_path / "stormcell.db"
    with SqliteStore(path, create=True) as store:
        store.save(GROUPING, [draft_of("g")])
    return path


def assert_refused(path: Path, message: str, *, create: bool = True) -> None:
    """Make sure that a file is refused and left as it is, alone in its folder."""
    before = path.read_bytes()
    with pytest.raises(StoreError, match=message) as caught:
        SqliteStore(path, create=create)
    assert str(path) in str(caught.value)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == before


def test_a_file_that_is_not_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Not a database, and longer than the header of one would be. " * 10)
    assert_refused(path, "not a Stormcell store")


def test_another_programs_database(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE groups (id)")
    assert_refused(path, "not a Stormcell store")


def test_an_empty_file_becomes_a_store_only_if_one_may_be_created(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    assert_refused(path, "not a Stormcell store", create=False)
    with SqliteStore(path, create=True) as store:
        store.save(GROUPING, [])
        assert store.groups() == list(GROUPING.groups)


def test_a_store_of_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 999")
    assert_refused(path, "version 999.*upgrade Stormcell")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(tmp_path, create=True)


def test_a_truncated_store(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    def use() -> None:
        with SqliteStore(path, create=True) as store:
            store.save(GROUPING, [])

    with pytest.raises(StoreError, match="is damaged"):
        use()
    assert path.exists()


def test_overwritten_pages(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    with pytest.raises(StoreError, match="is damaged"), SqliteStore(path, create=False) as store:
        store.groups()
    with pytest.raises(StoreError, match="is damaged"), SqliteStore(path, create=True) as store:
        store.save(GROUPING, [])
    assert path.stat().st_size == len(whole)


@pytest.mark.parametrize("document", ["{", "[]", "{}", "null"])
def test_documents_that_are_not_what_was_written(path: Path, document: str) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE groups SET document = ?", (document,))
        other.execute("UPDATE drafts SET document = ?", (document,))
        other.execute("UPDATE rows SET event = ?", (document,))
    with SqliteStore(path, create=False) as store:
        with pytest.raises(StoreError, match="is damaged"):
            store.groups()
        with pytest.raises(StoreError, match="is damaged"):
            store.drafts("g")
        with pytest.raises(StoreError, match="is damaged"):
            store.memberships("g")
        with pytest.raises(StoreError, match="is damaged"):
            store.save(grouping_of(atom_of("h", row_of("a"))), [])


@contextmanager
def another_process_writing(path: Path) -> Iterator[None]:
    """Hold the store's write lock from another process."""
    script = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield
        process.communicate()
    assert process.returncode == 0


def test_a_store_is_in_wal_mode_from_the_start(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_another_process_that_is_writing(path: Path) -> None:
    other = grouping_of(atom_of("h", row_of("z")))
    with SqliteStore(path, create=True, busy_timeout=0.01) as store:
        with another_process_writing(path):
            assert store.groups() == list(GROUPING.groups)  # readers do not wait
            with pytest.raises(StoreError, match="another process"):
                store.save(other, [])
        store.save(other, [])
        assert len(store.groups()) == 2


def test_a_file_that_appears_before_the_first_save_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with SqliteStore(path, create=True) as late, SqliteStore(path, create=True) as early:
        early.save(GROUPING, [])
        late.save(grouping_of(atom_of("h", row_of("z"))), [])
        assert {group.id for group in early.groups()} == {"g", "h"}


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_during_the_first_save_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    path = tmp_path / "s.db"
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", _refuse)

    def fill(new: sqlite3.Connection) -> None:
        with SqliteStore(path, create=True) as early:
            # The name of the growing file holds the process id; this one stands for another process.
            monkeypatch.setattr(os, "getpid", lambda: 1)
            early.save(GROUPING, [])
            monkeypatch.undo()
            if not links:
                monkeypatch.setattr(Path, "hardlink_to", _refuse)

    assert connection.create(path, fill) is False
    with SqliteStore(path, create=False) as store:
        assert store.groups() == list(GROUPING.groups)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "hardlink_to", _refuse)
    path = tmp_path / "s.db"
    with SqliteStore(path, create=True) as store:
        store.save(GROUPING, [])
        assert store.groups() == list(GROUPING.groups)
    assert list(tmp_path.iterdir()) == [path]


def _refuse(path: Path, target: Path) -> None:
    raise PermissionError("no links here")


# The limit on the size of a file stands for a full disk: what is beyond it fails as on one. Its signal is
# ignored by Python itself.
FULL_DISK = """
import resource, sys
from pathlib import Path
from stormcell.errors import StoreError
from stormcell.store import SqliteStore
from tests.unit.store.test_failures import LARGE

path, limit = Path(sys.argv[1]), int(sys.argv[2])
with SqliteStore(path, create=True) as store:
    groups = store.groups()
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        store.save(LARGE, [])
    except StoreError as error:
        assert "free some space" in str(error), error
        assert store.groups() == groups
        print("refused")
"""


def save_large_on_a_full_disk(path: Path, limit: int) -> str:
    """Save LARGE in a process whose files may not grow past ``limit`` bytes."""
    root = Path(__file__).parents[3]
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path, str(limit)],
        cwd=root,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("limit", [0, 1000, 4096, 40_000, 300_000])
def test_a_full_disk_leaves_no_file_behind(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "s.db"
    assert save_large_on_a_full_disk(path, limit) == "refused\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("room", [0, 4096, 100_000])
def test_a_full_disk_leaves_a_store_as_it_was(path: Path, room: int) -> None:
    assert save_large_on_a_full_disk(path, path.stat().st_size + room) == "refused\n"
    with SqliteStore(path, create=False) as store:
        assert store.groups() == list(GROUPING.groups)
        assert store.drafts("g") == [draft_of("g")]
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        SqliteStore(tmp_path / "file" / "s.db", create=True) as store,
        pytest.raises(StoreError, match="file"),
    ):
        store.save(GROUPING, [])


NEXT = "ALTER TABLE drafts ADD COLUMN note TEXT;\nUPDATE drafts\nSET note = 'a;b';\n"


def test_an_older_store_is_brought_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = migrations.MIGRATIONS
    monkeypatch.setattr(migrations, "MIGRATIONS", (*known, NEXT))
    for _ in range(2):  # migrated, then found so
        with SqliteStore(path, create=False) as store:
            assert store.groups() == list(GROUPING.groups)
            assert store.drafts("g") == [draft_of("g")]
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA user_version").fetchone() == (len(known) + 1,)
        assert other.execute("SELECT note FROM drafts").fetchall() == [("a;b",)]


@pytest.mark.parametrize("broken", ["UPDATE nothing SET x = 1;", "UPDATE drafts SET"])
def test_a_migration_that_fails_leaves_the_store_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    known = migrations.MIGRATIONS
    monkeypatch.setattr(migrations, "MIGRATIONS", (*known, NEXT, broken))
    assert_refused(path, "cannot be used")
    monkeypatch.setattr(migrations, "MIGRATIONS", known)
    with SqliteStore(path, create=False) as store:
        assert store.groups() == list(GROUPING.groups)


def test_a_store_in_a_folder_of_somebody_else_can_be_read() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "stormcell.db")
        with SqliteStore(path, create=True) as store:
            store.save(GROUPING, [])
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        before = os.geteuid()
        if before == 0:
            os.seteuid(65_534)
        try:
            with SqliteStore(path, create=False) as store:
                assert store.groups() == list(GROUPING.groups)
                with pytest.raises(StoreError, match="cannot be written"):
                    store.save(GROUPING, [])
        finally:
            os.seteuid(before)
            Path(folder).chmod(0o700)
        assert [file.name for file in Path(folder).iterdir()] == ["stormcell.db"]


def test_threads_that_make_one_store_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    names = ["a", "b", "c", "d"]
    for attempt in range(5):
        path, gate = tmp_path / f"{attempt}.db", threading.Barrier(len(names))

        def write(name: str, path: Path = path, gate: threading.Barrier = gate) -> None:
            with SqliteStore(path, create=True) as store:
                gate.wait()
                store.save_model_state(name, {"is": name})

        threads = [threading.Thread(target=write, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with SqliteStore(path, create=False) as store:
            assert [store.model_state(name) for name in names] == [{"is": name} for name in names]
