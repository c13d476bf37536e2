"""What is saved in Kibana: whole, the same each time, and of fields that there are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from stormcell.errors import SettingsError
from stormcell.registry import assets
from stormcell_exporters.kibana import dashboards_api
from stormcell_exporters.kibana.boards import BOARDS, SESSIONS, TRIAGE
from stormcell_exporters.kibana.objects import VERSIONS, ndjson, saved_objects
from stormcell_exporters.kibana.panels import Ids, Listing
from stormcell_exporters.kibana.rule import GUIDE, MOST_GUIDE, can_hold_a_guide, rule
from stormcell_exporters.kibana.validate import parse, problems

ROOT = Path(__file__).parents[3]
KEPT = ROOT / "deploy" / "kibana"


def test_the_tree_holds_what_is_exported() -> None:
    """UPDATE_GOLDEN=1 renews it, as `stormcell kibana export deploy/kibana` does."""
    files = assets("kibana").files()
    if os.environ.get("UPDATE_GOLDEN") == "1":
        for path, content in files.items():
            (KEPT / path).parent.mkdir(parents=True, exist_ok=True)
            (KEPT / path).write_bytes(content)
    kept = {path.relative_to(KEPT).as_posix(): path for path in KEPT.rglob("*") if path.is_file()}
    assert sorted(kept) == sorted(files)
    for path, content in files.items():
        assert content.decode() == kept[path].read_text("utf-8"), path


def test_ours_have_no_problems() -> None:
    made = assets("kibana", prefix="shop", space="operations")
    assert made.problems(made.files()) == []


def test_an_export_is_the_same_each_time_and_read_back_whole() -> None:
    objects = saved_objects(Ids())
    data = ndjson(objects)
    assert data == ndjson(saved_objects(Ids()))
    assert parse(data, "x") == (objects, [])
    assert json.loads(data.splitlines()[-1])["exportedCount"] == len(objects)
    assert {one["type"] for one in objects} == set(VERSIONS)


def test_prefixes_and_spaces_have_nothing_in_common() -> None:
    ids = [
        {one["id"] for one in saved_objects(Ids(prefix, space))} | {Ids(prefix, space).rule}
        for prefix, space in (("stormcell", ""), ("stormcell", "operations"), ("shop", ""))
    ]
    assert not ids[0] & ids[1] | ids[0] & ids[2] | ids[1] & ids[2]


@pytest.mark.parametrize("wrong", ["Shop", "a b", "../x", 'a"b', "ä"])
def test_what_is_no_prefix_or_space_is_said(wrong: str) -> None:
    with pytest.raises(SettingsError, match="prefix"):
        assets("kibana", prefix=wrong)
    with pytest.raises(SettingsError, match="space"):
        assets("kibana", space=wrong)


def test_ids_of_panels_are_unique_on_their_dashboard() -> None:
    for board in BOARDS:
        assert len({one.id for one in board.panels}) == len(board.panels)
    assert {one.session for board in BOARDS for one in board.panels if isinstance(one, Listing)} <= {
        one.name for one in SESSIONS
    }


def test_the_id_of_a_group_leads_to_its_events() -> None:
    [view] = [one for one in saved_objects(Ids("shop", "ops")) if one["id"] == "shop-ops-groups"]
    link = json.loads(view["attributes"]["fieldFormatMap"])["incident_group.id"]
    assert "dataViewId:shop-ops-members" in link["params"]["urlTemplate"]
    assert "incident_group.id:%22{{value}}%22" in link["params"]["urlTemplate"]


def test_the_dashboards_api_gets_the_same_triage_dashboard() -> None:
    ids = Ids()
    body = dashboards_api.body(ids, TRIAGE)
    [saved] = [one for one in saved_objects(ids) if one["id"] == ids.of("triage")]
    panels = json.loads(saved["attributes"]["panelsJSON"])
    assert body["title"] == saved["attributes"]["title"]
    assert body["time_range"]["from"] == saved["attributes"]["timeFrom"]
    for here, there in zip(body["panels"], panels, strict=True):
        assert here["config"]["title"] == there["title"]
        assert {**here["grid"], "i": here["id"]} == there["gridData"]


def test_charts_of_the_dashboards_api_name_columns_of_their_query() -> None:
    for panel in dashboards_api.body(Ids(), TRIAGE)["panels"]:
        if panel["type"] != "vis":
            continue
        for chart in panel["config"].get("layers", [panel["config"]]):
            query = chart["data_source"]["query"]
            assert query.startswith("FROM stormcell-groups | WHERE ")
            named = [*chart.get("metrics", ()), *chart.get("y", ())]
            named += [chart[key] for key in ("x", "breakdown_by") if key in chart]
            assert named
            assert all(f"`{one['column']}` = " in query for one in named)


def test_a_rule_asks_for_open_groups_of_errors() -> None:
    made = rule(Ids("shop"))
    params = made["params"]
    assert params["index"] == ["shop-groups"]
    assert json.loads(params["esQuery"])["query"]["bool"]["filter"][1] == {
        "term": {"incident_group.status": "open"}
    }
    assert made["artifacts"]["dashboards"] == [{"id": "shop-triage"}]
    assert made["artifacts"]["investigation_guide"]["blob"] == GUIDE
    assert len(GUIDE) <= MOST_GUIDE


@pytest.mark.parametrize(
    ("version", "can"), [((8, 18), False), ((8, 19), True), ((9, 0), False), ((9, 1), True), ((10, 0), True)]
)
def test_which_versions_have_a_guide(version: tuple[int, int], can: bool) -> None:
    assert can_hold_a_guide(version) is can
    assert ("artifacts" in rule(Ids(), guide=can_hold_a_guide(version))) is can


def test_ours_pass_whatever_the_prefix() -> None:
    assert problems(saved_objects(Ids("a.b_c-d", "x_y"))) == []
