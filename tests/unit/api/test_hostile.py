"""Clients that should not, ids that are data, bodies that are none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormcell.access import Scope
from stormcell.config import Settings
from stormcell.sidecar.api import requests
from stormcell.store import SqliteStore
from tests.unit.api.client import Api
from tests.unit.store.strategies import atom_of, grouping_of, row_of

READS = ["/groups", "/groups/g-1", "/groups/g-1/members", "/groups/g-1/drafts", "/groups/g-1/history", "/audit"]
READS += ["/audit/seal", "/feedback", "/status", "/outbox", "/openapi.json", "/events/u/explain"]
CHANGES = ["/groups/g-1/ack", "/groups/g-1/resolve", "/groups/g-1/reopen", "/groups/merge", "/groups/g-1/split"]
CHANGES += ["/events/u/move", "/events/u/pin", "/feedback/f-1/undo"]


@pytest.mark.parametrize(("method", "path"), [("GET", p) for p in READS] + [("POST", p) for p in CHANGES])
def test_every_route_asks_for_a_token_and_its_scope(method: str, path: str, grouped_store: Path) -> None:
    right, wrong = (Scope.READ, Scope.OPERATE) if method == "GET" else (Scope.OPERATE, Scope.READ)
    api = Api(grouped_store, [("good", {right}), ("bad", {wrong, Scope.INGEST})])
    nobody = api.send(method, f"/api/v1{path}")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, 'Bearer realm="stormcell"')
    assert nobody.json()["title"] == "Unauthorized"
    assert api.send(method, f"/api/v1{path}", headers={"Authorization": "Bearer none"}).status_code == 401
    assert api.send(method, f"/api/v1{path}", headers={"Authorization": "Bearer bad"}).status_code == 403
    assert api.send(method, f"/api/v1{path}", headers={"Authorization": "Bearer good"}).status_code not in (
        401,
        403,
    )


def test_the_token_is_who_it_was(store: Path) -> None:
    api = Api(store, [("oncall", {Scope.READ, Scope.OPERATE})])
    token = {"Authorization": "Bearer oncall"}
    group = api.get("/api/v1/groups", headers=token).json()["groups"][0]
    assert api.post(f"/api/v1/groups/{group['id']}/ack", {"by": "cli"}, headers=token).status_code == 200
    uid = group["medoid"]["uid"]
    assert api.post(f"/api/v1/events/{uid}/pin", headers=token).status_code == 200
    [ack, pin] = api.get("/api/v1/audit", headers=token).json()["entries"]
    assert (ack["who"], ack["detail"]["by"], pin["who"]) == ("oncall", "cli", "oncall")
    [said] = api.get("/api/v1/feedback", headers=token).json()["feedback"]
    assert said["author"] == "oncall"


def test_health_needs_no_token_and_metrics_none_from_here(grouped_store: Path) -> None:
    def api(peer: str) -> Api:
        return Api(grouped_store, [("good", {Scope.READ}), ("bad", {Scope.INGEST})], peer)

    for path in ("/healthz", "/readyz"):
        assert api("192.0.2.1").get(path).status_code == 200
    for peer in ("127.0.0.1", "::1"):
        found = api(peer).get("/metrics")
        assert (found.status_code, found.text) == (200, "stormcell_groups 3\n")
        assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
        # Through a proxy on this machine anyone might come.
        assert api(peer).get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 401
    for peer in ("192.0.2.1", "testclient", ""):
        assert api(peer).get("/metrics").status_code == 401
    assert api("192.0.2.1").get("/metrics", headers={"Authorization": "Bearer bad"}).status_code == 403
    assert api("192.0.2.1").get("/metrics", headers={"Authorization": "Bearer good"}).status_code == 200


def escaped(text: str) -> str:
    """Return a text as one part of a path; even dots, which clients would resolve."""
    return quote(text, safe="").replace(".", "%2E")


ODD = [
    "..",
    "../../etc/passwd",
    "a/b",
    "a//b",
    "/",
    "%",
    "%2F",
    "a\0b",
    "é",
    "\u202e",
    "a b",
    "?x",
    "#y",
    "x" * 3000,
]
ODD += ["'; DROP TABLE groups; --", "{{7*7}}", "pin", "a/pin", "a\nb"]


@pytest.mark.parametrize("uid", ODD, ids=lambda uid: repr(uid)[:30])
def test_a_uid_is_whatever_the_sender_made_it(uid: str, tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with SqliteStore(path, create=True) as store:
        store.save(grouping_of(atom_of("g-1", row_of(uid))), [])
    found = Api(path).get(f"/api/v1/events/{escaped(uid)}/explain")
    assert found.status_code == 200, found.text
    assert found.json()["event"] == uid
    pinned = Api(path).post(f"/api/v1/events/{escaped(uid)}/pin")
    assert pinned.status_code == 200, pinned.text
    assert pinned.json()["groups"][0]["medoid"]["uid"] == uid
    [member] = Api(path).got("/groups/g-1/members")["members"]
    assert member["uid"] == uid


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.sampled_from(READS[1:5] + CHANGES[:3]))
@settings(max_examples=40)
def test_any_id_is_found_or_not(looking: Api, id: str, path: str) -> None:
    method = "POST" if path in CHANGES else "GET"
    response = looking.send(method, "/api/v1" + path.replace("g-1", escaped(id or "x")))
    # A prefix of all ids is several groups; what has a slash in it may be another route's.
    assert response.status_code in (404, 405, 409, 422), response.text
    assert response.json()["status"] == response.status_code


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'{"by": "a", "nosuch": 1}', "application/json", 422),
        (b'{"by": 5}', "application/json", 422),
        (b'{"by": "' + b"x" * 201 + b'"}', "application/json", 422),
        (b'{"by": "\xff"}', "application/json", 422),
        (b'{"by": "\\ud800"}', "application/json", 422),
        (b'{"by": ' + b"[" * 100_000 + b"}", "application/json", 422),
        (b" " * 300_000, "application/json", 413),
        (b'{"by": "a"}', "text/plain", 415),
        (b"by=a", "application/x-www-form-urlencoded", 415),
        (b'{"by": "a"}', "application/json; charset=utf-8", 200),
        (b"", "", 200),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_is_checked(content: bytes, kind: str, status: int, api: Api) -> None:
    group = api.got("/groups")["groups"][0]["id"]
    response = api.post(f"/api/v1/groups/{group}/ack", content=content, headers={"Content-Type": kind})
    assert response.status_code == status, response.text
    assert (api.got(f"/groups/{group}")["status"] == "acknowledged") is (status == 200)


def test_a_body_of_too_many_values_is_refused_before_it_is_read(api: Api) -> None:
    content = b'{"a":[' + b"[]," * requests.MAX_VALUES + b"1]}"
    answer = api.post("/api/v1/codebooks", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "2000000 values" in answer.json()["detail"]


def test_a_body_in_pieces_is_bounded_too(api: Api) -> None:
    async def pieces() -> Any:
        for _ in range(1000):
            yield b" " * 1000

    assert api.post("/api/v1/groups/merge", content=pieces()).status_code == 413


def test_pages_of_other_sites_change_nothing(api: Api) -> None:
    group = api.got("/groups")["groups"][0]["id"]
    for origin in (
        "http://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://[",
        "http://localhost:1",
    ):
        response = api.post(f"/api/v1/groups/{group}/ack", headers={"Origin": origin})
        assert response.status_code == 403
    assert api.got(f"/groups/{group}")["status"] == "open"
    assert api.post(f"/api/v1/groups/{group}/ack", headers={"Origin": "http://localhost"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""])
def test_a_name_that_another_site_gave_our_address(api: Api, host: str) -> None:
    refused = api.get("/api/v1/groups", headers={"Host": host})
    assert refused.status_code == 421
    assert "web.hosts" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("receivers", "status"),
    [
        ({"http_host": "0.0.0.0"}, 421),
        ({"http_host": "storm.example"}, 200),
        ({"http_host": "0.0.0.0", "tls_certificate": "a.pem"}, 200),
        ({"http_host": "127.0.0.1", "tls_certificate": "a.pem"}, 421),
    ],
)
def test_a_name_where_others_reach_us_and_need_no_token(store: Path, receivers: Any, status: int) -> None:
    api = Api(store, settings=Settings.model_validate({"receivers": receivers}))
    assert api.get("/api/v1/groups", headers={"Host": "storm.example:14318"}).status_code == status
    named = Settings.model_validate({"receivers": receivers, "web": {"hosts": ["storm.example"]}})
    api = Api(store, settings=named)
    assert api.get("/api/v1/groups", headers={"Host": "storm.example:14318"}).status_code == 200


def test_any_name_will_do_with_a_token(store: Path) -> None:
    api = Api(store, [("ann", {Scope.READ})])
    headers = {"Host": "storm.example", "Authorization": "Bearer ann"}
    assert api.get("/api/v1/groups", headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["localhost:14318", "127.0.0.1:14318", "[::1]:14318", "LOCALHOST", "10.0.0.7"])
def test_names_that_are_ours(api: Api, host: str) -> None:
    assert api.get("/api/v1/groups", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=1001", "limit=x", "nosuch=1", "limit=1&limit=2", "sort=medoid", "status=closed"),
        *("severity=25", "since=yesterday", "since=2026-01-01T00:00:00", "since=9999-12-31T23:59:59Z&until=x"),
    ],
)
def test_wrong_parameters_are_named(looking: Api, query: str) -> None:
    response = looking.get(f"/api/v1/groups?{query}")
    assert response.status_code == 422
    assert query.partition("=")[0] in response.json()["detail"] or "until" in response.json()["detail"]


def test_parameters_where_there_are_none_are_wrong(looking: Api) -> None:
    assert looking.get("/api/v1/groups/g-1?members=all").status_code == 422


@given(st.text(max_size=30) | st.binary(max_size=30).map(lambda raw: raw.hex()))
@settings(max_examples=40)
def test_any_cursor_is_one_or_is_refused(looking: Api, cursor: str) -> None:
    for path in ("/groups", "/audit", "/feedback"):
        response = looking.get(f"/api/v1{path}", params={"cursor": cursor})
        assert response.status_code in ((200, 400, 422) if cursor == "" else (400, 422))


def test_a_cursor_of_other_pages_is_refused(looking: Api) -> None:
    cursor = looking.got("/groups", limit=1)["next"]
    group = looking.got("/groups", limit=1)["groups"][0]["id"]
    for path, params in (
        ("/groups", {"sort": "count"}),
        ("/audit", {}),
        (f"/groups/{group}/members", {}),
    ):
        assert looking.get(f"/api/v1{path}", params={"cursor": cursor, **params}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1", 404),
        ("GET", "/api/v1/", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/groups/", 404),
        ("POST", "/api/v1/groups", 405),
        ("DELETE", "/api/v1/groups/g-1", 405),
        ("GET", "/api/v1/groups/g-1/ack", 405),
    ],
)
def test_other_paths_and_methods_are_problems(looking: Api, method: str, path: str, status: int) -> None:
    response = looking.send(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status


def test_a_store_that_is_being_written_asks_to_come_again(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stormcell.store.transactions.BUSY_TIMEOUT", 0)
    api = Api(store)
    group = api.got("/groups")["groups"][0]["id"]
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(
            "stormcell.sidecar.api.routes.SqliteStore",
            lambda p, create: SqliteStore(p, create=create, busy_timeout=0),
        )
        response = api.post(f"/api/v1/groups/{group}/ack")
        other.execute("ROLLBACK")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["detail"].startswith("the store is being written")


def test_a_damaged_store_names_no_path(tmp_path: Path) -> None:
    path = tmp_path / "stormcell.db"
    path.write_bytes(b"no store at all" * 100)
    api = Api(path)
    response = api.get("/api/v1/groups")
    assert response.status_code == 503
    assert str(tmp_path) not in response.text
    assert api.got("/status")


def test_a_mistake_of_ours_tells_nothing(looking: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(SqliteStore, "audit_log", broken)
    response = looking.get("/api/v1/audit")
    assert response.status_code == 500
    assert "secret" not in response.text
