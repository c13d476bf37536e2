from __future__ import annotations

import socket
from typing import Any

import pytest

from stormcell.config.receivers import ReceiversSettings
from stormcell.errors import SettingsError
from stormcell.sidecar.listening import ListenError, check_exposure, is_loopback, joined, listen


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "", "127.0.0.1.example.org"]
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("name", ["grpc_host", "http_host"])
def test_refuses_to_be_open_to_everyone(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"receivers\.{name} is 0\.0\.0\.0.*allow_public_without_auth"):
        check_exposure(ReceiversSettings.model_validate({name: "0.0.0.0"}))


@pytest.mark.parametrize(
    "guard",
    [
        {"tokens": [{"name": "collector", "file": "token"}]},
        {"tls_client_ca": "ca.pem"},
        {"allow_public_without_auth": True},
    ],
)
def test_is_open_to_those_it_asks_or_where_it_is_meant(guard: dict[str, Any]) -> None:
    check_exposure(ReceiversSettings.model_validate({"grpc_host": "0.0.0.0", "http_host": "::", **guard}))


def test_addresses_are_written_with_brackets() -> None:
    assert joined("127.0.0.1", 1) == "127.0.0.1:1"
    assert joined("::1", 1) == joined("[::1]", 1) == "[::1]:1"


def test_says_why_it_cannot_listen() -> None:
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=rf"127\.0\.0\.1:{port}: .*in use; is another sidecar running"):
            listen("127.0.0.1", port)
    with pytest.raises(ListenError, match=r"192\.0\.2\.1:0"):
        listen("192.0.2.1", 0)
    with pytest.raises(ListenError, match="no-such-host"):
        listen("no-such-host.invalid", 0)


def test_takes_a_free_port() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.family is socket.AF_INET
        assert listener.getsockname()[1] > 0
