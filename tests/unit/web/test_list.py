"""The list of groups."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stormcell.groups.lifecycle import Status
from stormcell.operate.people import Person
from stormcell.operate.status import set_status
from stormcell.store import SqliteStore
from stormcell.types import Blame
from stormcell.web.triage.asking import Asked, after
from stormcell.web.triage.rows import PAGE, listed
from tests.unit.store.strategies import atom_of, grouping_of, row_of
from tests.unit.web.client import Browser


def shown(text: str) -> list[str]:
    return re.findall(r'data-group="([^"]+)"', text)


def many(path: Path, count: int) -> None:
    with SqliteStore(path, create=True) as store:
        made = grouping_of(*(atom_of(f"g-{at:04}", row_of(f"e-{at}")) for at in range(count)))
        groups = [replace(group, first_seen=at, last_seen=at) for at, group in enumerate(made.groups)]
        store.save(replace(made, groups=tuple(groups)), [])


def test_pages_together_are_the_whole_list(tmp_path: Path) -> None:
    many(tmp_path / "s.db", 2 * PAGE + 3)
    browser, path, found = Browser(tmp_path / "s.db"), "/", []
    for _ in range(3):
        page = browser.get(path).text
        found += shown(page)
        path = (re.search(r'<a href="([^"]+)" rel="next"', page) or [""] * 2)[1].replace("&amp;", "&")
    assert path == ""
    assert found == [f"g-{at:04}" for at in reversed(range(2 * PAGE + 3))]


def test_nothing_changed_is_told_without_looking(browser: Browser, store: Path) -> None:
    tag = browser.get("/").headers["etag"]
    assert browser.get("/", if_none_match=tag).status_code == 304
    assert browser.get("/?sort=count", if_none_match=tag).status_code == 200
    with SqliteStore(store, create=False) as other:
        [group, *_] = other.groups()
        set_status(other, group.id, Status.ACKNOWLEDGED, Person("cli", "", 0))
    changed = browser.get("/", if_none_match=tag)
    assert changed.status_code == 200
    assert browser.get("/", if_none_match=changed.headers["etag"]).status_code == 304
    assert browser.other().get("/", if_none_match=changed.headers["etag"]).status_code == 200


def test_a_status_is_set_and_set_back(browser: Browser, store: Path) -> None:
    [name, *_] = shown(browser.get("/").text)
    done = browser.post(f"/groups/{name}/resolve", {"back": "/?sort=count", "status": "open"})
    assert done.headers["location"] == "/?sort=count"
    page = browser.get("/?sort=count").text
    assert f"{name} is resolved" in page
    assert f'action="/groups/{name}/reopen" data-undo' in page
    assert name not in shown(page)
    assert f"{name} is resolved" not in browser.get("/").text
    browser.post(f"/groups/{name}/reopen", {"status": "resolved"})
    with SqliteStore(store, create=False) as opened:
        assert opened.statuses()[name] == "open"
        assert [(entry.who, entry.action) for entry in opened.audit_log(name)[-2:]] == [
            ("anonymous", "resolve"),
            ("anonymous", "reopen"),
        ]


def test_what_another_did_meanwhile_is_told_and_not_undone(browser: Browser, store: Path) -> None:
    [name, *_] = shown(browser.get("/").text)
    with SqliteStore(store, create=False) as other:
        set_status(other, name, Status.RESOLVED, Person("cli", "ben", 1_700_000_000_000_000_000))
    found = browser.post(f"/groups/{name}/ack", {"status": "open"}, x_stormcell="/")
    assert found.status_code == 409
    assert f"{name} is resolved meanwhile, by ben at 2023-11-14T22:13:20.000Z" in found.text
    with SqliteStore(store, create=False) as opened:
        assert opened.statuses()[name] == "resolved"
    assert browser.post(f"/groups/{name}/resolve", {"status": "open"}).status_code == 303


def test_our_script_gets_the_message_where_it_stays_and_later_where_it_goes_on(browser: Browser) -> None:
    one, two, *_ = shown(browser.get("/").text)
    stays = browser.post(f"/groups/{one}/ack", {"back": "/"}, x_stormcell="/")
    assert (stays.status_code, stays.headers["x-stormcell-go"]) == (200, "/")
    assert f"{one} is acknowledged" in stays.text
    goes = browser.post(f"/groups/{two}/ack", {"back": "/?sort=count"}, x_stormcell="/")
    assert (goes.text, goes.headers["x-stormcell-go"]) == ("", "/?sort=count")
    assert f"{two} is acknowledged" in browser.get("/?sort=count").text


def test_a_group_that_is_not_there_is_told(browser: Browser) -> None:
    browser.get("/")
    found = browser.post("/groups/g-none/ack")
    assert found.status_code == 404
    assert "no group &#39;g-none&#39;" in found.text


def test_a_store_that_is_not_there_yet_and_one_that_is_broken(tmp_path: Path) -> None:
    empty = Browser(tmp_path / "none.db").get("/")
    assert empty.status_code == 200
    assert "No groups yet" in empty.text
    (tmp_path / "broken.db").write_bytes(b"no store at all" * 100)
    broken = Browser(tmp_path / "broken.db").get("/")
    assert broken.status_code == 503
    assert str(tmp_path) not in broken.text
    assert "the store is not a Stormcell store" in broken.text


def test_what_telemetry_says_is_only_ever_text(tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>\"'{{7*7}}\x1b[31m\u202eevil\x00\ud800"
    made = grouping_of(atom_of("g-1", row_of("e-1")))
    [group] = made.groups
    event = replace(group.medoid, text=bad, service=bad)
    hostile = replace(group, medoid=event, most_severe=event, title=bad, services=(Blame(bad, 1.0),))
    with SqliteStore(tmp_path / "s.db", create=True) as store:
        store.save(replace(made, groups=(hostile,)), [])
    page = Browser(tmp_path / "s.db").get("/?text=%22%3E%3Cscript%3E&status=all")
    assert "<script>" not in page.text
    page = Browser(tmp_path / "s.db").get("/")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "{{7*7}}" in page.text
    assert not {"\x1b", "\u202e", "\x00", "\ud800"} & set(page.text)


asked = st.builds(
    Asked,
    status=st.sampled_from(["living", "open", "acknowledged", "resolved", "all"]),
    service=st.text(max_size=5),
    signal=st.sampled_from(["", "alert", "log", "span"]),
    severity=st.sampled_from(["", "fatal", "error", "warn", "info"]),
    text=st.text(max_size=5),
    since=st.sampled_from(["", "15m", "7d"]),
    sort=st.sampled_from(["last", "-last", "first", "severity", "-count"]),
)


@given(asked, st.text(max_size=20))
def test_any_question_gets_an_answer(asked: Asked, position: str) -> None:
    with SqliteStore(Path("/nowhere/none.db"), create=True) as store:
        found = listed(store, replace(asked, after=position), 0)
    assert (found.groups, found.next) == ([], "")
    assert replace(Asked(), **asked.query()) == asked


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.text(max_size=10))
def test_a_page_begins_where_the_one_before_ended(place: int, id: str) -> None:
    assert Asked(after=after((place, id))).position == (place, id)
