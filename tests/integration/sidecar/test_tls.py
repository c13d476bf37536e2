"""TLS and certificates of clients, with certificates that are made here by openssl."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from stormcell.config.receivers import ReceiversSettings
from stormcell.errors import SettingsError
from stormcell.sidecar import tls
from tests.certificates import Authority, Pair, openssl
from tests.integration.sidecar.support import LOGS, PROTOBUF, Sidecar, logs, read_all, sidecar


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Pair:
    return authority.issue("server")


@pytest.fixture(scope="module")
def client(authority: Authority) -> Pair:
    return authority.issue("client")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return Authority(tmp_path_factory.mktemp("other")).issue("stranger")


def files(pair: Pair, **more: Path) -> dict[str, Any]:
    found = {"tls_certificate": pair.certificate, "tls_key": pair.key, **more}
    return {name: str(path) for name, path in found.items()}


@pytest.fixture(scope="module")
def _secure(server: Pair) -> Iterator[Sidecar]:
    with sidecar(**files(server)) as running:
        yield running


@pytest.fixture(scope="module")
def _mutual(server: Pair, authority: Authority) -> Iterator[Sidecar]:
    with sidecar(**files(server, tls_client_ca=authority.pair.certificate)) as running:
        yield running


@pytest.fixture
def secure(_secure: Sidecar) -> Sidecar:
    _secure.forget()
    return _secure


@pytest.fixture
def mutual(_mutual: Sidecar) -> Sidecar:
    _mutual.forget()
    return _mutual


def post(served: Sidecar, authority: Authority, identity: Pair | None = None) -> int:
    context = ssl.create_default_context(cafile=authority.pair.certificate)
    if identity:
        context.load_cert_chain(identity.certificate, identity.key)
    with httpx.Client(verify=context, trust_env=False, timeout=20) as http:
        url = f"https://127.0.0.1:{served.http_server.port}/v1/logs"
        return http.post(url, content=logs(), headers=PROTOBUF).status_code


def call(served: Sidecar, authority: Authority, identity: Pair | None = None) -> bytes:
    credentials = grpc.ssl_channel_credentials(
        authority.pair.certificate.read_bytes(),
        identity.key.read_bytes() if identity else None,
        identity.certificate.read_bytes() if identity else None,
    )
    with grpc.secure_channel(f"127.0.0.1:{served.grpc_server.port}", credentials) as channel:
        answer: bytes = channel.unary_unary(LOGS)(logs(), timeout=5)
        return answer


def test_both_servers_speak_tls(secure: Sidecar, authority: Authority) -> None:
    assert post(secure, authority) == 200
    assert call(secure, authority) == b""
    assert secure.inbox.bodies == [logs()] * 2


def test_neither_speaks_anything_else(secure: Sidecar) -> None:
    with pytest.raises(httpx.HTTPError):
        secure.post("/v1/logs", logs())
    assert secure.fail(LOGS, logs()).code() is grpc.StatusCode.UNAVAILABLE
    assert not secure.inbox.kept


def test_old_tls_is_not_spoken(secure: Sidecar, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=authority.pair.certificate)
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with secure.connect() as connection, pytest.raises(OSError, match=r"(?i)version|protocol|alert|closed|reset"):
        context.wrap_socket(connection, server_hostname="127.0.0.1")


def test_a_handshake_that_never_comes_is_not_waited_for(server: Pair) -> None:
    with sidecar(request_seconds=0.4, **files(server)) as served:
        for port in (served.http_server.port, served.grpc_server.port):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                assert read_all(connection) == b""


def test_clients_show_a_certificate_where_one_is_asked(
    mutual: Sidecar, authority: Authority, client: Pair, stranger: Pair
) -> None:
    assert post(mutual, authority, client) == 200
    assert call(mutual, authority, client) == b""
    for identity in (None, stranger):
        with pytest.raises(httpx.HTTPError):
            post(mutual, authority, identity)
        with pytest.raises(grpc.RpcError) as caught:
            call(mutual, authority, identity)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert mutual.inbox.bodies == [logs()] * 2


def test_a_public_address_will_do_with_certificates_of_clients(server: Pair, authority: Authority) -> None:
    guard = files(server, tls_client_ca=authority.pair.certificate)
    with sidecar(http_host="0.0.0.0", grpc_host="0.0.0.0", **guard) as served:
        assert served.http_server.port != served.grpc_server.port != 0


def test_a_public_address_will_not_do_with_tls_alone(server: Pair) -> None:
    with (
        pytest.raises(SettingsError, match="allow_public_without_auth"),
        sidecar(http_host="0.0.0.0", **files(server)),
    ):
        pass


def test_files_that_will_not_do_are_named(
    server: Pair, client: Pair, authority: Authority, tmp_path: Path
) -> None:
    def refuse(complaint: str, **changed: str) -> None:
        settings = ReceiversSettings.model_validate({**files(server), **changed})
        with pytest.raises(SettingsError, match=complaint) as caught:
            tls.context(settings)
        assert "BEGIN" not in str(caught.value)

    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("-----BEGIN NOTHING-----\n")
    locked = tmp_path / "locked.key"
    openssl("pkey", "-in", server.key, "-aes256", "-passout", "pass:secret")("-out", locked)
    refuse("tls_certificate and tls_key go together", tls_key="")
    refuse("tls_client_ca needs TLS", tls_key="", tls_certificate="", tls_client_ca="x")
    refuse("with tls_key .*No such file", tls_key=str(tmp_path / "nowhere"))
    refuse("tls_certificate .*nonsense", tls_certificate=str(nonsense))
    refuse("key values mismatch", tls_key=str(client.key))
    refuse("without a passphrase", tls_key=str(locked))
    refuse("tls_client_ca .*No such file", tls_client_ca=str(tmp_path / "nowhere"))
    refuse("tls_client_ca .*expected a PEM file", tls_client_ca=str(nonsense))
