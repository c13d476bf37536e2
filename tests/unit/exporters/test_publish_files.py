"""Drafts as files: of a folder, and of a working tree of git."""

from __future__ import annotations

import os
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stormcell.errors import DeliveryError, OutputError, SettingsError
from stormcell.registry import publisher
from stormcell.types import Paper
from stormcell_exporters.publish.page import page, slug

DAY = 86_400_000_000_000
FIRST = Paper(
    review="d-0123456789ab",
    group="g-51fb7bcc",
    kind="runbook",
    title="Zahlungen: Größe & Geschwindigkeit",
    revision=1,
    markdown="# Payments\n\nA text.\n",
    author="ada",
    reviewer="grace",
    time=1_700_000_200_000_000_000,
)
SECOND = replace(FIRST, revision=2, markdown="# Payments\n\nAnother text.\n", time=FIRST.time + DAY)
NAME = "runbook-2023-11-14-g-51fb7bcc-zahlungen-grosse-geschwindigkeit.md"
ADA = "Ada <ada@example.com>"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True, text=True)
    return done.stdout.strip()


def front(path: Path) -> dict[str, object]:
    _, head, _ = path.read_text().split("---\n", 2)
    held = yaml.safe_load(head)
    assert isinstance(held, dict)
    return held


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working tree with a commit, its settings alone those of git."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{name}_NAME", raising=False)
        monkeypatch.delenv(f"GIT_{name}_EMAIL", raising=False)
    monkeypatch.delenv("EMAIL", raising=False)
    folder = tmp_path / "tree"
    (folder / "runbooks").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "other.txt").write_text("as it was\n")
    git(folder, "add", "other.txt")
    git(folder, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message=first")
    return folder


def test_a_file_says_what_it_is_of(tmp_path: Path) -> None:
    where = publisher("folder").publish(FIRST, str(tmp_path))
    assert Path(where).name == NAME
    assert front(Path(where)) == {
        "title": FIRST.title,
        "kind": "runbook",
        "group": "g-51fb7bcc",
        "review": "d-0123456789ab",
        "revision": 1,
        "author": "ada",
        "reviewer": "grace",
        "published": "2023-11-14T22:16:40.000Z",
        "lastmod": "2023-11-14T22:16:40.000Z",
    }
    assert Path(where).read_text().endswith("---\n\n# Payments\n\nA text.\n")


def test_a_later_revision_keeps_the_name_and_the_first_day(tmp_path: Path) -> None:
    first = publisher("folder").publish(FIRST, str(tmp_path))
    assert publisher("folder").publish(SECOND, str(tmp_path)) == first
    held = front(Path(first))
    assert (held["published"], held["lastmod"]) == ("2023-11-14T22:16:40.000Z", "2023-11-15T22:16:40.000Z")
    assert "Another text." in Path(first).read_text()


def test_another_title_leaves_no_old_file(tmp_path: Path) -> None:
    publisher("folder").publish(FIRST, str(tmp_path))
    publisher("folder").publish(replace(SECOND, title="DNS"), str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["runbook-2023-11-14-g-51fb7bcc-dns.md"]


def test_a_file_that_people_gave_another_name_keeps_it(tmp_path: Path) -> None:
    Path(publisher("folder").publish(FIRST, str(tmp_path))).rename(tmp_path / "payments.md")
    assert publisher("folder").publish(SECOND, str(tmp_path)) == str(tmp_path / "payments.md")
    assert len(list(tmp_path.iterdir())) == 1


def test_files_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("# Theirs\n")
    (tmp_path / "notes.md").write_text("---\nreview: [d-0123456789ab\n---\nbroken\n")
    where = publisher("folder").publish(FIRST, str(tmp_path))
    assert Path(where).name == NAME.replace(".md", "-d-0123456789ab.md")
    assert (tmp_path / NAME).read_text() == "# Theirs\n"
    publisher("folder").publish(replace(FIRST, review="d-ffffffffffff"), str(tmp_path))
    assert len(list(tmp_path.iterdir())) == 4


def test_nothing_is_written_through_a_link_that_waits_for_it(tmp_path: Path) -> None:
    folder, theirs = tmp_path / "wiki", tmp_path / "authorized_keys"
    folder.mkdir()
    theirs.write_text("as it was\n")
    (folder / f".{NAME}.{os.getpid()}-{threading.get_native_id()}.tmp").symlink_to(theirs)
    publisher("folder").publish(FIRST, str(folder))
    assert theirs.read_text() == "as it was\n"
    assert [path.name for path in folder.iterdir()] == [NAME]
    assert not (folder / NAME).is_symlink()


def test_front_matter_of_the_text_is_kept(tmp_path: Path) -> None:
    text = "---\nstormcell: g-51fb7bcc\ntitle: theirs\n---\n\n# Payments\n"
    where = publisher("folder").publish(replace(FIRST, markdown=text), str(tmp_path))
    held = front(Path(where))
    assert (held["stormcell"], held["title"]) == ("g-51fb7bcc", FIRST.title)
    assert Path(where).read_text().count("---\n") == 2


@pytest.mark.parametrize(
    "line",
    ["date: 2026-99-99", f"a: {'9' * 5000}", "a: !!int ''", "a: !!bool x", "a: [b", f"a: {'[' * 3000}"],
    ids=["no date", "long number", "no number", "no truth", "open", "deep"],
)
def test_front_matter_that_is_none_is_text(tmp_path: Path, line: str) -> None:
    text = f"---\n{line}\n---\n\n# Payments\n"
    first = publisher("folder").publish(replace(FIRST, markdown=text), str(tmp_path))
    assert front(Path(first))["review"] == FIRST.review
    assert Path(first).read_text().endswith(f"---\n\n{text}")
    assert publisher("folder").publish(replace(SECOND, markdown=text), str(tmp_path)) == first


def test_front_matter_whose_aliases_grow_without_end_is_published_again(tmp_path: Path) -> None:
    grown = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40))
    text = f"---\na0: &a0 [x]\n{grown}self: &s [*s]\n---\n\n# Payments\n"
    first = publisher("folder").publish(replace(FIRST, markdown=text), str(tmp_path))
    held = Path(first).read_bytes()
    assert publisher("folder").publish(replace(FIRST, markdown=text), str(tmp_path)) == first
    assert Path(first).read_bytes() == held
    publisher("folder").publish(replace(SECOND, markdown=text), str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_long_front_matter_of_the_text_does_not_hide_ours(tmp_path: Path) -> None:
    for length in (16_000, 100_000):
        text = f"---\nnote: {'x' * length}\n---\n\n# Payments\n"
        publisher("folder").publish(replace(FIRST, markdown=text), str(tmp_path))
        publisher("folder").publish(replace(SECOND, markdown=text), str(tmp_path))
        assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_where_people_read_it(tmp_path: Path) -> None:
    made = publisher("folder", {"url": "https://wiki.example.com/r/{name}/"})
    assert made.publish(FIRST, str(tmp_path)) == f"https://wiki.example.com/r/{NAME.removesuffix('.md')}/"
    with pytest.raises(SettingsError, match="option 'url': expected a URL"):
        publisher("folder", {"url": "https://wiki.example.com/"})


@given(st.text(), st.integers(1, 60))
def test_a_slug_is_a_part_of_a_name(text: str, most: int) -> None:
    made = slug(text, most)
    assert len(made) <= most
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert made == slug(made, most)


@given(title=st.text(), text=st.text(), author=st.text())
def test_any_texts_make_a_page_that_can_be_read(title: str, text: str, author: str) -> None:
    made = page(replace(FIRST, title=title, markdown=f"# {text}", author=author), "2026-01-01").decode()
    _, head, body = made.split("---\n", 2)
    held = yaml.safe_load(head)
    assert held["review"] == FIRST.review
    assert held["title"]
    assert body.startswith("\n# ")


def test_a_draft_is_a_commit_of_one_file(tree: Path) -> None:
    (tree / "other.txt").write_text("changed\n")
    (tree / "new.txt").write_text("new\n")
    git(tree, "add", "new.txt")
    made = publisher("git", {"author": ADA})
    where = made.publish(FIRST, str(tree / "runbooks"))
    assert git(tree, "show", "--name-only", "--format=%an|%ae|%cn|%s|%b").splitlines() == [
        "Ada|ada@example.com|Ada|Publish runbook of g-51fb7bcc: Zahlungen: Größe & Geschwindigkeit|"
        "Draft d-0123456789ab, revision 1.",
        "",
        "Written-by: ada",
        "Reviewed-by: grace",
        "",
        "",
        f"runbooks/{NAME}",
    ]
    assert git(tree, "status", "--porcelain").splitlines() == ["M other.txt", "A  new.txt"] or git(
        tree, "status", "--porcelain"
    ).splitlines() == ["A  new.txt", " M other.txt"]
    assert Path(where).is_file()
    # A later one with another title replaces the file.
    made.publish(replace(SECOND, title="DNS"), str(tree / "runbooks"))
    assert git(tree, "ls-files", "runbooks") == "runbooks/runbook-2023-11-14-g-51fb7bcc-dns.md"
    assert git(tree, "rev-list", "--count", "HEAD") == "3"


def test_a_commit_that_a_hook_refuses_leaves_nothing(tree: Path) -> None:
    hook = tree / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    made = publisher("git", {"author": ADA})
    made.publish(FIRST, str(tree / "runbooks"))
    hook.write_text("#!/bin/sh\necho not on a Friday >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(OutputError, match="git commit failed: not on a Friday"):
        made.publish(replace(SECOND, title="DNS"), str(tree / "runbooks"))
    assert git(tree, "status", "--porcelain") == ""
    assert "A text." in (tree / "runbooks" / NAME).read_text()
    assert [path.name for path in (tree / "runbooks").iterdir()] == [NAME]
    hook.unlink()
    made.publish(replace(SECOND, title="DNS"), str(tree / "runbooks"))
    assert git(tree, "rev-list", "--count", "HEAD") == "3"


def test_what_somebody_changed_is_not_overwritten(tree: Path) -> None:
    made = publisher("git", {"author": ADA})
    where = Path(made.publish(FIRST, str(tree / "runbooks")))
    edited = where.read_text() + "\nBy hand.\n"
    where.write_text(edited)
    with pytest.raises(OutputError, match="has changes that are not committed"):
        made.publish(SECOND, str(tree / "runbooks"))
    assert where.read_text() == edited


def test_a_file_that_was_written_and_not_committed_is(tree: Path) -> None:
    publisher("folder").publish(FIRST, str(tree / "runbooks"))
    publisher("git", {"author": ADA}).publish(FIRST, str(tree / "runbooks"))
    assert git(tree, "status", "--porcelain", "runbooks") == ""
    assert git(tree, "rev-list", "--count", "HEAD") == "2"


def test_who_commits_is_asked_for(tree: Path) -> None:
    with pytest.raises(SettingsError, match="set the option `author`"):
        publisher("git").publish(FIRST, str(tree / "runbooks"))
    git(tree, "config", "user.name", "Grace")
    git(tree, "config", "user.email", "grace@example.com")
    publisher("git").publish(FIRST, str(tree / "runbooks"))
    assert git(tree, "log", "-1", "--format=%an") == "Grace"
    with pytest.raises(SettingsError, match="option 'author': expected Name <mail>"):
        publisher("git", {"author": "ada"})


def test_another_branch_is_refused(tree: Path) -> None:
    git(tree, "checkout", "--quiet", "-b", "feature")
    with pytest.raises(OutputError, match="is on feature, not on main"):
        publisher("git", {"author": ADA, "branch": "main"}).publish(FIRST, str(tree / "runbooks"))
    assert list((tree / "runbooks").iterdir()) == []


def test_pushed_where_that_is_asked_for(tree: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.git"
    made = publisher("git", {"author": ADA, "push": True})
    git(tree, "remote", "add", "origin", str(there))
    with pytest.raises(DeliveryError, match="committed, but not pushed to origin") as caught:
        made.publish(FIRST, str(tree / "runbooks"))
    assert caught.value.retryable
    git(tmp_path, "init", "--quiet", "--bare", str(there))
    made.publish(FIRST, str(tree / "runbooks"))  # the commit is there, and goes now
    assert git(there, "rev-list", "--count", "main") == "2"
    git(tree, "checkout", "--quiet", "--detach")
    with pytest.raises(OutputError, match="on no branch, so nothing can be pushed"):
        made.publish(SECOND, str(tree / "runbooks"))


def test_a_folder_outside_of_a_tree_is_refused(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    made = publisher("git", {"author": ADA})
    with pytest.raises(SettingsError, match="expected a folder in a working tree of git"):
        made.publish(FIRST, str(tmp_path / "plain"))
    with pytest.raises(SettingsError, match="one of its own files"):
        made.publish(FIRST, str(tree / ".git"))


def test_without_git_it_is_told_what_to_do(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SettingsError, match="no program `git`"):
        publisher("git", {"author": ADA}).publish(FIRST, str(tree / "runbooks"))


def test_the_trees_of_a_hook_that_runs_us_stay_as_they_are(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    publisher("git", {"author": ADA}).publish(FIRST, str(tree / "runbooks"))
    monkeypatch.delenv("GIT_DIR")
    assert git(tree, "rev-list", "--count", "HEAD") == "2"
