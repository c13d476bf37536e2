"""The parts of deploy/ speak of the same ports, paths and settings, and the settings are valid."""

from __future__ import annotations

import shlex

import pytest

from stormcell.config import Settings
from tests.deploy.files import DEPLOY, document
from tests.integration.program import stormcell

FILES = sorted(DEPLOY.rglob("stormcell.yaml"))


def unit() -> dict[str, list[str]]:
    """Return the settings of the section Service, each with all its values."""
    found: dict[str, list[str]] = {}
    text = (DEPLOY / "systemd" / "stormcell.service").read_text("utf-8")
    for line in text.partition("[Service]")[2].partition("[Install]")[0].splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_settings_are_valid(file: object) -> None:
    assert stormcell("config", "check", "--config", str(file)).code == 0


def test_the_collector_finds_the_sidecar() -> None:
    receivers = Settings().receivers
    exporter = document("collector/collector.yaml")["exporters"]["otlp/stormcell"]
    assert exporter["endpoint"] == f"${{env:STORMCELL_ENDPOINT:-{receivers.grpc_host}:{receivers.grpc_port}}}"


def test_alertmanager_finds_the_sidecar() -> None:
    receivers = Settings().receivers
    [hook] = document("alertmanager/alertmanager.yml")["receivers"][1]["webhook_configs"]
    assert hook["url"] == f"http://{receivers.http_host}:{receivers.http_port}/v1/alerts/alertmanager"


def test_the_unit_hands_over_every_token() -> None:
    credentials = dict(value.split(":", 1) for value in unit()["LoadCredential"])
    tokens = document("systemd/stormcell.yaml")["receivers"]["tokens"]
    assert {token["file"] for token in tokens} == {
        f"/run/credentials/stormcell.service/{name}" for name in credentials
    }


def test_the_unit_and_the_image_run_commands_that_exist() -> None:
    for command in (unit()["ExecStart"][0], unit()["ExecStartPre"][0]):
        words = shlex.split(command)
        assert words[0] == "/opt/stormcell/bin/stormcell"
        asked = [word for word in words[1:] if word.isalpha()]
        assert stormcell(*asked, "--help").code == 0
