"""stormcell report."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stormcell.store import SqliteStore
from tests.integration.program import ROOT, process, stormcell
from tests.unit.render.report.pages import Page, checked

BENCHMARKS = ROOT / "benchmarks"
sys.path.append(str(BENCHMARKS))  # benchmarks are scripts beside each other, not a package

from _report_storm import make  # noqa: E402


@pytest.fixture(scope="module")
def page(grouped: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    out = tmp_path_factory.mktemp("report") / "report.html"
    ran = stormcell("report", "--store", grouped, "--out", out)
    assert (ran.code, ran.out) == (0, "")
    assert str(out) in ran.err
    return checked(out.read_text())


def test_the_page_shows_every_group_of_the_store(page: Page, grouped: Path) -> None:
    with SqliteStore(grouped / "stormcell.db", create=False) as store:
        groups, totals = store.groups(), store.totals(0)
    assert [a["id"] for a in page.all("article")] == [group.id for group in groups]
    assert f"{totals.events:,}" in page.text
    for group in groups:
        assert " ".join(group.title.split()) in " ".join(page.text.split())
        assert group.medoid.uid in page.text
    assert "trace_id" in page.text


def test_groups_are_as_far_apart_as_groups_similar_says(page: Page, grouped: Path) -> None:
    with SqliteStore(grouped / "stormcell.db", create=False) as store:
        groups = store.groups()
    for group in groups:
        near = stormcell("groups", "similar", group.id, "--store", grouped, "--top", "1", "--json").json[
            "similar"
        ][0]
        assert f"{near['dissimilarity']:.3f} " in page.text


def test_top_shows_the_worst_and_says_what_is_left_out(grouped: Path, tmp_path: Path) -> None:
    out = tmp_path / "sub" / "r.html"
    ran = stormcell("report", "--store", grouped, "--out", out, "--top", "2", "--title", "Tuesday <b>")
    assert ran.code == 0
    assert "Left out: 9 groups" in ran.err
    shown = checked(out.read_text())
    assert len(shown.all("article")) == 2
    assert "Tuesday <b>" in shown.text
    assert "Left out: 9 groups" in " ".join(shown.text.split())
    with SqliteStore(grouped / "stormcell.db", create=False) as store:
        groups = store.groups()
    worst = sorted(groups, key=lambda group: (-group.most_severe.severity, -group.count))[:2]
    assert {a["id"] for a in shown.all("article")} == {group.id for group in worst}


def test_json_says_what_was_written(grouped: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    ran = stormcell("report", "--store", grouped, "--out", out, "--top", "3", "--json")
    told = ran.json
    assert (ran.code, ran.err) == (0, "")
    assert (told["path"], told["bytes"]) == (str(out), out.stat().st_size)
    assert (told["groups"], told["groups_left_out"]) == (3, 8)
    assert told["events_left_out"] > 0


def test_a_dash_is_standard_output(grouped: Path) -> None:
    ran = process("report", "--store", str(grouped), "--out", "-")
    assert ran.code == 0
    checked(ran.out)
    assert ran.err.count("\n") == 1


def test_an_empty_store_gives_a_page(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.learn({"calls": {"format": "stormcell.calls/1", "day": 0, "calls": []}})
    ran = stormcell("report", "--store", tmp_path, "--out", tmp_path / "r.html")
    assert ran.code == 0, ran.err
    assert "There are no groups" in checked((tmp_path / "r.html").read_text()).text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "."], ". is a folder; name the file to write with --out"),
        (["--out", "-", "--json"], "--json and --out - both want standard output"),
        (["--top", "0"], "--top"),
    ],
    ids=str,
)
def test_wrong_use(grouped: Path, arguments: list[str], said: str) -> None:
    ran = stormcell("report", "--store", grouped, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_no_store(tmp_path: Path) -> None:
    ran = stormcell("report", "--store", tmp_path / "none", "--out", tmp_path / "r.html")
    assert ran.code == 2
    assert "there is no store at" in ran.err
    assert not (tmp_path / "r.html").exists()


def test_knowledge_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.learn({"calls": {"format": "other/1"}})
    ran = stormcell("report", "--store", tmp_path, "--out", tmp_path / "r.html")
    assert ran.code == 1
    assert "expected a snapshot of the format stormcell.calls/1, found 'other/1'" in ran.err


@pytest.mark.slow
def test_a_real_storm_is_small_enough_to_be_sent(tmp_path: Path) -> None:
    storm = BENCHMARKS / "data" / "trainticket-overlap"
    assert stormcell("group", storm, "--out", tmp_path).code == 0
    assert stormcell("report", "--store", tmp_path, "--out", tmp_path / "r.html").code == 0
    assert 200_000 < (tmp_path / "r.html").stat().st_size < 2_000_000
    checked((tmp_path / "r.html").read_text())


@pytest.mark.slow
def test_a_hundred_groups_of_many_members_stay_below_2_mb(tmp_path: Path) -> None:
    make(tmp_path / "stormcell.db", groups=100, rows=300)
    assert stormcell("report", "--store", tmp_path, "--out", tmp_path / "r.html").code == 0
    assert (tmp_path / "r.html").stat().st_size <= 2_000_000
    assert len(checked((tmp_path / "r.html").read_text()).all("article")) == 100
