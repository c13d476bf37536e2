"""The page of a group over HTTP, without script: what is seen, what is done, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.access import Scope
from stormcell.store import SqliteStore
from stormcell.types import AuditEntry, Event, Group
from stormcell.web.group.downloads import safe
from tests.unit.web.client import Browser
from tests.unit.web.group.acting import done, page_of, pair, stranger, told, undo_of
from tests.unit.web.group.build import save_hostile, save_large


def groups_of(store: Path) -> Any:
    """All that the store holds of groups."""
    with SqliteStore(store, create=False) as opened:
        groups = opened.groups()
        return groups, [opened.memberships(group.id) for group in groups]


def actions(store: Path) -> list[str]:
    with SqliteStore(store, create=False) as opened:
        return [entry.action for entry in opened.audit_log()]


def test_a_group_is_shown_by_its_id_and_by_the_start_of_it(browser: Browser, store: Path) -> None:
    group, _ = pair(store)
    page = page_of(browser, f"/groups/{group.id}")
    assert page.count("data-member") == 50
    assert group.medoid.uid in page
    assert "typical, not causal" in page
    answer = browser.get(f"/groups/{group.id[:7]}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/groups/{group.id}")
    assert browser.get("/groups/g-").status_code == 409
    assert browser.get("/groups/g-none").status_code == 404
    for path in ("similar", "members.csv", "members.ndjson"):
        assert browser.get(f"/groups/g-none/{path}").status_code == 404
    assert browser.get("/groups/event?uid=none").status_code == 404


def test_merging_is_told_and_taken_back(browser: Browser, store: Path) -> None:
    large, small = pair(store)
    before = groups_of(store)
    at = f"/groups/{small.id}"
    to, page = done(browser, f"{at}/merge", {"other": [large.id]}, at)
    assert to == f"/groups/{large.id}"
    assert "Merged into" in told(page)
    assert f"{large.count + small.count:,} events now" in told(page)
    gone = page_of(browser, at)
    assert "This group is no more" in gone
    assert f'href="/groups/{large.id}"' in gone
    action, fields = undo_of(page)
    _, page = done(browser, action, fields, to)
    assert told(page) == "Taken back: the groups are as they were."
    assert groups_of(store) == before
    assert actions(store) == ["merge", "undo"]
    # Again: it is said that there is nothing to do.
    _, page = done(browser, action, fields, to)
    assert "taken back before" in told(page)


def test_splitting_is_told_and_taken_back(browser: Browser, store: Path) -> None:
    large, _ = pair(store)
    uid, before = stranger(store, large), groups_of(store)
    at = f"/groups/{large.id}?text={uid}"
    to, page = done(browser, f"/groups/{large.id}/split", {"event": [uid]}, at)
    assert to == at
    [new] = re.findall(r"Split off: (g-[0-9a-f]+)", told(page))
    assert f'data-key="m-{uid}"' not in page
    assert f'data-key="m-{uid}"' in page_of(browser, f"/groups/{new}")
    action, fields = undo_of(page)
    done(browser, action, fields, at)
    assert groups_of(store) == before
    assert "This group is no more" in page_of(browser, f"/groups/{new}")


def test_an_event_is_moved_and_one_is_pinned(browser: Browser, store: Path) -> None:
    large, small = pair(store)
    uid = stranger(store, large)
    _, page = done(browser, f"/groups/{large.id}/move", {"event": [uid], "other": small.id}, f"/groups/{large.id}")
    assert "Moved to" in told(page)
    at = f"/groups/{small.id}?text={uid}&why={uid}"
    page = page_of(browser, at)
    assert "put here by people" in page
    assert "Put here by a person" in page
    _, page = done(browser, f"/groups/{small.id}/pin", {"event": uid}, at)
    assert told(page) == "Pinned as the exemplar."
    with SqliteStore(store, create=False) as opened:
        held = opened.membership_of(uid)
        assert held is not None
        group = opened.group(held.group or "")
        assert group is not None
        assert group.medoid.uid == uid
    assert actions(store) == ["move", "pin"]
    _, page = done(browser, f"/groups/{small.id}/pin", {"event": uid}, at)
    assert told(page) == "It was so already; nothing was changed."


def refusals(large: Group, small: Group, far: Group) -> list[tuple[str, dict[str, Any], str]]:
    exemplar = large.medoid.uid
    return [
        ("split", {}, "no member is selected"),
        ("split", {"event": [exemplar]}, "one atom with the exemplar"),
        ("split", {"event": ["nobody"]}, "no event 'nobody'"),
        ("split", {"event": [small.medoid.uid]}, "name events of one group"),
        ("merge", {}, "no other group is chosen"),
        ("merge", {"other": [far.id]}, "different sessions"),
        ("merge", {"other": ["g-none"]}, "no group 'g-none'"),
        ("merge", {"other": [large.id]}, "two groups or more"),
        ("move", {"other": [small.id]}, "no members are selected"),
        ("move", {"event": ["a", "b"], "other": [small.id]}, "2 members are selected"),
        ("move", {"event": [exemplar]}, "no other group is chosen"),
        ("move", {"event": [exemplar], "other": [small.id]}, "one atom with the exemplar"),
        ("move", {"event": [exemplar], "other": [small.id, far.id]}, "2 groups are chosen"),
        ("pin", {"event": "nobody"}, "no event 'nobody'"),
        ("undo", {"feedback": "f-none"}, "no feedback 'f-none'"),
    ]


def test_what_cannot_be_is_said_on_the_page_and_changes_nothing(browser: Browser, store: Path) -> None:
    large, small = pair(store)
    before = groups_of(store)
    far = max(before[0], key=lambda group: abs(group.first_seen - large.first_seen))
    at = f"/groups/{large.id}"
    for verb, fields, why in refusals(large, small, far):
        to, page = done(browser, f"{at}/{verb}", fields, at)
        assert to == at
        assert why in told(page), verb
        assert told(page).startswith("Nothing was changed:")
        assert str(store) not in page
    assert groups_of(store) == before
    assert actions(store) == []


@pytest.mark.parametrize("verb", ["merge", "split", "move", "pin", "undo"])
def test_only_who_may_operate_changes_groups_by_forms_of_ours(store: Path, verb: str) -> None:
    large, small = pair(store)
    fields = {"event": stranger(store, large), "other": small.id, "feedback": "f"}
    browser = Browser(store)
    page_of(browser, f"/groups/{large.id}")
    browser.csrf = "0" * 64
    assert browser.post(f"/groups/{large.id}/{verb}", fields).status_code == 403
    guest = Browser(store, [("guest", {Scope.READ})])
    guest.post("/login", {"token": "guest"})
    page = page_of(guest, f"/groups/{large.id}?why={large.medoid.uid}")
    assert 'type="checkbox"' not in page
    assert "/pin" not in page
    assert guest.post(f"/groups/{large.id}/{verb}", fields).status_code == 403
    assert actions(store) == []


def test_who_did_it_is_who_is_logged_in(store: Path) -> None:
    large, _ = pair(store)
    browser = Browser(store, [("oncall", {Scope.READ, Scope.OPERATE})])
    browser.post("/login", {"token": "oncall"})
    at = f"/groups/{large.id}"
    _, page = done(browser, f"{at}/split", {"event": [stranger(store, large)]}, at)
    with SqliteStore(store, create=False) as opened:
        [entry] = opened.audit_log()
    assert (entry.who, entry.action) == ("oncall", "split")
    assert "<b>oncall</b> split events off" in page


def test_members_are_downloaded_whole(browser: Browser, store: Path) -> None:
    group, _ = pair(store)
    answer = browser.get(f"/groups/{group.id}/members.csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="{group.id}-members.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert [row["uid"] for row in rows] == sorted(group.members)
    lines = browser.get(f"/groups/{group.id}/members.ndjson").text.splitlines()
    assert [json.loads(line)["uid"] for line in lines] == sorted(group.members)
    assert {json.loads(line)["event"]["text"] for line in lines} >= {group.medoid.text}


@given(st.text(max_size=8) | st.text("=+-@\uff1d\uff0b\uff0d\uff20|% \t\r\n\u00a0'", max_size=4))
def test_no_cell_is_a_formula(text: str) -> None:
    cell = safe(text)
    assert cell.removeprefix("'") == text or cell == text
    assert not cell.lstrip(" \u00a0\u3000").startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20|%\t\r\n"))


def test_what_telemetry_says_is_shown_as_text(tmp_path: Path) -> None:
    store = tmp_path / "stormcell.db"
    hostile = save_hostile(store)
    browser = Browser(store)
    for name, text in hostile.items():
        group = f"g-{name}"
        paths = (
            f"/groups/{group}?why=e-{name}",
            f"/groups/{group}/similar",
            f"/groups/event?uid=e-{name}",
            "/audit",
        )
        for path in paths:
            page = page_of(browser, path)
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page), (name, path)
            for tag in ("<script>", "<img", "<b data-owned", 'href="javascript', 'href="http'):
                assert tag not in page.replace("<script src=", ""), (name, path)
        table = browser.get(f"/groups/{group}/members.csv").content.decode("utf-8", "replace")
        cells = [cell for row in csv.reader(io.StringIO(table, newline="")) for cell in row]
        assert not any(cell.startswith(("=", "+", "@")) for cell in cells), name
        assert json.loads(browser.get(f"/groups/{group}/members.ndjson").text)["event"]["text"] == text


@pytest.mark.parametrize("uid", ["a\u202eb", "a%41+ b", "\x1b[31m\n", "<b>\"'", "lone \ud83d"])
def test_an_event_is_known_by_whatever_id_it_has(tmp_path: Path, uid: str) -> None:
    store = tmp_path / "stormcell.db"
    save_hostile(store, uid)
    browser = Browser(store)
    page = page_of(browser, "/groups/g-odd")
    [*sent] = re.findall(r'name="event" value="([^"]*)"', page)
    assert len(sent) == 1
    assert not re.search(r'data-copy="[^"]*[\r\n\t]', page), "a terminal would run what is pasted"
    _, page = done(browser, "/groups/g-odd/pin", {"event": sent}, "/groups/g-odd")
    assert told(page) == "Pinned as the exemplar."
    if uid.isprintable():
        [link] = re.findall(r'class="button small" href="([^"]+)"', page)
        assert "This is the exemplar" in page_of(browser, unescape(link))


def test_a_page_that_is_open_tells_that_its_group_is_gone(browser: Browser) -> None:
    assert browser.get("/groups/g-none", x_stormcell="/groups/g-none").status_code == 200
    assert "This group is no more" in browser.get("/groups/g-none", x_stormcell="/groups/g-none").text


def test_a_page_of_a_large_group_reads_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stormcell.store import codec

    store = tmp_path / "stormcell.db"
    save_large(store, 3000)
    loaded: list[str] = []
    load = codec.load_event

    def counted(document: str) -> Event:
        loaded.append(document)
        return load(document)

    monkeypatch.setattr(codec, "load_event", counted)
    browser = Browser(store)
    page = page_of(browser, "/groups/g-large?page=7&why=e-300")
    assert "350 of 3,000 lines" in page
    assert len(loaded) < 60


def test_the_audit_trail_is_paged_and_narrowed(browser: Browser, store: Path) -> None:
    with SqliteStore(store, create=False) as opened:
        for at in range(230):
            who, target = ("ann", "g-1") if at % 2 else ("sidecar", "g-2")
            opened.audit(AuditEntry(at, who, "ack" if at % 3 else "resolve", target, (target,)))
    path, seen = "/audit", []
    while path:
        page = page_of(browser, path)
        seen += re.findall(r'data-key="h-(\d+)"', page)
        [*more] = re.findall(r'href="([^"]+)" rel="next"', page)
        path = more[0] if more else ""
    assert [int(number) for number in seen] == list(range(230, 0, -1))
    page = page_of(browser, "/audit?who=ann&action=resolve")
    assert page.count('data-key="h-') == sum(1 for at in range(230) if at % 2 and not at % 3)
    assert page_of(browser, "/audit?group=g-1").count("<b>ann</b>") == 100
    assert "Nothing is here" in page_of(browser, "/audit?who=nobody")
    assert page_of(browser, "/audit?before=x").count('data-key="h-') == 100


def test_drafts_in_review_are_linked(browser: Browser, store: Path) -> None:
    from stormcell.config import Settings
    from stormcell.operate import reviews
    from stormcell.operate.people import Person

    group, _ = pair(store)
    with SqliteStore(store, create=False) as opened:
        review = reviews.begin(opened, group.id, "runbook", Person("ann", "", 1), Settings())
    page = page_of(browser, f"/groups/{group.id}")
    assert page.count(f'href="/drafts/{review.id}"') == 2  # among the drafts and in the history
