"""A sidecar whose tokens come and go while it runs, and whose audit log is checked from outside."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc
import httpx
import pytest

from tests.integration.program import stormcell
from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import LOGS, PROTOBUF, until
from tests.integration.sidecar.support import logs as binary
from tests.integration.telemetry import log, logs

pytestmark = pytest.mark.slow

STORM = logs(*(log(f"e-{at}", "disk full on db", at=3 * at) for at in range(5)))


class Tokens:
    """The file of tokens, as people change it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, *words: str) -> str:
        ran = stormcell("token", *words, "--file", self.path)
        assert ran.code == 0, ran.err
        return ran.out.strip()


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path / "tokens.json")


@pytest.fixture
def collector(tokens: Tokens) -> str:
    return tokens("new", "collector", "--scope", "ingest", "--scope", "read")


@pytest.fixture
def sidecar(tmp_path: Path, tokens: Tokens, collector: str) -> Iterator[Running]:
    live = {**HASTY, "quiet_seconds": 10_000, "keep_seconds": 10_000}
    settings = {"live": live, "receivers": {"tokens_file": str(tokens.path)}}
    with Running(tmp_path / "sidecar", settings) as running:
        use(running.start(), collector)
        running.send(STORM)
        until(lambda: len(running.groups()) == 1, PATIENCE)
        yield running


def use(sidecar: Running, token: str) -> None:
    sidecar.client.headers["authorization"] = f"Bearer {token}"


def asked(sidecar: Running, token: str, path: str = "/api/v1/groups") -> int:
    return sidecar.client.get(path, headers={"authorization": f"Bearer {token}"}).status_code


def sent(sidecar: Running, token: str) -> grpc.StatusCode:
    try:
        sidecar.channel.unary_unary(LOGS)(
            binary(), timeout=PATIENCE, metadata=[("authorization", f"Bearer {token}")]
        )
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return grpc.StatusCode.OK


def test_tokens_come_rotate_and_go_without_a_restart(sidecar: Running, tokens: Tokens, collector: str) -> None:
    ann = tokens("new", "ann", "--role", "operator")
    until(lambda: asked(sidecar, ann) == 200, PATIENCE)
    [group] = sidecar.groups()
    use(sidecar, ann)
    assert sidecar.post(f"groups/{group}/ack")["changed"]
    assert sidecar.client.post("/v1/logs", content=binary(), headers=PROTOBUF).status_code == 403

    new = tokens("rotate", "collector", "--grace", "1h")
    until(lambda: sent(sidecar, new) is grpc.StatusCode.OK, PATIENCE)
    assert sent(sidecar, collector) is grpc.StatusCode.OK
    newer = tokens("rotate", "collector", "--grace", "0")
    until(lambda: sent(sidecar, newer) is grpc.StatusCode.OK, PATIENCE)
    for old in (collector, new):
        assert sent(sidecar, old) is grpc.StatusCode.UNAUTHENTICATED
        assert asked(sidecar, old) == 401

    tokens("revoke", "ann")
    until(lambda: asked(sidecar, ann) == 401, PATIENCE)
    good = tokens.path.read_bytes()
    tokens.path.write_bytes(b"{")
    # It looks as somebody asks.
    until(lambda: asked(sidecar, newer) == 200 and "tokens stay as they were" in sidecar.said, PATIENCE)
    tokens.path.write_bytes(good)
    bob = tokens("new", "bob", "--role", "viewer")
    until(lambda: asked(sidecar, bob) == 200, PATIENCE)
    for token in (collector, new, newer, ann, bob):
        assert token not in sidecar.said


def test_who_is_logged_in_by_a_revoked_token_is_out(sidecar: Running, tokens: Tokens, collector: str) -> None:
    ann = tokens("new", "ann", "--role", "operator")
    until(lambda: asked(sidecar, ann) == 200, PATIENCE)
    with httpx.Client(base_url=sidecar.url, timeout=PATIENCE, trust_env=False) as browser:
        browser.post("/login", data={"token": ann})
        page = browser.get("/").text
        [csrf, *_] = re.findall(r'name="csrf" value="([0-9a-f]+)"', page)
        [group] = sidecar.groups()
        tokens("revoke", "ann")
        until(lambda: browser.get("/").status_code == 303, PATIENCE)
        assert browser.post(f"/groups/{group}/ack", data={"csrf": csrf}).status_code == 401
    use(sidecar, collector)
    assert sidecar.get(f"groups/{group}")["status"] == "open"


def test_the_audit_log_is_one_chain_whoever_writes_it(sidecar: Running, tokens: Tokens, collector: str) -> None:
    ann = tokens("new", "ann", "--role", "operator")
    until(lambda: asked(sidecar, ann) == 200, PATIENCE)
    use(sidecar, ann)
    [group] = sidecar.groups()
    for act in ("ack", "resolve", "reopen"):
        sidecar.post(f"groups/{group}/{act}")
        assert (
            sidecar.cli("groups", {"ack": "reopen", "resolve": "ack", "reopen": "resolve"}[act], group).code == 0
        )
    seal = sidecar.get("audit/seal")
    kept = sidecar.cli("audit", "seal").out
    assert kept == f"{seal['number']}:{seal['seal']}\n"
    found = sidecar.cli("audit", "verify", "--since", kept, "--json").json
    assert found["holds"]
    assert found["sealed"] == seal["number"] >= 6
    assert {one["who"] for one in sidecar.cli("audit", "list", "--json").json} >= {"ann", "cli"}
    # Another life, in which it says in its log what is to be kept of the one before.
    sidecar.stop()
    use(sidecar.start(), collector)
    sidecar.send(logs(log("later", "disk full on db", at=60)))
    until(lambda: "the seal of the audit log is" in sidecar.said, PATIENCE)
    with closing(sqlite3.connect(sidecar.store)) as connection, connection:
        connection.execute("UPDATE audit SET who = 'bob' WHERE number = 2")
    ran = sidecar.cli("audit", "verify")
    assert ran.code == 1
    assert "entry 2 does not fit its seal" in ran.err
