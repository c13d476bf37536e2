"""stormcell groups list and show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.program import stormcell
from tests.integration.telemetry import good


@pytest.fixture(scope="module")
def document(grouped: Path) -> Any:
    return json.loads((grouped / "groups.json").read_bytes())


def test_list_shows_every_group_in_order(grouped: Path, document: Any) -> None:
    ran = stormcell("groups", "list", "--store", grouped)
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()[1:]] == [group["id"] for group in document["groups"]]
    assert ran.err == f"{len(document['groups'])} groups\n"


def test_list_as_json_is_what_groups_json_says(grouped: Path, document: Any) -> None:
    assert stormcell("groups", "list", "--store", grouped, "--json").json == document["groups"]


def test_list_by_status(grouped: Path, document: Any) -> None:
    def count(status: str) -> int:
        return len(stormcell("groups", "list", "--store", grouped, "--status", status, "--json").json)

    assert count("open") == len(document["groups"])
    assert count("resolved") == count("acknowledged") == 0


def test_the_store_may_be_named_as_a_file_or_set(
    grouped: Path, document: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = grouped / "stormcell.db"
    assert stormcell("groups", "list", "--store", file, "--json").json == document["groups"]
    monkeypatch.setenv("STORMCELL_STORE__PATH", str(file))
    assert stormcell("groups", "list", "--json").json == document["groups"]


def test_show_tells_the_whole_group(grouped: Path, document: Any) -> None:
    group = max(document["groups"], key=lambda group: group["count"])
    ran = stormcell("groups", "show", group["id"], "--store", grouped)
    assert (ran.code, ran.err) == (0, "")
    for told in (group["id"], f"{group['count']:,} events", group["medoid"]["uid"], group["services"][0]["name"]):
        assert told in ran.out
    for role in ("earliest", "most_severe"):
        label = role.replace("_", " ")
        assert any(
            line.split(label)[-1].split()[0] == group[role] for line in ran.out.splitlines() if label in line
        )


def test_show_takes_the_start_of_an_id(grouped: Path, document: Any) -> None:
    whole = document["groups"][0]["id"]
    ids = [group["id"] for group in document["groups"]]
    short = next(whole[:size] for size in range(3, 15) if sum(id.startswith(whole[:size]) for id in ids) == 1)
    assert stormcell("groups", "show", short, "--store", grouped, "--json").json["id"] == whole


def test_show_members(grouped: Path, document: Any) -> None:
    group = max(document["groups"], key=lambda group: group["count"])
    few = stormcell("groups", "show", group["id"], "--store", grouped).out
    every = stormcell("groups", "show", group["id"], "--store", grouped, "--members").out
    assert "more rows; --members lists them all" in few
    assert "more rows" not in every
    rows = [line.split() for line in every.partition("\ntime ")[2].splitlines()[1:]]
    assert sum(int(row[2]) for row in rows) == group["count"]
    assert {row[1] for row in rows} <= set(group["members"])


def test_show_as_json_has_every_member_in_one_atom(grouped: Path, document: Any) -> None:
    for group in document["groups"]:
        shown = stormcell("groups", "show", group["id"], "--store", grouped, "--json").json
        atoms = shown.pop("atoms")
        assert shown == group
        assert sorted(uid for atom in atoms for uid in atom["members"]) == group["members"]


@pytest.mark.parametrize(
    ("id", "message"),
    [("g-nothing", "no group 'g-nothing' in the store"), ("g-", "groups start with g-: g-")],
)
def test_show_of_none_or_of_several(id: str, message: str, grouped: Path) -> None:
    ran = stormcell("groups", "show", id, "--store", grouped)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err


@pytest.mark.parametrize("command", [["groups", "list"], ["groups", "show", "g-1"], ["explain", "x"]], ids=str)
def test_without_a_store(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = stormcell(*command, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no store at stormcell.db; name the folder that `stormcell group` or" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_where_a_sidecar_has_stored_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    ran = stormcell("groups", "list", "--store", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert f"nothing is stored at {tmp_path / 'stormcell.db'} yet: a sidecar keeps its journal there" in ran.err


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    path = good(tmp_path)
    before = path.read_bytes()
    ran = stormcell("groups", "list", "--store", path)
    assert (ran.code, ran.out) == (1, "")
    assert "is not a Stormcell store" in ran.err
    assert path.read_bytes() == before
