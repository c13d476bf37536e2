"""Drafts in review over the API: the same as on the command line, once however often it is sent."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from stormcell.access import Scope
from stormcell.operate.reviewing import MAX_TEXT
from stormcell.sidecar.api.requests import MAX_TEXT_BODY
from stormcell.store import SqliteStore
from stormcell.types import Review
from tests.integration.program import stormcell
from tests.unit.api.client import Api, publishing_to


@pytest.fixture
def group(api: Api) -> str:
    found: str = api.got("/groups")["groups"][0]["id"]
    return found


@pytest.fixture
def id(api: Api, group: str) -> str:
    begun: str = api.done(f"/groups/{group}/drafts", {"by": "ann"})["draft"]["id"]
    return begun


def refused(api: Api, path: str, body: Any, status: int = 409) -> str:
    response = api.post(f"/api/v1{path}", body)
    assert response.status_code == status, response.text
    detail: str = response.json()["detail"]
    return detail


def test_from_its_beginning_until_it_is_published(store: Path, tmp_path: Path) -> None:
    api = Api(store, drafts=publishing_to(tmp_path / "wiki", four_eyes=True))
    group = api.got("/groups")["groups"][0]["id"]
    begun = api.done(f"/groups/{group[:9]}/drafts", {"kind": "postmortem", "by": "ann"})
    draft = begun["draft"]
    assert (begun["changed"], draft["state"], draft["author"], draft["version"]) == (True, "draft", "ann", 1)
    assert api.done(f"/groups/{group}/drafts", {"kind": "postmortem"}) == begun | {"changed": False}
    path = f"/drafts/{draft['id']}"
    shown = api.got(path)
    assert shown["markdown"].count("#") > 3
    assert shown["sources"]
    edited = api.done(f"{path}/edit", {"seen": 1, "markdown": "# Ours\n", "note": "shorter", "by": "ann"})
    assert (edited["changed"], edited["draft"]["revision"]) == (True, 2)
    assert api.got(f"{path}/diff")["diff"].endswith("+# Ours\n")
    assert api.got(f"{path}/diff", old=2, new=2)["diff"] == ""
    assert api.got(path, revision=1)["markdown"] == shown["markdown"]
    api.done(f"{path}/submit", {"seen": 2, "reviewer": "bob", "by": "ann"})
    assert "ann wrote revision 2" in refused(api, f"{path}/approve", {"seen": 3, "by": "ann"})
    api.done(f"{path}/approve", {"seen": 3, "text": "fine", "by": "bob"})
    done = api.done(f"{path}/publish", {"seen": 4, "by": "bob"})["draft"]
    assert done["state"] == "published"
    [publication] = done["publications"]
    assert (publication["destination"], publication["problem"]) == ("wiki", "")
    [file] = (tmp_path / "wiki").glob("*.md")
    assert "# Ours" in file.read_text()
    told = api.got(f"{path}/history")["entries"]
    assert [entry["action"] for entry in told] == ["draft", "edit", "submit", "approve", "publish"]
    assert [entry["detail"].get("by") for entry in told] == ["ann", "ann", "ann", "bob", "bob"]
    # The group's history tells of it, too.
    assert told == [one for one in api.got(f"/groups/{group}/history")["entries"] if one["target"] == draft["id"]]
    assert api.got(path)["comments"][0]["text"] == "fine"
    assert api.nudges == 5


def test_what_is_sent_twice_is_done_once(api: Api, id: str) -> None:
    for path, body in (
        ("edit", {"seen": 1, "markdown": "# New"}),
        ("submit", {"seen": 2}),
        ("comment", {"text": "hm"}),
        ("send-back", {"seen": 4, "text": "no"}),
        ("redraft", {"seen": 5}),
        ("withdraw", {"seen": 6, "text": "no"}),
    ):
        first = api.done(f"/drafts/{id}/{path}", body)
        assert api.done(f"/drafts/{id}/{path}", body) == first | {"changed": False}
        assert first["changed"]


def test_who_saw_another_version_is_told(api: Api, id: str) -> None:
    api.done(f"/drafts/{id}/edit", {"seen": 1, "markdown": "# New", "by": "bob"})
    told = refused(api, f"/drafts/{id}/edit", {"seen": 1, "markdown": "# Mine"})
    assert f"draft {id} was changed since you saw it (edit by bob, " in told
    assert "cannot approve" in refused(api, f"/drafts/{id}/approve", {"seen": 2})
    assert refused(api, f"/drafts/{id}/publish", {"seen": 2}).endswith(
        "now: edit, redraft, submit, comment, withdraw"
    )


def test_listing(api: Api) -> None:
    groups = [group["id"] for group in api.got("/groups")["groups"][:3]]
    ids = [api.done(f"/groups/{group}/drafts")["draft"]["id"] for group in groups]
    api.done(f"/drafts/{ids[1]}/submit", {"seen": 1})
    every = api.got("/drafts")
    assert {one["id"] for one in every["drafts"]} == set(ids)
    assert every["next"] is None
    assert all("markdown" not in one and one["stale"] == "" for one in every["drafts"])
    assert [one["id"] for one in api.got("/drafts", state="in review")["drafts"]] == [ids[1]]
    assert [one["id"] for one in api.got("/drafts", group=groups[2][:10])["drafts"]] == [ids[2]]
    assert api.got("/drafts", group="g-none")["drafts"] == []
    pages, cursor = [], ""
    while cursor is not None:
        page = api.got("/drafts", limit=1, **({"cursor": cursor} if cursor else {}))
        pages += page["drafts"]
        cursor = page["next"]
    assert pages == every["drafts"]


def test_one_that_is_stale_says_why(api: Api, id: str, group: str) -> None:
    with SqliteStore(api.context.store_path, create=False) as opened:
        found = opened.group(group)
        assert found is not None
        exemplar = found.medoid.uid
        other = next(uid for uid in found.members if uid != exemplar)
    api.done(f"/events/{other}/pin")
    told = api.got(f"/drafts/{id}")["stale"]
    assert told.startswith("another event speaks for its group: ")
    assert api.got("/drafts")["drafts"][0]["stale"] == told


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("edit", {"markdown": "# x"}, 422, "seen"),
        ("edit", {"seen": 0, "markdown": "# x"}, 422, "seen"),
        ("edit", {"seen": 1, "markdown": ""}, 422, "markdown"),
        ("edit", {"seen": 1, "markdown": " "}, 422, "the text is empty"),
        ("edit", {"seen": 1, "markdown": "x" * (MAX_TEXT + 1)}, 422, "at most 1,048,576"),
        ("edit", {"seen": 1, "markdown": "x" * MAX_TEXT_BODY}, 413, "larger than"),
        ("comment", {"text": "x" * 300_000}, 413, "larger than 262144 bytes"),
        ("comment", {"text": ""}, 422, "text"),
        ("send-back", {"seen": 1}, 422, "text"),
        ("publish", {"seen": 1, "where": "x"}, 422, "where"),
        ("submit", {"seen": 9}, 409, "was never of version 9"),
        ("redraft", {"seen": 1, "template": "none"}, 422, "there is no template 'none' for a runbook"),
    ],
)
def test_what_is_not_taken(api: Api, id: str, path: str, body: Any, status: int, told: str) -> None:
    assert told in refused(api, f"/drafts/{id}/{path}", body, status)
    assert api.got(f"/drafts/{id}")["version"] == 1


def test_where_nothing_can_be_published(store: Path, tmp_path: Path) -> None:
    with_one = Api(store, drafts=publishing_to(tmp_path / "wiki"))
    group = with_one.got("/groups")["groups"][0]["id"]
    path = f"/drafts/{with_one.done(f'/groups/{group}/drafts', {})['draft']['id']}"
    with_one.done(f"{path}/submit", {"seen": 1})
    with_one.done(f"{path}/approve", {"seen": 2})
    told = refused(with_one, f"{path}/publish", {"seen": 3, "destinations": ["moon"]})
    assert "no place is called 'moon'; there are: wiki" in told
    assert "no place is set" in refused(Api(store), f"{path}/publish", {"seen": 3})


def test_the_largest_text_is_taken(api: Api, id: str) -> None:
    assert api.done(f"/drafts/{id}/edit", {"seen": 1, "markdown": "\u00e9" * (MAX_TEXT // 2)})["changed"]


def test_what_is_not_there(api: Api, id: str, group: str) -> None:
    for path in ("/drafts/d-none", f"/drafts/{id}/diff?old=7", f"/drafts/{id}?revision=2"):
        assert api.get(f"/api/v1{path}").status_code == 404
    assert refused(api, "/drafts/d-none/submit", {"seen": 1}, 404).startswith("no draft 'd-none'")
    assert refused(api, f"/groups/{group}/drafts", {"kind": "poem"}, 422)
    assert refused(api, "/groups/g-none/drafts", {}, 404)


def test_changing_takes_a_token_that_may(store: Path) -> None:
    api = Api(store, tokens=[("reader", {Scope.READ}), ("ops", {Scope.READ, Scope.OPERATE})])
    [group, *_] = api.get("/api/v1/groups", headers={"Authorization": "Bearer reader"}).json()["groups"]
    path = f"/api/v1/groups/{group['id']}/drafts"
    assert api.post(path, {}).status_code == 401
    assert api.post(path, {}, headers={"Authorization": "Bearer reader"}).status_code == 403
    assert api.post(path, {}, headers={"Authorization": "Bearer ops"}).json()["draft"]["author"] == "ops"
    assert api.get("/api/v1/drafts", headers={"Authorization": "Bearer reader"}).status_code == 200
    assert api.get("/api/v1/drafts").status_code == 401


def test_the_command_line_and_the_api_leave_the_same_reviews(store: Path, tmp_path: Path) -> None:
    api = Api(store, drafts=publishing_to(tmp_path / "wiki"))
    other = Path(shutil.copy(store, tmp_path / "other.db"))
    config = tmp_path / "stormcell.yaml"
    config.write_text(f"drafts: {{publish: [{{name: wiki, kind: folder, target: {tmp_path / 'wiki'}}}]}}\n")
    text = tmp_path / "text.md"
    text.write_text("# Ours\n")
    group = api.got("/groups")["groups"][0]["id"]

    def held(path: Path) -> Any:
        def timeless(one: Review) -> Any:
            texts = [(each.markdown, each.sources, each.author, each.note) for each in one.revisions]
            comments = [(each.author, each.text, each.revision) for each in one.comments]
            places = [(each.destination, each.revision, each.problem) for each in one.publications]
            return (one.id, one.state, one.reviewer, one.version, one.basis, texts, comments, places)

        with SqliteStore(path, create=False) as opened:
            log = [(entry.action, entry.target, dict(entry.detail)) for entry in opened.audit_log()]
            return [timeless(one) for one in opened.reviews()], log

    def same(path: str, body: Any, *words: str) -> None:
        api.done(path, body | {"by": "ann"})
        ran = stormcell("drafts", *words, "--store", other, "--by", "ann")
        assert ran.code == 0, ran.err
        assert held(other) == held(store), words

    same(f"/groups/{group}/drafts", {}, "start", group, "--config", str(config))
    id = api.got("/drafts")["drafts"][0]["id"]
    same(f"/drafts/{id}/comment", {"text": "hm"}, "comment", id, "hm")
    same(
        f"/drafts/{id}/edit",
        {"seen": 2, "markdown": "# Ours\n", "note": "n"},
        *("edit", id, "--file", str(text), "--note", "n"),
    )
    same(f"/drafts/{id}/redraft", {"seen": 3}, "redraft", id)
    same(f"/drafts/{id}/submit", {"seen": 4, "reviewer": "bob"}, "submit", id, "--reviewer", "bob")
    same(f"/drafts/{id}/send-back", {"seen": 5, "text": "no"}, "send-back", id, "no")
    same(f"/drafts/{id}/submit", {"seen": 6}, "submit", id)
    same(f"/drafts/{id}/approve", {"seen": 7, "text": "yes"}, "approve", id, "--text", "yes")
    same(f"/drafts/{id}/publish", {"seen": 8}, "publish", id, "--config", str(config))
