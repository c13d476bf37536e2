"""Data folders that cannot be used, or that fail while they are: told what to do, and nothing in them harmed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.integration.program import files_of
from tests.integration.sidecar.mounts import mounted
from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import until
from tests.integration.telemetry import log, logs

pytestmark = pytest.mark.slow

EVENTS = [log(f"a{number}", "disk full on db", at=number) for number in range(5)]
MORE = [log(f"b{number}", "disk full on db", at=number) for number in range(5, 8)]
UIDS = sorted(f"a{number}" for number in range(5))
ALL = sorted([*UIDS, *(f"b{number}" for number in range(5, 8))])
STORE = "stormcell.db"


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a sidecar that has ended, with a group and a journal."""
    with Running(tmp_path_factory.mktemp("used") / "sidecar").start() as sidecar:
        sidecar.send(logs(*EVENTS))
        until(lambda: sidecar.placed() == UIDS, PATIENCE)
        assert sidecar.stop() == 0, sidecar.said
        return sidecar.data


@pytest.fixture
def sidecar(used: Path, tmp_path: Path) -> Iterator[Running]:
    """Return a sidecar that is yet to be started, on a copy of that folder."""
    with Running(tmp_path / "sidecar") as made:
        shutil.copytree(used, made.data)
        yield made


def _overwritten(at: int) -> Callable[[Path], None]:
    def overwrite(data: Path) -> None:
        content = bytearray((data / STORE).read_bytes())
        content[at : at + 4096] = b"\xaa" * 4096
        (data / STORE).write_bytes(content)

    return overwrite


def _cut(data: Path) -> None:
    os.truncate(data / STORE, 10_000)


def _text(data: Path) -> None:
    (data / STORE).write_text("my notes\n" * 1000)


def _of_another(data: Path) -> None:
    (data / STORE).unlink()
    with closing(sqlite3.connect(data / STORE)) as other:
        other.execute("CREATE TABLE mine (x)")
        other.commit()


def _newer(data: Path) -> None:
    with closing(sqlite3.connect(data / STORE)) as store:
        [version] = store.execute("PRAGMA user_version").fetchone()
        store.execute(f"PRAGMA user_version = {version + 1}")


def _folder(data: Path) -> None:
    (data / STORE).unlink()
    (data / STORE).mkdir()


def _no_folder(data: Path) -> None:
    shutil.rmtree(data)
    data.write_text("mine")


def _no_journal_folder(data: Path) -> None:
    shutil.rmtree(data / "journal")
    (data / "journal").write_text("mine")


@pytest.mark.parametrize(
    ("spoil", "place", "remedy"),
    [
        (_overwritten(4096), STORE, "is damaged; move it away and run again to fill a new one"),
        (_cut, STORE, "is damaged; move it away and run again to fill a new one"),
        (_text, STORE, "is not a Stormcell store (nor any SQLite database); name another file"),
        (_of_another, STORE, "is an SQLite database but not a Stormcell store; name another file"),
        (_newer, STORE, "upgrade Stormcell, or name another file"),
        (_folder, STORE, "cannot be opened; mend its permissions and its folder's, or name another"),
        (_no_folder, "", "name another with --data"),
        (_no_journal_folder, "journal", "mend this or name another folder"),
    ],
    ids=["page", "cut", "text", "other", "newer", "folder", "no-folder", "no-journal-folder"],
)
def test_what_cannot_be_used_is_named_and_left_alone(
    spoil: Callable[[Path], None], place: str, remedy: str, sidecar: Running
) -> None:
    spoil(sidecar.data)
    before = _content(sidecar.data)
    assert sidecar.spawn().ended() == 1
    [told] = sidecar.said.splitlines()
    assert told.startswith("stormcell: ")
    assert str(sidecar.data / place) in told
    assert remedy in told
    assert _content(sidecar.data) == before


def _content(data: Path) -> dict[str, bytes]:
    return files_of(data) if data.is_dir() else {"": data.read_bytes()}


def test_a_folder_is_for_one_sidecar(sidecar: Running, tmp_path: Path) -> None:
    sidecar.start()
    with Running(tmp_path / "second") as second:
        second.folder.mkdir()
        second.data.symlink_to(sidecar.data)
        assert second.spawn().ended() == 1
        journal = second.data / "journal"
        told = f"stormcell: {journal} is in use by another process; end that, or name another folder\n"
        assert second.said == told
        sidecar.send(logs(*MORE))
        until(lambda: sidecar.placed() == ALL, PATIENCE)
        assert sidecar.stop() == 0, sidecar.said
        # Whoever comes after it may.
        assert second.start().placed() == ALL


def test_a_folder_that_may_only_be_read(sidecar: Running) -> None:
    with mounted(sidecar.data, ("--bind", str(sidecar.data)), ("-o", "remount,bind,ro")):
        before = files_of(sidecar.data)
        assert sidecar.spawn().ended() == 1
        told = "Read-only file system; mend this or name another folder"
        assert sidecar.said == f"stormcell: cannot use the journal {sidecar.data / 'journal'}: {told}\n"
        assert files_of(sidecar.data) == before


def test_damage_in_the_journal_takes_the_damaged_alone(sidecar: Running) -> None:
    shutil.rmtree(sidecar.data)
    # Everything stays in the journal: what may be late is waited for.
    sidecar.settings = {"live": {"lateness_seconds": 3600, "idle_seconds": 3600}}
    sidecar.start()
    for number in range(5):
        sidecar.send(logs(log(f"a{number}", "disk full on db", at=number)))
    sidecar.kill()
    [file] = (sidecar.data / "journal").glob("*.journal")
    content = file.read_bytes()
    at = content.index(b'"a2"')
    file.write_bytes(content[:at] + b"\xff\xff" + content[at + 2 :])
    sidecar.start()
    until(lambda: sidecar.engine("events") == 4, PATIENCE)
    status = sidecar.get("status")
    assert status["journal"]["damaged"] == 1
    assert sidecar.stop() == 0, sidecar.said
    assert sidecar.placed() == ["a0", "a1", "a3", "a4"]


def test_a_journal_file_that_a_crash_left_empty(sidecar: Running) -> None:
    sidecar.start()
    sidecar.send(logs(*MORE))
    until(lambda: sidecar.placed() == ALL, PATIENCE)
    assert sidecar.stop() == 0, sidecar.said
    last = max((sidecar.data / "journal").glob("*.journal"))
    # As if it had been killed when it began the second file.
    with last.open("r+b") as file:
        file.truncate(_header_bytes(last))
    sidecar.start()
    assert sidecar.get("status")["journal"]["behind_bytes"] == 0
    before = sidecar.cpu_seconds()
    time.sleep(2)
    assert sidecar.cpu_seconds() - before < 0.7
    assert sidecar.stop() == 0
    assert sidecar.said.endswith(": stopped\n")


def _header_bytes(file: Path) -> int:
    """Return where the first record begins: the records of a file begin with four bytes of their own."""
    content = file.read_bytes()
    mark = content[12:16]
    return content.index(mark, 16)


def test_damage_in_the_store_that_is_found_later(sidecar: Running) -> None:
    with closing(sqlite3.connect(sidecar.store)) as store:
        [root] = store.execute("SELECT rootpage FROM sqlite_master WHERE name = 'members'").fetchone()
        [size] = store.execute("PRAGMA page_size").fetchone()
    _overwritten((root - 1) * size)(sidecar.data)
    sidecar.settings["live"] = {**HASTY, "drain_seconds": 2}
    sidecar.start()
    sidecar.send(logs(*MORE))
    until(lambda: sidecar.engine("failed_ticks") >= 1, PATIENCE)
    told = f"{sidecar.store} is damaged; move it away and run again to fill a new one"
    assert told in sidecar.why_not_ready()
    assert told in sidecar.said
    # Until somebody does, what comes is kept.
    sidecar.send(logs(log("c", "disk full on db", at=9)))
    sidecar.stop()
    sidecar.store.rename(sidecar.folder / "away.db")
    sidecar.settings["live"] = {**HASTY, "drain_seconds": PATIENCE}
    assert sidecar.start().stop() == 0
    assert {"c", *(record["attributes"][0]["value"]["stringValue"] for record in MORE)} <= set(sidecar.placed())


def test_a_store_that_another_has_locked(sidecar: Running, used: Path, tmp_path: Path) -> None:
    sidecar.start()
    with Running(tmp_path / "second") as second, _locked(sidecar.store, "NORMAL"):
        shutil.copytree(used, second.data)
        with _locked(second.store, "EXCLUSIVE"):
            second.spawn()
            sidecar.send(logs(*MORE))
            until(lambda: sidecar.engine("failed_ticks") >= 1, PATIENCE)
            # One that does not run yet has waited for as long, and gives up.
            assert second.ended() == 1
            told = "is being written by another process; try again when that one is done"
            assert second.said.startswith(f"stormcell: {second.store} {told}")
        assert told in sidecar.why_not_ready()
        assert sidecar.client.get("/healthz").status_code == HTTPStatus.OK
        # What was found before can be looked at, and what comes is kept.
        assert len(sidecar.get("groups")["groups"]) == 1
        sidecar.send(logs(log("c", "disk full on db", at=9)))
    until(lambda: sidecar.placed() == sorted([*ALL, "c"]), PATIENCE)
    until(sidecar.is_ready, PATIENCE)
    assert sidecar.said.count(told) == 1


@contextmanager
def _locked(path: Path, mode: str) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"PRAGMA locking_mode = {mode}")
        other.execute("BEGIN EXCLUSIVE")
        yield
