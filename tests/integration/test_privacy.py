"""No planted secret reaches a file, standard output or standard error; with privacy off, all do."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.program import files_of, stormcell
from tests.integration.telemetry import (
    Json,
    alert,
    attributes,
    good,
    log,
    logs,
    span,
    text,
    traces,
    webhook,
    write,
)

# Where something is planted, and how: {} is the secret. What is put together here no scanner takes for ours.
SECRETS = {
    "email": ("ann.planted@shop.example", "mail to {} bounced"),
    "ipv4": ("203.0.113.77", "refused by {}:5432"),
    "ipv6": ("2001:db8:77::a1", "refused by [{}]:80"),
    "card": ("4111 1111 1111 1111", "charged {} twice"),
    "amex": ("378282246310005", "card={}"),
    "iban": ("DE89370400440532013000", "paid to {}"),
    "jwt": ("eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoxfQ.c2lnbmF0dXJlLXBsYW50ZWQ", "session {}"),
    "github": ("ghp_" + "PlAnTeD0123456789abcdefghijklmnopqrs", "cloned with {}"),
    "slack": ("xoxb-" + "123456789012-1234567890123-PlAnTeDPlAnTeDPlAnTeDPl", "posted as {}"),
    "stripe": ("sk_live_" + "PlAnTeD0123456789abcd", "charged by {}"),
    "aws-id": ("AKIA" + "PLANTED0PLANTED1", "signed by {}"),
    "aws-secret": ("pLaNtEd0/K7MDENG+bPxRfiCYEXAMPLEKEY0pLa1", "AWS_SECRET_ACCESS_KEY={}"),
    "gcp": ("AIza" + "SyPlAnTeD0123456789abcdefghijklmnop", "maps of {}"),
    "azure": ("cGxhbnRlZC1henVyZS1rZXk=", "AccountName=x;AccountKey={};EndpointSuffix=core.windows.net"),
    "pem": ("MIIEplantedplanted", "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----"),
    "bearer": ("pl4nt3d.b34rer", "Authorization: Bearer {}"),
    "basic": (base64.b64encode(b"planted:basic").decode(), "sent Basic {}"),
    "cookie": ("pl4nt3dcook1e", "Cookie: a=b; sid={}"),
    "url": ("pl4nt3d-url", "postgres://shop:{}@db:5432/shop"),
    "query": ("pl4nt3dquery", "GET https://shop.example/x?id=1&token={}&y=z"),
    "signature": ("pl4nt3dsignature", "GET https://s3.example/x?X-Amz-Signature={}"),
    "equals": ("pl4nt3d-equals", "login user=joe password={} ok"),
    "colon": ("pl4nt3d-colon", "passwd: {}"),
    "json": ("pl4nt3d-json", '{{"user":"joe","secret":"{}"}}'),
    "api-key": ("pl4nt3d-api-key", "x-api-key: {}"),
}
PASSWORD = "pl4nt3d-by-name"
NUMBER = 73519284
NAMES = ("db.password", "http.request.header.authorization", "api_key", "set-cookie", "access_token")
WHOLE = "pl4nt3d by its name"


@pytest.fixture(scope="module")
def telemetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A storm with every secret in every place that takes text."""
    folder = tmp_path_factory.mktemp("telemetry")
    documents: list[Json] = []
    for number, (secret, form) in enumerate(SECRETS.values()):
        said = form.format(secret)
        held = attributes(exception__message=said, request_id=said, http__route=said, logger=said, **{said: said})
        held += [{"key": name, "value": text(WHOLE)} for name in NAMES]
        held += [
            {"key": "pin.password", "value": {"intValue": str(NUMBER)}},
            {"key": "list", "value": {"arrayValue": {"values": [text(said), text("x")]}}},
            {"key": "map", "value": _map({"note": said, "password": PASSWORD})},
        ]
        plain = log(f"plain-{number}", said, at=number, severityText=said)
        deep = log(f"deep-{number}", "", at=number + 0.2, body=_map({"note": said, "password": PASSWORD}))
        traced = log(f"traced-{number}", said, at=number, traceId=f"{number + 1:032x}")
        for record in (plain, deep, traced):
            record["attributes"] += held
        made = logs(plain, deep, traced, service=said)
        made["resourceLogs"][0]["resource"]["attributes"] += attributes(
            k8s__pod__name=said, k8s__node__name=said, host__name=said, process__command_line=said
        )
        # Long after one another, so that each is a group with a title, a draft and links of its own.
        own = traces(
            *(span(number * 8 + i, said, at=4000 * (number + 1), trace=number, attributes=held) for i in (1, 2)),
            service=said,
        )
        told = alert(f"alert-{number}", said, **{"service": said, "pod": said, "password": PASSWORD, said: said})
        told["annotations"] = {"summary": said, "description": said, "runbook_url": said}
        documents += (made, own, {**webhook(told), "externalURL": said, "receiver": said})
    write(folder / "good.jsonl", *documents)
    for name, lines in _broken().items():
        (folder / f"broken-{name}.jsonl").write_text("".join(f"{line}\n" for line in ("{}", *lines)))
    return folder


def _map(values: dict[str, str]) -> Json:
    return {"kvlistValue": {"values": [{"key": key, "value": text(value)} for key, value in values.items()]}}


def _broken() -> dict[str, list[str]]:
    """Make lines with every kind of problem that quotes what it found."""
    files = {}
    for name, (secret, form) in SECRETS.items():
        said = form.format(secret)
        quoted = json.dumps(said)
        files[name] = [
            quoted,
            json.dumps("x" * 50 + " " + said),
            json.dumps({said: 1}),
            f'{{"note": {quoted} oops}}',
            f'{{"note": {quoted[:-1]}\\x"}}',
            json.dumps(logs(log("a", "b", timeUnixNano=said))),
            json.dumps(logs(log("a", "b", attributes=[{"key": "n", "value": {"intValue": said}}]))),
            json.dumps(webhook(alert("a", "b", starts=said))),
            json.dumps(webhook({**alert("a", "b"), "labels": {said: 5}})),
        ]
    password: Any = {"key": "password", "value": {"intValue": PASSWORD}}
    files["names"] = [
        json.dumps(logs(log("a", "b", attributes=[password]))),
        json.dumps(webhook({**alert("a", "b"), "labels": {"password": NUMBER}})),
        f'{{"password": "{PASSWORD}" oops}}',
        f'{{"key": "password", "value": {{"stringValue": "{PASSWORD}\\x"}}}}',
    ]
    return files


def _printed_and_written(telemetry: Path, out: Path) -> dict[str, bytes]:
    """Run everything that shows or stores telemetry; return all bytes by where they were found."""
    found: dict[str, bytes] = {}

    def run(*arguments: str | Path) -> None:
        ran = stormcell(*arguments)
        assert ran.code == 0, ran.err
        shown = " ".join(map(str, arguments))
        found.update({f"{shown}: out": ran.out.encode(), f"{shown}: err": ran.err.encode()})

    run("group", telemetry / "good.jsonl", "--out", out)
    run("group", telemetry / "good.jsonl", "--json")
    run("groups", "list", "--store", out)
    run("groups", "list", "--json", "--store", out)
    for group in json.loads((out / "groups.json").read_bytes())["groups"]:
        for more in ((), ("--json",)):
            run("groups", "show", group["id"], "--members", "--store", out, *more)
            run("explain", group["medoid"]["uid"], "--store", out, *more)
    return {**found, **files_of(out)}


def _planted() -> list[str]:
    """Return each secret as it stands in text, and as JSON and Markdown write it."""
    secrets = [*(secret for secret, _ in SECRETS.values()), PASSWORD, WHOLE, str(NUMBER)]
    return [form for secret in secrets for form in dict.fromkeys((secret, secret.replace("_", "\\_")))]


def _leaks(found: dict[str, bytes]) -> set[str]:
    return {secret for secret in _planted() if any(secret.encode() in data for data in found.values())}


def test_no_secret_gets_out(telemetry: Path, tmp_path: Path) -> None:
    found = _printed_and_written(telemetry, tmp_path / "out")
    where = {(secret, place) for secret in _planted() for place, data in found.items() if secret.encode() in data}
    assert where == set()
    # It was all there to be seen.
    assert {"groups.json", "groups.ndjson", "problems.txt", "stormcell.db"} <= found.keys()
    assert any(place.startswith("drafts/") for place in found)
    for mask in (b"<email>", b"<ip>", b"<card>", b"<iban>", b"<token>", b"<key>", b"<password>", b"<cookie>"):
        assert mask in found["stormcell.db"]


@pytest.mark.parametrize("name", [*SECRETS, "names"])
def test_no_secret_gets_out_by_problems(telemetry: Path, tmp_path: Path, name: str) -> None:
    broken, out = telemetry / f"broken-{name}.jsonl", tmp_path / "out"
    ran = stormcell("group", broken, good(tmp_path), "--out", out)
    assert ran.code == 0, ran.err
    found = {"out": ran.out.encode(), "err": ran.err.encode(), **files_of(out)}
    problems = found["problems.txt"].decode().splitlines()
    assert len(problems) == len(_broken()[name])
    for line in _broken()[name]:
        (tmp_path / "one.jsonl").write_text(f"{{}}\n{line}\n")
        ran = stormcell("group", "--strict", tmp_path / "one.jsonl")
        assert ran.code == 2
        found[f"strict {line}"] = (ran.out + ran.err).encode()
    assert _leaks(found) == set()


def test_with_privacy_off_every_secret_gets_out(
    telemetry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORMCELL_PRIVACY__MASK", "false")
    found = _printed_and_written(telemetry, tmp_path / "out")
    missing = {secret for secret, _ in SECRETS.values()} | {PASSWORD, WHOLE, str(NUMBER)}
    assert missing - _leaks(found) == set()
    for name in ("groups.json", "groups.ndjson", "stormcell.db"):
        assert {"ann.planted@shop.example", "203.0.113.77"} <= _leaks({name: found[name]})
