"""stormcell learn: what is usual, before anything is grouped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.program import EXAMPLE, stormcell

SECOND = 10**9
START = 1_700_000_100


def logs(path: Path, minutes: range, text: str = "heartbeat", severity: int = 17) -> Path:
    """Write a failing log a minute."""
    records = [
        {
            "timeUnixNano": str((START + 60 * minute) * SECOND),
            "severityNumber": severity,
            "body": {"stringValue": text},
            "attributes": [{"key": "log.record.uid", "value": {"stringValue": f"{text}-{minute}"}}],
        }
        for minute in minutes
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    request = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}
    path.write_text(json.dumps(request))
    return path


def test_history_tells_from_the_first_minute_what_is_usual(tmp_path: Path) -> None:
    history = logs(tmp_path / "history.json", range(600))
    today = logs(tmp_path / "today.json", range(600, 610))
    cold = stormcell("group", today, "--json")
    assert len(cold.json["groups"]) == 1
    assert "Still learning what is usual (1 stretch of time seen" in cold.err
    learned = stormcell("learn", history, "--out", tmp_path / "out")
    assert learned.code == 0
    assert learned.out == "Learned 600 events; known now: 1 template over 40 stretches of 15 min.\n"
    warm = stormcell("group", today, "--out", tmp_path / "out", "--json")
    assert warm.json["groups"] == []
    assert len(warm.json["background"]) == 10


@pytest.mark.slow
def test_what_is_learned_twice_is_learned_once(tmp_path: Path) -> None:
    for _ in range(2):
        told = stormcell("learn", EXAMPLE, "--out", tmp_path / "out", "--json").json
        assert (told["events"], told["learning"]) == (8118, False)
    out = stormcell("group", EXAMPLE, "--out", tmp_path / "out", "--json").json
    assert out == stormcell("group", EXAMPLE, "--json").json


def test_too_little_is_said_to_be_too_little(tmp_path: Path) -> None:
    ran = stormcell("learn", logs(tmp_path / "a.json", range(3)), "--out", tmp_path / "out")
    assert "Still learning: nothing is called usual before 3 more of them were seen." in ran.out


def test_other_buckets_make_what_was_learned_useless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = logs(tmp_path / "a.json", range(3))
    assert stormcell("learn", path, "--out", tmp_path / "out").code == 0
    monkeypatch.setenv("STORMCELL_BACKGROUND__BUCKET_SECONDS", "60")
    ran = stormcell("group", path, "--out", tmp_path / "out")
    assert ran.code == 1
    assert "learned with background.bucket_seconds at 900.0, which is now 60.0" in ran.err


def test_nothing_to_learn_from(tmp_path: Path) -> None:
    ran = stormcell("learn", tmp_path / "none", "--out", tmp_path / "out")
    assert ran.code == 2
    assert not (tmp_path / "out").exists()
