"""stormcell groups background: what was set apart can be found."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.program import stormcell


def test_all_background_is_there_and_the_most_surprising_comes_first(grouped: Path) -> None:
    expected = json.loads((grouped / "groups.json").read_bytes())["background"]
    found = stormcell("groups", "background", "--store", grouped, "--top", "100000", "--json").json
    assert sorted(uid for atom in found for uid in atom["members"]) == expected
    surprise = [atom["surprise"] for atom in found]
    assert surprise == sorted(surprise, reverse=True)


def test_is_searched_by_text_and_service(grouped: Path) -> None:
    options = ("groups", "background", "--store", grouped, "--top", "3")
    ran = stormcell(*options, "--search", "CONTROLLER", "--service", "ts-seat-service")
    assert ran.code == 0
    rows = ran.out.splitlines()[1:]
    assert len(rows) == 3
    assert all("Controller" in row and " ts-seat-service " in row for row in rows)
    assert "background, of which 3 are shown" in ran.err
    nothing = stormcell(*options, "--search", "no such text")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "0 events in 0 atoms of background\n")
