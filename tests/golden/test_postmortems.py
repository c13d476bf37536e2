"""Postmortems of real incidents stay as they are until somebody decides otherwise; see README.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from stormcell.store import SqliteStore
from tests.golden.test_golden import compare
from tests.integration.program import ROOT, stormcell
from tests.unit.render.lint import problems

# Of each data set, groups by their place in time: of alerts, logs and spans, large and small.
CHOSEN = [
    ("holmesgpt", 0, "default"),
    ("holmesgpt", 0, "sre"),
    ("holmesgpt", 0, "pagerduty"),
    ("opensre", 0, "default"),
    ("opensre", 1, "sre"),
    ("opensre", 0, "pagerduty"),
    ("trainticket", 19, "default"),
    ("trainticket", 3, "sre"),
    ("trainticket", 7, "pagerduty"),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each data set, grouped."""
    made = {}
    for name in dict.fromkeys(name for name, *_ in CHOSEN):
        made[name] = tmp_path_factory.mktemp(name)
        ran = stormcell("group", ROOT / "benchmarks" / "data" / name, "--out", made[name])
        assert ran.code == 0, ran.err
    return made


@pytest.mark.parametrize(("name", "number", "template"), CHOSEN)
def test_postmortems(folders: dict[str, Path], name: str, number: int, template: str) -> None:
    folder = folders[name]
    with SqliteStore(folder / "stormcell.db", create=False) as store:
        id = store.groups()[number].id
    ran = stormcell("draft", "postmortem", id, "--template", template, "--store", folder)
    assert ran.code == 0, ran.err
    assert problems(ran.out) == []
    compare(f"postmortems/{name}-{number}-{template}.md", ran.out.encode())
    checked = stormcell("draft", "check", "-", "--store", folder, stdin=ran.out.encode())
    assert (checked.code, checked.out) == (0, "")


@pytest.mark.parametrize("name", ["holmesgpt", "opensre"])
def test_what_grouping_wrote_holds(folders: dict[str, Path], name: str) -> None:
    ran = stormcell("draft", "check", "--all", "--store", folders[name])
    assert ran.code == 0, ran.out
