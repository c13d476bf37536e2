"""The pictures in docs/kibana are of our dashboards as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from stormcell_exporters.kibana.boards import BOARDS, SESSIONS
from stormcell_exporters.kibana.panels import Panel

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "kibana"


def test_they_are_drawn_from_the_results(tmp_path: Path) -> None:
    program = ROOT / "scripts" / "make-kibana-pictures"
    target = FOLDER if os.environ.get("UPDATE_GOLDEN") == "1" else tmp_path
    subprocess.run([sys.executable, program, target], check=True)
    assert {path.stem for path in FOLDER.glob("*.svg")} == {board.name for board in BOARDS}
    for board in BOARDS:
        drawn = (target / f"{board.name}.svg").read_text("utf-8")
        assert drawn == (FOLDER / f"{board.name}.svg").read_text("utf-8"), "run scripts/make-kibana-pictures"
        words = {element.text for element in ElementTree.fromstring(drawn).iter() if element.text}
        assert {panel.title for panel in board.panels} <= words


def test_the_results_are_of_the_panels_that_there_are() -> None:
    kept = json.loads((FOLDER / "results.json").read_text("utf-8"))
    assert [board["name"] for board in kept] == [board.name for board in BOARDS]
    for board, there in zip(BOARDS, kept, strict=True):
        for one, shown in zip(board.panels, there["panels"], strict=True):
            assert (one.id, one.title) == (shown["id"], shown["title"]), "UPDATE_PICTURES=1 scripts/test-services"
            assert [one.place.x, one.place.y, one.place.w, one.place.h] == shown["place"]
            assert shown["rows"]
            labels = [label for label, _ in shown["columns"]]
            if isinstance(one, Panel):
                assert labels == [part.label for part in (*one.buckets, *one.metrics)]
            else:
                [chosen] = [each for each in SESSIONS if each.name == one.session]
                assert labels == ["@timestamp", *chosen.columns]
