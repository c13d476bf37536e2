"""The page of one group, as people use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stormcell.store import SqliteStore
from tests.browser.looking import axe, overflows, shifts, watch_shifts
from tests.browser.one_group import find, open_group, pair, stranger
from tests.browser.site import Site

pytestmark = pytest.mark.heavy


def test_a_group_tells_what_it_is(page: Any, site: Site, store: Path, shot: Callable[[Any, str], Path]) -> None:
    group, _ = pair(store)
    page.goto(site.url)
    page.locator(f'[data-group="{group.id}"] a').first.click()
    page.locator("#members-title").wait_for()
    assert page.locator("h1").inner_text() == " ".join(group.title.split())
    exemplar = page.get_by_role("region", name="Exemplar")
    assert group.medoid.uid in exemplar.inner_text()
    for role in ("earliest", "most severe", "latest"):
        assert exemplar.get_by_text(role, exact=False).count() >= 1
    assert exemplar.get_by_text("typical, not causal").is_visible()
    assert page.locator("[data-member]").count() == 50
    page.locator("#around .similar li").first.wait_for()
    shot(page, "group")


def test_every_member_is_explained_where_it_is(
    page: Any, site: Site, store: Path, shot: Callable[[Any, str], Path]
) -> None:
    group, _ = pair(store)
    open_group(page, site, group.id, "?sort=doubtful")
    line = page.locator("[data-member]").nth(2)
    key = line.get_attribute("data-key")
    line.get_by_role("link", name="Why?").click()
    told = page.locator(".explained")
    told.wait_for()
    assert told.get_attribute("data-key") == key.replace("m-", "y-")
    adds = [
        float(cell)
        for cell in told.locator(".parts tbody td:nth-child(2)").all_inner_texts()
        if cell[:1].isdigit()
    ]
    [total] = told.locator(".parts tfoot td").first.all_inner_texts()
    assert abs(sum(adds) - float(total)) < 1e-3
    assert told.get_by_text("Runner-up").is_visible()
    assert "why=" in page.url
    shot(page, "group-why")
    page.reload()
    assert told.count() == 1
    line.get_by_role("link", name="Close").click()
    told.wait_for(state="detached")
    page.go_back()
    told.wait_for()


def test_members_are_narrowed_sorted_and_paged(page: Any, site: Site, store: Path) -> None:
    group, _ = pair(store)
    open_group(page, site, group.id)
    lines = page.locator("[data-member]")
    first = lines.first.get_attribute("data-key")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**page=2**")
    page.locator(f'[data-key="{first}"]').wait_for(state="detached")
    page.get_by_role("link", name="Previous").click()
    page.locator(f'[data-key="{first}"]').wait_for()
    page.get_by_label("Signal").select_option("alert")
    page.wait_for_url("**signal=alert**")
    page.wait_for_function("() => document.querySelectorAll('[data-member]').length < 50")
    assert lines.count() <= group.signals["alert"]
    page.get_by_label("Text or event id").fill("nothing like it")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="No member is like this").wait_for()
    page.get_by_role("link", name=re.compile("Show all")).click()
    page.locator(f'[data-key="{first}"]').wait_for()


def test_a_status_is_set_and_set_back(page: Any, site: Site, store: Path) -> None:
    group, _ = pair(store)
    open_group(page, site, group.id)
    page.get_by_role("button", name="Acknowledge").click()
    page.locator(".head .state.acknowledged").wait_for()
    page.get_by_role("region", name="History").get_by_text("acknowledged").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.locator(".head .state.open").wait_for()
    page.keyboard.press("r")
    page.locator(".head .state.resolved").wait_for()


def test_groups_are_merged_and_parted_again(
    page: Any, site: Site, store: Path, shot: Callable[[Any, str], Path]
) -> None:
    large, small = pair(store)
    open_group(page, site, small.id)
    page.keyboard.press("m")
    page.get_by_label("Find").fill(large.title[:20])
    page.keyboard.press("Enter")
    page.wait_for_url("**others=**")
    page.locator(f'#merge input[value="{large.id}"]').check()
    shot(page, "group-merge")
    page.get_by_role("button", name="Merge with the selected").click()
    page.wait_for_url(f"**/groups/{large.id}")
    assert page.locator("#members-title").inner_text() == f"Members {large.count + small.count}"
    page.get_by_text("Merged into").wait_for()
    gone = page.context.new_page()
    gone.goto(f"{site.url}groups/{small.id}")
    gone.get_by_role("heading", name="This group is no more").wait_for()
    gone.locator(f'[data-gone] ul a[href$="{large.id}"]').wait_for()
    assert axe(gone) == []
    shot(gone, "group-gone")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    page.get_by_text("the groups are as they were").wait_for()
    page.get_by_role("heading", name=f"Members {large.count}", exact=True).wait_for()
    gone.reload()
    gone.locator("#members-title").wait_for()


def test_members_are_split_off_and_put_back(page: Any, site: Site, store: Path) -> None:
    large, _ = pair(store)
    uid = stranger(store, large)
    open_group(page, site, large.id)
    line = find(page, uid)
    line.get_by_role("checkbox").check()
    page.get_by_text("1 selected").wait_for()
    page.locator("#acts").get_by_role("button", name="Split off").click()
    page.get_by_text("Split off: g-").wait_for()
    line.wait_for(state="detached")
    new = re.search(r"g-[0-9a-f]+", page.locator("#toasts").inner_text())
    assert new is not None
    other = page.context.new_page()
    other.goto(f"{site.url}groups/{new[0]}")
    other.locator(f'[data-key="m-{uid}"]').wait_for()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    line.wait_for()
    other.reload()
    other.get_by_role("heading", name="This group is no more").wait_for()


def test_a_member_is_moved_and_one_is_pinned(page: Any, site: Site, store: Path) -> None:
    large, small = pair(store)
    uid = stranger(store, large)
    open_group(page, site, large.id)
    line = find(page, uid)
    line.get_by_role("checkbox").check()
    page.get_by_label("Move to").select_option(small.id)
    page.get_by_role("button", name="Move", exact=True).click()
    page.get_by_text("Moved to").wait_for()
    line.wait_for(state="detached")
    open_group(page, site, small.id, f"?text={uid}&why={uid}")
    page.get_by_text("put here by people").wait_for()
    page.get_by_text("Put here by a person").wait_for()
    page.get_by_role("button", name="Pin as exemplar").click()
    page.get_by_text("Pinned as the exemplar").wait_for()
    page.get_by_text("pinned by a person").wait_for()
    with SqliteStore(store, create=False) as opened:
        held = opened.group(small.id)
        assert held is None or held.medoid.uid == uid
        assert [entry.action for entry in opened.audit_log()] == ["move", "pin"]


def test_what_cannot_be_done_is_said_where_it_was_tried(page: Any, site: Site, store: Path) -> None:
    large, _ = pair(store)
    open_group(page, site, large.id)
    page.locator("#acts").get_by_role("button", name="Split off").click()
    page.get_by_role("alert").get_by_text("no member is selected").wait_for()
    find(page, large.medoid.uid).get_by_role("checkbox").check()
    page.locator("#acts").get_by_role("button", name="Split off").click()
    page.get_by_role("alert").get_by_text("one atom with the exemplar").wait_for()
    with SqliteStore(store, create=False) as opened:
        assert opened.audit_log() == []


def test_what_others_do_appears_and_what_is_selected_and_open_stays(page: Any, site: Site, store: Path) -> None:
    group, _ = pair(store)
    open_group(page, site, group.id)
    line = page.locator("[data-member]").nth(4)
    line.get_by_role("checkbox").check()
    page.locator("[data-member]").nth(1).get_by_role("link", name="Why?").click()
    page.locator(".explained").wait_for()
    page.locator("#templates > summary").click()
    page.get_by_label("Text or event id").fill("half a word")
    page.wait_for_timeout(500)
    watch_shifts(page)
    site.cli("groups", "ack", group.id, "--by", "ann")
    page.locator(".head .state.acknowledged").wait_for()
    page.get_by_role("region", name="History").get_by_text("ann").wait_for()
    assert line.get_by_role("checkbox").is_checked()
    assert page.locator(".explained").count() == 1
    assert page.locator("#templates").get_attribute("open") is None
    assert page.get_by_label("Text or event id").input_value() == "half a word"
    assert page.locator("#around .similar li").count() > 0
    assert sum(shifts(page)) < 0.1


def test_what_is_gone_pales_where_it_is(page: Any, site: Site, store: Path) -> None:
    large, _ = pair(store)
    open_group(page, site, large.id, "?sort=farthest")
    line = page.locator("[data-member]").first
    uid = line.get_attribute("data-key").removeprefix("m-")
    site.cli("groups", "split", large.id, uid)
    page.locator(f'[data-key="m-{uid}"][data-live-gone]').wait_for()
    page.get_by_role("button", name=re.compile("show")).click()
    line.and_(page.locator(f'[data-key="m-{uid}"]')).wait_for(state="detached")
    page.get_by_role("region", name="History").get_by_text("split events off").wait_for()


def test_it_works_without_script(new_page: Callable[..., Any], site: Site, store: Path) -> None:
    large, small = pair(store)
    uid = stranger(store, large)
    page = new_page(java_script_enabled=False)
    open_group(page, site, large.id)
    page.get_by_role("link", name="Why?").first.click()
    page.locator(".explained").wait_for()
    page.get_by_label("Text or event id").fill(uid)
    page.get_by_role("button", name="Filter").click()
    page.locator(f'[data-key="m-{uid}"]').get_by_role("checkbox").check()
    page.locator("#acts").get_by_role("button", name="Split off").click()
    page.get_by_text("Split off: g-").wait_for()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    page.get_by_text("the groups are as they were").wait_for()
    page.locator("#merge summary").click()
    page.locator(f'#merge input[value="{small.id}"]').check()
    page.get_by_role("button", name="Merge with the selected").click()
    page.get_by_text("Merged into").wait_for()
    page.get_by_role("link", name="Past groups like this").click()
    page.get_by_role("heading", name="Seen before?").wait_for()


def test_keys_do_it_all(page: Any, site: Site, store: Path) -> None:
    group, _ = pair(store)
    open_group(page, site, group.id)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_text("1 selected").wait_for()
    assert page.locator("[data-member]").nth(1).get_by_role("checkbox").is_checked()
    page.keyboard.press("k")
    page.keyboard.press("e")
    page.locator(".explained").wait_for()
    page.keyboard.press("Enter")
    page.locator(".explained").wait_for(state="detached")
    page.keyboard.press("a")
    page.locator(".head .state.acknowledged").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("aru")
    assert page.get_by_label("Text or event id").input_value() == "aru"
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.wait_for_url(site.url)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_use_it(
    new_page: Callable[..., Any], site: Site, store: Path, shot: Callable[..., Path], theme: str
) -> None:
    group, _ = pair(store)
    page = new_page(color_scheme=theme)
    open_group(page, site, group.id, "?sort=doubtful")
    page.locator("#around .similar li").first.wait_for()
    page.locator("[data-member]").nth(1).get_by_role("link", name="Why?").click()
    page.locator(".explained").wait_for()
    page.keyboard.press("m")
    page.get_by_role("button", name="Acknowledge").click()
    page.locator("#toasts .toast").wait_for()
    assert axe(page) == []
    shot(page, f"group-{theme}")
    page.goto(f"{site.url}audit")
    page.locator(".history li").first.wait_for()
    assert axe(page) == []
    shot(page, f"audit-{theme}")
    page.goto(f"{site.url}groups/event?uid={group.medoid.uid}")
    assert axe(page) == []


@pytest.mark.parametrize("width", [360, 768, 1000, 1920])
def test_it_fits_on_every_screen(
    new_page: Callable[..., Any], site: Site, store: Path, shot: Callable[..., Path], width: int
) -> None:
    group, _ = pair(store)
    page = new_page(viewport={"width": width, "height": 800})
    open_group(page, site, group.id)
    page.locator("#around .similar li").first.wait_for()
    page.locator("[data-member]").nth(1).get_by_role("link", name="Why?").click()
    page.locator(".explained").wait_for()
    assert overflows(page) == 0
    page.evaluate("() => scrollTo(0, 0)")  # the bar above covers part of what was scrolled to
    assert axe(page) == []
    shot(page, f"group-{width}")


def test_who_may_only_look_sees_nothing_to_change(page: Any, serving: Callable[..., Site], store: Path) -> None:
    group, _ = pair(store)
    tokens = [{"name": "guest", "variable": "GUEST", "scopes": ["read"]}]
    site = serving(store, {"receivers": {"tokens": tokens}}, GUEST="secret-of-guest")
    page.goto(f"{site.url}groups/{group.id}")
    page.get_by_label("Token").fill("secret-of-guest")
    page.get_by_role("button", name="Log in").click()
    page.locator("#members-title").wait_for()
    page.get_by_role("link", name="Why?").first.click()
    page.locator(".explained").wait_for()
    for name in ("Acknowledge", "Split off", "Move", "Pin as exemplar", "Merge with the selected"):
        assert page.get_by_role("button", name=name).count() == 0
    assert page.get_by_role("checkbox").count() == 0


def test_a_draft_is_taken_up_from_the_group_and_found_there(page: Any, site: Site, store: Path) -> None:
    group, _ = pair(store)
    open_group(page, site, group.id)
    page.get_by_role("link", name="Runbook draft").click()
    page.wait_for_url("**/draft/runbook")
    page.locator(f'form[action$="/groups/{group.id}/draft/runbook"] button').first.click()
    page.wait_for_url("**/drafts/d-*")
    open_group(page, site, group.id)
    drafts = page.get_by_role("region", name="Drafts")
    assert "draft" in drafts.locator(".tag").inner_text()
    assert axe(page) == []
    drafts.get_by_role("link", name="Runbook").click()
    page.wait_for_url("**/drafts/d-*")


def test_the_audit_trail_tells_who_did_what(page: Any, site: Site, store: Path) -> None:
    large, small = pair(store)
    site.cli("groups", "ack", large.id, "--by", "ann")
    with SqliteStore(store, create=False) as opened:
        count = len(opened.audit_log())
    site.cli("groups", "resolve", small.id)
    page.goto(f"{site.url}audit")
    entries = page.locator(".history li")
    assert entries.count() == count + 1
    page.get_by_label("Action").select_option("ack")
    page.wait_for_url("**action=ack**")
    page.wait_for_function("() => document.querySelectorAll('.history li').length === 1")
    assert "ann" in entries.first.inner_text()
    entries.first.get_by_role("link", name=large.id).click()
    page.locator("#members-title").wait_for()
