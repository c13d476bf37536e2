"""stormcell draft."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stormcell.store import SqliteStore
from stormcell.types import Grouping
from tests.integration.program import PROGRAM, stormcell
from tests.unit.render.incidents import history, incident


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with one incident and its history."""
    found = incident()
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.save(Grouping(found.group.count, 0, (found.group,), tuple(found.atoms)), [])
        store.audit(*history())
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "start"), [("runbook", "# Failing requests: "), ("postmortem", "# Postmortem: ")]
)
def test_write(folder: Path, kind: str, start: str) -> None:
    ran = stormcell("draft", kind, "g-aa", "--store", folder)
    assert ran.code == 0
    assert ran.out.startswith(start)
    assert ran.err.startswith(f"{kind.capitalize()} of g-aaaa by template ")
    assert "with a source" in ran.err


def test_write_to_a_file(folder: Path) -> None:
    out = folder / "notes" / "postmortem.md"
    ran = stormcell("draft", "postmortem", "g-aaaa", "--template", "sre", "--store", folder, "--out", out)
    assert (ran.code, ran.out) == (0, "")
    assert "## Root causes" in out.read_text()


def test_a_folder_is_no_file_to_write(folder: Path) -> None:
    ran = stormcell("draft", "postmortem", "g-aaaa", "--store", folder, "--out", folder)
    assert (ran.code, ran.out) == (2, "")
    assert f"name the file to write with --out, such as {folder / 'postmortem.md'}" in ran.err


def test_write_json(folder: Path) -> None:
    made = stormcell("draft", "postmortem", "g-aaaa", "--store", folder, "--json").json
    assert (made["group"], made["kind"], made["template"]) == ("g-aaaa", "postmortem", "default")
    assert made["sources"][1] == {
        "footnote": 2,
        "value": "aaaa0001",
        "uid": "aaaa0001",
        "field": "uid",
        "how": "",
        "source": "event",
    }


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["postmortem", "g-zz"], 1, "no group 'g-zz' in the store"),
        (["runbook", "g-aaaa", "--template", "none"], 2, "there is no template 'none' for a runbook; there are"),
        (["check"], 2, "name a file, - for standard input, or --all"),
        (["check", "nowhere.md"], 2, "cannot read nowhere.md: No such file or directory"),
        (["check", "."], 2, ". is a folder; name the drafts in it, such as *.md"),
    ],
)
def test_wrong_use(folder: Path, arguments: list[str], code: int, message: str) -> None:
    ran = stormcell("draft", *arguments, "--store", folder)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err


def test_check(folder: Path) -> None:
    file = folder / "postmortem.md"
    stormcell("draft", "postmortem", "g-aaaa", "--store", folder, "--out", file)
    ran = stormcell("draft", "check", file, "--store", folder)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("hold in 1 draft.\n")

    file.write_text(file.read_text().replace("| Events | 8[", "| Events | 9["))
    ran = stormcell("draft", "check", file, "--store", folder)
    assert ran.code == 1
    assert f"{file}:" in ran.out
    assert "altered" in ran.out
    assert "it says '9', but event aaaa0001, field time holds '8'" in ran.out

    found = stormcell("draft", "check", file, "--store", folder, "--json")
    assert found.code == 1
    [broken] = [one for one in found.json if one["state"] != "ok"]
    assert (broken["file"], broken["state"]) == (str(file), "altered")
    assert file.read_text().splitlines()[broken["line"] - 1].startswith("| Events | 9")


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=str)
def test_a_failure_is_one_whoever_reads_of_it(folder: Path, as_json: list[str]) -> None:
    file = folder / "notes.md"
    file.write_text("# Notes\n")
    command: list[str | Path] = [PROGRAM, "draft", "check", file, "--store", folder, *as_json]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        err = running.stderr.read()
    assert (running.returncode, err) == (1, b"0 values of 1 hold in 1 draft.\n")


def test_check_standard_input(folder: Path) -> None:
    text = stormcell("draft", "runbook", "g-aaaa", "--store", folder).out
    assert stormcell("draft", "check", "-", "--store", folder, stdin=text.encode()).code == 0
    ran = stormcell("draft", "check", "-", "--store", folder, stdin=b"# Notes\n")
    assert ran.code == 1
    assert "is it a draft of this store?" in ran.out
    ran = stormcell("draft", "check", "-", "--store", folder, stdin=b"\xff")
    assert ran.code == 2
    assert "- is not UTF-8" in ran.err


def test_check_all_that_was_grouped(grouped: Path) -> None:
    ran = stormcell("draft", "check", "--all", "--store", grouped)
    assert (ran.code, ran.out) == (0, "")


def test_a_draft_of_a_group_that_is_gone_keeps_none_from_being_checked(folder: Path) -> None:
    (folder / "drafts").mkdir()
    (folder / "drafts" / "g-gone.runbook.md").write_text("[//]: # (Stormcell: runbook of g-gone as 0123456789)\n")
    (folder / "drafts" / "notes.md").write_text("mine\n")
    stormcell("draft", "runbook", "g-aaaa", "--store", folder, "--out", folder / "drafts" / "g-aaaa.runbook.md")
    ran = stormcell("draft", "check", "--all", "--store", folder)
    assert ran.code == 1
    assert "g-gone.runbook.md:1" in ran.out
    assert "which is not in the store, nor are its events" in ran.out
    assert ran.err.endswith("in 2 drafts.\n")
