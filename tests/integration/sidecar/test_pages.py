"""The pages of a sidecar that runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.integration.sidecar.running import HASTY, PATIENCE, Running
from tests.integration.sidecar.support import until
from tests.integration.telemetry import Json, log, logs

pytestmark = pytest.mark.slow

TOKEN = "s3cret-of-the-night-shift"
LIVE: Json = {**HASTY, "quiet_seconds": 10_000, "keep_seconds": 10_000}


def test_groups_appear_and_are_acknowledged(tmp_path: Path) -> None:
    with Running(tmp_path / "sidecar", {"live": LIVE}) as running:
        client = running.start().client
        first = client.get("/")
        assert first.status_code == 200
        assert "No groups yet" in first.text
        records = [log(f"e-{at}", "disk full on db", at=3 * at) for at in range(5)]
        running.send(logs(*records))
        until(lambda: "data-group=" in client.get("/").text, PATIENCE)
        page = client.get("/").text
        csrf = re.findall(r'name="csrf" value="([0-9a-f]+)"', page)[0]
        name = re.findall(r'data-group="([^"]+)"', page)[0]
        assert client.post(f"/groups/{name}/ack", data={"csrf": csrf, "back": "/"}).status_code == 303
        until(lambda: "acknowledged" in {group["status"] for group in running.get("groups")["groups"]}, PATIENCE)
        # All else is as it is without pages.
        assert client.get("/nowhere").headers["content-type"] == "application/json"
        assert client.get("/v1/logs").status_code == 405
        assert client.get("/healthz").json() == {"status": "ok"}


def test_with_tokens_people_log_in(tmp_path: Path) -> None:
    tokens = [{"name": "oncall", "variable": "ONCALL", "scopes": ["read"]}]
    with Running(tmp_path / "s", {"live": LIVE, "receivers": {"tokens": tokens}}, {"ONCALL": TOKEN}) as running:
        client = running.start().client
        assert client.get("/").headers["location"] == "/login"
        assert client.post("/login", data={"token": TOKEN}).headers["location"] == "/"
        assert "No groups yet" in client.get("/").text


def test_they_can_be_left_out(tmp_path: Path) -> None:
    with Running(tmp_path / "s", {"live": LIVE, "web": {"enabled": False}}) as running:
        found = running.start().client.get("/")
        assert (found.status_code, found.headers["content-type"]) == (404, "application/json")
