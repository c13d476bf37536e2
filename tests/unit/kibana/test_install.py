"""Installing over HTTP into a stand-in for Kibana."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from stormcell.errors import DeliveryError, SettingsError
from stormcell.registry import assets
from stormcell_exporters.kibana.objects import saved_objects
from stormcell_exporters.kibana.panels import Ids
from stormcell_exporters.kibana.rule import GUIDE
from tests.unit.kibana.kibana import FakeKibana, serving

IMPORT = "/api/saved_objects/_import"
RULE = f"/api/alerting/rule/{Ids().rule}"
TLS = Path(__file__).parents[2] / "fixtures" / "tls"
TRIAGE = "/api/dashboards/stormcell-triage"


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"STORMCELL_KIBANA_{name}", raising=False)
        monkeypatch.delenv(f"STORMCELL_KIBANA_{name}_FILE", raising=False)


@pytest.fixture
def kibana() -> Iterator[FakeKibana]:
    with serving(FakeKibana()) as served:
        yield served


def states(kibana: FakeKibana, *, dry_run: bool = False) -> set[str]:
    return {step.state for step in assets("kibana").install(kibana.url, dry_run=dry_run)}


def test_all_is_there_afterwards_and_a_second_time_nothing_is_written(kibana: FakeKibana) -> None:
    made = assets("kibana")
    lacking = made.missing(kibana.url)
    assert len(lacking) == len(saved_objects(Ids())) + 1
    assert states(kibana) == {"created"}
    assert made.missing(kibana.url) == []
    assert set(kibana.objects) == {(one["type"], one["id"]) for one in saved_objects(Ids())}
    assert kibana.rules[Ids().rule]["artifacts"]["investigation_guide"]["blob"] == GUIDE
    written = len(kibana.wrote())
    assert states(kibana) == {"there"}
    assert len(kibana.wrote()) == written


def test_a_dry_run_writes_nothing(kibana: FakeKibana) -> None:
    steps = assets("kibana").install(kibana.url, dry_run=True)
    assert {step.state for step in steps} == {"to create"}
    assert all(json.loads(step.body) for step in steps)
    assert kibana.wrote() == []


def test_what_was_edited_is_put_back(kibana: FakeKibana) -> None:
    states(kibana)
    kibana.objects["search", "stormcell-living"]["attributes"]["columns"] = ["message"]
    assert states(kibana, dry_run=True) == {"there", "to change"}
    assert states(kibana) == {"there", "changed"}
    assert kibana.objects["search", "stormcell-living"]["attributes"]["columns"][0] == "incident_group.id"


def test_actions_of_the_rule_stay(kibana: FakeKibana) -> None:
    states(kibana)
    rule = kibana.rules[Ids().rule]
    rule["actions"] = [{"id": "pager", "group": "query matched", "params": {"a": 1}, "connector_type_id": ".x"}]
    rule["notify_when"] = None
    rule["schedule"] = {"interval": "1d"}
    assert states(kibana) == {"there", "changed"}
    rule = kibana.rules[Ids().rule]
    assert rule["schedule"] == {"interval": "1m"}
    # What Kibana tells of an action but does not take is left out.
    assert rule["actions"] == [{"id": "pager", "group": "query matched", "params": {"a": 1}}]


def test_a_rule_that_somebody_made_meanwhile_is_brought_up_to_date(kibana: FakeKibana) -> None:
    kibana.refuse["GET", RULE] = [(404, {"message": "not yet"})]
    kibana.rules[Ids().rule] = {"name": "theirs", "actions": []}
    assert "changed" in states(kibana)
    assert kibana.rules[Ids().rule]["name"].startswith("[Stormcell]")


@pytest.mark.parametrize(("version", "guided"), [("8.18.3", False), ("8.19.5", True), ("9.0.1", False)])
def test_a_version_without_guides_gets_a_rule_without(version: str, guided: bool) -> None:
    with serving(FakeKibana(version=version)) as kibana:
        states(kibana)
        assert ("artifacts" in kibana.rules[Ids().rule]) is guided


def test_from_9_5_the_triage_dashboard_goes_through_its_api() -> None:
    with serving(FakeKibana(version="9.5.0")) as kibana:
        assert states(kibana) == {"created"}
        assert ("dashboard", "stormcell-triage") not in kibana.objects
        assert kibana.dashboards["stormcell-triage"]["panels"][0]["id"] == "open-by-severity"
        wrote = kibana.wrote()
        assert wrote.index(f"POST {IMPORT}?overwrite=true") < wrote.index(f"PUT {TRIAGE}")


def test_where_the_dashboards_api_is_unknown_the_dashboard_is_imported() -> None:
    with serving(FakeKibana(version="9.5.0")) as kibana:
        kibana.refuse["PUT", TRIAGE] = [(404, {"message": "Not Found"})]
        states(kibana)
        assert ("dashboard", "stormcell-triage") in kibana.objects


def test_a_space_and_a_base_path() -> None:
    with serving(FakeKibana(base="/tools/kibana", space="operations")) as kibana:
        made = assets("kibana", space="operations")
        made.install(kibana.url + "/")
        assert ("dashboard", "stormcell-operations-triage") in kibana.objects
        assert made.missing(kibana.url) == []


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({"API_KEY": "a-key=="}, "ApiKey a-key=="),
        ({"USERNAME": "ann", "PASSWORD": "p:w"}, "Basic " + base64.b64encode(b"ann:p:w").decode()),
        ({"API_KEY": "a-key", "USERNAME": "ann"}, "ApiKey a-key"),
    ],
)
def test_credentials_come_from_the_environment(
    variables: dict[str, str], sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"STORMCELL_KIBANA_{name}", value)
    with serving(FakeKibana(credentials=sent)) as kibana:
        assert states(kibana) == {"created"}


def test_credentials_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("a-key\n")
    monkeypatch.setenv("STORMCELL_KIBANA_API_KEY_FILE", str(tmp_path / "key"))
    with serving(FakeKibana(credentials="ApiKey a-key")) as kibana:
        assert states(kibana) == {"created"}


def test_wrong_credentials_are_said_without_showing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(FakeKibana(credentials="ApiKey right")) as kibana:
        with pytest.raises(DeliveryError, match=r"asks for credentials; set STORMCELL_KIBANA_API_KEY"):
            states(kibana)
        monkeypatch.setenv("STORMCELL_KIBANA_API_KEY", "wrong-secret")
        with pytest.raises(DeliveryError, match=r"answered 401 .* does not take the credentials") as failed:
            states(kibana)
        assert "wrong-secret" not in str(failed.value)


@pytest.mark.parametrize("path", [IMPORT, RULE])
def test_a_missing_privilege_is_said(path: str, kibana: FakeKibana) -> None:
    kibana.refuse["POST", path] = [(403, {"message": "Unable to bulk_create dashboard"})]
    with pytest.raises(DeliveryError, match=r"403 .*Unable to bulk_create dashboard.*Stack Rules") as failed:
        states(kibana)
    assert not failed.value.retryable


def test_a_space_that_there_is_not_is_said(kibana: FakeKibana) -> None:
    with pytest.raises(DeliveryError, match=r"404 .*is the space right"):
        assets("kibana", space="nowhere").install(kibana.url)


def test_objects_that_are_not_taken_are_named(kibana: FakeKibana) -> None:
    errors = [{"type": "dashboard", "id": "x", "error": {"type": "conflict"}}]
    kibana.refuse["POST", IMPORT] = [(200, {"success": False, "successCount": 7, "errors": errors})]
    with pytest.raises(DeliveryError, match=r"did not take all objects: dashboard/x \(conflict\)"):
        states(kibana)


def test_ids_that_another_space_has_are_said(kibana: FakeKibana) -> None:
    results = [{"type": "dashboard", "id": "stormcell-triage", "destinationId": "0815"}]
    kibana.refuse["POST", IMPORT] = [(200, {"success": True, "successResults": results})]
    with pytest.raises(DeliveryError, match=r"gave stormcell-triage other ids, as another space has these"):
        states(kibana)


def test_what_is_no_kibana_is_said(kibana: FakeKibana) -> None:
    with pytest.raises(DeliveryError, match=r"is no Kibana: it answered 404 .* base path"):
        assets("kibana").install(f"{kibana.url}/elsewhere")


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"version": 9}', b'{"version": {"number": "nine"}}'])
def test_a_version_that_is_none_is_said(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd(FakeKibana):
        def answer(self, asked: object) -> tuple[int, bytes]:
            return 200, answer

    with serving(Odd()) as kibana, pytest.raises(DeliveryError, match="does not tell a version"):
        states(kibana)


def test_a_busy_one_may_be_tried_again(kibana: FakeKibana) -> None:
    kibana.refuse["POST", IMPORT] = [(503, {"message": "Kibana is starting\x1b[31m"})]
    with pytest.raises(DeliveryError, match=r"503 .*Kibana is starting \[31m") as failed:
        states(kibana)
    assert failed.value.retryable
    assert states(kibana) == {"created"}


def test_nobody_there_is_said() -> None:
    with serving(FakeKibana()) as gone:
        pass
    with pytest.raises(DeliveryError, match="cannot be reached"):
        states(gone)


def test_a_certificate_is_trusted_where_its_signer_is_named() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
    with serving(FakeKibana(), context) as kibana:
        made = assets("kibana", ca_file=str(TLS / "localhost.pem"))
        assert {step.state for step in made.install(kibana.url)} == {"created"}
        with pytest.raises(DeliveryError, match=r"cannot be reached \(SSL\); .* in --ca"):
            states(kibana)
        with pytest.raises(SettingsError, match=r"nowhere\.pem"):
            assets("kibana", ca_file="nowhere.pem").install(kibana.url)


@pytest.mark.parametrize("url", ["kibana:5601", "ftp://kibana", "https://ann:secret@kibana", "http://kibana/?x=1"])
def test_what_is_no_url_is_said(url: str) -> None:
    with pytest.raises(SettingsError, match="expected") as failed:
        assets("kibana").install(url)
    assert "secret" not in str(failed.value)
