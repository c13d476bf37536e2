"""stormcell kibana."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.integration.program import stormcell
from tests.unit.kibana.kibana import FakeKibana, serving


def test_what_is_exported_is_checked_and_faults_are_found(tmp_path: Path) -> None:
    ran = stormcell("kibana", "export", tmp_path / "out", "--prefix", "shop")
    assert (ran.code, ran.out) == (0, "")
    assert re.search(r"wrote \d+ files to ", ran.err)
    assert stormcell("kibana", "check", tmp_path / "out").code == 0
    assert stormcell("kibana", "check", tmp_path / "out" / "stormcell.ndjson").code == 0
    broken = tmp_path / "out" / "objects" / "search" / "shop-living.json"
    broken.rename(broken.with_name("another.json"))
    ran = stormcell("kibana", "check", tmp_path / "out", "--json")
    assert ran.code == 1
    assert json.loads(ran.out) == {"problems": ["objects/search/another.json: it holds search/shop-living.json"]}


def test_ours_are_well() -> None:
    ran = stormcell("kibana", "check")
    assert (ran.code, ran.err) == (0, "all is well\n")


def test_a_path_with_nothing_to_check(tmp_path: Path) -> None:
    ran = stormcell("kibana", "check", tmp_path)
    assert ran.code == 2
    assert "there is no .ndjson or .json file at" in ran.err
    assert stormcell("kibana", "check", tmp_path / "none.ndjson").code == 2
    assert stormcell("kibana", "check", tmp_path, "--url", "http://kibana:5601").code == 2


def test_installing_and_looking_whether_it_is_there(grouped: Path) -> None:
    with serving(FakeKibana()) as kibana:
        ran = stormcell("kibana", "check", "--url", kibana.url)
        assert ran.code == 1
        assert "dashboard/stormcell-triage is not there" in ran.err
        ran = stormcell("kibana", "install", "--url", kibana.url, "--dry-run", "--json")
        assert {step["state"] for step in json.loads(ran.out)} == {"to create"}
        ran = stormcell("kibana", "install", "--url", kibana.url)
        assert (ran.code, ran.out) == (0, "")
        assert "  created  dashboard [Stormcell] Triage\n" in ran.err
        assert stormcell("kibana", "check", "--url", kibana.url).code == 0

        ran = stormcell("kibana", "cases", "--store", grouped, "--url", kibana.url)
        assert ran.code == 0
        assert kibana.cases
        assert all(case["comments"] for case in kibana.cases)
        one = kibana.cases[0]["tags"][1]
        ran = stormcell("kibana", "cases", one, "--store", grouped, "--url", kibana.url)
        assert ran.err == f"    there  case of {one}\n"


def test_nobody_there(tmp_path: Path) -> None:
    with serving(FakeKibana()) as gone:
        pass
    ran = stormcell("kibana", "install", "--url", gone.url)
    assert ran.code == 1
    assert "cannot be reached" in ran.err
