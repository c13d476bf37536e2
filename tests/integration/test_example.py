"""The main job on the bundled example: everything under --out agrees with the input and with itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from html import unescape
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from stormcell.decode import read
from stormcell.render import schema
from stormcell.render.facts import as_text
from stormcell.store import SqliteStore
from stormcell.types import Event
from tests.integration.program import EXAMPLE

FOOTNOTE = re.compile(
    r"^\[\^(?P<number>\d+)\]: event `(?P<uid>[^`]+)`, field `(?P<field>[^`]+)`(?:; (?P<how>.+))?$"
)
REFERENCE = re.compile(r"\[\^(\d+)\]")


@pytest.fixture(scope="module")
def events() -> dict[str, Event]:
    return {event.uid: event for event in read([EXAMPLE])}


@pytest.fixture(scope="module")
def document(grouped: Path) -> Any:
    return json.loads((grouped / "groups.json").read_bytes())


def test_groups_json_is_valid(document: Any) -> None:
    jsonschema.validate(document, schema(), cls=jsonschema.Draft202012Validator)
    assert document["groups"]


def test_every_event_is_in_exactly_one_place(document: Any, events: dict[str, Event]) -> None:
    placed = Counter(document["background"])
    for group in document["groups"]:
        placed.update(group["members"])
        assert group["count"] == len(group["members"]) == sum(group["signals"].values())
    assert placed == Counter(events.keys())
    assert document["events"] == len(events)


def test_who_speaks_for_a_group_is_a_member_as_it_came_in(document: Any, events: dict[str, Event]) -> None:
    for group in document["groups"]:
        members = set(group["members"])
        assert {group["medoid"]["uid"], group["earliest"], group["most_severe"]} <= members
        exemplar = events[group["medoid"]["uid"]]
        assert (group["medoid"]["text"], group["medoid"]["service"]) == (exemplar.text, exemplar.service)
        assert events[group["earliest"]].time == min(events[uid].time for uid in members)
        assert events[group["most_severe"]].severity == max(events[uid].severity for uid in members)


def test_every_footnote_of_every_draft_resolves(grouped: Path, document: Any, events: dict[str, Event]) -> None:
    drafts = list((grouped / "drafts").iterdir())
    assert {draft.name for draft in drafts} == {f"{group['id']}.runbook.md" for group in document["groups"]}
    quoted = 0
    for draft in drafts:
        body, notes = _split(draft.read_text())
        shown = unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", body))
        assert set(REFERENCE.findall(body)) == set(notes)
        for uid, field, how in notes.values():
            value = as_text(events[uid].field(field))
            if not how:
                quoted += 1
                assert value in shown, (draft, uid, field)
    assert quoted > 10 * len(drafts)


def test_a_draft_footnotes_only_members_of_its_group(grouped: Path, document: Any) -> None:
    for group in document["groups"]:
        _, notes = _split((grouped / "drafts" / f"{group['id']}.runbook.md").read_text())
        assert {uid for uid, _, _ in notes.values()} <= set(group["members"])


def test_ndjson_has_one_document_a_group(grouped: Path, document: Any) -> None:
    lines = [json.loads(line) for line in (grouped / "groups.ndjson").read_text().splitlines()]
    assert [line["incident_group"]["id"] for line in lines] == [group["id"] for group in document["groups"]]
    for line, group in zip(lines, document["groups"], strict=True):
        assert line["incident_group"]["count"] == group["count"]
        assert line["incident_group"]["exemplar_id"] == group["medoid"]["uid"]
        assert line["event"]["start"] == group["first_seen"] <= line["@timestamp"] == group["last_seen"]


def test_the_store_holds_the_same_groups_and_drafts(grouped: Path, document: Any) -> None:
    with SqliteStore(grouped / "stormcell.db", create=False) as store:
        stored = {group.id: group for group in store.groups()}
        assert list(stored) == [group["id"] for group in document["groups"]]
        for group in document["groups"]:
            assert list(stored[group["id"]].members) == group["members"]
            assert stored[group["id"]].medoid.uid == group["medoid"]["uid"]
            [draft] = store.drafts(group["id"])
            assert (grouped / "drafts" / f"{group['id']}.runbook.md").read_text() == draft.markdown


def test_nothing_was_left_out_and_nothing_left_over(grouped: Path) -> None:
    assert (grouped / "problems.txt").read_bytes() == b""
    names = {path.name for path in grouped.iterdir()}
    assert names == {"groups.json", "groups.ndjson", "drafts", "problems.txt", "stormcell.db"}


def _split(markdown: str) -> tuple[str, dict[str, tuple[str, str, str]]]:
    """Return a draft's body, and of each footnote the event, the field and how the value was derived."""
    notes: dict[str, tuple[str, str, str]] = {}
    body = []
    for line in markdown.splitlines():
        match = FOOTNOTE.match(line)
        if match is None:
            assert not line.startswith("[^"), line
            body.append(line)
        else:
            notes[match["number"]] = (match["uid"], match["field"], match["how"] or "")
    return "\n".join(body), notes
