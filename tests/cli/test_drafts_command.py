"""stormcell drafts."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stormcell.store import SqliteStore
from tests.integration.program import EXAMPLE, stormcell
from tests.unit.render.samples import grouping

GROUPING = grouping()
GROUP = GROUPING.groups[0].id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with three groups, and settings that publish to a folder beside it."""
    wiki = tmp_path / "wiki"
    wiki.mkdir()
    with SqliteStore(tmp_path / "stormcell.db", create=True) as store:
        store.save(GROUPING, [])
    place = f"{{name: wiki, kind: folder, target: {wiki}}}"
    broken = f"{{name: gone, kind: folder, target: {tmp_path / 'none'}}}"
    (tmp_path / "stormcell.yaml").write_text(f"drafts: {{publish: [{place}]}}\n")
    (tmp_path / "broken.yaml").write_text(f"drafts: {{publish: [{place}, {broken}]}}\n")
    (tmp_path / "four.yaml").write_text("drafts: {four_eyes: true}\n")
    return tmp_path


def done(folder: Path, *words: str, stdin: bytes = b"") -> Any:
    ran = stormcell("drafts", *words, "--store", folder, "--json", stdin=stdin)
    assert ran.code == 0, ran.err
    return ran.json


@pytest.fixture
def id(folder: Path) -> str:
    begun: str = done(folder, "start", GROUP, "--by", "ann")["id"]
    return begun


def test_start(folder: Path) -> None:
    ran = stormcell("drafts", "start", GROUP[:6], "--store", folder, "--by", "ann")
    assert (ran.code, ran.out) == (0, "")
    [listed] = done(folder, "list")
    assert f"{listed['id']} is a draft; revision 1, version 1" in ran.err
    assert f"drafts edit {listed['id']} --store {folder}\n" in ran.err
    assert f"drafts start GROUP --store {folder}\n" in stormcell("drafts", "list", "--store", folder).err
    again = stormcell("drafts", "start", GROUP, "--store", folder, "--by", "bob")
    assert "was begun before" in again.err
    assert len(done(folder, "list")) == 1
    other = done(folder, "start", GROUP, "--kind", "postmortem")
    assert (other["kind"], other["group"]) == ("postmortem", GROUP)


def test_list(folder: Path, id: str) -> None:
    done(folder, "start", GROUP, "--kind", "postmortem")
    done(folder, "submit", id, "--reviewer", "bob\x1b[31m")
    ran = stormcell("drafts", "list", "--store", folder)
    first, second = ran.out.splitlines()[1:]
    assert id in first
    assert "in review" in first
    assert "bob" in first
    assert "postmortem" in second
    assert "\x1b" not in ran.out
    assert ran.err.startswith("2 drafts; begin one with: ")
    assert [one["id"] for one in done(folder, "list", "--state", "in review", "--group", GROUP[:7])] == [id]
    assert done(folder, "list", "--group", GROUPING.groups[1].id) == []


def test_show(folder: Path, id: str) -> None:
    text = "# Ours\n\u2713\n"
    done(folder, "edit", id, "--file", "-", "--note", "shorter", "--by", "bob", stdin=text.encode())
    done(folder, "comment", id, "which\npool?", "--by", "eve")
    ran = stormcell("drafts", "show", f"{GROUP}/runbook", "--store", folder)
    assert ran.out == text
    assert "revision 2 of 2 by bob on" in ran.err
    assert ": shorter" in ran.err
    assert "  draft; version 3" in ran.err
    assert "  eve on revision 2, " in ran.err
    assert "which pool?" in ran.err
    old = stormcell("drafts", "show", id, "--store", folder, "--revision", "1")
    assert old.out.removesuffix("\n") == done(folder, "show", id, "--revision", "1")["markdown"].removesuffix("\n")
    assert stormcell("drafts", "show", id, "--store", folder, "--revision", "3").code == 1


def test_on_a_terminal_a_text_is_harmless(folder: Path, id: str) -> None:
    done(folder, "edit", id, "--file", "-", stdin=b"# a\n\x1b[31mred\n")
    assert stormcell("drafts", "show", id, "--store", folder).out == "# a\n\x1b[31mred\n"
    assert stormcell("drafts", "show", id, "--store", folder, terminal=True).out == "# a\n\\x1b[31mred\n"


def test_diff(folder: Path, id: str) -> None:
    told = stormcell("drafts", "diff", id, "--store", folder)
    assert (told.code, told.out) == (0, "")
    assert "are the same" in told.err
    for text in (b"# A\n", b"# B\n"):
        done(folder, "edit", id, "--file", "-", "--by", "bob", stdin=text)
    ran = stormcell("drafts", "diff", id, "--store", folder)
    assert ran.out == "--- revision 2\tbob\n+++ revision 3\tbob\n@@ -1 +1 @@\n-# A\n+# B\n"
    assert done(folder, "diff", id, "3", "2")["diff"].endswith("-# B\n+# A\n")
    ran = stormcell("drafts", "diff", id, "1", "4", "--store", folder)
    assert (ran.code, ran.out) == (1, "")
    assert "there are 1 to 3" in ran.err


def editor(tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the editor be a program that has the path of the text in ``path``."""
    script = tmp_path / "editor.py"
    script.write_text(f"import sys, pathlib\npath = pathlib.Path(sys.argv[1])\n{program}\n")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    kept = tmp_path / "kept"
    kept.mkdir(exist_ok=True)
    monkeypatch.setattr("tempfile.tempdir", str(kept))


def test_in_an_editor(folder: Path, id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(folder, "path.write_text('# Mine\\n' + path.read_text()[:2])", monkeypatch)
    assert done(folder, "edit", id, "--by", "ann")["revision"] == 2
    assert done(folder, "show", id)["markdown"] == "# Mine\n# "
    assert list((folder / "kept").iterdir()) == []
    editor(folder, "", monkeypatch)
    ran = stormcell("drafts", "edit", id, "--store", folder)
    assert "Nothing has changed" in ran.err
    assert done(folder, "show", id)["revision"] == 2


def test_what_is_written_in_an_editor_is_never_lost(
    folder: Path, id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Somebody else is faster.
    words = [
        sys.executable,
        "-m",
        "stormcell",
        "drafts",
        "comment",
        id,
        "wait",
        "--by",
        "bob",
        "--store",
        str(folder),
    ]
    program = f"import subprocess\npath.write_text('# Mine')\nsubprocess.run({words!r}, check=True)"
    editor(folder, program, monkeypatch)
    ran = stormcell("drafts", "edit", id, "--store", folder, "--by", "ann")
    assert (ran.code, ran.out) == (1, "")
    assert "(comment by bob, " in ran.err
    [kept] = (folder / "kept").iterdir()
    assert str(kept) in ran.err
    assert kept.read_text() == "# Mine"
    done(folder, "edit", id, "--file", str(kept))
    assert done(folder, "show", id)["markdown"] == "# Mine"


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("path.write_text('# Mine')\nsys.exit(3)", "ended with 3"),
        ("path.write_bytes(b'\\xff')", "is no text in UTF-8"),
    ],
)
def test_an_editor_that_fails(
    folder: Path, id: str, program: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(folder, program, monkeypatch)
    ran = stormcell("drafts", "edit", id, "--store", folder)
    assert ran.code == 2
    assert told in ran.err
    assert len(list((folder / "kept").iterdir())) == 1
    assert done(folder, "show", id)["version"] == 1


@pytest.mark.parametrize(
    ("program", "told"), [("sys.exit(3)", "ended with 3"), ("path.unlink()", "No such file or directory")]
)
def test_of_an_editor_in_which_nothing_was_written_nothing_is_kept(
    folder: Path, id: str, program: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(folder, program, monkeypatch)
    ran = stormcell("drafts", "edit", id, "--store", folder)
    assert ran.code == 2
    assert told in ran.err
    assert "Your text was not taken" not in ran.err
    assert list((folder / "kept").iterdir()) == []


@pytest.mark.parametrize("command", ["no-such-editor", '"unclosed'])
def test_an_editor_that_is_not_there(folder: Path, id: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(folder, "", monkeypatch)
    monkeypatch.setenv("EDITOR", command)
    ran = stormcell("drafts", "edit", id, "--store", folder)
    assert ran.code == 2
    assert "cannot run the editor" in ran.err
    assert "Errno" not in ran.err
    # Nothing was written that could be lost.
    assert "Your text was not taken" not in ran.err
    assert list((folder / "kept").iterdir()) == []


def test_without_an_editor_or_a_terminal(folder: Path, id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    ran = stormcell("drafts", "edit", id, "--store", folder)
    assert ran.code == 2
    assert "--file" in ran.err


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"\xff", "no text in UTF-8"), (b"", "the text is empty"), (b"x" * 1_048_577, "at most 1,048,576")],
    ids=["bytes", "nothing", "much"],
)
def test_texts_that_are_not_taken(folder: Path, id: str, data: bytes, told: str) -> None:
    ran = stormcell("drafts", "edit", id, "--file", "-", "--store", folder, stdin=data)
    assert ran.code == 2
    assert told in ran.err
    assert stormcell("drafts", "edit", id, "--file", str(folder / "none"), "--store", folder).code == 2


def test_it_is_given_up(folder: Path, id: str) -> None:
    assert done(folder, "withdraw", id, "Of the wrong group.", "--by", "ann")["state"] == "withdrawn"
    refused = stormcell("drafts", "edit", id, "--file", "-", "--store", folder, stdin=b"# New")
    assert refused.code == 1
    assert f"cannot edit draft {id}: it is withdrawn" in refused.err


def test_until_it_is_published(folder: Path, id: str) -> None:
    done(folder, "submit", id, "--by", "ann", "--reviewer", "bob")
    assert done(folder, "send-back", id, "Which pool?", "--by", "bob")["state"] == "draft"
    done(folder, "submit", id, "--by", "ann")
    refused = stormcell("drafts", "publish", id, "--store", folder, "--config", folder / "stormcell.yaml")
    assert refused.code == 1
    assert "cannot publish" in refused.err
    done(folder, "approve", id, "--by", "bob", "--text", "fine")
    ran = stormcell("drafts", "publish", id, "--store", folder, "--config", folder / "broken.yaml", "--json")
    assert ran.code == 1
    assert ran.json["state"] == "approved"
    assert "gone: revision 1 not taken: " in ran.err
    assert "wiki: revision 1 published at " in ran.err
    ran = stormcell("drafts", "publish", id, "--store", folder, "--config", folder / "broken.yaml", "--to", "wiki")
    assert (ran.code, ran.out) == (0, "")
    assert f"{id} is published" in ran.err
    assert len(list((folder / "wiki").glob("*.md"))) == 1
    # Its edit begins another.
    new = done(folder, "edit", id, "--file", "-", "--by", "ann", stdin=b"# Better")
    assert (new["id"] != id, new["state"], new["revision"]) == (True, "draft", 2)
    told = [entry["action"] for entry in done(folder, "history", id)["entries"]]
    assert told == ["draft", "submit", "send back", "submit", "approve", "publish", "publish"]
    lines = stormcell("drafts", "history", id, "--store", folder).out.splitlines()
    assert len(lines) == 7
    assert f"approve of {id} by cli (bob)" in lines[4]


def test_without_a_place_the_settings_are_to_be_mended(folder: Path, id: str) -> None:
    done(folder, "submit", id)
    done(folder, "approve", id)
    ran = stormcell("drafts", "publish", id, "--store", folder)
    assert ran.code == 2
    assert "drafts.publish" in ran.err
    config = folder / "stormcell.yaml"
    ran = stormcell("drafts", "publish", id, "--store", folder, "--config", config, "--to", "none")
    assert ran.code == 2
    assert "there are: wiki" in ran.err


def test_four_eyes(folder: Path, id: str) -> None:
    done(folder, "submit", id)
    config = folder / "four.yaml"
    for by, told in (("ann", "ann wrote revision 1"), ("", "--by")):
        ran = stormcell("drafts", "approve", id, "--by", by, "--store", folder, "--config", config)
        assert ran.code == 1
        assert told in ran.err
    assert stormcell("drafts", "approve", id, "--by", "bob", "--store", folder, "--config", config).code == 0


def test_what_was_not_seen_is_not_changed(folder: Path, id: str) -> None:
    done(folder, "comment", id, "hm", "--by", "bob")
    for words in (
        ("edit", id, "--file", "-"),
        ("redraft", id),
        ("submit", id),
        ("send-back", id, "no"),
        ("withdraw", id, "no"),
        ("approve", id),
        ("publish", id),
    ):
        ran = stormcell("drafts", *words, "--seen", "1", "--store", folder, stdin=b"# x")
        assert (ran.code, ran.out) == (1, "")
        assert "was changed since you saw it (comment by bob, " in ran.err
    assert done(folder, "show", id)["version"] == 2


def test_redraft(folder: Path, id: str) -> None:
    made = done(folder, "show", id)["markdown"]
    done(folder, "edit", id, "--file", "-", stdin=b"# x")
    assert done(folder, "redraft", id, "--by", "ann")["revision"] == 3
    assert done(folder, "show", id)["markdown"] == made
    assert done(folder, "redraft", id, "--template", "default")["template"] == "default"


def test_stale(folder: Path, id: str) -> None:
    assert done(folder, "list")[0]["stale"] == ""
    done(folder, "submit", id)
    done(folder, "approve", id)
    apart = [replace(atom, group=None) if atom.group == GROUP else atom for atom in GROUPING.memberships]
    rest = tuple(group for group in GROUPING.groups if group.id != GROUP)
    with SqliteStore(folder / "stormcell.db", create=False) as store:
        store.save(replace(GROUPING, groups=rest, memberships=tuple(apart)), [])
    why = "its group is no more"
    assert done(folder, "show", id)["stale"] == why
    ran = stormcell("drafts", "list", "--store", folder)
    assert "approved, stale" in ran.out
    assert f"{id} is stale: {why}" in ran.out
    assert f"  stale: {why}" in stormcell("drafts", "show", id, "--store", folder).err
    words = ("publish", id, "--store", folder, "--config", folder / "stormcell.yaml")
    refused = stormcell("drafts", *words)
    assert refused.code == 1
    assert f"is stale: {why}" in refused.err
    assert stormcell("drafts", *words, "--stale").code == 0


def test_who_approves_what_is_stale_is_told(folder: Path, id: str) -> None:
    done(folder, "submit", id)
    group = replace(GROUPING.groups[0], medoid=GROUPING.groups[1].medoid)
    with SqliteStore(folder / "stormcell.db", create=False) as store:
        store.save(replace(GROUPING, groups=(group, *GROUPING.groups[1:])), [])
    ran = stormcell("drafts", "approve", id, "--store", folder)
    assert ran.code == 0
    assert "It was stale: another event speaks for its group: " in ran.err
    assert done(folder, "show", id)["stale"] == ""
    done(folder, "send-back", id, "It does not hold.")
    done(folder, "submit", id)
    assert "stale" not in stormcell("drafts", "approve", id, "--store", folder).err


@pytest.mark.slow
def test_drafts_stay_when_groups_are_made_anew(grouped: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(grouped, tmp_path / "out"))
    group = stormcell("groups", "list", "--store", out, "--json").json[0]["id"]
    begun = done(out, "start", group)
    assert stormcell("group", EXAMPLE, "--out", out).code == 0
    [listed] = done(out, "list")
    assert (listed["id"], listed["version"], listed["stale"]) == (begun["id"], 1, "")


@pytest.mark.parametrize("command", ["show", "diff", "history", "edit", "redraft", "submit", "approve", "publish"])
def test_a_draft_that_is_not_there(folder: Path, command: str) -> None:
    ran = stormcell("drafts", command, "d-none", "--store", folder)
    assert (ran.code, ran.out) == (1, "")
    assert "no draft 'd-none'" in ran.err
