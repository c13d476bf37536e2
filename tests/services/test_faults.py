"""The proxy that fails as told, before a server that counts what it hears."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.simple_server import make_server

import pytest

from tests.services.alerts import Quiet
from tests.services.faults import Answer, CutRequest, CutResponse, Delay, Hang, Proxy, Request, between
from tests.services.servers import PATIENCE, until

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class Echo:
    """Answers with what it was sent."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def __call__(self, request: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        body = request["wsgi.input"].read(int(request["CONTENT_LENGTH"] or 0))
        self.heard.append(request["PATH_INFO"])
        start("201 Created", [("Content-Length", str(len(body))), ("X-Echo", request["HTTP_X_SAID"])])
        return [body]


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with make_server("127.0.0.1", 0, echo, handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            with between(f"http://127.0.0.1:{server.server_port}") as proxy:
                yield proxy
        finally:
            server.shutdown()


class Client:
    """Keeps its connection, as clients of Elasticsearch do."""

    def __init__(self, proxy: Proxy) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(proxy.url).netloc, timeout=PATIENCE)

    def ask(self, path: str = "/a", body: bytes = b"words", method: str = "POST") -> http.client.HTTPResponse:
        try:
            self.connection.request(method, path, body, {"X-Said": "so"})
            return self.connection.getresponse()
        except OSError:
            self.connection.close()
            raise

    def status(self, body: bytes = b"") -> int:
        """Return how a request ends."""
        answer = self.ask(body=body)
        answer.read()
        return answer.status


@pytest.fixture
def client(proxy: Proxy) -> Iterator[Client]:
    client = Client(proxy)
    with closing(client.connection):
        yield client


def test_it_passes_on_and_notes_what_it_is_not_told_to_spoil(proxy: Proxy, client: Client) -> None:
    for _ in range(2):
        answer = client.ask("/a?b=c", b"\xff" * 100_000)
        assert (answer.status, answer.headers["X-Echo"]) == (HTTPStatus.CREATED, "so")
        assert answer.read() == b"\xff" * 100_000
    assert proxy.requests == [Request("POST", "/a?b=c", 100_000)] * 2


def test_it_answers_in_the_place_of_the_server(proxy: Proxy, client: Client, echo: Echo) -> None:
    proxy.fail(Answer(429, retry_after="7"), times=2)
    proxy.fail(Answer(503), times=1)
    assert [client.status(b"words") for _ in range(4)] == [429, 429, 503, 201]
    assert len(echo.heard) == 1
    proxy.fail(Answer(429, retry_after="7"), times=1)
    assert client.ask().headers["Retry-After"] == "7"


def test_only_what_fits_fails(proxy: Proxy, client: Client, echo: Echo) -> None:
    proxy.fail(Answer(413), where=lambda request: request.size > 3)
    assert client.status(b"four") == client.status(b"five") == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert client.status(b"two") == HTTPStatus.CREATED
    proxy.mend()
    assert client.status(b"four") == HTTPStatus.CREATED
    assert len(echo.heard) == 2


def test_it_cuts_a_request_off(proxy: Proxy, client: Client, echo: Echo) -> None:
    proxy.fail(CutRequest(after=10), times=1)
    with pytest.raises(ConnectionError):
        client.ask(body=b"x" * 10_000_000)
    assert not echo.heard
    assert client.status() == HTTPStatus.CREATED


@pytest.mark.parametrize("after", [0, 20])
def test_it_cuts_an_answer_off_that_the_server_gave(proxy: Proxy, client: Client, echo: Echo, after: int) -> None:
    proxy.fail(CutResponse(after), times=1)
    with pytest.raises(ConnectionError):
        client.ask()
    assert echo.heard == ["/a"]
    assert client.status() == HTTPStatus.CREATED


def test_it_hangs_until_mended(proxy: Proxy, client: Client, echo: Echo) -> None:
    proxy.fail(Hang())
    threading.Thread(target=_mend_when_asked, args=(proxy,)).start()
    with pytest.raises(ConnectionError):
        client.ask()
    assert not echo.heard
    assert client.status() == HTTPStatus.CREATED


def test_it_waits_before_it_passes_on(proxy: Proxy, client: Client, echo: Echo) -> None:
    proxy.fail(Delay(PATIENCE))
    threading.Thread(target=_mend_when_asked, args=(proxy,)).start()
    assert client.status() == HTTPStatus.CREATED
    assert echo.heard == ["/a"]


def _mend_when_asked(proxy: Proxy) -> None:
    until("a request", lambda: bool(proxy.requests))
    proxy.mend()


def test_it_refuses_and_comes_back_at_the_same_place(proxy: Proxy, client: Client) -> None:
    assert client.status() == HTTPStatus.CREATED
    url = proxy.url
    proxy.refuse()
    with pytest.raises(ConnectionError):  # the connection that was there
        client.ask()
    with pytest.raises(ConnectionRefusedError):
        client.ask()
    proxy.mend()
    assert proxy.url == url
    assert client.status() == HTTPStatus.CREATED


def test_without_a_server_it_is_a_bad_gateway() -> None:
    with between("http://127.0.0.1:1") as proxy, closing(Client(proxy).connection) as connection:
        connection.request("GET", "/")
        assert connection.getresponse().status == HTTPStatus.BAD_GATEWAY
