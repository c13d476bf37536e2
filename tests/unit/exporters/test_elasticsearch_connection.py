"""Where Elasticsearch is and as whom we come, as the settings and the environment say it."""

from __future__ import annotations

import base64
import re
import socket
from pathlib import Path

import pytest
from elastic_transport import ConnectionError, ConnectionTimeout, TlsError

from stormcell.errors import DeliveryError, SettingsError
from stormcell.wire.elasticsearch import API_KEY, PASSWORD, TOKEN, USERNAME
from stormcell_exporters.elasticsearch import ElasticsearchExporter
from stormcell_exporters.elasticsearch.connection import (
    Credentials,
    connect,
    credentials,
    server,
)
from stormcell_exporters.elasticsearch.failures import missing_privilege, told, transient
from stormcell_exporters.elasticsearch.roles import SETUP, WRITER
from tests.unit.exporters.elasticsearch import refusal
from tests.unit.wire.servers import Answer, HttpReceiver

CERTIFICATE = Path(__file__).parents[2] / "fixtures" / "tls" / "localhost.pem"
FINGERPRINT = "AB:" * 31 + "ab"
CLOUD = "cloud:shop:" + base64.b64encode(b"eu.example.com:9243$abc$def").decode()
SECRET = "s3cret-value"


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (API_KEY, USERNAME, PASSWORD, TOKEN):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def test_a_target_is_one_url_or_several() -> None:
    assert server("http://localhost:9200").hosts == ("http://localhost:9200",)
    found = server("https://a, https://[::1]:9201/es/", fingerprint=FINGERPRINT)
    assert found.hosts == ("https://a:443", "https://[::1]:9201/es")
    assert found.shown == "https://a:443, https://[::1]:9201/es"
    assert found.fingerprint == "ab" * 32
    nodes = connect(found, Credentials({})).transport.node_pool.all()
    assert {node.base_url for node in nodes} == {*found.hosts}


def test_a_cloud_id_says_where_a_deployment_is() -> None:
    found = server(CLOUD)
    assert found.shown == "the cloud deployment shop"
    [node] = connect(found, Credentials({})).transport.node_pool.all()
    assert node.base_url == "https://abc.eu.example.com:9243"


@pytest.mark.parametrize(
    ("target", "ca_file", "fingerprint", "message"),
    [
        ("localhost:9200", "", "", "expected a URL such as https://elasticsearch:9200"),
        ("https://a:9200,", "", "", "expected a URL"),
        ("https://a:9200?x=1", "", "", "without a query"),
        (f"https://me:{SECRET}@a:9200", "", "", f"without a user and a password: set {API_KEY}"),
        (f"cloud:{SECRET}", "", "", "cloud id cannot be read"),
        ("https://a:9200", "", SECRET, "expected a SHA-256 of a certificate"),
        ("https://a:9200", "missing.pem", "", "cannot read missing.pem for TLS"),
        ("https://a:9200", __file__, "", "expected certificates in PEM"),
        ("https://a:9200", str(CERTIFICATE), FINGERPRINT, "exclude each other"),
        ("http://a:9200", "", FINGERPRINT, "are for https:// only"),
    ],
)
def test_a_target_that_is_none_is_refused(target: str, ca_file: str, fingerprint: str, message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)) as caught:
        server(target, ca_file, fingerprint)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("held", "header"),
    [
        ({API_KEY: "aWQ6a2V5"}, "ApiKey aWQ6a2V5"),
        ({API_KEY: "id:key"}, "ApiKey aWQ6a2V5"),
        ({USERNAME: "me", PASSWORD: "pä:ss"}, f"Basic {base64.b64encode('me:pä:ss'.encode()).decode()}"),
        ({TOKEN: SECRET}, f"Bearer {SECRET}"),
        ({}, None),
    ],
)
def test_secrets_come_from_the_environment(
    held: dict[str, str], header: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in held.items():
        monkeypatch.setenv(name, value)
    found = credentials()
    assert connect(server("https://a:9200"), found)._headers.get("authorization") == header
    assert repr(found) == f"Credentials({next(iter(held), 'none')})"
    for name, value in held.items():
        monkeypatch.delenv(name)
        (tmp_path / name).write_text(f"{value}\n")
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    assert credentials() == found


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({API_KEY: SECRET, TOKEN: SECRET}, f"{API_KEY} and {TOKEN} are set; expected one way"),
        ({USERNAME: "me"}, f"{PASSWORD} is not set"),
        ({PASSWORD: SECRET}, f"{USERNAME} is not set"),
        ({TOKEN: f"{SECRET}\nx"}, f"{TOKEN} cannot be sent"),
        ({API_KEY: f"{SECRET}ä"}, f"{API_KEY} cannot be sent"),
    ],
)
def test_secrets_that_cannot_be_used_are_not_shown(
    held: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in held.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=message) as caught:
        credentials()
    assert SECRET not in str(caught.value)


def test_a_renewed_secret_makes_a_client_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = ElasticsearchExporter()
    monkeypatch.setenv(TOKEN, "one")
    with exporter.speaking("http://a:9200", SETUP) as first, exporter.speaking("http://a:9200", SETUP) as again:
        assert first is again
    monkeypatch.setenv(TOKEN, "two")
    with exporter.speaking("http://a:9200", SETUP) as other:
        assert other is not first
    exporter.close()


def test_who_listens_nowhere_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, SECRET)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(
            DeliveryError, match=rf"{url} cannot be reached \(connection refused\); is .*"
        ) as caught:
            ElasticsearchExporter().setup(url)
    assert caught.value.retryable
    assert SECRET not in str(caught.value)
    with pytest.raises(DeliveryError, match=r"cannot be reached \(no such host\)"):
        ElasticsearchExporter().setup("http://nothing.invalid:9200")


@pytest.mark.parametrize("days", [0, -1])
def test_what_ended_is_kept_a_day_at_least(days: int) -> None:
    with pytest.raises(SettingsError, match="retention_days"):
        ElasticsearchExporter(retention_days=days)


REFUSED = (
    "action [indices:data/write/bulk[s]] is unauthorized for user [me] with effective roles [a, b] on indices"
    " [stormcell-groups], this action is granted by the index privileges [create_doc,delete,index,write,all]"
)


def test_a_missing_privilege_is_named_as_our_roles_name_it() -> None:
    assert missing_privilege(REFUSED, WRITER).startswith(
        "the index privilege index on stormcell-groups (for indices:data/write/bulk[s]); the role stormcell_writer"
    )
    assert missing_privilege("something else") == ""
    body = {"error": {"type": "security_exception", "reason": REFUSED}}
    error = told(refusal(403, body), "http://a:9200", Credentials({}, API_KEY), WRITER)
    assert str(error).startswith(f"http://a:9200 does not allow that (403): {API_KEY} lacks the index privilege")
    assert error.retryable


def test_what_a_server_asks_to_wait_is_kept() -> None:
    error = refusal(429, {"error": {"type": "too_many", "reason": "busy\x1b[0m"}}, **{"retry-after": "7"})
    assert transient(error)
    made = told(error, "http://a:9200", Credentials({}))
    assert (made.retryable, made.retry_after) == (True, 7.0)
    assert str(made) == "http://a:9200 answered 429 (too_many: busy [0m)"
    assert not transient(refusal(403))
    assert not told(refusal(400), "a", Credentials({})).retryable


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(200, {"content-type": "application/json"}, b"{}"), "answers, but is no Elasticsearch; look at"),
        (Answer(200, {"content-type": "text/html"}, b"<html>"), "answers, but is no Elasticsearch; look at"),
        (Answer(200, {"content-type": "application/json"}, b"{"), "did not answer with JSON; look at the address"),
        (Answer(502, {"content-type": "text/html"}, b"<html>\x1b[2J"), r"answered 502 \(<html> \[2J\)"),
        (Answer(307, {"location": "http://elsewhere"}), "answered 307"),
    ],
)
def test_another_server_than_elasticsearch_is_told_apart(answer: Answer, message: str) -> None:
    with HttpReceiver(answer) as receiver, pytest.raises(DeliveryError, match=f"{receiver.url} {message}"):
        ElasticsearchExporter().setup(receiver.url)


def test_an_index_that_is_missing_is_made_by_setup() -> None:
    body = {"error": {"type": "index_not_found_exception", "reason": "no such index [stormcell-groups]"}}
    error = told(refusal(404, body), "a", Credentials({}))
    assert (
        str(error) == "a has no such index (no such index [stormcell-groups]); run `stormcell elasticsearch setup`"
    )
    assert error.retryable


def test_who_answers_too_late_may_answer_the_next_time() -> None:
    late = ConnectionTimeout("Connection timed out")
    assert transient(late)
    assert (
        str(told(late, "a", Credentials({}))) == "a did not answer in time; look at its load, and at the network"
    )
    assert transient(ConnectionError("reset"))
    assert not transient(TlsError("certificate verify failed"))
