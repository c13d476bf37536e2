"""What is kept grows with distinct rows, not with events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stormcell import read
from stormcell.config import Settings
from stormcell.features.rows import build_rows
from tests.integration.program import stormcell
from tests.integration.telemetry import alert, log, logs, span, traces, webhook, write

TIMES = 10


def _storm(path: Path, times: int) -> Path:
    """Write the same little storm ``times`` times over, each with uids of its own."""
    documents = []
    for i in range(times):
        records = (log(f"{n}-{i}", f"disk {'full' if n % 2 else 'slow'} on db-{n}", at=n * 60) for n in range(6))
        documents.append(logs(*records))
        documents.append(traces(span(2 + 9 * i, "GET"), span(3 + 9 * i, "SELECT", parent=2 + 9 * i)))
        documents.append(webhook(alert(f"f{i}", "DiskFull")))
    return write(path, *documents)


def test_the_same_events_over_and_over_are_the_same_rows(tmp_path: Path) -> None:
    once = build_rows(read([_storm(tmp_path / "1.jsonl", 1)]), Settings())
    often = build_rows(read([_storm(tmp_path / "10.jsonl", TIMES)]), Settings())
    assert len(once) == len(often) == int(once.weight.sum())
    assert list(often.weight) == [TIMES] * len(once)
    assert often.fingerprints == once.fingerprints
    assert [len(members) for members in often.members] == [TIMES] * len(once)


@pytest.mark.parametrize("times", [1, TIMES])
def test_every_event_is_still_placed(times: int, tmp_path: Path) -> None:
    ran = stormcell("group", _storm(tmp_path / "x.jsonl", times), "--out", tmp_path / "out", "--json")
    document: Any = ran.json
    assert document["events"] == times * 9
    placed = [*document["background"], *(uid for group in document["groups"] for uid in group["members"])]
    assert len(placed) == len(set(placed)) == times * 9
    [group, *_] = document["groups"]
    assert len(json.loads((tmp_path / "out" / "groups.json").read_bytes())["groups"]) == len(document["groups"])
    rows = stormcell("groups", "show", group["id"], "--members", "--store", tmp_path / "out").out
    counts = [int(line.split()[2]) for line in rows.partition("\ntime ")[2].splitlines()[1:]]
    assert set(counts) == {times}
