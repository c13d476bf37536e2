"""An exporter of somebody else, from a package of its own, which knows of us what the documents tell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.program import ROOT, process
from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import until
from tests.integration.telemetry import log, logs
from tests.unit.wire.servers import Answer, HttpReceiver, Received

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables with which a process finds the wheel of the example as if it were installed."""
    folder = tmp_path_factory.mktemp("tickets")
    source = shutil.copytree(ROOT / "examples" / "tickets-exporter", folder / "source")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    before = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": f"{folder / 'site'}{os.pathsep if before else ''}{before}", "TICKETS_TOKEN": "s3cret"}


def exporter(target: str, **options: Any) -> dict[str, Any]:
    return {"name": "desk", "kind": "tickets", "target": target, "options": options, "wait": 0, "interval": 0}


def tickets(requests: list[Received]) -> list[tuple[str, str, str]]:
    """Return the path, queue and status of each ticket that came."""
    bodies = [json.loads(request.body) for request in requests]
    return [(request.path, body["queue"], body["status"]) for request, body in zip(requests, bodies, strict=True)]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"queue": "shop", "timeout": 3}, 0, "The settings are valid."),
        ({}, 2, "the exporter 'tickets' (stormcell_tickets:TicketsExporter) needs the option 'queue': text"),
        ({"queue": "shop", "colour": "red"}, 2, "has no option 'colour'; there are: queue, timeout"),
        ({"queue": "shop", "timeout": "long"}, 2, "the option 'timeout': expected a number, found text"),
        ({"queue": "shop", "timeout": 0}, 2, "the option 'timeout': expected seconds, more than 0; found 0"),
    ],
    ids=str,
)
def test_its_options_are_checked(
    options: dict[str, Any], code: int, said: str, installed: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "stormcell.yaml"
    config.write_text(yaml.safe_dump({"notifications": {"exporters": [exporter("https://host", **options)]}}))
    ran = process("config", "check", "--config", config, env={**os.environ, **installed})
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_it_is_handed_groups_until_it_takes_them(installed: dict[str, str], tmp_path: Path) -> None:
    busy = Answer(503, {"retry-after": "0"})
    with HttpReceiver(busy) as receiver:
        settings = {"live": HASTY, "notifications": {"exporters": [exporter(f"{receiver.url}/t", queue="shop")]}}
        with Running(tmp_path / "sidecar", settings, installed).start() as sidecar:
            # All in one tick, so that there is one revision of the group.
            sidecar.send(logs(*[log(f"a{number}", "disk full on db", at=number / 10) for number in range(5)]))
            assert receiver.wait(2, PATIENCE)
            until(lambda: sidecar.cli("outbox", "list", "--json").json == [], PATIENCE)
            [id] = sidecar.groups()
            assert tickets(receiver.requests) == [(f"/t/{id}", "shop", "open")] * 2
            assert receiver.requests[0].headers["authorization"] == "Bearer s3cret"
            receiver.answers.append(Answer(403))
            sidecar.post(f"groups/{id}/ack")
            until(lambda: sidecar.get("status")["delivery"]["desk"]["dead"] == 1, PATIENCE)
            [dead] = sidecar.cli("outbox", "list", "--json").json
            assert (dead["exporter"], dead["problem"]) == ("desk", "the ticket tool answered 403")
            assert sidecar.cli("outbox", "retry", "--all").code == 0
            sidecar.post(f"groups/{id}/resolve")  # it looks there whenever something changes
            until(lambda: sidecar.cli("outbox", "list", "--json").json == [], PATIENCE)
            told = [status for _, _, status in tickets(receiver.requests)]
            assert told == ["open", "open", "acknowledged", "acknowledged", "resolved"]
            assert "s3cret" not in sidecar.said
