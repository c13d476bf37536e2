"""What is shown on a terminal of 80 columns."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.integration.program import stormcell


@pytest.fixture(params=[80, 100, 120, 200])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    columns: int = request.param
    monkeypatch.setenv("COLUMNS", str(columns))
    return columns


def _lines(*arguments: str | Path) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", stormcell(*arguments, terminal=True).out).splitlines()


def test_the_groups_fit_and_can_be_read(columns: int, grouped: Path) -> None:
    lines = _lines("groups", "list", "--store", grouped)
    groups = json.loads((grouped / "groups.json").read_bytes())["groups"]
    assert max(map(len, lines)) <= columns
    assert [found[0] for line in lines if (found := re.search(r"\bg-[0-9a-f]{12}\b", line))] == [
        group["id"] for group in groups
    ]
    # No column is squeezed to a few characters: a group takes no more than some lines.
    assert len(lines) < 7 * len(groups)
    assert any("exemplar" in line and "blamed" in line for line in lines)


def test_members_fit_and_their_ids_stay_whole(columns: int, grouped: Path) -> None:
    group = json.loads((grouped / "groups.json").read_bytes())["groups"][0]
    lines = _lines("groups", "show", group["id"], "--store", grouped)
    table = lines[next(i for i, line in enumerate(lines) if line.lstrip().startswith("time ")) :]
    assert max(map(len, table)) <= columns
    shown = {uid for uid in group["members"] if any(uid in line.split() for line in table)}
    assert len(shown) >= 15
