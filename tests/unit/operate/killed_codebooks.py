"""Kills a process at every line that it runs while it changes which codebook is live, and looks at what is left.

A program of its own: it forks from one process that has loaded everything. Prints JSON: by action how many times
it was killed, and what was found wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import stormcell
from stormcell.operate import codebooks
from stormcell.operate.codebooks import Fault
from stormcell.operate.people import Person
from stormcell.store import SqliteStore
from stormcell.types import CodebookState, NoteKind
from tests.unit.store.codebooks import codebook_of

ROOT = Path(stormcell.__file__).parent
WATCHED = {
    str(ROOT / name)
    for name in (
        *("files.py", "operate/codebooks.py", "store/codebooks.py", "store/model.py", "store/audit.py"),
        *("store/connection.py", "store/transactions.py"),
    )
}
ANN = Person("cli", "ann", 7)
OLD, NOW, NEXT, OTHER = (codebook_of(text) for text in ("old", "now", "next", "other"))


def prepare(folder: Path) -> None:
    """Make a store in which one codebook is live, one was, and one is to be."""
    with SqliteStore(folder / "s.db", create=True) as store:
        for codebook, data in (OLD, NOW, NEXT):
            store.add_codebook(codebook, data, now=0)
        for codebook, _ in (OLD, NOW):
            codebooks.promote(store, codebook.version, ANN)


def promote(store: SqliteStore) -> None:
    codebooks.promote(store, NEXT[0].version, ANN)


def roll_back(store: SqliteStore) -> None:
    codebooks.roll_back(store, ANN, to=OLD[0].version)


def take_in(store: SqliteStore) -> None:
    codebooks.add(store, OTHER[1], "other.json", ANN)


def add(store: SqliteStore) -> None:
    store.add_codebook(*OTHER)


ACTIONS: dict[str, tuple[Callable[[SqliteStore], None], str, tuple[NoteKind, ...]]] = {
    "promote": (promote, NEXT[0].version, (NoteKind.PROMOTED,)),
    "roll back": (roll_back, OLD[0].version, (NoteKind.ROLLED_BACK,)),
    "import": (take_in, NOW[0].version, (NoteKind.IMPORTED,)),
    "add": (add, NOW[0].version, ()),
}
"""What is done, which codebook is live afterwards, and what is told of it."""


def run(act: Callable[[SqliteStore], None], folder: Path, killed_at: int) -> bool:
    """Do it in another process that is killed at a line, counted from 1; return whether it came to its end."""
    child = os.fork()
    if child == 0:
        count = 0

        def at_line(_frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal count
            if event == "line":
                count += 1
                if count == killed_at:
                    os.kill(os.getpid(), signal.SIGKILL)
            return at_line

        def at_call(frame: FrameType, _event: str, _argument: Any) -> Any:
            return at_line if frame.f_code.co_filename in WATCHED else None

        code = 1
        try:
            sys.settrace(at_call)
            with SqliteStore(folder / "s.db", create=False) as store:
                act(store)
            sys.settrace(None)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return False
    assert os.WEXITSTATUS(status) == 0, f"it failed when it was to be killed at line {killed_at}"
    return True


def look(name: str, folder: Path) -> tuple[list[str], bool]:
    """Return what is wrong after a kill, once it was done again too, and whether it was done before the kill."""
    act, version, kinds = ACTIONS[name]
    wrong = []
    with SqliteStore(folder / "s.db", create=False) as store:
        states = {one.version: one.state for one in store.codebooks()}
        live = [one for one, state in states.items() if state is CodebookState.LIVE]
        if live not in ([NOW[0].version], [version]):
            wrong.append(f"live are {live}")
        for one in states:
            codebooks.opened(store, one)
        done = live == [version] if name in ("promote", "roll back") else OTHER[0].version in states
        notes = [note.kind for note in store.notes(limit=max(len(store.notes()) - 2, 0))]
        if notes != (list(kinds) if done else []) or len(store.audit_log()) != 2 + len(notes):
            wrong.append(f"told are {notes}, done is {done}")
        wrong += broken(store)
        act(store)
        if (found := store.live_codebook()) is None or found.version != version:
            wrong.append(f"done again, {found} is live")
        if [note.kind for note in store.notes()[: len(kinds)]] != list(kinds) or len(store.notes()) != 2 + len(
            kinds
        ):
            wrong.append(f"done again, it is told as {store.notes()}")
        wrong += broken(store)
    return wrong, done


def broken(store: SqliteStore) -> list[str]:
    """Return what is wrong but for files that nothing refers to."""
    return [str(one) for one in codebooks.verify(store) if one.fault is not Fault.SURPLUS]


def digest(folder: Path) -> bytes:
    """Return by what one knows a folder again; the -shm file of SQLite holds nothing of its own."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.endswith("-shm"))
    told = b"".join(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest() for file in files)
    return hashlib.sha256(told).digest()


def kill_at_every_line(name: str, prepared: Path, folder: Path) -> dict[str, Any]:
    """Kill it at its first line, at its second, and so on until it ends before."""
    wrong: list[str] = []
    kills = late = surplus = 0
    seen: dict[bytes, tuple[list[str], bool, bool]] = {}
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(prepared, folder)
        if run(ACTIONS[name][0], folder, kills + 1):
            return {"kills": kills, "done": late, "surplus": surplus, "wrong": wrong}
        kills += 1
        left = digest(folder)
        if left not in seen:
            with SqliteStore(folder / "s.db", create=False) as store:
                more = bool(codebooks.verify(store))
            seen[left] = (*look(name, folder), more)
        found, done, more = seen[left]
        wrong += [f"killed at line {kills}: {one}" for one in found]
        late += done
        surplus += more


def main(place: Path) -> None:
    prepared = place / "prepared"
    prepared.mkdir()
    prepare(prepared)
    print(json.dumps({name: kill_at_every_line(name, prepared, place / "killed") for name in ACTIONS}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
