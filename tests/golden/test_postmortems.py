"""Postmortems of real incidents stay as they are until somebody decides otherwise; see README.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from stormcell.store import SqliteStore
from tests.golden.cases import cut_out
from tests.golden.test_golden import compare
from tests.integration.program import ROOT, stormcell
from tests.unit.render.lint import problems

# Incidents of two data sets; of the third groups by their place in time: alerts, logs and spans, large and small.
CHOSEN = [
    ("holmesgpt", "05_crashpod", "default"),
    ("holmesgpt", "07_job_syntax_error", "sre"),
    ("holmesgpt", "15_dns_resolution", "pagerduty"),
    ("opensre", "eks/001-oomkilled-crashloop", "default"),
    ("opensre", "eks/008-deployment-rollout-stuck", "sre"),
    ("opensre", "rds_postgres/005-failover", "pagerduty"),
    ("trainticket", "19", "default"),
    ("trainticket", "3", "sre"),
    ("trainticket", "7", "pagerduty"),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Each incident, grouped, and the whole of each data set under ""."""
    made = {}
    for name, case, _ in [*CHOSEN, ("holmesgpt", "", ""), ("opensre", "", "")]:
        key = (name, "" if name == "trainticket" else case)
        if key in made:
            continue
        made[key] = tmp_path_factory.mktemp(name)
        data = (
            cut_out(name, case, tmp_path_factory.mktemp("case")) if key[1] else ROOT / "benchmarks" / "data" / name
        )
        ran = stormcell("group", data, "--out", made[key])
        assert ran.code == 0, ran.err
    return made


@pytest.mark.parametrize(("name", "case", "template"), CHOSEN)
def test_postmortems(folders: dict[tuple[str, str], Path], name: str, case: str, template: str) -> None:
    whole = name == "trainticket"
    folder = folders[name, "" if whole else case]
    with SqliteStore(folder / "stormcell.db", create=False) as store:
        id = store.groups()[int(case) if whole else 0].id
    ran = stormcell("draft", "postmortem", id, "--template", template, "--store", folder)
    assert ran.code == 0, ran.err
    assert problems(ran.out) == []
    compare(f"postmortems/{name}-{case.replace('/', '-')}-{template}.md", ran.out.encode())
    checked = stormcell("draft", "check", "-", "--store", folder, stdin=ran.out.encode())
    assert (checked.code, checked.out) == (0, "")


@pytest.mark.parametrize("name", ["holmesgpt", "opensre"])
def test_what_grouping_wrote_holds(folders: dict[tuple[str, str], Path], name: str) -> None:
    ran = stormcell("draft", "check", "--all", "--store", folders[name, ""])
    assert ran.code == 0, ran.out
