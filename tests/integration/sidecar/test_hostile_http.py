"""Clients that stall, lie and send too much, by bare sockets."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from stormcell.sidecar.counts import Reason, Signal
from tests.integration.sidecar.support import JSON, PROTOBUF, Sidecar, logs, read_all, sidecar, until

HEAD = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
MIB = 1 << 20


@pytest.fixture(scope="module")
def hasty() -> Iterator[Sidecar]:
    """Return a sidecar that waits for nothing long, takes 1 MiB at most, and has room for few connections."""
    limits: dict[str, Any] = {
        "request_seconds": 0.4,
        "idle_seconds": 0.8,
        "max_request_bytes": MIB,
        "max_connections": 8,
    }
    with sidecar(**limits) as running:
        yield running


@pytest.fixture
def impatient(hasty: Sidecar) -> Sidecar:
    hasty.forget()
    return hasty


def with_length(body: bytes, length: int | None = None) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


def status(answer: bytes) -> bytes:
    return answer.split(b"\r\n", 1)[0].split(b" ", 1)[1]


def test_http_1_0_works(served: Sidecar) -> None:
    with served.connect() as connection:
        connection.sendall(with_length(logs()).replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"Host: x\r\n", b""))
        answer = read_all(connection)
    assert status(answer) == b"200 OK"
    assert served.inbox.bodies == [logs()]


def test_a_body_in_chunks_is_one(served: Sidecar) -> None:
    body = logs(100)
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(body[at : at + 7]), body[at : at + 7]) for at in range(0, len(body), 7)
    )
    with served.connect() as connection:
        connection.sendall(
            HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks + b"0\r\n\r\n"
        )
        assert status(read_all(connection)) == b"200 OK"
    assert served.inbox.bodies == [body]


def test_requests_one_after_another_without_waiting_are_all_answered(served: Sidecar) -> None:
    with served.connect() as connection:
        connection.sendall(
            with_length(logs()) * 5 + with_length(b"").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        )
        assert read_all(connection).count(b"200 OK") == 6
    assert served.inbox.bodies == [logs()] * 5 + [b""]


@pytest.mark.parametrize(
    "start",
    [b"", b"P", b"POST /v1/logs HTTP/1.1\r\nHost: ", HEAD],
    ids=["nothing", "byte", "line", "headers"],
)
def test_a_head_that_never_ends_is_not_waited_for(impatient: Sidecar, start: bytes) -> None:
    with impatient.connect() as connection:
        connection.sendall(start)
        assert read_all(connection) == b""


def test_single_bytes_do_not_renew_the_time(impatient: Sidecar) -> None:
    with impatient.connect() as connection:
        assert _drip(connection, HEAD) < 20
    with impatient.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        assert _drip(connection, b"") < 20


def _drip(connection: socket.socket, start: bytes) -> int:
    """Send a byte every tenth of a second, and return how many went before the other side had enough."""
    connection.sendall(start)
    for sent in range(100):
        time.sleep(0.1)
        try:
            connection.sendall(b"x")
        except OSError:
            return sent
    return 100


@pytest.mark.parametrize("body", [b"", b"\n"])
def test_a_body_that_never_ends_is_not_waited_for(impatient: Sidecar, body: bytes) -> None:
    with impatient.connect() as connection:
        connection.sendall(with_length(body, 10))
        assert read_all(connection) == b""
    assert not impatient.inbox.kept
    until(lambda: impatient.counts.refused == {(Signal.LOGS, Reason.INCOMPLETE): 1})


def test_a_body_that_is_cut_is_not_kept(served: Sidecar) -> None:
    with served.connect() as connection:
        connection.sendall(with_length(logs(), len(logs()) + 1))
        connection.shutdown(socket.SHUT_WR)
        assert b"200 OK" not in read_all(connection)
    assert not served.inbox.kept


def test_a_response_that_is_never_fetched_is_not_waited_for() -> None:
    from starlette.responses import Response
    from starlette.routing import Route

    async def large(_request: object) -> Response:
        return Response(bytes(64 * MIB))

    with sidecar([Route("/large", large)], request_seconds=0.4) as served, served.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: not served.http_server.connections)


def test_an_idle_connection_is_closed(impatient: Sidecar) -> None:
    with impatient.connect() as connection:
        connection.sendall(with_length(logs()))
        answer = read_all(connection)
    assert status(answer) == b"200 OK"


def test_idle_connections_make_room() -> None:
    with sidecar(max_connections=16, idle_seconds=60, request_seconds=60) as served:
        idle = [served.connect() for _ in range(200)]
        until(lambda: served.http_server.connections == 16)
        assert served.post("/v1/logs", logs()).status_code == 200
        # The oldest went, and all but the newest; those are as good as before.
        assert read_all(idle[0]) == b""
        idle[-1].sendall(with_length(logs()))
        assert idle[-1].recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
        for connection in idle:
            connection.close()


def test_others_are_answered_while_the_journal_waits(served: Sidecar) -> None:
    served.inbox.go_on.clear()
    with served.connect() as busy:
        busy.sendall(with_length(logs()))
        assert served.inbox.entered.acquire(timeout=20)
        assert served.post("/nothing", b"").status_code == 404
        served.inbox.go_on.set()
        assert busy.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")


def test_a_connection_at_work_is_not_closed_for_others(impatient: Sidecar) -> None:
    impatient.inbox.go_on.clear()
    with impatient.connect() as busy:
        busy.sendall(with_length(logs()))
        assert impatient.inbox.entered.acquire(timeout=20)
        others = [impatient.connect() for _ in range(20)]
        until(lambda: impatient.http_server.connections <= 8)
        time.sleep(
            0.5
        )  # longer than a request may take to come: waiting for the journal is no fault of the client
        impatient.inbox.go_on.set()
        assert busy.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
        for other in others:
            other.close()


def test_a_large_body_is_refused_by_its_length_alone(served: Sidecar) -> None:
    with served.connect() as connection:
        connection.sendall(with_length(b"", 64 * MIB))
        answer = connection.recv(1 << 16)
    assert status(answer).startswith(b"413 ")
    assert b"retry-after" not in answer.lower()
    assert served.counts.rejected == {(Signal.LOGS, Reason.SIZE): 1}


def test_a_client_that_waits_to_be_told_to_go_on_is_spared_the_body(served: Sidecar) -> None:
    with served.connect() as connection:
        connection.sendall(with_length(b"", 64 * MIB).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert status(connection.recv(1 << 16)).startswith(b"413 ")


def test_a_body_without_end_is_refused_before_it_is_held(impatient: Sidecar) -> None:
    with impatient.connect() as connection:
        connection.sendall(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + bytes(1 << 16) + b"\r\n") * 32
        )
        assert read_all(connection).startswith(b"HTTP/1.1 413 ")


def test_garbage_after_the_answer_is_cut_off_in_silence(served: Sidecar, caplog: pytest.LogCaptureFixture) -> None:
    with served.connect() as connection:
        connection.sendall(HEAD.replace(b"/v1/logs", b"/v1/metrics") + b"Transfer-Encoding: chunked\r\n\r\n")
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 404 ")
        connection.sendall(b"zz\r\n")
        read_all(connection)
    assert not caplog.records


def test_a_large_body_in_chunks_is_refused_unheld(served: Sidecar) -> None:
    before = _memory()
    chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
    with served.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(64 * 16):
            connection.sendall(chunk)
        # It is read to its end, so that the answer is not lost; the next request is answered.
        connection.sendall(b"0\r\n\r\n" + with_length(logs()).replace(b"Host", b"Connection: close\r\nHost"))
        first, second = read_all(connection).split(b"HTTP/1.1 ")[1:]
        assert (first[:4], second[:4]) == (b"413 ", b"200 ")
    assert served.inbox.bodies == [logs()]
    assert _memory() < before + 32 * MIB


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_refused(served: Sidecar, encoding: str) -> None:
    piece = bytes(64 * MIB)
    bomb = (gzip.compress(piece) if encoding == "gzip" else zstandard.compress(piece)) * 16
    answer = served.post("/v1/logs", bomb, PROTOBUF, **{"content-encoding": encoding})
    assert answer.status_code == 413
    assert not served.inbox.kept


def test_too_much_at_once_is_to_be_sent_again() -> None:
    with sidecar(max_request_bytes=MIB, max_pending_bytes=1024) as served:
        with served.connect() as first:
            first.sendall(with_length(bytes(900_000), 1_000_000))
            until(lambda: served.post("/v1/logs", bytes(200_000)).status_code == 503)
            answer = served.post("/v1/logs", bytes(200_000))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        until(lambda: served.post("/v1/logs", logs(2000)).status_code == 200)
        assert served.counts.refused[Signal.LOGS, Reason.OVERLOAD] >= 2


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"\r\n" * 100,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        HEAD + b"Content-Length: 99999999999999999999\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 100_000,
        HEAD + b"Content-Length: 0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
    ids=[
        "tls",
        "nul",
        "lines",
        "h2",
        "negative",
        "lengths",
        "long",
        "coding",
        "chunk",
        "header",
        "upgrade",
    ],
)
def test_garbage_harms_nobody_else(impatient: Sidecar, request_bytes: bytes) -> None:
    with impatient.connect() as connection:
        connection.sendall(request_bytes)
        answer = read_all(connection)
    assert b" 500 " not in answer
    assert impatient.post("/v1/logs", logs()).status_code == 200


def test_no_answer_repeats_what_was_asked(served: Sidecar) -> None:
    script = "<script>alert(1)</script>"
    headers = {"content-type": f"text/html{script}", "content-encoding": script}
    for path in ("/v1/logs", f"/{script}", f"/v1/alerts/{script}"):
        answer = served.post(path, script.encode(), headers)
        assert answer.status_code in (404, 415)
        assert "script" not in answer.text
        assert answer.headers["content-type"] == "application/json"
    answer = served.post("/v1/logs", b"{}", JSON, **{"content-encoding": script})
    assert "script" not in answer.text


def _memory() -> int:
    """Return the resident memory of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
