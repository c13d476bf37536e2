"""stormcell groups merge, split, move, pin, feedback, undo; ack, resolve, reopen."""

from __future__ import annotations

import json
import re
import shutil
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from stormcell.store import SqliteStore
from stormcell.types import Draft, Group, Membership
from tests.integration.program import EXAMPLE, stormcell


@pytest.fixture
def out(grouped: Path, tmp_path: Path) -> Path:
    """A copy of the grouped example, to say things of."""
    return Path(shutil.copytree(grouped, tmp_path / "out"))


def listed(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stormcell("groups", "list", "--store", out, "--json").json
    return found


def placed(out: Path) -> dict[str, tuple[str, list[str]]]:
    return {group["id"]: (group["medoid"]["uid"], group["members"]) for group in listed(out)}


def say(out: Path, *words: str) -> Any:
    ran = stormcell("groups", *words, "--store", out, "--json")
    assert ran.code == 0, ran.err
    return ran.json


def pair(out: Path) -> tuple[str, str]:
    """Two groups of one session, that with more events first."""
    for a, b in combinations(listed(out), 2):
        if a["first_seen"] <= b["last_seen"] and b["first_seen"] <= a["last_seen"]:
            return (a["id"], b["id"]) if a["count"] >= b["count"] else (b["id"], a["id"])
    raise AssertionError


def strangers(out: Path, group: str, *others: str) -> list[Membership]:
    """Atoms of a group that do not sound like its exemplar's, nor like those of other events."""
    with SqliteStore(out / "stormcell.db", create=False) as store:
        found = store.group(group)
        atoms = store.memberships(group)
    assert found is not None
    known = {found.medoid.uid, *others}
    voices = {atom.voice for atom in atoms if any(known & set(row.members) for row in atom.rows)}
    return [atom for atom in atoms if atom.voice not in voices]


def test_merge_changes_the_groups_at_once(out: Path) -> None:
    large, small = pair(out)
    before = placed(out)
    ran = stormcell("groups", "merge", small[:8], large, "--store", out, "--by", "ann")
    assert ran.code == 0, ran.err
    assert f"{small}  is no more" in ran.out
    assert "by ann" in ran.out
    assert re.search(rf"groups undo f-\w+ --store {out}$", ran.err.strip())
    after = placed(out)
    assert set(after) == set(before) - {small}
    assert after[large] == (before[large][0], sorted(before[large][1] + before[small][1]))
    told = stormcell("explain", before[small][0], "--store", out).out
    assert "not known until the next grouping" in told
    assert "Put there by feedback of a person:" in told


@pytest.mark.slow
def test_grouping_again_respects_all_of_it(out: Path) -> None:
    large, small = pair(out)
    joined = placed(out)[small][0]
    say(out, "merge", large, small)
    alone = strangers(out, large, joined)[0].rows[0].event.uid
    say(out, "split", large, alone)
    new = next(id for id, (_, members) in placed(out).items() if alone in members)
    say(out, "move", strangers(out, large, joined)[-1].rows[0].event.uid, new)
    say(out, "pin", strangers(out, large, joined)[0].rows[0].event.uid)
    before = placed(out)
    ran = stormcell("group", EXAMPLE, "--out", out)
    assert ran.code == 0
    assert "Feedback honoured: 4 of 4." in ran.err
    after = placed(out)
    assert {id: members for id, (_, members) in after.items()} == {id: m for id, (_, m) in before.items()}
    # Elsewhere what is pinned may speak for others, too.
    assert [after[id] for id in (large, new)] == [before[id] for id in (large, new)]
    moved = stormcell("explain", alone, "--store", out)
    assert "not known until" not in moved.out


def test_undo_restores_exactly(out: Path) -> None:
    def stored() -> tuple[list[Group], list[list[Membership]], list[list[Draft]]]:
        with SqliteStore(out / "stormcell.db", create=False) as store:
            groups = store.groups()
            return groups, [store.memberships(g.id) for g in groups], [store.drafts(g.id) for g in groups]

    before = stored()
    large, small = pair(out)
    first = say(out, "merge", large, small)["feedback"]
    second = say(out, "pin", strangers(out, large)[0].rows[0].event.uid)["feedback"]
    assert stored() != before
    assert stormcell("groups", "undo", first, "--store", out).code == 0
    # What was said later still counts.
    assert placed(out)[large][0] != before[0][0].medoid.uid
    assert say(out, "undo", second[:8]) == {"feedback": second, "undone": True, "restored": True}
    assert stored() == before
    ran = stormcell("groups", "feedback", "--store", out)
    assert [line.split()[:2] for line in ran.out.splitlines()] == [[first, "(undone)"], [second, "(undone)"]]


@pytest.mark.slow
def test_undone_after_a_grouping_the_next_one_is_without_it(out: Path) -> None:
    before = placed(out)
    large, small = pair(out)
    id = say(out, "merge", large, small)["feedback"]
    stormcell("group", EXAMPLE, "--out", out)
    assert say(out, "undo", id)["restored"] is False
    stormcell("group", EXAMPLE, "--out", out)
    assert placed(out) == before


def test_groups_json_of_a_changed_store_keeps_to_its_schema(out: Path) -> None:
    import jsonschema

    from stormcell.render import schema

    large, small = pair(out)
    say(out, "merge", large, small)
    say(out, "split", large, strangers(out, large)[0].rows[0].event.uid)
    document = {"schema": "stormcell.groups/1", "events": 1, "background": [], "groups": listed(out)}
    jsonschema.validate(document, schema(), cls=jsonschema.Draft202012Validator)
    for group in listed(out):
        shown = stormcell("groups", "show", group["id"], "--store", out, "--json").json
        assert sorted(uid for atom in shown["atoms"] for uid in atom["members"]) == group["members"]
        assert group["count"] == len(group["members"])
        assert stormcell("groups", "show", group["id"], "--store", out).code == 0


def test_what_is_contradicted_is_told(out: Path) -> None:
    large, small = pair(out)
    uid = placed(out)[small][0]
    first = say(out, "merge", large, small)["feedback"]
    ran = stormcell("groups", "split", large, uid, "--store", out)
    assert ran.code == 0, ran.err
    assert f"This contradicts {first}" in ran.err


def test_the_list_as_json_is_a_line_each_and_evaluate_reads_it(out: Path, tmp_path: Path) -> None:
    large, small = pair(out)
    say(out, "merge", large, small, "--by", "ann")
    ran = stormcell("groups", "feedback", "--store", out, "--json")
    [line] = ran.out.splitlines()
    found = json.loads(line)
    assert (found["kind"], found["author"], found["undone"]) == ("merge", "ann", False)
    assert all(mark["template"] and mark["fingerprint"] for mark in found["marks"])


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["merge", "LARGE"], 2, "two groups or more"),
        (["merge", "LARGE", "LARGE"], 2, "two groups or more"),
        (["merge", "LARGE", "g-nothing"], 1, "no group 'g-nothing'"),
        (["merge", "FIRST", "LAST"], 1, "different sessions"),
        (["split", "LARGE", "nobody"], 1, "no event 'nobody'"),
        (["split", "LARGE", "OTHER"], 2, "name events of one group"),
        (["split", "LARGE", "EXEMPLAR"], 1, "one atom with the exemplar"),
        (["move", "OTHER", "SMALL"], 2, "is in g-"),
        (["move", "EXEMPLAR", "SMALL"], 1, "one atom with the exemplar"),
        (["pin", "BACKGROUND"], 1, "background"),
        (["undo", "f-nothing"], 1, "no feedback 'f-nothing'"),
        (["ack", "g-nothing"], 1, "no group 'g-nothing'"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    words: list[str], code: int, message: str, grouped: Path
) -> None:
    large, small = pair(grouped)
    groups = listed(grouped)
    named = {
        "LARGE": large,
        "SMALL": small,
        "FIRST": groups[0]["id"],
        "LAST": groups[-1]["id"],
        "EXEMPLAR": placed(grouped)[large][0],
        "OTHER": placed(grouped)[small][0],
        "BACKGROUND": json.loads((grouped / "groups.json").read_bytes())["background"][0],
    }
    before = (grouped / "stormcell.db").read_bytes()
    ran = stormcell("groups", *(named.get(word, word) for word in words), "--store", grouped)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert (grouped / "stormcell.db").read_bytes() == before


def test_a_store_of_before_asks_for_a_grouping(out: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(out / "stormcell.db")) as connection, connection:
        connection.execute("UPDATE rows SET fingerprint = ''")
    ran = stormcell("groups", "merge", *pair(out), "--store", out)
    assert ran.code == 1
    assert "run `stormcell group` into it again first" in ran.err


@pytest.mark.slow
def test_statuses_survive_groupings(out: Path) -> None:
    first, second, *_ = listed(out)
    for command, group in (("ack", first), ("resolve", second)):
        assert stormcell("groups", command, group["id"], "--store", out).code == 0
    stormcell("group", EXAMPLE, "--out", out)
    written = json.loads((out / "groups.json").read_bytes())["groups"]
    for found in (listed(out), written):
        assert [group["status"] for group in found[:3]] == ["acknowledged", "resolved", "open"]
    assert "is open, was resolved" in stormcell("groups", "reopen", second["id"], "--store", out).err
