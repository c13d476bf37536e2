"""Both servers ask for tokens where there are any, and do not look at what comes without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from stormcell.sidecar.counts import Reason, Signal
from tests.integration.sidecar.support import JSON, LOGS, METRICS, PROTOBUF, TRACES, Sidecar, logs, sidecar, traces

COLLECTOR = "c0llect0r"
READER = "r3ader"


@pytest.fixture(scope="module")
def _guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    folder = tmp_path_factory.mktemp("tokens")
    tokens = []
    for name, token, scopes in (("collector", COLLECTOR, ["ingest"]), ("reader", READER, ["read", "operate"])):
        path: Path = folder / name
        path.write_text(token + "\n")
        tokens.append({"name": name, "file": str(path), "scopes": scopes})

    async def health(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    with sidecar([Route("/healthz", health), Route("/readyz", health)], tokens=tokens) as running:
        yield running


@pytest.fixture
def guarded(_guarded: Sidecar) -> Sidecar:
    _guarded.forget()
    return _guarded


@pytest.mark.parametrize("path", ["/v1/logs", "/v1/traces", "/v1/metrics", "/v1/alerts/generic"])
@pytest.mark.parametrize("media", [PROTOBUF, JSON])
def test_http_without_a_token(guarded: Sidecar, path: str, media: dict[str, str]) -> None:
    answer = guarded.post(path, b"{}", media)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="stormcell"'
    assert answer.headers["content-type"] == media["content-type"]
    assert sum(guarded.counts.rejected.values()) == 1


def test_http_with_tokens(guarded: Sidecar) -> None:
    def post(token: str) -> int:
        return guarded.post("/v1/logs", logs(), PROTOBUF, authorization=token).status_code

    assert post(f"Bearer {COLLECTOR}") == 200
    assert post(f"Bearer {COLLECTOR}x") == 401
    assert post(f"Basic {COLLECTOR}") == 401
    answer = guarded.post("/v1/logs", logs(), PROTOBUF, authorization=f"Bearer {READER}")
    assert answer.status_code == 403
    assert "insufficient_scope" in answer.headers["www-authenticate"]
    assert guarded.inbox.bodies == [logs()]
    assert guarded.counts.rejected == {
        (Signal.LOGS, Reason.UNAUTHENTICATED): 2,
        (Signal.LOGS, Reason.FORBIDDEN): 1,
    }


def test_a_large_body_of_a_stranger_is_not_read(guarded: Sidecar) -> None:
    with guarded.connect() as connection:
        connection.sendall(b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_token(guarded: Sidecar, path: str) -> None:
    with guarded.client() as client:
        assert client.get(path).text == "ok"


@pytest.mark.parametrize(("method", "body"), [(LOGS, logs()), (TRACES, traces())], ids=["logs", "traces"])
def test_grpc_with_tokens(guarded: Sidecar, method: str, body: bytes) -> None:
    assert guarded.call(method, body, (("authorization", f"Bearer {COLLECTOR}"),)) == b""
    assert guarded.inbox.bodies == [body]
    for metadata in ((), (("authorization", f"Bearer {COLLECTOR}x"),), (("authorization", COLLECTOR),)):
        error = guarded.fail(method, body, metadata)
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    error = guarded.fail(method, body, (("authorization", f"Bearer {READER}"),))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "ingest" in (error.details() or "")
    assert guarded.inbox.bodies == [body]


def test_grpc_says_nothing_of_its_methods_to_strangers(guarded: Sidecar) -> None:
    assert guarded.fail(METRICS, b"").code() is grpc.StatusCode.UNAUTHENTICATED
    assert guarded.fail("/some.Service/Export", b"").code() is grpc.StatusCode.UNAUTHENTICATED
