from __future__ import annotations

import os
from pathlib import Path

import pytest

from stormcell.runbooks import library as room
from stormcell.runbooks.library import MAX_BYTES, LeftOut, load

REAL = Path(__file__).parents[3] / "benchmarks" / "data" / "runbooks"


def test_the_runbooks_of_a_folder_and_of_those_in_it(tmp_path: Path) -> None:
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "disk.md").write_text("---\ntitle: no\nurl: https://wiki/disk\n---\n# The disk\nfull\n")
    (tmp_path / "b.markdown").write_text(
        "---\ntitle: By front matter\nurl: javascript:alert(1)\n---\nno heading\n"
    )
    (tmp_path / "c.MD").write_bytes(b"\xef\xbb\xbfall\r\nof it\r")
    found = load([tmp_path])
    assert [(one.name, one.title, one.path, one.url, one.markdown) for one in found.runbooks] == [
        ("b", "By front matter", "b.markdown", "", "no heading\n"),
        ("c", "c", "c.MD", "", "all\nof it\n"),
        ("disk", "The disk", "node/disk.md", "https://wiki/disk", "# The disk\nfull\n"),
    ]
    assert found.left_out == ()


@pytest.mark.parametrize(
    "name", ["README.md", "readme.md", "_index.md", ".hidden.md", ".git/a.md", "a.txt", "LICENSE"]
)
def test_what_is_no_runbook_is_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("# A\n")
    found = load([tmp_path])
    assert (found.runbooks, found.left_out) == ((), ())


def test_what_cannot_be_used_is_told_and_the_rest_kept(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Good\n")
    (tmp_path / "large.md").write_bytes(b"a" * (MAX_BYTES + 1))
    (tmp_path / "largest.md").write_bytes(b"a" * MAX_BYTES)
    (tmp_path / "latin.md").write_bytes(b"# Stra\xdfe\n")
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.md").mkdir()
    os.mkfifo(tmp_path / "pipe.md")
    found = load([tmp_path, tmp_path / "missing"])
    assert [one.name for one in found.runbooks] == ["good", "largest"]
    assert {Path(one.path).name: one.why for one in found.left_out} == {
        "large.md": "it is larger than 256 KiB",
        "latin.md": "it is not UTF-8: byte 6",
        "gone.md": "it cannot be read: No such file or directory",
        "pipe.md": "it is no file",
        "missing": "there is no such folder",
    }


def test_files_behind_links_are_read_and_folders_behind_links_are_not(tmp_path: Path) -> None:
    # So a mounted ConfigMap looks: each file a link into a hidden folder.
    (tmp_path / "..2024").mkdir()
    (tmp_path / "..2024" / "a.md").write_text("# A\n")
    (tmp_path / "a.md").symlink_to(tmp_path / "..2024" / "a.md")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [one.path for one in load([tmp_path]).runbooks] == ["a.md"]


def test_what_a_link_leads_to_outside_of_the_folder_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    (tmp_path / "token").write_text("# Secret\n")
    (tmp_path / "runbooks-too").mkdir()
    (tmp_path / "runbooks-too" / "b.md").write_text("# B\n")
    (folder / "a.md").symlink_to("../token")
    (folder / "b.md").symlink_to(tmp_path / "runbooks-too" / "b.md")
    (folder / "loop.md").symlink_to("loop.md")
    found = load([folder])
    assert found.runbooks == ()
    assert {Path(one.path).name for one in found.left_out} == {"a.md", "b.md", "loop.md"}
    assert "outside of the folder" in found.left_out[0].why


def test_there_is_a_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_FILES", 2)
    for name in "abc":
        (tmp_path / f"{name}.md").write_text("# A\n")
    found = load([tmp_path])
    assert [one.name for one in found.runbooks] == ["a", "b"]
    assert found.left_out == (LeftOut(str(tmp_path / "c.md"), "there are more than 2 runbooks"),)


def test_real_runbooks_are_read() -> None:
    found = load([REAL])
    assert len(found.runbooks) == 108
    assert found.left_out == ()
