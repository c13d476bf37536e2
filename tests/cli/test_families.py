"""stormcell groups similar and stormcell families."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.program import stormcell
from tests.integration.telemetry import alert, log, logs, webhook, write

DAY = 86_400


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three times the same outage of the cart, a day apart, and once another of the mail."""
    folder = tmp_path_factory.mktemp("families")
    documents = []
    for day in range(3):
        at = day * DAY
        records = [log(f"c{day}-{n}", f"connection {n} to redis refused", at=at + n) for n in range(9)]
        documents += [
            logs(*records, service="cart"),
            webhook(alert(f"a{day}", "CartErrors", starts=f"2023-11-{14 + day}T22:13:23Z", service="cart")),
        ]
    records = [log(f"m-{n}", f"queue of letters {n} is full", at=4 * DAY + n) for n in range(9)]
    write(folder / "in" / "x.jsonl", *documents, logs(*records, service="mail"))
    (folder / "all.yaml").write_text("grouping:\n  gate: 0\n  max_groups: 1\n")  # every day is one incident
    ran = stormcell("group", folder / "in", "--out", folder / "out", "--config", folder / "all.yaml")
    assert ran.code == 0, ran.err
    return folder / "out"


@pytest.fixture(scope="module")
def groups(store: Path) -> list[str]:
    found = stormcell("groups", "list", "--store", store, "--json").json
    assert len(found) == 4
    return [group["id"] for group in found]


@pytest.fixture(scope="module")
def family(store: Path, groups: list[str]) -> Any:
    ran = stormcell("families", "--store", store, "--json")
    assert (ran.code, ran.err) == (0, "")
    [found] = ran.json
    return found


def test_a_family_of_what_came_again(family: Any, groups: list[str]) -> None:
    assert {member["group"] for member in family["members"]} == set(groups[:3])
    assert family["count"] == 3
    assert family["exemplar"] == family["members"][0]["group"]
    assert family["runbook"]["markdown"].startswith("# ")
    assert (family["first_seen"][:10], family["last_seen"][:10]) == ("2023-11-14", "2023-11-16")
    for member in family["members"]:
        parts = sum(field["share"] for field in member["fields"])
        assert parts == pytest.approx(member["dissimilarity"])
        assert member["dissimilarity"] <= family["radius"]


def test_families_are_listed_and_keep_their_ids(store: Path, family: Any) -> None:
    for terminal in (False, True):
        ran = stormcell("families", "--store", store, terminal=terminal)
        assert ran.code == 0
        assert family["id"] in ran.out
        assert "1 family of 4 groups; 1 came once only." in ran.err


def test_show_a_family_by_the_start_of_its_id(store: Path, family: Any) -> None:
    shown = stormcell("families", "show", family["id"][:5], "--store", store)
    assert shown.code == 0
    for member in family["members"]:
        assert member["group"] in shown.out
    assert f"drafts/{family['exemplar']}.runbook.md" in shown.out
    assert stormcell("families", "show", family["id"], "--store", store, "--json").json == family


@pytest.mark.parametrize("id", ["f-nothing", "x"])
def test_no_such_family(store: Path, family: Any, id: str) -> None:
    ran = stormcell("families", "show", id, "--store", store)
    assert (ran.code, ran.out) == (1, "")
    assert f"no family '{id}' in the store" in ran.err


def test_similar_names_the_past_group_why_and_its_runbook(store: Path, groups: list[str], family: Any) -> None:
    ran = stormcell("groups", "similar", groups[0], "--store", store, "--top", "2")
    assert ran.code == 0
    assert f"Of family {family['id']} (3 incidents)" in ran.err
    first, second = (part for part in ran.out.split("\n") if part[:2] in ("1.", "2."))
    assert {first.split()[1], second.split()[1]} == set(groups[1:3])
    assert f"drafts/{groups[1]}.runbook.md" in ran.out
    assert "not compared:" in ran.out


def test_similar_as_json_is_exact(store: Path, groups: list[str], family: Any) -> None:
    found = stormcell("groups", "similar", groups[0], "--store", store, "--json").json
    assert found["group"] == groups[0]
    assert found["family"]["id"] == family["id"]
    assert [each["id"] for each in found["similar"]][-1] == groups[3]
    for each in found["similar"]:
        assert sum(field["share"] for field in each["fields"]) == pytest.approx(each["dissimilarity"])
        assert each["family"] == (family["id"] if each["id"] in groups[:3] else None)
        assert each["runbook"]["markdown"].startswith("# ")


def test_an_incident_like_none_before(store: Path, groups: list[str], family: Any) -> None:
    ran = stormcell("groups", "similar", groups[3], "--store", store)
    assert "Of no family: no exemplar is within 0.45 of it." in ran.err
    assert stormcell("groups", "similar", groups[3], "--store", store, "--json").json["family"] is None


def test_no_such_group(store: Path) -> None:
    ran = stormcell("groups", "similar", "g-nothing", "--store", store)
    assert (ran.code, ran.out) == (1, "")
    assert "no group 'g-nothing' in the store" in ran.err


def test_groups_of_before_get_a_profile_of_what_is_stored(tmp_path: Path, store: Path, groups: list[str]) -> None:
    copy = tmp_path / "stormcell.db"
    copy.write_bytes((store / "stormcell.db").read_bytes())
    with closing(sqlite3.connect(copy)) as old, old:
        old.execute("DELETE FROM profiles")
        old.execute("DELETE FROM family_members")
        old.execute("DELETE FROM families")
    found = stormcell("groups", "similar", groups[0], "--store", copy)
    assert "4 groups stored without a profile: computed of what is stored." in found.err
    assert "No families are known" in found.err
    assert "in the store; --json prints it" in found.out
    ran = stormcell("families", "--store", copy)
    assert "4 groups stored without a profile" in ran.err
    assert "1 family of 4 groups" in ran.err
    assert "without a profile" not in stormcell("families", "--store", copy).err


def test_the_settings_decide_what_a_family_is(store: Path, tmp_path: Path, family: Any) -> None:
    copy = tmp_path / "stormcell.db"
    copy.write_bytes((store / "stormcell.db").read_bytes())
    settings = tmp_path / "narrow.yaml"
    settings.write_text("recurrence:\n  radius: 0.000001\n")
    ran = stormcell("families", "--store", copy, "--config", settings, "--json")
    assert len(ran.json) <= 1
    settings.write_text("recurrence:\n  radius: 0\n")
    ran = stormcell("families", "--store", copy, "--config", settings)
    assert (ran.code, ran.out) == (2, "")
    assert "recurrence.radius" in ran.err
