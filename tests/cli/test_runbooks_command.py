"""stormcell runbooks."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.program import stormcell
from tests.integration.telemetry import alert, log, logs, webhook, write

BOOK = "---\ntitle: Disk\n---\n# The disk is full\n\n## Impact\n\nNone can write.\n"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A store of one group, an alert's."""
    write(tmp_path / "in" / "a.json", webhook(alert("fa11", "DiskFull")))
    write(tmp_path / "in" / "l.jsonl", logs(log("log-1", "disk full")))
    assert stormcell("group", tmp_path / "in", "--out", tmp_path / "out").code == 0
    return tmp_path / "out"


@pytest.fixture
def books(tmp_path: Path) -> Path:
    (tmp_path / "books" / "node").mkdir(parents=True)
    (tmp_path / "books" / "node" / "DiskFull.md").write_text(BOOK)
    (tmp_path / "books" / "Other.md").write_text("# Certificates\n\nThey expire.\n")
    (tmp_path / "books" / "bad.md").write_bytes(b"\xff")
    return tmp_path / "books"


def group(out: Path) -> str:
    listed = stormcell("groups", "list", "--store", out, "--json").json
    return str(next(one["id"] for one in listed if one["title"].startswith("DiskFull")))


def test_the_list_tells_what_there_is_and_what_was_left_out(books: Path) -> None:
    ran = stormcell("runbooks", "list", "--runbooks", books)
    assert ran.code == 0
    assert [line.split() for line in ran.out.splitlines()] == [
        ["path", "title", "url"],
        ["Other.md", "Certificates", "-"],
        ["node/DiskFull.md", "The", "disk", "is", "full", "-"],
    ]
    assert ran.err == f"left out {books}/bad.md: it is not UTF-8: byte 0\n2 runbooks, 1 problem.\n"


def test_the_list_as_json_stands_alone(books: Path) -> None:
    assert stormcell("runbooks", "list", "--runbooks", books, "--json").json == {
        "runbooks": [
            {"name": "Other", "title": "Certificates", "path": "Other.md", "url": ""},
            {"name": "DiskFull", "title": "The disk is full", "path": "node/DiskFull.md", "url": ""},
        ],
        "left_out": [{"path": f"{books}/bad.md", "why": "it is not UTF-8: byte 0"}],
    }


def test_the_runbooks_of_a_group_with_the_parts_of_their_scores(out: Path, books: Path) -> None:
    ran = stormcell("runbooks", "match", group(out), "--store", out, "--runbooks", books)
    assert ran.code == 0
    first, second = ran.out.index("1. The disk is full"), ran.out.index("2. Certificates")
    assert "2.00  the name of the alert\n" in ran.out[first:second]
    assert ran.out[second:].splitlines()[0].endswith("does not fit")
    assert f"1 of 2 runbooks fits {group(out)}, DiskFull" in ran.err


def test_the_match_as_json_stands_alone(out: Path, books: Path) -> None:
    found = stormcell("runbooks", "match", group(out)[:6], "--store", out, "--runbooks", books, "--json").json
    assert (found["group"], len(found["left_out"])) == (group(out), 1)
    best, other = found["runbooks"]
    assert (best["path"], best["fits"], other["fits"]) == ("node/DiskFull.md", True, False)
    assert best["score"] == pytest.approx(sum(part["value"] for part in best["why"]))
    assert best["score"] >= found["fits_from"] > other["score"]


def test_folders_may_come_from_the_settings(
    out: Path, books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s.yaml").write_text(f"drafts:\n  runbooks: [{json.dumps(str(books))}]\n")
    ran = stormcell("runbooks", "match", group(out), "--store", out, "--config", tmp_path / "s.yaml", "--top", "1")
    assert ran.out.startswith("1. The disk is full")
    monkeypatch.setenv("STORMCELL_DRAFTS__RUNBOOKS", json.dumps([str(books)]))
    drafted = stormcell("draft", "runbook", group(out), "--store", out)
    assert "**Your runbook:** The disk is full (`node/DiskFull.md`)" in drafted.out
    (tmp_path / "draft.md").write_text(drafted.out)
    checked = stormcell("draft", "check", tmp_path / "draft.md", "--store", out)
    assert (checked.code, checked.out) == (0, "")


def test_what_is_added_can_be_applied_once(out: Path, books: Path) -> None:
    ask = ("runbooks", "amend", group(out), "--store", out, "--runbooks", books)
    ran = stormcell(*ask)
    assert ran.code == 0
    assert "adds to node/DiskFull.md" in ran.err
    subprocess.run(["patch", "-p1"], cwd=books, input=ran.out.encode(), check=True, capture_output=True)
    new = (books / "node" / "DiskFull.md").read_text()
    assert new.startswith(BOOK)
    assert f"group `{group(out)}`, exemplar `fa11@" in new
    again = stormcell(*ask)
    assert (again.code, again.out) == (0, "")
    assert "adds nothing to node/DiskFull.md" in again.err


def test_which_runbook_may_be_named(out: Path, books: Path) -> None:
    ask = ("runbooks", "amend", group(out), "--store", out, "--runbooks", books, "--runbook")
    assert stormcell(*ask, "Other").out.startswith("--- a/Other.md\n")
    assert stormcell(*ask, "node/DiskFull.md").out.startswith("--- a/node/DiskFull.md\n")
    ran = stormcell(*ask, "nothing")
    assert (ran.code, ran.out) == (2, "")
    assert "no runbook is called 'nothing'; name one by its path" in ran.err


def test_where_none_fits_nothing_is_amended(out: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.md").write_text("# Certificates\n\nThey expire.\n")
    ran = stormcell("runbooks", "amend", group(out), "--store", out, "--runbooks", tmp_path / "b")
    assert (ran.code, ran.out) == (1, "")
    assert f"none of 1 runbooks fits {group(out)}; name one with --runbook PATH" in ran.err


@pytest.mark.parametrize("command", [["list"], ["match", "g-1"], ["amend", "g-1"]], ids=lambda one: one[0])
def test_a_folder_is_needed(command: list[str], tmp_path: Path) -> None:
    ran = stormcell("runbooks", *command)
    assert (ran.code, ran.out) == (2, "")
    assert "name one with --runbooks DIR, or in drafts.runbooks" in ran.err
    ran = stormcell("runbooks", *command, "--runbooks", tmp_path / "no")
    assert (ran.code, ran.out) == (2, "")
    assert f"there is no folder {tmp_path / 'no'}" in ran.err


def test_an_unknown_group_is_told(out: Path, books: Path) -> None:
    ran = stormcell("runbooks", "match", "g-none", "--store", out, "--runbooks", books)
    assert (ran.code, ran.out) == (1, "")
    assert "g-none" in ran.err


def test_a_diff_is_harmless_on_a_terminal_and_whole_in_a_pipe(out: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "DiskFull.md").write_text("# Disk\n\n\x1b[2J\tx\n")
    ask = ("runbooks", "amend", group(out), "--store", out, "--runbooks", tmp_path / "b")
    shown = stormcell(*ask, terminal=True).out
    assert "\n \\x1b[2J x\n" in shown
    assert "\n \x1b[2J\tx\n" in stormcell(*ask).out


def test_names_of_files_are_harmless_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "\x1b[2Jx.md").write_text("# \x1b]0;owned\x07\n")
    ran = stormcell("runbooks", "list", "--runbooks", tmp_path, terminal=True)
    assert "\x1b[2J" not in ran.out
    assert "\x1b]0" not in ran.out
    assert os.linesep in ran.out
