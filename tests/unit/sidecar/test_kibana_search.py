"""What Elasticsearch is asked, and what becomes of its answers, over real sockets."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stormcell.config import KibanaAlertsSettings
from stormcell.errors import DeliveryError, SettingsError
from stormcell.sidecar.intake import Intake
from stormcell.sidecar.kibana import Search, build
from stormcell.sidecar.kibana.search import MOST
from stormcell.wire.elasticsearch import authorization
from stormcell.wire.endpoint import Tls, endpoint
from stormcell.wire.http import HttpClient
from tests.unit.sidecar.alert_pages import Clock
from tests.unit.wire.servers import Answer, HttpReceiver

SECRET = "c2VjcmV0OnNlY3JldA"


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"STORMCELL_ELASTICSEARCH_{name}", raising=False)


def answer(*hits: dict[str, Any], shards: int = 1, **more: Any) -> Answer:
    found = {"timed_out": False, "_shards": {"total": shards, "failed": 0}, "hits": {"hits": list(hits)}, **more}
    return Answer(body=json.dumps(found).encode())


HIT: dict[str, Any] = {
    "_index": "i",
    "_id": "a",
    "_seq_no": 3,
    "_primary_term": 2,
    "sort": [1_700_000_000_000, "a"],
    "_source": {"kibana.alert.uuid": "a"},
}


@contextmanager
def searching(*answers: Answer, path: str = "", **options: Any) -> Iterator[tuple[Search, HttpReceiver]]:
    with HttpReceiver(*answers) as server:
        http = HttpClient(endpoint(server.url), timeout=20, tls=Tls())
        search = Search(http, [".alerts-*", "other"], headers=authorization, path=path, **options)
        yield search, server
        search.close()


def test_documents_come_with_their_places() -> None:
    with searching(answer(HIT)) as (search, server):
        found = search.page(5, None, 7)
    assert found is not None
    [hit] = found[1]
    assert (found[0], hit.name, hit.time, hit.sort) == (1, ("i", "a"), HIT["sort"][0], HIT["sort"])
    assert hit.version == (2, 3)
    assert hit.source == HIT["_source"]
    [asked] = server.requests
    where, _, options = asked.path.partition("?")
    assert where == "/.alerts-*,other/_search"
    # Or else alerts of a part that is away would be passed over for good.
    assert "allow_partial_search_results=false" in options
    body = json.loads(asked.body)
    assert body["size"] == 7
    assert "search_after" not in body
    assert "authorization" not in asked.headers


def test_the_next_page_begins_behind_the_last_hit() -> None:
    with searching(answer(), path="/es/", space="ops") as (search, server):
        assert search.page(5, [6, "a"], 1, whole=False) == (1, [])
    [asked] = server.requests
    assert asked.path.startswith("/es/.alerts-*,other/_search?")
    body = json.loads(asked.body)
    assert (body["search_after"], body["_source"]) == ([6, "a"], False)
    assert {"terms": {"kibana.space_ids": ["ops", "*"]}} in body["query"]["bool"]["filter"]


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({"API_KEY": SECRET}, f"ApiKey {SECRET}"),
        ({"API_KEY": "secret:secret"}, "ApiKey c2VjcmV0OnNlY3JldA=="),
        ({"TOKEN": SECRET}, f"Bearer {SECRET}"),
        ({"USERNAME": "ann", "PASSWORD": "pässword"}, "Basic "),
    ],
)
def test_it_says_who_we_are(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sent: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"STORMCELL_ELASTICSEARCH_{name}", value)
    with searching(answer()) as (search, server):
        search.page(0, None, 1)
    [asked] = server.requests
    assert asked.headers["authorization"].startswith(sent)
    if sent == "Basic ":
        assert b64decode(asked.headers["authorization"].removeprefix(sent)).decode() == "ann:pässword"


def test_a_credential_may_be_a_file_that_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("one\n")
    monkeypatch.setenv("STORMCELL_ELASTICSEARCH_API_KEY_FILE", str(tmp_path / "key"))
    with searching(answer(), answer(), answer()) as (search, server):
        search.page(0, None, 1)
        (tmp_path / "key").write_text("two\n")
        search.page(0, None, 1)
        (tmp_path / "key").unlink()
        with pytest.raises(DeliveryError, match="API_KEY_FILE: cannot read") as raised:
            search.page(0, None, 1)
        assert raised.value.retryable
    assert [asked.headers["authorization"] for asked in server.requests] == ["ApiKey one", "ApiKey two"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"USERNAME": "ann"}, "go together"),
        ({"API_KEY": "a", "TOKEN": "b"}, "API_KEY and STORMCELL_ELASTICSEARCH_TOKEN; unset all but one"),
        ({"API_KEY": f"{SECRET}\nx"}, "cannot be sent"),
    ],
)
def test_credentials_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], message: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"STORMCELL_ELASTICSEARCH_{name}", value)
    with pytest.raises(SettingsError, match=message) as raised:
        authorization()
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "401 Unauthorized.*STORMCELL_ELASTICSEARCH_API_KEY"),
        (403, r"403 Forbidden.*privilege `read` on \.alerts-\*,other"),
        (404, "404 Not Found"),
        (503, "503 Service Unavailable"),
    ],
)
def test_other_answers_say_what_to_do(status: int, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORMCELL_ELASTICSEARCH_API_KEY", SECRET)
    with (
        searching(Answer(status, body=b'{"error": "why"}')) as (search, _),
        pytest.raises(DeliveryError, match=message) as raised,
    ):
        search.page(0, None, 1)
    assert raised.value.status == status
    assert SECRET not in str(raised.value)


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    with (
        searching(Answer(429, {"Retry-After": "7"})) as (search, _),
        pytest.raises(DeliveryError) as raised,
    ):
        search.page(0, None, 1)
    assert raised.value.retry_after == 7


def test_what_is_too_large_or_no_json_is_told_apart_from_nothing() -> None:
    large = answer({**HIT, "_source": {"message": "x" * MOST}})
    with searching(large, Answer(body=b"<html>"), answer(HIT)) as (search, _):
        assert search.page(0, None, 1) is None
        assert search.page(0, None, 1) is None
        found = search.page(0, None, 1)
        assert found is not None


@pytest.mark.parametrize(
    "body",
    [
        {"timed_out": True, "_shards": {"total": 2, "failed": 0}, "hits": {"hits": []}},
        {"timed_out": False, "_shards": {"total": 2, "failed": 1}, "hits": {"hits": []}},
    ],
)
def test_where_some_may_be_left_out_it_is_asked_again(body: dict[str, Any]) -> None:
    with (
        searching(Answer(body=json.dumps(body).encode())) as (search, _),
        pytest.raises(DeliveryError, match="some left out"),
    ):
        search.page(0, None, 1)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"hits": [{"_id": "a"}]}},
        {"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"hits": [{**HIT, "sort": ["x"]}]}},
        {"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"hits": [{**HIT, "sort": []}]}},
        {"timed_out": False, "_shards": {"total": 1, "failed": 0}, "hits": {"hits": [7]}},
        {"timed_out": False, "_shards": [], "hits": {"hits": []}},
    ],
)
def test_what_is_not_elasticsearch_is_said(body: dict[str, Any]) -> None:
    with (
        searching(Answer(body=json.dumps(body).encode())) as (search, _),
        pytest.raises(DeliveryError, match=r"kibana_alerts\.url"),
    ):
        search.page(0, None, 1)


def test_whether_we_have_the_right_to_read() -> None:
    told = [{"has_all_requested": False}, {"has_all_requested": True}, {}, []]
    answers = [Answer(body=json.dumps(one).encode()) for one in told]
    with searching(*answers, Answer(405)) as (search, server):
        assert [search.may_read() for _ in range(5)] == [False, True, True, True, True]
    asked = json.loads(server.requests[0].body)
    assert asked == {"index": [{"names": [".alerts-*", "other"], "privileges": ["read"]}]}


def test_one_that_cannot_be_reached(tmp_path: Path) -> None:
    with HttpReceiver() as server:
        pass
    http = HttpClient(endpoint(server.url), timeout=20, tls=Tls())
    with pytest.raises(DeliveryError, match="cannot be reached") as raised:
        Search(http, ["a"]).page(0, None, 1)
    assert raised.value.status is None


def test_files_that_cannot_be_used_are_said_at_the_start(tmp_path: Path) -> None:
    settings = KibanaAlertsSettings(url="https://127.0.0.1:9", ca_file=str(tmp_path / "none.pem"))
    with pytest.raises(SettingsError, match=r"none\.pem"):
        build(settings, tmp_path, _no_intake(), Clock(0))


def _no_intake() -> Intake:
    return Intake.__new__(Intake)


@pytest.mark.parametrize("url", ["elasticsearch:9200", "grpc://e:1", "https://ann:secret@e:9200"])
def test_a_url_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ValueError, match="expected a URL such as https://"):
        KibanaAlertsSettings(url=url)


@pytest.mark.parametrize("pattern", ["", "a/_delete", "a?x", "a,b", "_all/x", "A"])
def test_what_is_no_pattern_of_indices(pattern: str) -> None:
    with pytest.raises(ValueError, match="indices"):
        KibanaAlertsSettings(indices=(pattern,))
