"""Approved drafts handed to places."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stormcell.config import DraftsSettings, Settings
from stormcell.errors import SettingsError
from stormcell.operate.people import Person
from stormcell.operate.publishing import hand_out, paper
from stormcell.render import Drafter
from stormcell.types import Basis, Material, Review, ReviewState, Revision
from tests.unit.render.samples import grouping
from tests.unit.wire.servers import Answer, HttpReceiver

ADA = Person("cli", "ada", 1_700_000_200_000_000_000)
UID = "4111111111111111"  # it would pass for the number of a card
SOURCES = f"\n\n[^1]: event `{UID}`, field `text`\n[^2]: event `{UID}`, field `uid`\n"
TEXT = f"# A\n\nAsk bob\\@example.com[^1] of `{UID}`[^2].{SOURCES}"
REVIEW = Review(
    id="d-0123456789ab",
    group="g-1",
    kind="runbook",
    title="bob@example.com fails",
    template="alert",
    state=ReviewState.APPROVED,
    author="grace",
    reviewer="ada",
    basis=Basis("u", 1, b""),
    revisions=(Revision(1, "old", (), "grace", 1), Revision(2, TEXT, (), "grace", 2)),
)


def settings(*places: Mapping[str, Any], **more: Any) -> Settings:
    return Settings.model_validate({"drafts": {"publish": list(places)}, **more})


def place(name: str, folder: Path) -> Mapping[str, Any]:
    folder.mkdir(exist_ok=True)
    return {"name": name, "kind": "folder", "target": str(folder)}


def test_every_place_gets_it_unless_some_are_named(tmp_path: Path) -> None:
    known = settings(place("wiki", tmp_path / "a"), place("archive", tmp_path / "b"))
    told = hand_out(REVIEW, ADA, known)
    assert [(one.destination, one.revision, one.time, one.problem) for one in told] == [
        ("wiki", 2, ADA.now, ""),
        ("archive", 2, ADA.now, ""),
    ]
    assert all(Path(one.where).is_file() for one in told)
    assert [one.destination for one in hand_out(REVIEW, ADA, known, ["archive"])] == ["archive"]


def test_one_that_fails_holds_up_no_other(tmp_path: Path) -> None:
    with HttpReceiver(Answer(status=400, body=b"\x1b[31mno token=hunter2abc")) as server:
        hook = {"name": "hook", "kind": "webhook", "target": server.url}
        gone = {"name": "gone", "kind": "folder", "target": str(tmp_path / "nowhere")}
        odd = {"name": "odd", "kind": "carrier-pigeon", "target": "x"}
        told = hand_out(REVIEW, ADA, settings(hook, gone, odd, place("wiki", tmp_path / "a")))
    assert [bool(one.where) for one in told] == [False, False, False, True]
    problems = [one.problem for one in told]
    assert "answered 400" in problems[0]
    assert "hunter2" not in problems[0]
    assert "\x1b" not in problems[0]
    assert "expected a folder that is there" in problems[1]
    assert "no publisher is called 'carrier-pigeon'; there are: folder, git" in problems[2]
    assert problems[3] == ""


def test_what_another_publisher_raises_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def publish(self, *_: object) -> str:
            raise KeyError("what")

    def broken(*_: object) -> Broken:
        return Broken()

    monkeypatch.setattr("stormcell.operate.publishing.publisher", broken)
    [told] = hand_out(REVIEW, ADA, settings(place("wiki", tmp_path / "a")))
    assert told.problem == "the publisher 'folder' failed: KeyError: 'what'"


def test_secrets_are_masked_and_ids_stay(tmp_path: Path) -> None:
    [told] = hand_out(REVIEW, ADA, settings(place("wiki", tmp_path / "a")))
    text = Path(told.where).read_text()
    assert "example.com" not in text
    assert text.endswith(f"Ask &lt;email>[^1] of `{UID}`[^2].{SOURCES}")
    assert "title: <email> fails" in text


@pytest.mark.parametrize("asked", [True, False])
def test_unmasked_where_that_is_asked_for_or_set(tmp_path: Path, asked: bool) -> None:
    known = settings(place("wiki", tmp_path / "a"), privacy={"mask": asked})
    [told] = hand_out(REVIEW, ADA, known, unmasked=asked)
    assert TEXT in Path(told.where).read_text()


def test_a_paper_names_who_wrote_the_last_revision() -> None:
    made = paper(REVIEW, 7)
    assert (made.author, made.reviewer, made.revision, made.time) == ("grace", "ada", 2, 7)


@pytest.mark.parametrize("kind", ["runbook", "postmortem"])
def test_what_was_reviewed_says_so(kind: str) -> None:
    one = grouping()
    group = one.groups[0]
    atoms = [atom for atom in one.memberships if atom.group == group.id]
    made = Drafter(DraftsSettings()).draft(kind, Material(group, atoms))
    assert "to be reviewed" in made.markdown
    review = replace(REVIEW, reviewer="*ada*", revisions=(Revision(1, made.markdown, (), "grace", 1),))
    text = paper(review, 7).markdown
    assert "to be reviewed" not in text
    assert "> **Reviewed by \\*ada\\*.** Made by Stormcell from event" in text
    assert "> **Reviewed.** Made by" in paper(replace(review, reviewer=""), 7).markdown


def test_a_place_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no place is called 'wikki'; there are: wiki"):
        hand_out(REVIEW, ADA, settings(place("wiki", tmp_path / "a")), ["wikki"])
    with pytest.raises(SettingsError, match=r"drafts\.publish: no place is set.*kind: folder"):
        hand_out(REVIEW, ADA, settings())


def test_a_folder_that_nobody_may_write_is_told(tmp_path: Path) -> None:
    there = place("wiki", tmp_path / "a")
    folder = Path(there["target"])
    folder.rename(tmp_path / "gone")
    folder.symlink_to("/proc/1")
    [told] = hand_out(REVIEW, ADA, settings(there))
    assert told.where == ""
    assert "cannot write" in told.problem
    assert stat.S_ISLNK(folder.lstat().st_mode)
