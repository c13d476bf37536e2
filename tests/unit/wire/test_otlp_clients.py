from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.rpc.status_pb2 import Status

from stormcell.errors import DeliveryError, SettingsError
from stormcell.wire.endpoint import Tls, endpoint
from stormcell.wire.headers import current, parse
from stormcell.wire.http import retry_after
from stormcell.wire.otlp import SignalName, connect
from tests.unit.wire.servers import Answer, GrpcReceiver, HttpReceiver, partial

BODY = b"\x0a\x03abc" * 100


def refused(receiver: HttpReceiver | GrpcReceiver) -> DeliveryError:
    client = connect(endpoint(receiver.url))
    try:
        with pytest.raises(DeliveryError) as caught:
            client.send("logs", BODY)
    finally:
        client.close()
    return caught.value


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize(("signal", "path"), [("logs", "/v1/logs"), ("traces", "/v1/traces")])
def test_http_posts_protobuf(signal: SignalName, path: str, compress: bool) -> None:
    with HttpReceiver() as receiver:
        client = connect(endpoint(receiver.url), lambda: {"x-scope": "a"}, compress=compress)
        assert client.send(signal, BODY) == (0, "")
        assert client.send(signal, BODY) == (0, "")
        client.close()
    for request in receiver.requests:
        assert (request.path, request.body) == (path, BODY)
        assert request.headers["content-type"] == "application/x-protobuf"
        assert request.headers["x-scope"] == "a"
        assert ("content-encoding" in request.headers) == compress


@pytest.mark.parametrize(
    ("path", "sent"), [("/", "/v1/logs"), ("/otlp", "/otlp/v1/logs"), ("/in/v1/logs", "/in/v1/logs")]
)
def test_a_path_is_kept(path: str, sent: str) -> None:
    with HttpReceiver() as receiver:
        client = connect(endpoint(receiver.url + path))
        client.send("logs", BODY)
        client.close()
    assert receiver.requests[0].path == sent


@pytest.mark.parametrize(
    ("signal", "method"),
    [
        ("logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export"),
        ("traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
    ],
)
def test_grpc_calls_the_service(signal: SignalName, method: str) -> None:
    with GrpcReceiver() as receiver:
        client = connect(endpoint(receiver.url), lambda: {"x-scope": "a"})
        assert client.send(signal, BODY) == (0, "")
        client.close()
    [request] = receiver.requests
    assert (request.path, request.body, request.headers["x-scope"]) == (method, BODY, "a")


@pytest.mark.parametrize("receives", [HttpReceiver, GrpcReceiver])
def test_what_was_rejected_is_told(receives: type[HttpReceiver] | type[GrpcReceiver]) -> None:
    with receives(Answer(body=partial(3, "too\nold")), Answer(body=b"\xff")) as receiver:
        client = connect(endpoint(receiver.url))
        assert client.send("logs", BODY) == (3, "too old")
        assert client.send("logs", BODY) == (0, "")  # taken, whatever it says
        client.close()


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        *((status, False) for status in (301, 400, 401, 413, 500, 501)),
        *((status, True) for status in (429, 502, 503, 504)),
    ],
)
def test_answers_over_http_that_may_be_tried_again(status: int, retryable: bool) -> None:
    with HttpReceiver(Answer(status, {"location": "/elsewhere"})) as receiver:
        error = refused(receiver)
    assert (error.retryable, error.retry_after) == (retryable, None)
    assert str(status) in str(error)
    assert len(receiver.requests) == 1  # nor is a redirection followed


CODES = grpc.StatusCode
RETRYABLE = {
    CODES.CANCELLED,
    CODES.DEADLINE_EXCEEDED,
    CODES.ABORTED,
    CODES.OUT_OF_RANGE,
    CODES.UNAVAILABLE,
    CODES.DATA_LOSS,
}


@pytest.mark.parametrize("code", [code for code in CODES if code is not CODES.OK])
def test_answers_over_grpc_that_may_be_tried_again(code: grpc.StatusCode) -> None:
    with GrpcReceiver(Answer(code=code)) as receiver:
        error = refused(receiver)
    assert (error.retryable, error.retry_after) == (code in RETRYABLE, None)
    assert code.name in str(error)


@pytest.mark.parametrize("code", [CODES.UNAVAILABLE, CODES.RESOURCE_EXHAUSTED])
def test_grpc_says_after_which_time(code: grpc.StatusCode) -> None:
    with GrpcReceiver(Answer(code=code, retry=2.5)) as receiver:
        error = refused(receiver)
    assert (error.retryable, error.retry_after) == (True, 2.5)


def test_http_says_after_which_time_and_why() -> None:
    status: bytes = Status(message="quota\x1b[31m").SerializeToString()
    headers = {"retry-after": "7", "content-type": "application/x-protobuf"}
    with HttpReceiver(Answer(429, headers, status)) as receiver:
        error = refused(receiver)
    assert (error.retryable, error.retry_after) == (True, 7)
    assert "quota [31m" in str(error)


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, None, None),
        ("0", None, 0),
        (" 12 ", None, 12),
        ("soon", None, None),
        ("-1", None, None),
        ("9" * 40, None, 999_999_999),
        ("Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 30),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:30 GMT", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None, 0),
    ],
)
def test_retry_after(value: str | None, date: str | None, seconds: float | None) -> None:
    assert retry_after(value, date) == seconds


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_nobody_there(scheme: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and nobody listens
        client = connect(endpoint(f"{scheme}://127.0.0.1:{held.getsockname()[1]}"), timeout=5)
        with pytest.raises(DeliveryError) as caught:
            client.send("logs", BODY)
        client.close()
    assert caught.value.retryable


def test_an_answer_that_never_ends_is_not_read_on() -> None:
    with HttpReceiver(Answer(400, body=b"x" * 1_000_000)) as receiver:
        assert len(str(refused(receiver))) < 300


@pytest.mark.parametrize(
    "url",
    [
        "",
        "collector:4317",
        "ftp://x",
        "http://",
        "http://u:secret@host",
        "http://h:99999",
        "http://h\n/",
        "http://[::1",
    ],
)
def test_what_is_no_url_is_refused_without_showing_what_may_be_secret(url: str) -> None:
    with pytest.raises(SettingsError, match="expected a URL such as") as caught:
        endpoint(url)
    assert "secret" not in str(caught.value)


def test_urls() -> None:
    assert (endpoint("grpc://c").port, endpoint("grpcs://c").port) == (4317, 4317)
    assert (endpoint("http://c").port, endpoint("https://c:4318/x?y").path) == (80, "/x?y")
    assert endpoint("grpc://[::1]:4317").shown == "grpc://[::1]:4317"
    assert "hook-secret" not in endpoint("https://chat/hook-secret").shown


def test_headers() -> None:
    assert parse("", "X") == {}
    assert parse("A=b%20c,\n x-y = z,", "X") == {"a": "b c", "x-y": "z"}
    for wrong in ("a", "a=b%0ac", "a b=c", "a=", "é=1"):
        with pytest.raises(SettingsError, match=r"^X: "):
            parse(wrong, "X")


def test_headers_that_cannot_be_had_now_are_tried_again() -> None:
    def missing() -> Mapping[str, str]:
        raise SettingsError("no file")

    with pytest.raises(DeliveryError) as caught:
        current(missing)
    assert caught.value.retryable


TLS = Path(__file__).parents[2] / "fixtures" / "tls"
CERTIFICATE, KEY = TLS / "localhost.pem", TLS / "localhost.key"


@contextmanager
def secure(kind: str, *, mutual: bool = False) -> Iterator[HttpReceiver | GrpcReceiver]:
    """A receiver that shows our certificate, and asks for it where that is to be shown by both."""
    if kind == "https":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=CERTIFICATE if mutual else None)
        context.load_cert_chain(CERTIFICATE, KEY)
        context.verify_mode = ssl.CERT_REQUIRED if mutual else ssl.CERT_NONE
        with HttpReceiver(tls=context) as receiver:
            yield receiver
    else:
        certificate, key = CERTIFICATE.read_bytes(), KEY.read_bytes()
        credentials = grpc.ssl_server_credentials(
            [(key, certificate)], certificate if mutual else None, require_client_auth=mutual
        )
        with GrpcReceiver(tls=credentials) as receiver:
            yield receiver


@pytest.mark.parametrize("kind", ["https", "grpcs"])
def test_over_tls_the_other_side_has_to_show_who_it_is(kind: str) -> None:
    with secure(kind) as receiver:
        client = connect(endpoint(receiver.url), tls=Tls(CERTIFICATE))
        assert client.send("logs", BODY) == (0, "")
        client.close()
        stranger = connect(endpoint(receiver.url))  # the system does not know who signed it
        with pytest.raises(DeliveryError):
            stranger.send("logs", BODY)
        stranger.close()
    assert [request.body for request in receiver.requests] == [BODY]


@pytest.mark.parametrize("kind", ["https", "grpcs"])
def test_over_tls_we_show_who_we_are(kind: str) -> None:
    with secure(kind, mutual=True) as receiver:
        client = connect(endpoint(receiver.url), tls=Tls(CERTIFICATE, CERTIFICATE, KEY))
        assert client.send("logs", BODY) == (0, "")
        client.close()
        nameless = connect(endpoint(receiver.url), tls=Tls(CERTIFICATE))
        with pytest.raises(DeliveryError):
            nameless.send("logs", BODY)
        nameless.close()
    assert len(receiver.requests) == 1
