"""What the API tells: groups, members, drafts, explanations; paging and filters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.program import stormcell
from tests.unit.api.client import Api

SORTS = ["-first_seen", "first_seen", "-last_seen", "last_seen", "-count", "count"]


@pytest.fixture(scope="module")
def listed(grouped_store: Path) -> list[dict[str, Any]]:
    """What the command line says of the groups."""
    found: list[dict[str, Any]] = stormcell("groups", "list", "--store", grouped_store, "--json").json
    return found


def collected(api: Api, path: str, name: str, **params: Any) -> list[Any]:
    """Return what all pages together hold."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.got(path, **params, **cursor)
        assert len(page[name]) <= params["limit"]
        found += page[name]
        if page["next"] is None:
            return found
        assert len(page[name]) == params["limit"]
        cursor = {"cursor": page["next"]}


def test_groups_are_those_of_the_command_line_newest_first(looking: Api, listed: list[dict[str, Any]]) -> None:
    found = looking.got("/groups")
    assert found["next"] is None
    briefs = [{name: value for name, value in group.items() if name != "members"} for group in reversed(listed)]
    told = [
        {name: value for name, value in group.items() if name not in ("severity", "revision")}
        for group in found["groups"]
    ]
    assert told == briefs
    assert looking.got(f"/groups/{listed[0]['id']}") == found["groups"][-1]
    assert looking.got(f"/groups/{listed[0]['id'][:8]}") == found["groups"][-1]


@given(sort=st.sampled_from(SORTS), limit=st.integers(1, 12))
@settings(max_examples=15)
def test_pages_of_groups_together_are_the_whole_list(looking: Api, sort: str, limit: int) -> None:
    whole = looking.got("/groups", sort=sort)["groups"]
    assert collected(looking, "/groups", "groups", sort=sort, limit=limit) == whole
    keys = [group[sort.removeprefix("-")] for group in whole]
    assert keys == sorted(keys, reverse=sort.startswith("-"))


@given(limit=st.integers(20, 200), at=st.integers(0, 10))
@settings(max_examples=8)
def test_pages_of_members_together_are_the_group(
    looking: Api, listed: list[dict[str, Any]], limit: int, at: int
) -> None:
    group = listed[at % len(listed)]
    found = collected(looking, f"/groups/{group['id']}/members", "members", limit=limit)
    assert [member["uid"] for member in found] == group["members"]


def test_a_member_says_exactly_why_it_is_there(looking: Api, listed: list[dict[str, Any]]) -> None:
    group = max(listed, key=lambda group: group["count"])
    members = looking.got(f"/groups/{group['id']}/members", limit=1000)["members"]
    for member in members[:20]:
        told = looking.got(f"/events/{member['uid']}/explain")
        assert told["group"] == group["id"]
        for name in ("surprise", "dissimilarity", "shares", "runner_up", "runner_up_dissimilarity", "margin"):
            assert member[name] == told[name]
        if member["shares"]:
            assert sum(share["share"] for share in member["shares"]) == pytest.approx(member["dissimilarity"])


def test_an_explanation_is_that_of_the_command_line(
    looking: Api, listed: list[dict[str, Any]], grouped_store: Path
) -> None:
    for uid in (listed[0]["medoid"]["uid"], listed[3]["members"][5], listed[2]["earliest"].partition("@")[0]):
        ran = stormcell("explain", uid, "--store", grouped_store, "--json")
        response = looking.get(f"/api/v1/events/{uid}/explain")
        if ran.code == 0:
            assert response.json() == ran.json
        else:
            assert response.status_code == 409
            assert response.json()["detail"] in ran.err.replace("\n", "")


def test_drafts_are_those_that_grouping_wrote_but_for_what_was_seen_before(
    looking: Api, listed: list[dict[str, Any]]
) -> None:
    from stormcell.store import SqliteStore

    alike = 0
    with SqliteStore(looking.context.store_path, create=False) as store:
        for group in listed:
            [stored] = store.drafts(group["id"])
            [told] = looking.got(f"/groups/{group['id']}/drafts", kind="runbook")["drafts"]
            assert (told["kind"], told["template"]) == ("runbook", stored.template)
            assert "**Seen before:**" not in stored.markdown
            if "**Seen before:**" in told["markdown"]:
                assert len(told["sources"]) > len(stored.sources)
                continue
            alike += 1
            assert told["markdown"] == stored.markdown
            assert len(told["sources"]) == len(stored.sources)
    assert 0 < alike < len(listed)


def test_a_postmortem_is_written_when_asked_for(looking: Api, listed: list[dict[str, Any]]) -> None:
    path = f"/groups/{listed[0]['id']}/drafts"
    [told] = looking.got(path, kind="postmortem")["drafts"]
    assert (told["kind"], told["template"]) == ("postmortem", "default")
    [told] = looking.got(path, kind="postmortem", template="sre")["drafts"]
    assert told["template"] == "sre"
    assert told["markdown"].startswith("# Postmortem: ")
    assert looking.got(path)["drafts"][0]["kind"] == "runbook"


@pytest.mark.parametrize(
    ("params", "keeps"),
    [
        ({"status": "open"}, lambda group: True),
        ({"status": "resolved"}, lambda group: False),
        ({"signal": "span"}, lambda group: group["signals"].get("span", 0) > 0),
        ({"severity": 21}, lambda group: group["severity"] >= 21),
        ({"since": "2023-11-14T23:00:00Z"}, lambda group: group["last_seen"] >= "2023-11-14T23:00:00"),
        ({"until": "2023-11-14T23:00:00+00:00"}, lambda group: group["first_seen"] <= "2023-11-14T23:00:00"),
        ({"text": "servlet"}, None),
        ({"service": "ts-travel-service"}, None),
        ({"text": "\0"}, lambda group: False),
        ({"service": "' OR 1=1 --"}, lambda group: False),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_filters(looking: Api, params: dict[str, Any], keeps: Any) -> None:
    whole = looking.got("/groups")["groups"]
    found = looking.got("/groups", **params)["groups"]
    if keeps is None:
        assert 0 < len(found) < len(whole)
    else:
        assert found == [group for group in whole if keeps(group)]


def test_a_store_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    api = Api(tmp_path / "stormcell.db")
    assert api.got("/groups") == {"groups": [], "next": None}
    assert api.got("/audit") == {"entries": [], "next": None}
    assert api.got("/feedback") == {"feedback": [], "next": None}
    assert api.get("/api/v1/groups/g-1").status_code == 404
    assert api.post("/api/v1/groups/g-1/ack").status_code == 404
    assert list(tmp_path.iterdir()) == []


def test_how_the_sidecar_is(looking: Api) -> None:
    from stormcell.sidecar.api.context import Readiness

    assert looking.get("/healthz").json() == {"status": "ok"}
    assert looking.get("/readyz").json() == {"status": "ready", "checks": {"journal": "ok"}}
    assert looking.got("/status") == {"groups": 3, "journal": {"bytes": 10}}
    looking.ready = Readiness(False, {"journal": "the disk is full"})
    response = looking.get("/readyz")
    looking.ready = Readiness(True, {"journal": "ok"})
    assert (response.status_code, response.json()["checks"]) == (503, {"journal": "the disk is full"})
