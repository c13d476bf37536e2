"""The dashboards for Grafana are as they are written, of a form that it reads, and ask for what there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stormcell.telemetry.names import METRICS, prometheus_name
from tests.deploy.files import DEPLOY, ROOT, document
from tests.deploy.test_prometheus import ALL, EVERYWHERE, RECORDED, SERIES, VALUES, anchors

FOLDER = DEPLOY / "grafana"
BOARDS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
UNITS = {"none", "percentunit", "s", "bytes", "cps", "ops", "reqps"}
KINDS = {"timeseries", "stat", "bargauge", "heatmap", "table", "state-timeline"}
PROMETHEUS = {"ALERTS", "up"}
"""What Prometheus itself tells."""

each_board = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the panels that show something."""
    yield from (panel for panel in board["panels"] if panel["type"] != "row")


def expressions(board: dict[str, Any]) -> list[str]:
    asked = [target["expr"] for panel in panels(board) for target in panel["targets"]]
    return [*asked, *(one["expr"] for one in board["annotations"]["list"])]


def test_there_is_one_for_each_who_looks() -> None:
    assert set(BOARDS) == {"executive", "on-call", "debug"}
    assert {board["uid"] for board in BOARDS.values()} == {f"stormcell-{name}" for name in BOARDS}
    assert len({board["title"] for board in BOARDS.values()}) == len(BOARDS)


def test_they_are_current(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts/make-dashboards", tmp_path], check=True)
    assert {path.stem for path in tmp_path.iterdir()} == set(BOARDS)
    for name in BOARDS:
        made = (tmp_path / f"{name}.json").read_text("utf-8")
        assert made == (FOLDER / f"{name}.json").read_text("utf-8"), "run scripts/make-dashboards"


@each_board
def test_its_form_is_the_one_that_grafana_reads(board: dict[str, Any]) -> None:
    assert board["schemaVersion"] >= 39
    assert "id" not in board  # which is that of one installation
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels(board):
        assert panel["type"] in KINDS
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["targets"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            assert target["instant"] is not target["range"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@each_board
def test_no_panel_lies_on_another_or_beside_the_grid(board: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] <= 24 - place["w"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


@each_board
def test_every_panel_can_be_read_without_asking(board: dict[str, Any]) -> None:
    titles = [panel["title"] for panel in panels(board)]
    assert len(set(titles)) == len(titles)
    for panel in panels(board):
        assert panel["description"].endswith("."), panel["title"]
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"] in UNITS
        steps = [step["value"] for step in defaults["thresholds"]["steps"]]
        assert steps[0] is None
        assert steps[1:] == sorted(steps[1:])
        many = panel["type"] == "timeseries" and len(panel["targets"]) > 1
        assert not many or all(target["legendFormat"] != "__auto" for target in panel["targets"])


@each_board
def test_every_link_leads_somewhere(board: dict[str, Any]) -> None:
    links = [link["url"] for panel in panels(board) for link in panel.get("links", [])]
    links += [link["url"] for link in board["links"] if "url" in link]
    assert links
    for link in links:
        page, _, anchor = link.removeprefix("${docs}/").partition("#")
        assert (ROOT / page).is_file(), link
        assert not anchor or anchor in anchors(ROOT / page), link


@each_board
def test_every_variable_is_there_and_used(board: dict[str, Any]) -> None:
    there = {variable["name"] for variable in board["templating"]["list"]}
    built_in = {"__rate_interval"}
    text = json.dumps({name: part for name, part in board.items() if name != "templating"})
    used = set(re.findall(r"\$\{?(\w+)", text)) - built_in
    assert used == there


@each_board
def test_every_series_is_one_that_there_is(board: dict[str, Any]) -> None:
    for expression in expressions(board):
        used = set(re.findall(r"(?<![\w.$])((?:stormcell|process)[\w:]*|ALERTS|up)(?=[{\[])", expression))
        assert used, expression
        assert used <= SERIES.keys() | RECORDED | PROMETHEUS
        had = {name.replace(".", "_") for one in used & SERIES.keys() for name in SERIES[one].attributes}
        had |= EVERYWHERE | ({"slo"} if used & RECORDED else set())
        had |= {"alertname", "alertstate"} if "ALERTS" in used else set()
        by = {name.strip() for names in re.findall(r"by \(([^)]*)\)", expression) for name in names.split(",")}
        matched = re.findall(r'(\w+)(?:=|!=|=~|!~)"([^"]*)"', expression)
        assert by | {name for name, _ in matched} <= had, expression
        for label, value in matched:
            assert value in VALUES.get(label, {value}), expression


@each_board
def test_what_series_are_called_is_said_by_labels_that_they_keep(board: dict[str, Any]) -> None:
    for panel in panels(board):
        for target in panel["targets"]:
            told = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            if not told:
                continue
            grouped = re.search(r"by \(([^)]*)\)", target["expr"])
            kept = {name.strip() for name in grouped[1].split(",")} if grouped else {"instance", "slo", *told}
            assert told <= kept, panel["title"]


def test_every_metric_of_the_model_is_shown() -> None:
    shown = "".join(expression for board in BOARDS.values() for expression in expressions(board))
    shown += "".join(rule["expr"] for rule in ALL if rule.get("record", "-") in shown)
    model = ("stormcell_codebook_", "stormcell_drift_", "stormcell_canary_", "stormcell_model_", "stormcell_job_")
    there = {prometheus_name(metric) for metric in METRICS}
    assert [name for name in sorted(there) if name.startswith(model) and name not in shown] == []


def test_grafana_is_told_where_they_are() -> None:
    [provider] = document("grafana/provider.yaml")["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"].endswith("/stormcell")
