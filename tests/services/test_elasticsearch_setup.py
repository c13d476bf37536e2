"""What is made in the real Elasticsearch, as whom, and what is said where it cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from ssl import PEM_cert_to_DER_cert
from typing import Any
from urllib.error import HTTPError

import pytest

from stormcell.errors import DeliveryError, SettingsError
from stormcell.types import Dossier, Profile, Saying, Signal
from stormcell.wire.elasticsearch import API_KEY, PASSWORD, TOKEN, USERNAME
from stormcell_exporters.elasticsearch import ElasticsearchExporter, mappings
from stormcell_exporters.elasticsearch.documents import documents, totals_document
from stormcell_exporters.elasticsearch.names import GROUPS, HISTORY, KINDS, MEMBERS, Names
from stormcell_exporters.elasticsearch.roles import READER, SETUP, WRITER
from tests.services import people
from tests.services.conftest import client_major
from tests.services.elastic import CERTIFICATE, Elasticsearch
from tests.unit.exporters.dossiers import TOTALS, entry, full, lone
from tests.unit.render.samples import event, s

FINGERPRINT = sha256(PEM_cert_to_DER_cert(CERTIFICATE.read_text())).hexdigest()
ODD = ["", " ", ".", "..", "a.", ".a", "a..b", "a.b", "a", "\0", "\ud800", "\n", "_id", "*", "a,b", "x" * 5000]
"""Names of labels that somebody may send."""


@pytest.fixture
def exporter(prefix: str) -> Iterator[ElasticsearchExporter]:
    """Return one that knows no certificates."""
    made = ElasticsearchExporter(prefix)
    yield made
    made.close()


def there(node: Elasticsearch, path: str) -> bool:
    try:
        node.call("GET", path)
    except HTTPError as error:
        error.close()
        return False
    return True


def put(node: Elasticsearch, names: Names, dossier: Dossier) -> None:
    """Write all documents of a group, each of which has to be taken."""
    made = documents(dossier)
    said = [(GROUPS, made.group), *((MEMBERS, one) for one in made.members)]
    said += [(HISTORY, one) for one in (*made.history, totals_document(TOTALS))]
    lines = []
    for kind, one in said:
        lines += [json.dumps({"index": {"_index": names.alias(kind), "_id": one.id}}), one.source.decode()]
    answer = node.call("POST", "_bulk?require_alias=true&refresh=true", "\n".join([*lines, ""]))
    assert not answer["errors"], answer["items"]


def test_setup_makes_all_once(elasticsearch: Elasticsearch, exporter: ElasticsearchExporter) -> None:
    planned = exporter.setup(elasticsearch.url, dry_run=True)
    assert {step.state for step in planned} == {"to create"}
    assert not there(elasticsearch, planned[0].path)
    done = exporter.setup(elasticsearch.url)
    assert [replace(step, state="to create") for step in done] == planned
    assert {step.state for step in done} == {"created"}
    assert {step.state for step in exporter.setup(elasticsearch.url)} == {"there"}
    for kind in KINDS:
        alias, index = exporter.names.alias(kind), exporter.names.index(kind)
        found = elasticsearch.call("GET", alias)
        assert found[index]["aliases"] == {alias: {"is_write_index": True}}
        assert found[index]["mappings"]["dynamic"] == "false"
        assert found[index]["mappings"]["_meta"]["managed_by"] == "stormcell"


def test_a_server_takes_every_field(elasticsearch: Elasticsearch, exporter: ElasticsearchExporter) -> None:
    exporter.setup(elasticsearch.url)
    unit = [0.0] * (mappings.DIMENSIONS - 1) + [1.0]
    put(elasticsearch, exporter.names, replace(full(), portrait=unit))
    for kind in KINDS:
        alias = exporter.names.alias(kind)
        for field in mappings.FIELDS[kind]:
            if field.options.get("index") is False or field.type == "object":
                continue
            exists = {"query": {"exists": {"field": field.name}}}
            assert elasticsearch.call("POST", f"{alias}/_count", exists)["count"] >= 1, field.name
    by = {"size": 0, "aggs": {"by": {"terms": {"field": "incident_group.severity"}}}}
    found = elasticsearch.call("POST", f"{exporter.names.alias(GROUPS)}/_search", by)
    assert [one["key"] for one in found["aggregations"]["by"]["buckets"]] == ["critical"]


def test_a_server_takes_whatever_telemetry_holds(
    elasticsearch: Elasticsearch, exporter: ElasticsearchExporter
) -> None:
    exporter.setup(elasticsearch.url)
    for name in ODD:
        text = f"{name}\x1b[0m\u202e"
        labels = {f"labels.{name}": text}
        first = event(text, text, signal=Signal.ALERT, service=text, attributes=labels, trace_id=text)
        dossier = lone(first)
        profile = Profile({name: 1.0}, (Saying("log", name, name, 1),), {name: 1.0})
        told = replace(entry(s(1), name, name, name), detail={name: name})
        put(
            elasticsearch,
            exporter.names,
            replace(dossier, group=replace(dossier.group, profile=profile), history=[told]),
        )
    long = "ü" * 40_000
    labels = {f"labels.{at}{long}": long for at in range(300)}
    first = event(long, long, signal=Signal.ALERT, service=long, attributes=labels, time=2**64 - 1, duration=2**64)
    put(elasticsearch, exporter.names, lone(first, *(f"{at}{long}" for at in range(1000))))


def test_an_index_of_before_gets_new_fields(
    elasticsearch: Elasticsearch, exporter: ElasticsearchExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setitem(mappings.FIELDS, GROUPS, mappings.GROUP[:-1])
        exporter.setup(elasticsearch.url)
    changed = [step for step in exporter.setup(elasticsearch.url) if step.state != "there"]
    alias = exporter.names.alias(GROUPS)
    assert [(step.state, step.path) for step in changed] == [
        ("changed", f"/_component_template/{alias}@mappings"),
        ("changed", f"/{alias}/_mapping"),
    ]
    assert {step.state for step in exporter.setup(elasticsearch.url)} == {"there"}
    [index] = elasticsearch.call("GET", f"{alias}/_mapping").values()
    assert "digest" in index["mappings"]["properties"]["incident_group"]["properties"]


def test_an_alias_that_somebody_took_away_comes_back(
    elasticsearch: Elasticsearch, exporter: ElasticsearchExporter
) -> None:
    exporter.setup(elasticsearch.url)
    alias, index = exporter.names.alias(MEMBERS), exporter.names.index(MEMBERS)
    elasticsearch.call("DELETE", f"{index}/_alias/{alias}")
    [step] = [step for step in exporter.setup(elasticsearch.url) if step.state != "there"]
    assert step.path == f"/{index}/_alias/{alias}"
    assert {step.state for step in exporter.setup(elasticsearch.url)} == {"there"}


def test_users_add_fields_of_their_own(elasticsearch: Elasticsearch, exporter: ElasticsearchExporter) -> None:
    own = {"template": {"mappings": {"properties": {"team": {"type": "keyword"}}}}}
    elasticsearch.call("PUT", f"_component_template/{exporter.names.custom(GROUPS)}", own)
    exporter.setup(elasticsearch.url)
    [index] = elasticsearch.call("GET", exporter.names.alias(GROUPS)).values()
    assert index["mappings"]["properties"]["team"] == {"type": "keyword"}
    assert {step.state for step in exporter.setup(elasticsearch.url)} == {"there"}


def _an_index(node: Elasticsearch, names: Names) -> None:
    node.call("PUT", names.alias(GROUPS))


def _an_alias(node: Elasticsearch, names: Names) -> None:
    node.call("PUT", f"{names.prefix}-mine", {"aliases": {names.alias(MEMBERS): {}}})


def _a_left_index(node: Elasticsearch, names: Names) -> None:
    node.call("PUT", names.index(HISTORY))


def _a_component(node: Elasticsearch, names: Names) -> None:
    node.call("PUT", f"_component_template/{names.mappings(GROUPS)}", {"template": {}})


def _a_template(node: Elasticsearch, names: Names) -> None:
    template = {"index_patterns": [f"{names.prefix}-x"], "_meta": {"managed_by": "me"}}
    node.call("PUT", f"_index_template/{names.template(MEMBERS)}", template)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_an_index, "-groups is an index, where Stormcell needs an alias; take another prefix"),
        (_an_alias, "the index behind .*-members is there and not Stormcell's"),
        (_a_left_index, "the index .*-history-v1-000001 is there and not Stormcell's"),
        (_a_component, "the component template .*-groups@mappings is there and not Stormcell's"),
        (_a_template, "the index template .*-members is there and not Stormcell's"),
    ],
)
def test_what_is_somebody_elses_stops_it_before_anything_is_done(
    elasticsearch: Elasticsearch,
    exporter: ElasticsearchExporter,
    make: Callable[[Elasticsearch, Names], None],
    message: str,
) -> None:
    make(elasticsearch, exporter.names)
    for dry_run in (True, False):
        with pytest.raises(SettingsError, match=message):
            exporter.setup(elasticsearch.url, dry_run=dry_run)
    assert not there(elasticsearch, f"_component_template/{exporter.names.settings}")


def test_a_client_that_is_too_new_is_told_apart(
    request: pytest.FixtureRequest, exporter: ElasticsearchExporter
) -> None:
    if client_major() < 9:
        pytest.skip("this client speaks to all servers")
    node: Elasticsearch = request.getfixturevalue("elasticsearch_8")
    with pytest.raises(
        DeliveryError, match=r"does not speak with version 9.* pip install 'elasticsearch>=8.19,<9'"
    ):
        exporter.setup(node.url)


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what sets as whom we come."""

    def come(name: str) -> None:
        monkeypatch.setenv(USERNAME, name)
        monkeypatch.setenv(PASSWORD, people.PASSWORD)

    return come


@pytest.mark.parametrize(("option", "value"), [("ca_file", str(CERTIFICATE)), ("fingerprint", FINGERPRINT)])
def test_a_certificate_is_trusted_by_its_authority_or_its_fingerprint(
    elasticsearch_secure: Elasticsearch, prefix: str, option: str, value: str, as_user: Callable[[str], None]
) -> None:
    as_user("admin")
    assert ElasticsearchExporter(prefix, **{option: value}).setup(elasticsearch_secure.url)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "change", "message"),
    [
        ({}, ("", ""), r"nobody trusted here has signed; name the file of its authority in the option ca_file"),
        ({"fingerprint": "0" * 64}, ("", ""), r"another fingerprint than that of the option fingerprint"),
        ({"ca_file": str(CERTIFICATE)}, ("127.0.0.1", "127.0.0.2"), r"cannot be reached|for another name"),
        ({}, ("https:", "http:"), r"closed the connection without an answer; if it speaks TLS, write https://"),
    ],
)
def test_a_certificate_that_is_not_trusted_is_told_apart(
    elasticsearch_secure: Elasticsearch,
    prefix: str,
    options: dict[str, Any],
    change: tuple[str, str],
    message: str,
) -> None:
    with pytest.raises(DeliveryError, match=message):
        ElasticsearchExporter(prefix, **options).setup(elasticsearch_secure.url.replace(*change))


def test_a_server_without_tls_is_told_apart(
    elasticsearch_9: Elasticsearch, exporter: ElasticsearchExporter
) -> None:
    with pytest.raises(DeliveryError, match="speaks no TLS; write http://"):
        exporter.setup(elasticsearch_9.url.replace("http:", "https:"))


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({}, f"wants to know who asks \\(401\\); set {API_KEY}, or"),
        ({USERNAME: "admin", PASSWORD: "wr0ng"}, f"does not accept {USERNAME} \\(401\\)"),
        ({API_KEY: "wr0ng:wr0ng"}, f"does not accept {API_KEY} \\(401\\)"),
        ({TOKEN: "wr0ng"}, f"does not accept {TOKEN} \\(401\\)"),
    ],
)
def test_wrong_secrets_are_named_and_not_shown(
    elasticsearch_secure: Elasticsearch,
    prefix: str,
    held: dict[str, str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in held.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DeliveryError, match=message) as caught:
        ElasticsearchExporter(prefix, ca_file=str(CERTIFICATE)).setup(elasticsearch_secure.url)
    assert caught.value.retryable
    assert "wr0ng" not in str(caught.value)


@pytest.fixture(scope="session")
def guarded(elasticsearch_secure: Elasticsearch) -> Elasticsearch:
    """Return a node with a user for each role of ours, and for each that lacks a privilege of it."""
    people.hire(elasticsearch_secure, [*people.every_lack()])
    return elasticsearch_secure


def _all_of(role: str, exporter: ElasticsearchExporter, url: str) -> None:
    """Do all that a role is for."""
    dossier = replace(full(), portrait=())
    dossier = replace(dossier, group=replace(dossier.group, status="open"))
    if role == SETUP:
        exporter.setup(url)
        exporter.rebuild([dossier], url)
        return
    exporter.project([dossier], url, whole=True)
    assert not [*exporter.compare([dossier], url)]
    exporter.project([lone(event("other"))], url, whole=True)


LACKS = [
    (role, name)
    for role in (SETUP, WRITER)
    for name in (*people.OURS[role]["cluster"], *people.OURS[role]["indices"][0]["privileges"])
    # The one is of a module that this server is without, the other is for what a broken rebuild left.
    if name != "manage_ilm" and (role, name) != (SETUP, "delete")
]


@pytest.mark.parametrize("role", [SETUP, WRITER])
def test_our_roles_suffice(guarded: Elasticsearch, prefix: str, role: str, as_user: Callable[[str], None]) -> None:
    exporter = ElasticsearchExporter(prefix, ca_file=str(CERTIFICATE), retention_days=10_000)
    as_user(SETUP)
    exporter.setup(guarded.url)
    as_user(role)
    _all_of(role, exporter, guarded.url)


@pytest.mark.parametrize(("role", "privilege"), LACKS)
def test_our_roles_have_nothing_to_spare(
    guarded: Elasticsearch, prefix: str, role: str, privilege: str, as_user: Callable[[str], None]
) -> None:
    exporter = ElasticsearchExporter(prefix, ca_file=str(CERTIFICATE), retention_days=10_000)
    as_user(SETUP)
    exporter.setup(guarded.url)
    as_user(f"{role}-without-{privilege}")
    with pytest.raises(DeliveryError) as caught:
        _all_of(role, exporter, guarded.url)
    assert "lacks " in str(caught.value)
    assert " of docs/elasticsearch.md has all that are needed" in str(caught.value)
    assert caught.value.retryable


def test_who_may_only_read_may_not_write(
    guarded: Elasticsearch, prefix: str, as_user: Callable[[str], None]
) -> None:
    exporter = ElasticsearchExporter(prefix, ca_file=str(CERTIFICATE), retention_days=10_000)
    as_user(SETUP)
    exporter.setup(guarded.url)
    as_user(READER)
    with pytest.raises(DeliveryError, match=f"lacks the index privilege .*; the role {WRITER}"):
        _all_of(WRITER, exporter, guarded.url)
