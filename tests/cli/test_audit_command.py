"""stormcell audit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stormcell.store import SqliteStore
from stormcell.types import AuditEntry
from tests.integration.program import stormcell
from tests.unit.render.samples import grouping

GROUPING = grouping()
GROUP = GROUPING.groups[0].id
NOON = 1_700_000_000 * 10**9


def entry(who: str, action: str, group: str = GROUP) -> AuditEntry:
    return AuditEntry(NOON, who, action, group, (group,), {"by": "Ann \x1b[31m"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    other = GROUPING.groups[1].id
    entries = [entry("ann", "ack"), entry("bob", "ack", other), entry("ann", "resolve")]
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.save(GROUPING, [], audit=entries)
    return tmp_path


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "stormcell.db")) as connection, connection:
        connection.execute(statement)


def test_list(folder: Path) -> None:
    ran = stormcell("audit", "list", "--store", folder)
    assert (ran.code, ran.err) == (0, "3 changes\n")
    first, *_, last = ran.out.splitlines()
    assert first.startswith("     3  2023-11-14T22:13:20.000Z  resolve of")
    assert last.startswith("     1  2023-11-14T22:13:20.000Z  ack of")
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("narrowed", "numbers"),
    [
        (["--who", "ann"], [3, 1]),
        (["--action", "ack"], [2, 1]),
        (["--group", GROUP[:6]], [3, 1]),
        (["--who", "ann", "--action", "ack"], [1]),
        (["--limit", "2"], [3, 2]),
        (["--who", "nobody"], []),
    ],
)
def test_list_narrowed_as_json(folder: Path, narrowed: list[str], numbers: list[int]) -> None:
    ran = stormcell("audit", "list", *narrowed, "--store", folder, "--json")
    assert [one["number"] for one in ran.json] == numbers
    assert ("--limit 20 shows them" in ran.err) == ("--limit" in narrowed)


def test_list_of_a_group_that_is_none(folder: Path) -> None:
    ran = stormcell("audit", "list", "--group", "g-none", "--store", folder)
    assert (ran.code, ran.out) == (1, "")
    assert "no group 'g-none' in the store" in ran.err


def test_a_seal_that_was_kept_tells_whether_all_is_as_it_was(folder: Path) -> None:
    kept = stormcell("audit", "seal", "--store", folder)
    number, _, seal = kept.out.strip().partition(":")
    assert (kept.code, kept.err, number, len(seal)) == (0, "", "3", 64)
    assert stormcell("audit", "seal", "--store", folder, "--json").json == {"number": 3, "seal": seal}
    ran = stormcell("audit", "verify", "--since", kept.out, "--store", folder)
    assert (ran.code, ran.err) == (0, "")
    assert (
        ran.out
        == f"3 seals checked, up to 3:{seal}: nothing was changed, and entry 3 is the one whose seal you kept\n"
    )
    ran = stormcell("audit", "verify", "--store", folder)
    assert ran.code == 0
    assert "give one that was kept elsewhere with --since" in ran.err


def test_what_was_changed_is_told(folder: Path) -> None:
    change(folder, "UPDATE audit SET who = 'ann' WHERE number = 2")
    ran = stormcell("audit", "verify", "--store", folder)
    assert (ran.code, ran.out) == (1, "")
    assert "entry 2 does not fit its seal" in ran.err
    ran = stormcell("audit", "verify", "--store", folder, "--json")
    assert ran.code == 1
    assert {name: ran.json[name] for name in ("holds", "number", "sealed", "unsealed", "since")} == {
        "holds": False,
        "number": 2,
        "sealed": 1,
        "unsealed": 0,
        "since": None,
    }


def test_as_json_it_holds(folder: Path) -> None:
    seal = stormcell("audit", "seal", "--store", folder).out.strip()
    ran = stormcell("audit", "verify", "--since", seal, "--store", folder, "--json")
    assert ran.code == 0
    assert ran.json == {
        "holds": True,
        "problem": "",
        "number": None,
        "sealed": 3,
        "unsealed": 0,
        "since": seal,
        "start": {"number": 0, "seal": ""},
        "head": {"number": 3, "seal": seal.partition(":")[2]},
    }


@pytest.mark.parametrize("since", ["3", "3:abc", "0:" + "a" * 64, "3:" + "A" * 64, "3:" + "a" * 65])
def test_what_is_no_seal_is_refused(folder: Path, since: str) -> None:
    ran = stormcell("audit", "verify", "--since", since, "--store", folder)
    assert (ran.code, ran.out) == (2, "")
    assert "expected NUMBER:SEAL" in ran.err


def test_a_log_without_seals(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.save(GROUPING, [])
    ran = stormcell("audit", "seal", "--store", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert "no entry of the audit log is sealed yet" in ran.err
    assert stormcell("audit", "verify", "--store", tmp_path).code == 0
    assert stormcell("audit", "list", "--store", tmp_path, "--json").json == []
