"""stormcell templates list, test and new."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.program import stormcell

MINE = """\
---
title: Checkout is down
priority: 150
owner: "team shop, #shop-oncall"
match:
  - service: checkout
---
{% extends "stormcell/errors.md.j2" %}

{% block users %}
Nobody can pay.
{% endblock %}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of templates, and beside it the settings that name it."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own/checkout.md.j2").write_text(MINE)
    (tmp_path / "s.yaml").write_text(f"drafts:\n  templates: [{tmp_path / 'own'}]\n")
    return tmp_path


def test_the_list_says_whose_a_template_is_and_what_it_hides(folder: Path) -> None:
    (folder / "own/latency.md.j2").write_text(MINE)
    (folder / "own/postmortem").mkdir()
    (folder / "own/postmortem/ours.md.j2").write_text('---\ntitle: P\n---\n{% extends "stormcell/sre.md.j2" %}\n')
    ran = stormcell("templates", "list", "--config", folder / "s.yaml", "--json")
    assert (ran.code, ran.err) == (0, "")
    by_name = {(one["kind"], one["name"]): one for one in ran.json}
    checkout = by_name["runbook", "checkout"]
    assert checkout == {
        "name": "checkout",
        "kind": "runbook",
        "title": "Checkout is down",
        "priority": 150,
        "owner": "team shop, #shop-oncall",
        "matches": ["service checkout"],
        "file": str(folder / "own/checkout.md.j2"),
        "shipped": False,
        "hides": [],
    }
    [hidden] = by_name["runbook", "latency"]["hides"]
    assert hidden.endswith("runbook/latency.md.j2")
    assert not by_name["runbook", "latency"]["shipped"]
    assert by_name["runbook", "errors"]["shipped"]
    assert by_name["postmortem", "ours"]["matches"] == []
    assert ("runbook", "ours") not in by_name
    assert ran.json[0]["name"] == "checkout"  # the order is that in which they are tried

    text = stormcell("templates", "list", "--kind", "runbook", "--config", folder / "s.yaml")
    assert text.code == 0
    assert "team shop, #shop-oncall" in text.out
    assert f"{folder / 'own/latency.md.j2'} hides " in text.out
    assert "whatever is left" in text.out
    assert "postmortem" not in text.out


def test_an_event_is_told_its_template_and_why(folder: Path) -> None:
    ran = stormcell("templates", "test", "--alert", "KubePodCrashLooping", "--service", "cart", "--json")
    assert (ran.code, ran.json["problems"]) == (0, [])
    assert [one["fits"] for one in ran.json["tried"]][-2:] == [False, True]
    assert ran.json["tried"][-1]["name"] == "restarts"
    assert ran.json["tried"][-1]["why"] == "alert is like *crash*loop*"

    asked = ("--service", "checkout", "--config", folder / "s.yaml")
    ran = stormcell("templates", "test", "--span", "POST /pay", *asked)
    assert ran.code == 0
    assert ran.err.startswith("checkout: Checkout is down (service is like checkout), ")
    assert "saturation" not in ran.out

    ran = stormcell("templates", "test", "--log", "write: no space left on device")
    assert "disk: Disk trouble (template has 'no space left')" in ran.err


def test_a_group_of_the_store_is_told_its_template(grouped: Path) -> None:
    group = stormcell("groups", "list", "--store", grouped, "--json").json[0]["id"]
    drafted = (grouped / f"drafts/{group}.runbook.md").read_text()
    ran = stormcell("templates", "test", group, "--store", grouped, "--json")
    title = {
        one["name"]: one["title"]
        for one in stormcell("templates", "list", "--json").json
        if one["kind"] == "runbook"
    }
    assert drafted.startswith(f"# {title[ran.json['tried'][-1]['name']]}: ")
    ran = stormcell("templates", "test", "g-none", "--store", grouped)
    assert ran.code == 1
    assert "no group 'g-none'" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [("g-1", "--alert", "x"), ("--log", "x", "--span", "y"), ("--service", "x"), ("g-1", "--service", "x")],
)
def test_what_cannot_be_asked_together_is_said(arguments: tuple[str, ...]) -> None:
    ran = stormcell("templates", "test", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "name one of" in ran.err


def test_all_that_is_wrong_is_found_at_once(folder: Path) -> None:
    own = folder / "own"
    (own / "a.md.j2").write_text("---\ntitle: [\n---\n")
    (own / "b.md.j2").write_text("---\ntitle: B\nmatch:\n- template: '(a+)+$'\n---\n{% if %}\n")
    ran = stormcell("templates", "test", "--config", folder / "s.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert f"{own / 'a.md.j2'}:3: the front matter is not YAML" in ran.err
    assert f"{own / 'b.md.j2'}:6: Expected an expression" in ran.err
    assert f"{own / 'b.md.j2'} (~(a+)+$): takes more than" in ran.err
    ran = stormcell("templates", "test", "--config", folder / "s.yaml", "--json")
    assert (ran.code, ran.err, len(ran.json["problems"])) == (1, "", 3)


def test_what_is_wrong_in_a_draft_only_is_found_as_well(folder: Path) -> None:
    own = folder / "own"
    (own / "c.md.j2").write_text(MINE + "\n{% block diagnosys %}x{% endblock %}\n")
    (own / "d.md.j2").write_text(MINE.replace("Nobody can pay.", "{{ group.exemplar.summary.value }}"))
    ran = stormcell("templates", "test", "--config", folder / "s.yaml")
    assert ran.code == 1
    assert f"{own / 'c.md.j2'}:14: nothing shows a block diagnosys; there are at, commands, " in ran.err
    # Only an alert has a summary.
    assert f"{own / 'd.md.j2'}:11: 'None' has no attribute 'value' (drafted for a sample: log)" in ran.err


def test_a_file_that_nobody_would_ever_use_is_found(folder: Path) -> None:
    own = folder / "own"
    (own / "part.md.j2").write_text("Ours.\n")
    (own / "lost.md.j2").write_text("Lost.\n")
    (own / "used.md.j2").write_text(MINE.replace("Nobody can pay.", "{% include 'part.md.j2' %}"))
    ran = stormcell("templates", "test", "--config", folder / "s.yaml")
    assert ran.code == 1
    lost = f"{own / 'lost.md.j2'}:1: it has no front matter, and no template extends or includes it"
    assert ran.err == f"{lost}; begin it with ---\n"


def test_a_part_of_people_that_breaks_shipped_templates_is_found(folder: Path) -> None:
    (folder / "own/base.md.j2").write_text("# {{ shape }} {{ nothing }}\n")
    ran = stormcell("templates", "test", "--config", folder / "s.yaml")
    assert ran.code == 1
    assert f"{folder / 'own/base.md.j2'}:1: 'nothing' is undefined" in ran.err


@pytest.mark.parametrize(
    ("name", "kind", "shape"),
    [("shop", "runbook", "default"), ("db", "runbook", "database"), ("p", "postmortem", "sre")],
)
def test_a_new_template_works_at_once_and_is_never_overwritten(
    tmp_path: Path, name: str, kind: str, shape: str
) -> None:
    asked = ("templates", "new", name, "--kind", kind, "--from", shape, "--out", tmp_path / "own")
    ran = stormcell(*asked, "--json")
    assert (ran.code, ran.err) == (0, "")
    written = Path(ran.json["file"])
    assert written.parent == tmp_path / ("own" if kind == "runbook" else "own/postmortem")
    (tmp_path / "s.yaml").write_text(f"drafts:\n  templates: [{tmp_path / 'own'}]\n")
    checked = stormcell("templates", "test", "--config", tmp_path / "s.yaml")
    assert checked.code == 0
    assert "1 file in 1 folder of yours" in checked.err
    if kind == "runbook":
        chosen = stormcell(
            "templates", "test", "--alert", "X", "--service", name, "--config", tmp_path / "s.yaml", "--json"
        )
        assert chosen.json["tried"][-1]["name"] == name
    written.write_text("mine")
    again = stormcell(*asked)
    assert (again.code, written.read_text()) == (2, "mine")
    assert "is there already" in again.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("base",), "is the name of a part"),
        (("../x",), "cannot name a template"),
        (("x", "--from", "nope"), "no shipped runbook template 'nope'; there are certificate, "),
    ],
)
def test_what_cannot_be_begun_is_said(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = stormcell("templates", "new", *arguments, "--out", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not list(tmp_path.iterdir())
