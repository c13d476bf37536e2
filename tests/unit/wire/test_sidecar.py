"""Asking a sidecar, whatever it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.errors import ConflictError, DeliveryError, InputError, NotFoundError, SettingsError, StormcellError
from stormcell.wire import json_api
from stormcell.wire.json_api import Said
from stormcell.wire.sidecar import SidecarApi, bearer, connect, part
from tests.unit.wire.servers import Answer, HttpReceiver


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as made:
        yield made


def client(receiver: HttpReceiver, path: str = "", token: Path | None = None) -> SidecarApi:
    return connect(receiver.url + path, bearer(token), sleep=lambda seconds: None)


def problem(status: int, detail: str) -> Answer:
    return Answer(status, {"content-type": "application/problem+json"}, json.dumps({"detail": detail}).encode())


def test_what_is_asked_for_comes_below_the_path_of_the_address(receiver: HttpReceiver, tmp_path: Path) -> None:
    receiver.answers.extend([Answer(body=b'{"a": 1}'), Answer(body=b"[]"), Answer(body=b"raw")])
    token = tmp_path / "token"
    token.write_text(" secret \n")
    asking = client(receiver, "/stormcell/", token)
    assert asking.get("/codebooks/status") == {"a": 1}
    assert asking.post("/codebooks/jobs", {"b": "é"}) == []
    assert asking.content("/codebooks/x/document") == b"raw"
    assert [one.path for one in receiver.requests] == [
        "/stormcell/api/v1/codebooks/status",
        "/stormcell/api/v1/codebooks/jobs",
        "/stormcell/api/v1/codebooks/x/document",
    ]
    assert {one.headers["authorization"] for one in receiver.requests} == {"Bearer secret"}
    assert json.loads(receiver.requests[1].body) == {"b": "é"}
    # A token that is renewed is used from then on.
    token.write_text("another")
    receiver.answers.append(Answer(body=b"{}"))
    asking.get("/status")
    assert receiver.requests[-1].headers["authorization"] == "Bearer another"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, NotFoundError),
        (409, ConflictError),
        (422, InputError),
        (413, InputError),
        (401, DeliveryError),
        (403, DeliveryError),
        (302, DeliveryError),
        (501, DeliveryError),
    ],
)
def test_what_it_says_is_told_in_one_try(receiver: HttpReceiver, status: int, kind: type[StormcellError]) -> None:
    receiver.answers.append(problem(status, "why it is so\x1b[31m"))
    with pytest.raises(kind, match="why it is so") as raised:
        client(receiver).get("/codebooks")
    assert str(status) in str(raised.value)
    assert "\x1b" not in str(raised.value)
    assert len(receiver.requests) == 1


def test_what_may_pass_is_asked_again(receiver: HttpReceiver) -> None:
    receiver.answers.extend([problem(503, "busy"), Answer(429, {"retry-after": "7"}), Answer(body=b"{}")])
    waits: list[float] = []
    connect(receiver.url, bearer(None), sleep=waits.append).get("/codebooks")
    assert len(waits) == 2
    assert waits[1] >= 7
    receiver.answers.extend([problem(503, "busy")] * 9)
    with pytest.raises(DeliveryError, match="answered 503: busy") as raised:
        client(receiver).get("/codebooks")
    assert raised.value.retryable
    assert len(receiver.answers) == 9 - json_api.TRIES


def test_another_server_is_told_from_a_sidecar(receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver.answers.extend([Answer(body=b"<html>"), Answer(body=b"[" * 100_000), Answer(body=b"x" * 101)])
    for _ in range(2):
        with pytest.raises(DeliveryError, match="what is no JSON; expected a sidecar there"):
            client(receiver).get("/codebooks")
    monkeypatch.setattr(json_api, "MOST", 100)
    with pytest.raises(DeliveryError, match="expected less"):
        client(receiver).get("/codebooks")


def test_a_name_that_nobody_has_is_told() -> None:
    with pytest.raises(DeliveryError, match=r"http://nobody\.invalid:9 cannot be reached \(no such host\)"):
        connect("http://nobody.invalid:9", bearer(None), sleep=lambda seconds: None).get("/status")


def test_nobody_there_is_told_after_a_few_tries() -> None:
    waits: list[float] = []
    with pytest.raises(DeliveryError, match=r"http://127\.0\.0\.1:9 cannot be reached \(connection refused\)"):
        connect("http://127.0.0.1:9", bearer(None), sleep=waits.append).get("/status")
    assert len(waits) == json_api.TRIES - 1
    assert waits == sorted(waits)


def test_a_token_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORMCELL_TOKEN", "two\nlines-of-secret")
    with pytest.raises(
        SettingsError, match="STORMCELL_TOKEN: the header 'authorization' cannot be sent"
    ) as raised:
        bearer(None)()
    assert "secret" not in str(raised.value)
    with pytest.raises(SettingsError, match="--token-file: cannot read"):
        bearer(tmp_path / "none")()
    monkeypatch.delenv("STORMCELL_TOKEN")
    assert bearer(None)() == {}


@given(st.integers(100, 599), st.binary(max_size=200))
def test_whatever_is_said_is_read(status: int, content: bytes) -> None:
    said = Said(status, content)
    assert said.good == (200 <= status < 300)
    assert said.told("detail").isprintable()
    try:
        said.document()
    except ValueError:
        assert said.told("detail") == ""


@given(st.text())
def test_a_part_of_a_path_is_one(text: str) -> None:
    assert not {"/", "?", "#", " "} & set(part(text))
