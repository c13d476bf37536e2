"""stormcell demo."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.integration.program import Ran, stormcell

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "out"


@pytest.fixture(scope="module")
def ran(out: Path) -> Ran:
    return stormcell("demo", "--out", out)


def test_it_shows_incidents(ran: Ran) -> None:
    assert ran.code == 0
    header, *rows = ran.out.partition("\n\n")[0].splitlines()
    assert header.startswith("group")
    assert len(rows) >= 3
    assert all(row.startswith("g-") for row in rows)


def test_it_names_a_draft_that_is_there(ran: Ran) -> None:
    named = re.search(r"runbook draft[^:]*: +(.+\.md)$", ran.out, re.MULTILINE)
    assert named is not None
    assert Path(named[1]).read_text().startswith("# ")


def test_what_it_says_to_try_next_works(ran: Ran) -> None:
    commands = re.findall(r": +stormcell ((?:explain|groups show) .+)$", ran.out, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        tried = stormcell(*shlex.split(command))
        assert (tried.code, tried.err) == (0, "")
        assert tried.out


def test_the_report_that_it_names_can_be_written(ran: Ran, out: Path) -> None:
    named = re.search(r": +stormcell (report .+)$", ran.out, re.MULTILINE)
    assert named is not None
    assert stormcell(*shlex.split(named[1])).code == 0
    assert (out / "report.html").read_text().startswith("<!doctype html>")


def test_json(ran: Ran, out: Path) -> None:
    again = stormcell("demo", "--out", out, "--json")
    assert again.json["schema"] == "stormcell.groups/1"
    assert f"{len(again.json['groups'])} incidents" in ran.err


def test_it_writes_into_the_working_folder_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert stormcell("demo").code == 0
    assert (tmp_path / "stormcell-demo" / "groups.json").exists()


def test_nothing_to_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORMCELL_GROUPING__GATE", "100")
    ran = stormcell("demo", "--out", tmp_path)
    assert (ran.code, ran.out) == (0, "")
    assert "0 incidents" in ran.err
