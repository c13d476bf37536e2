"""What people do over the API: the same as on the command line, once however often it is sent, and logged."""

from __future__ import annotations

import shutil
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from stormcell.store import SqliteStore
from stormcell.types import Feedback
from tests.integration.program import stormcell
from tests.unit.api.client import NOW, Api


def pair(api: Api) -> tuple[str, str]:
    """Two groups of one session, that with more events first."""
    for a, b in combinations(api.got("/groups", sort="first_seen")["groups"], 2):
        if a["first_seen"] <= b["last_seen"] and b["first_seen"] <= a["last_seen"]:
            return (a["id"], b["id"]) if a["count"] >= b["count"] else (b["id"], a["id"])
    raise AssertionError


def stranger(api: Api, group: str, at: int = 0) -> str:
    """An event of a group that does not sound like its exemplar's atom."""
    with SqliteStore(api.context.store_path, create=False) as store:
        found = store.group(group)
        atoms = store.memberships(group)
    assert found is not None
    voices = {atom.voice for atom in atoms if any(found.medoid.uid in row.members for row in atom.rows)}
    return [atom for atom in atoms if atom.voice not in voices][at].rows[0].event.uid


def state(path: Path) -> Any:
    """Return all that the store holds of groups and of what was said, but for when and as whom."""

    def timeless(one: Feedback) -> tuple[object, ...]:
        return (one.id, one.kind, one.marks, one.author, one.undone)

    with SqliteStore(path, create=False) as store:
        groups = store.groups()
        return (
            groups,
            [store.memberships(group.id) for group in groups],
            [store.drafts(group.id) for group in groups],
            [timeless(one) for one in store.feedback()],
            [(e.action, e.target, e.groups, dict(e.detail)) for e in store.audit_log()],
        )


def test_the_command_line_and_the_api_leave_the_same_store(api: Api, store: Path, tmp_path: Path) -> None:
    other = Path(shutil.copy(store, tmp_path / "other.db"))

    def cli(*words: str) -> Any:
        ran = stormcell("groups", *words, "--store", other)
        assert ran.code == 0, ran.err
        assert state(other) == state(store), words

    large, small = pair(api)
    api.done(f"/groups/{large}/ack", {"by": "ann"})
    cli("ack", large, "--by", "ann")
    api.done(f"/groups/{small[:8]}/resolve")
    cli("resolve", small[:8])
    api.done(f"/groups/{small}/reopen", {})
    cli("reopen", small)
    api.done("/groups/merge", {"groups": [small, large[:8]], "by": "ann"})
    cli("merge", small, large[:8], "--by", "ann")
    uid = stranger(api, large)
    new = api.done(f"/groups/{large}/split", {"events": [uid]})["groups"]
    cli("split", large, uid)
    moved = stranger(api, large, -1)
    [target] = [group["id"] for group in new if group["id"] != large]
    api.done(f"/events/{moved}/move", {"group": target, "by": "bob"})
    cli("move", moved, target, "--by", "bob")
    pinned = api.done(f"/events/{stranger(api, large)}/pin")["feedback"]
    cli("pin", stranger(Api(other), large))
    first = api.got("/feedback")["feedback"][0]["id"]
    api.done(f"/feedback/{pinned[:6]}/undo")
    cli("undo", pinned[:6])
    api.done(f"/feedback/{first}/undo", {"by": "ann"})
    cli("undo", first, "--by", "ann")
    ran = stormcell("groups", "history", large, "--store", other, "--json").json
    told = api.got(f"/groups/{large}/history")
    assert [(e["action"], e["target"], e["detail"]) for e in told["entries"]] == [
        (e["action"], e["target"], e["detail"]) for e in ran["entries"]
    ]
    assert {e["who"] for e in ran["entries"]} == {"cli"}
    assert {e["who"] for e in told["entries"]} == {"anonymous"}


@pytest.mark.parametrize("verb", ["ack", "resolve"])
def test_a_status_is_set_once(api: Api, verb: str) -> None:
    group = api.got("/groups")["groups"][0]["id"]
    first = api.done(f"/groups/{group}/{verb}")
    again = api.done(f"/groups/{group}/{verb}")
    assert (first["changed"], first["before"], again["changed"]) == (True, "open", False)
    assert first["group"] == again["group"] == api.got(f"/groups/{group}")
    assert len(api.got("/audit")["entries"]) == api.nudges == 1


def test_whatever_is_sent_twice_is_done_once(api: Api, store: Path) -> None:
    large, small = pair(api)
    uid = stranger(api, large)

    def twice(path: str, body: Any) -> Any:
        first, before = api.done(path, body), state(store)
        again = api.done(path, body)
        assert (first["changed"], again["changed"]) == (True, False)
        assert state(store) == before
        return first, again

    merged, merged_again = twice("/groups/merge", {"groups": [large, small]})
    assert merged_again["feedback"] == merged["feedback"]
    assert merged_again["groups"][0]["id"] == large
    split, split_again = twice(f"/groups/{large}/split", {"events": [uid]})
    assert split_again["feedback"] == split["feedback"]
    [new] = {group["id"] for group in split["groups"]} - {large}
    assert {group["id"] for group in split_again["groups"]} == {large, new}
    twice(f"/events/{stranger(api, large, -1)}/move", {"group": new})
    pinned, pinned_again = twice(f"/events/{stranger(api, large)}/pin", {})
    assert pinned_again["feedback"] == pinned["feedback"]
    undone, undone_again = twice(f"/feedback/{pinned['feedback']}/undo", {})
    assert undone_again["feedback"] == undone["feedback"]
    assert api.nudges == len(api.got("/audit")["entries"]) == 5


def test_what_was_undone_may_be_said_again(api: Api) -> None:
    large, small = pair(api)
    id = api.done("/groups/merge", {"groups": [large, small]})["feedback"]
    api.done(f"/feedback/{id}/undo")
    again = api.done("/groups/merge", {"groups": [large, small]})
    assert again["changed"] is True
    assert again["feedback"] != id


def test_the_log_says_who_did_what_and_when(api: Api) -> None:
    large, small = pair(api)
    api.done("/groups/merge", {"groups": [small, large], "by": "ann"})
    api.done(f"/groups/{large}/ack")
    entries = api.got("/audit")["entries"]
    assert [(e["number"], e["who"], e["action"], e["target"]) for e in entries] == [
        (1, "anonymous", "merge", large),
        (2, "anonymous", "ack", large),
    ]
    assert entries[0]["detail"]["by"] == "ann"
    assert entries[0]["detail"]["gone"] == [small]
    assert entries[0]["time"] == "2023-11-14T22:13:20.000Z"
    assert NOW == 1_700_000_000_000_000_000
    # Of a group that is no more the whole id tells.
    assert api.got(f"/groups/{small}/history")["entries"] == entries[:1]
    assert api.get(f"/api/v1/groups/{small[:8]}/history").status_code == 404
    page = api.got(f"/groups/{large}/history", limit=1)
    assert page["entries"] == entries[:1]
    assert api.got(f"/groups/{large}/history", limit=1, cursor=page["next"])["entries"] == entries[1:]
    listed = api.got("/feedback", limit=1)
    assert listed["feedback"][0]["author"] == "ann"
    assert listed["next"] is None


def test_the_command_shows_the_history(api: Api, store: Path) -> None:
    large, small = pair(api)
    api.done("/groups/merge", {"groups": [small, large], "by": "ann\x1b[31m"})
    ran = stormcell("groups", "history", small, "--store", store)
    assert ran.code == 0
    assert ran.out.startswith(
        f"2023-11-14T22:13:20.000Z  merge of {large} by anonymous (ann\\x1b[31m): feedback f-"
    )
    assert ran.err == "1 change\n"
    assert stormcell("groups", "history", "g-none", "--store", store).code == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("/groups/g-none/ack", None, 404, "no group 'g-none'"),
        ("/groups/g-/ack", None, 409, "groups start with g-"),
        ("/groups/merge", {"groups": ["LARGE"]}, 422, "at least 2 items"),
        ("/groups/merge", {"groups": ["LARGE", "LARGE"]}, 422, "two groups or more"),
        ("/groups/merge", {"groups": ["LARGE", "g-none"]}, 404, "no group 'g-none'"),
        ("/groups/merge", {"groups": ["FIRST", "LAST"]}, 409, "different sessions"),
        ("/groups/LARGE/split", {"events": ["nobody"]}, 404, "no event 'nobody'"),
        ("/groups/LARGE/split", {"events": ["OTHER"]}, 422, "name events of one group"),
        ("/groups/LARGE/split", {"events": ["EXEMPLAR"]}, 409, "one atom with the exemplar"),
        ("/groups/LARGE/split", {}, 422, "events: Field required"),
        ("/events/EXEMPLAR/move", {"group": "SMALL"}, 409, "one atom with the exemplar"),
        ("/events/OTHER/move", {"group": "g-none"}, 404, "no group 'g-none'"),
        ("/events/nobody/pin", None, 404, "no event 'nobody'"),
        ("/feedback/f-none/undo", None, 404, "no feedback 'f-none'"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    looking: Api, path: str, body: Any, status: int, told: str
) -> None:
    large, small = pair(looking)
    groups = looking.got("/groups", sort="first_seen")["groups"]
    named = {
        "LARGE": large,
        "SMALL": small,
        "FIRST": groups[0]["id"],
        "LAST": groups[-1]["id"],
        "EXEMPLAR": looking.got(f"/groups/{large}")["medoid"]["uid"],
        "OTHER": looking.got(f"/groups/{small}")["medoid"]["uid"],
    }
    for name, value in named.items():
        path = path.replace(name, value)
        if body is not None:
            body = {
                key: [named.get(item, item) for item in held] if isinstance(held, list) else named.get(held, held)
                for key, held in body.items()
            }
    before = looking.context.store_path.read_bytes()
    response = looking.post(f"/api/v1{path}", body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert told in response.json()["detail"]
    assert looking.context.store_path.read_bytes() == before
    assert looking.nudges == 0
