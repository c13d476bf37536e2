"""What every Publisher keeps to: all that are registered here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

import pytest
import yaml

from stormcell.errors import OutputError, SettingsError
from stormcell.protocols import Publisher
from stormcell.registry import publisher
from stormcell.types import Paper
from stormcell_exporters.kibana.panels import Ids
from stormcell_exporters.kibana.rule import rule
from tests.unit.kibana.kibana import FakeKibana, serving
from tests.unit.wire.servers import Answer, HttpReceiver

HOUR = 3_600_000_000_000
FIRST = Paper(
    review="d-0123456789ab",
    group="g-51fb7bcc",
    kind="runbook",
    title="Failing requests: POST /api/v1/orders",
    revision=1,
    markdown="# Failing requests\n\nLook at payment[^1].\n\n[^1]: event `51fb7bcc8d29d2a1`, field `service`\n",
    author="ada",
    reviewer="grace",
    time=1_700_000_200_000_000_000,
)
SECOND = replace(FIRST, revision=2, markdown="# Failing requests\n\nLook at checkout.\n", time=FIRST.time + HOUR)
HOSTILE = "---\ntitle: x\n---\n../../etc/passwd\0\x1b[31m\u202e\ud800 <script>{{ 7*7 }} --amend -- *" + "x" * 5000


class Place(Protocol):
    """Where a publisher puts drafts, and what is there: (review, revision, text) of each."""

    @property
    def target(self) -> str: ...

    def held(self) -> list[tuple[str, int, str]]: ...

    def changes(self) -> int:
        """Return how often something was written."""

    def refuse(self) -> None:
        """Take nothing from now on."""


@dataclass
class _Folder:
    folder: Path

    @property
    def target(self) -> str:
        return str(self.folder)

    def held(self) -> list[tuple[str, int, str]]:
        found = []
        for path in sorted(self.folder.iterdir()):
            if path.name != ".git":
                _, head, body = path.read_text().split("---\n", 2)
                front = yaml.safe_load(head)
                found.append((front["review"], front["revision"], body))
        return found

    def changes(self) -> int:
        return sum(path.stat().st_mtime_ns for path in self.folder.glob("*.md"))

    def refuse(self) -> None:
        for path in self.folder.glob("*.md"):
            path.unlink()
            path.mkdir()
        self.folder.rename(self.folder.with_name("gone"))
        self.folder.symlink_to("/proc/1")  # a folder in which nobody makes files


@dataclass
class _Git(_Folder):
    def changes(self) -> int:
        return int(git(self.folder, "rev-list", "--count", "--all"))

    def refuse(self) -> None:
        hook = self.folder / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)


@dataclass
class _Webhook:
    server: HttpReceiver

    @property
    def target(self) -> str:
        return f"{self.server.url}/drafts"

    def held(self) -> list[tuple[str, int, str]]:
        # A receiver keeps the last of each key, as the documentation tells it to.
        held = {}
        for request in self.server.requests:
            told = json.loads(request.body)
            assert request.headers["idempotency-key"] == f"{told['review']}/{told['revision']}"
            held[told["review"]] = (told["review"], told["revision"], told["markdown"])
        return list(held.values())

    def changes(self) -> int:
        return len({request.headers["idempotency-key"] for request in self.server.requests})

    def refuse(self) -> None:
        self.server.answers.append(Answer(status=400))


@dataclass
class _Kibana:
    server: FakeKibana
    case: bool

    @property
    def target(self) -> str:
        return self.server.url

    def held(self) -> list[tuple[str, int, str]]:
        texts = [text for case in self.server.cases for text in case["comments"]]
        if not self.case:
            texts = [one["artifacts"]["investigation_guide"]["blob"] for one in self.server.rules.values()]
        found = []
        for text in texts:
            body, _, last = text.rpartition("\n\n")
            review, _, revision = (
                last.removeprefix("*Stormcell draft ").removesuffix(".*").partition(", revision ")
            )
            found.append((review, int(revision), body))
        return found

    def changes(self) -> int:
        return len(self.server.wrote())

    def refuse(self) -> None:
        path = "/api/cases" if self.case else f"/api/alerting/rule/{Ids().rule}"
        self.server.refuse["POST" if self.case else "PUT", path] = [(403, {"message": "no"})]


REGISTERED = ("folder", "git", "kibana-case", "kibana-guide", "webhook")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True, text=True)
    return done.stdout.strip()


@pytest.fixture(params=REGISTERED)
def case(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Publisher, Place]]:
    for variable in ("STORMCELL_WEBHOOK_TOKEN", "STORMCELL_KIBANA_API_KEY", "STORMCELL_KIBANA_USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runbooks"
    folder.mkdir()
    name = request.param
    if name == "folder":
        yield publisher(name), _Folder(folder)
    elif name == "git":
        git(folder, "init", "--quiet")
        yield publisher(name, {"author": "Stormcell <stormcell@example.com>"}), _Git(folder)
    elif name == "webhook":
        with HttpReceiver() as server:
            yield publisher(name), _Webhook(server)
    else:
        with serving(FakeKibana()) as kibana:
            kibana.rules[Ids().rule] = {**rule(Ids()), "id": Ids().rule}
            yield publisher(name), _Kibana(kibana, case=name == "kibana-case")


def test_all_of_ours_are_known_here() -> None:
    ours = {point.name for point in entry_points(group="stormcell.publishers") if "stormcell" in point.value}
    assert ours == set(REGISTERED)


def test_a_draft_arrives_and_it_is_told_where(case: tuple[Publisher, Place]) -> None:
    made, place = case
    where = made.publish(FIRST, place.target)
    [(review, revision, text)] = place.held()
    assert (review, revision) == (FIRST.review, 1)
    assert "Look at payment" in text
    if where.startswith("/"):
        assert Path(where).is_file()
    else:
        assert where.startswith("http://127.0.0.1")


def test_done_again_it_changes_nothing(case: tuple[Publisher, Place]) -> None:
    made, place = case
    where = made.publish(FIRST, place.target)
    before = place.held(), place.changes()
    assert made.publish(replace(FIRST, time=FIRST.time + HOUR), place.target) == where
    assert (place.held(), place.changes()) == before


def test_a_later_revision_replaces_the_first(case: tuple[Publisher, Place]) -> None:
    made, place = case
    made.publish(FIRST, place.target)
    made.publish(replace(SECOND, title="It was the checkout"), place.target)
    [(review, revision, text)] = place.held()
    assert (review, revision) == (FIRST.review, 2)
    assert "Look at checkout." in text


def test_hostile_texts_arrive_too(case: tuple[Publisher, Place]) -> None:
    made, place = case
    made.publish(replace(FIRST, title=HOSTILE, markdown=HOSTILE, author=HOSTILE, reviewer=HOSTILE), place.target)
    [(review, revision, text)] = place.held()
    assert (review, revision) == (FIRST.review, 1)
    assert "<script>{{ 7*7 }} --amend -- *" in text


def test_a_target_that_takes_nothing_is_an_error_of_ours(case: tuple[Publisher, Place]) -> None:
    made, place = case
    place.refuse()
    with pytest.raises((OutputError, SettingsError)):
        made.publish(FIRST, place.target)


@pytest.mark.parametrize("target", ["nowhere", "", "ftp://example.com/x", "\0"])
def test_what_is_no_target_is_an_error_of_the_settings(case: tuple[Publisher, Place], target: str) -> None:
    made, _ = case
    with pytest.raises(SettingsError, match="expected a"):
        made.publish(FIRST, target)


@pytest.mark.parametrize("name", REGISTERED)
def test_an_option_that_it_does_not_have_is_an_error_of_the_settings(name: str) -> None:
    with pytest.raises(SettingsError, match="no option 'colour'"):
        publisher(name, {"colour": "red"})
