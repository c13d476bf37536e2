"""stormcell outbox."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.store import SqliteStore
from tests.integration.program import stormcell
from tests.unit.render.samples import grouping

GROUPING = grouping()
FIRST, _, THIRD = GROUPING.groups
NOON = 1_700_000_000 * 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store in which one letter waits and two were given up."""
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.save(GROUPING, [], outbox=[("hook", FIRST), ("hook", THIRD), ("otlp", FIRST)], now=NOON)
        for letter in store.outbox_due(NOON, 9, "hook"):
            store.outbox_failed(letter.number, "answered 400: \x1b[31mbad", 0, dead=True)
    return tmp_path


def states(folder: Path) -> list[tuple[int, str]]:
    return [(one["number"], one["state"]) for one in stormcell("outbox", "list", "--store", folder, "--json").json]


def test_list(folder: Path) -> None:
    ran = stormcell("outbox", "list", "--store", folder)
    assert (ran.code, ran.err) == (0, "1 to be handed over, 2 given up\n")
    assert "due 2023-11-14T22:13:20.000Z" in ran.out
    assert ran.out.count("given up") == 2
    assert "\x1b" not in ran.out
    assert f"{FIRST.id} r1 open" in ran.out


def test_list_as_json(folder: Path) -> None:
    ran = stormcell("outbox", "list", "--store", folder, "--json")
    pending, dead, _ = ran.json
    assert pending == {
        "number": 3,
        "exporter": "otlp",
        "group": FIRST.id,
        "revision": 1,
        "status": "open",
        "title": FIRST.title,
        "state": "pending",
        "put": "2023-11-14T22:13:20.000Z",
        "due": "2023-11-14T22:13:20.000Z",
        "attempts": 0,
        "problem": "",
    }
    assert (dead["state"], dead["due"], dead["attempts"]) == ("dead", None, 1)


def test_an_empty_outbox(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.save(replace(GROUPING), [])
    ran = stormcell("outbox", "list", "--store", tmp_path)
    assert (ran.code, ran.out, ran.err) == (0, "", "0 to be handed over, 0 given up\n")


def test_retry(folder: Path) -> None:
    ran = stormcell("outbox", "retry", "2", "--store", folder)
    assert (ran.code, ran.err) == (0, "1 to be tried again\n")
    assert states(folder) == [(2, "pending"), (3, "pending"), (1, "dead")]
    assert stormcell("outbox", "retry", "--all", "--store", folder, "--json").json == {"found": 1}
    assert states(folder) == [(1, "pending"), (2, "pending"), (3, "pending")]


def test_drop(folder: Path) -> None:
    ran = stormcell("outbox", "drop", "1", "3", "--store", folder)
    assert ran.code == 1
    assert "1 of 2 numbers were not given up" in ran.err
    assert states(folder) == [(3, "pending"), (2, "dead")]  # what waits is not dropped
    assert stormcell("outbox", "drop", "--all", "--store", folder).code == 0
    assert states(folder) == [(3, "pending")]


@pytest.mark.parametrize("command", ["retry", "drop"])
@pytest.mark.parametrize("which", [[], ["1", "--all"], ["first"]])
def test_what_is_meant_has_to_be_said(folder: Path, command: str, which: list[str]) -> None:
    ran = stormcell("outbox", command, *which, "--store", folder)
    assert (ran.code, ran.out) == (2, "")
    assert len(states(folder)) == 3
