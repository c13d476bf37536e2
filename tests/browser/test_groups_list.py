"""The list of groups, as people use it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))  # benchmarks are scripts beside each other, not a package

from _web_store import fill  # noqa: E402
from stormcell.store import SqliteStore  # noqa: E402
from stormcell.types import Blame  # noqa: E402
from tests.browser.looking import axe, overflows, shifts, watch_shifts  # noqa: E402
from tests.browser.site import Site  # noqa: E402

pytestmark = pytest.mark.heavy


def test_groups_are_seen_and_filtered(page: Any, site: Site, shot: Callable[[Any, str], Path]) -> None:
    page.goto(site.url)
    rows = page.locator("#groups [data-group]")
    every = rows.count()
    assert every > 5
    shot(page, "triage")
    page.get_by_label("Text").fill("verifyCode")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=verifyCode**")
    assert 0 < rows.count() < every
    page.get_by_label("Text").fill("nothing like it")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="No group is like this").wait_for()
    page.get_by_role("link", name="Show all that are living").click()
    page.wait_for_url(site.url)
    page.get_by_label("Severity").select_option("fatal")
    page.wait_for_url("**severity=fatal**")
    assert set(page.locator("#groups .mark").all_inner_texts()) == {"fatal"}


def test_a_group_is_acknowledged_and_it_is_undone(page: Any, site: Site) -> None:
    page.goto(site.url)
    row = page.locator("[data-group]").nth(2)
    name = row.get_attribute("data-group")
    row.get_by_role("button", name="Ack").click()
    toast = page.locator("#toasts").get_by_text(f"{name} is acknowledged")
    toast.wait_for()
    page.locator(f'[data-group="{name}"] .state.acknowledged').wait_for()
    page.get_by_role("button", name="Undo").click()
    page.locator(f'[data-group="{name}"] .state.open').wait_for()
    assert page.url == site.url
    page.reload()
    page.locator(f'[data-group="{name}"] .state.open').wait_for()


def test_it_works_without_script(new_page: Callable[..., Any], site: Site) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"{site.url}?sort=count")
    row = page.locator("[data-group]").nth(1)
    name = row.get_attribute("data-group")
    row.get_by_role("button", name="Resolve").click()
    page.get_by_text(f"{name} is resolved").wait_for()
    assert page.url == f"{site.url}?sort=count"
    assert page.locator(f'[data-group="{name}"]').count() == 0
    page.get_by_role("button", name="Undo").click()
    page.get_by_text(f"{name} is open again").wait_for()
    assert page.locator(f'[data-group="{name}"]').count() == 1
    assert page.get_by_role("button", name="Theme").count() == 0


def test_what_others_do_appears_in_place_and_moves_nothing(page: Any, site: Site) -> None:
    page.goto(site.url)
    rows = page.locator("[data-group]")
    before = [row.get_attribute("data-group") for row in rows.all()]
    page.get_by_label("Text").fill("half a word")
    page.evaluate("() => { document.querySelector('time[data-ago]').dateTime = '1990-01-01T00:00:00Z'; }")
    watch_shifts(page)
    site.cli("groups", "ack", before[0], "--by", "ann")
    page.locator(f'[data-group="{before[0]}"] .state.acknowledged').wait_for()
    site.cli("groups", "resolve", before[3])
    page.locator(f'[data-group="{before[3]}"][data-live-gone]').wait_for()
    assert axe(page) == []
    assert [row.get_attribute("data-group") for row in rows.all()] == before
    assert shifts(page) == []
    assert page.get_by_label("Text").input_value() == "half a word"
    # It was last seen at another time than the page said.
    assert page.locator("time[data-ago]").first.get_attribute("datetime") != "1990-01-01T00:00:00Z"


def test_what_is_new_waits_until_it_is_asked_for(page: Any, site: Site) -> None:
    page.goto(site.url)
    rows = page.locator("[data-group]")
    every = rows.count()
    name = rows.nth(1).get_attribute("data-group")
    site.cli("groups", "resolve", name)
    page.locator(f'[data-group="{name}"][data-live-gone]').wait_for()
    page.reload()
    assert rows.count() == every - 1
    watch_shifts(page)
    site.cli("groups", "reopen", name)
    page.get_by_role("button", name="1 new, show").wait_for()
    assert shifts(page) == []
    page.keyboard.press(".")
    page.locator(f'[data-group="{name}"]').wait_for()
    assert rows.count() == every
    assert not page.get_by_role("button", name="new, show").is_visible()
    fresh = page.locator("[data-live-fresh]")
    assert [row.get_attribute("data-group") for row in fresh.all()] == [name]


def test_keys_do_it_all(page: Any, site: Site) -> None:
    page.goto(site.url)
    page.keyboard.press("j")
    page.keyboard.press("j")
    name = page.evaluate("() => document.activeElement.closest('[data-group]').dataset.group")
    assert name == page.locator("[data-group]").nth(1).get_attribute("data-group")
    page.keyboard.press("a")
    page.locator(f'[data-group="{name}"] .state.acknowledged').wait_for()
    assert page.evaluate("() => document.activeElement.closest('[data-group]').dataset.group") == name
    page.keyboard.press("k")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("next, previous group").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("jaja")
    assert page.get_by_label("Text").input_value() == "jaja"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everyone_can_use_it(
    new_page: Callable[..., Any], site: Site, shot: Callable[..., Path], theme: str
) -> None:
    page = new_page(color_scheme=theme)
    page.goto(site.url)
    page.locator("[data-act=a]").nth(1).click()
    page.get_by_role("button", name="Undo").wait_for()
    page.locator("[data-act=r]").nth(3).focus()
    assert axe(page) == []
    shot(page, f"triage-{theme}")
    page.keyboard.press("?")
    assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_being_sent_can_be_read(new_page: Callable[..., Any], site: Site, theme: str) -> None:
    page = new_page(color_scheme=theme)
    held: list[Any] = []
    page.route("**/ack", lambda route: held.append(route))  # a method of a list takes no attributes
    page.goto(site.url)
    page.get_by_role("button", name="Ack").first.click()
    page.locator("form[aria-busy=true]").wait_for()
    assert axe(page) == []
    held.pop().continue_()
    page.get_by_role("button", name="Undo").wait_for()
    page.locator("form[aria-busy=true]").wait_for(state="detached")


def test_the_theme_can_be_chosen_and_stays(page: Any, site: Site) -> None:
    page.goto(site.url)
    page.get_by_role("button", name="Theme").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert axe(page) == []


@pytest.mark.parametrize("width", [360, 768, 1000, 1920])
def test_it_fits_on_every_screen(
    new_page: Callable[..., Any], site: Site, shot: Callable[..., Path], width: int
) -> None:
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(site.url)
    assert overflows(page) == 0
    page.get_by_role("button", name="Ack").first.click()
    page.get_by_role("button", name="Undo").wait_for()
    assert overflows(page) == 0
    assert axe(page) == []
    shot(page, f"triage-{width}")


def test_a_server_that_is_gone_is_told_of_and_comes_back(page: Any, site: Site, allowed: list[str]) -> None:
    allowed += ["ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "status of 403"]
    page.goto(site.url)
    site.stop()
    page.get_by_text("no connection").wait_for()
    page.get_by_role("button", name="Ack").first.click()
    page.get_by_text("The server did not answer").wait_for()
    site.start()
    page.get_by_text("no connection").wait_for(state="hidden")
    page.get_by_role("button", name="Ack").first.click()
    page.locator("[data-group] .state.acknowledged").first.wait_for()


def test_who_has_a_token_logs_in(
    page: Any, serving: Callable[..., Site], store: Path, shot: Callable[..., Path], allowed: list[str]
) -> None:
    allowed.append("status of 401")
    tokens = [{"name": "ann", "variable": "ANN", "scopes": ["read", "operate"]}]
    site = serving(store, {"receivers": {"tokens": tokens}}, ANN="secret-of-ann")
    page.goto(f"{site.url}?sort=count")
    assert page.url.startswith(f"{site.url}login?back=")
    assert axe(page) == []
    page.get_by_label("Token").fill("another")
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("this token is not known here").wait_for()
    shot(page, "login")
    page.get_by_label("Token").fill("secret-of-ann")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{site.url}?sort=count")
    page.get_by_role("button", name="Ack").first.click()
    page.locator("[data-group] .state.acknowledged").first.wait_for()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{site.url}login")
    page.goto(site.url)
    assert "/login" in page.url


def test_who_may_only_look_is_shown_nothing_to_change(
    page: Any, serving: Callable[..., Site], store: Path, allowed: list[str]
) -> None:
    allowed.append("status of 403")
    tokens = [{"name": "guest", "variable": "GUEST", "scopes": ["read"]}]
    site = serving(store, {"receivers": {"tokens": tokens}}, GUEST="secret-of-guest")
    page.goto(site.url)
    page.get_by_label("Token").fill("secret-of-guest")
    page.get_by_role("button", name="Log in").click()
    page.locator("[data-group]").first.wait_for()
    assert page.get_by_role("button", name="Ack").count() == 0
    name = page.locator("[data-group]").first.get_attribute("data-group")
    csrf = page.locator("form[action='/logout'] [name=csrf]").input_value()
    status = page.evaluate(
        "([name, csrf]) => fetch(`/groups/${name}/ack`,"
        " {method: 'POST', body: new URLSearchParams({csrf})}).then((answer) => answer.status)",
        [name, csrf],
    )
    assert status == 403
    page.reload()
    page.locator(f'[data-group="{name}"] .state.open').wait_for()


def test_a_form_that_is_not_ours_changes_nothing(page: Any, site: Site, allowed: list[str]) -> None:
    allowed.append("status of 403")
    page.goto(site.url)
    name = page.locator("[data-group]").first.get_attribute("data-group")
    page.evaluate("() => document.querySelectorAll('[name=csrf]').forEach((field) => (field.value = 'guess'))")
    page.get_by_role("button", name="Ack").first.click()
    page.get_by_text("this page is of an earlier session and nothing was changed").wait_for()
    page.reload()
    page.locator(f'[data-group="{name}"] .state.open').wait_for()


def test_what_another_did_meanwhile_is_told(
    page: Any, serving: Callable[..., Site], store: Path, allowed: list[str]
) -> None:
    allowed.append("status of 409")
    site = serving(store, {"web": {"refresh_seconds": 3600}})
    page.goto(site.url)
    name = page.locator("[data-group]").first.get_attribute("data-group")
    site.cli("groups", "resolve", str(name), "--by", "ben")
    page.get_by_role("button", name="Ack").first.click()
    page.get_by_text(f"nothing was changed: {name} is resolved meanwhile, by ben").wait_for()


def test_whatever_telemetry_says_does_nothing(page: Any, serving: Callable[..., Site], store: Path) -> None:
    bad = [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "\u202e\x1b[31mred\x00 {{7*7}} ${7*7} =HYPERLINK(1)",
        "'\"><svg/onload=alert(1)> javascript:alert(1)",
        "wordwithoutanyspace" * 200,
        "\ud800 \u2066 \U000e0041",
    ]
    with SqliteStore(store, create=False) as opened:
        grouping = opened.grouping()
        groups = []
        for group, text in zip(grouping.groups, bad, strict=False):
            event = replace(group.medoid, text=text, service=text)
            groups.append(replace(group, medoid=event, title=text, services=(Blame(text, 1.0),)))
        atoms = tuple(atom for group in groups for atom in opened.memberships(group.id))
        opened.save(replace(grouping, groups=tuple(groups), memberships=atoms), [])
    dialogs: list[str] = []

    def shown(dialog: Any) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", shown)
    site = serving(store)
    page.goto(f"{site.url}?sort=-first")
    page.get_by_text("<script>alert(1)</script>").first.wait_for()
    assert page.locator("main script, main img, main svg").count() == 0
    assert overflows(page) == 0
    assert axe(page) == []
    assert dialogs == []


def test_thousands_of_groups_are_no_trouble(
    page: Any, serving: Callable[..., Site], store: Path, tmp_path: Path
) -> None:
    fill(tmp_path / "many.db", store, 5000)
    site = serving(tmp_path / "many.db")
    page.goto(site.url)
    rows = page.locator("[data-group]")
    assert rows.count() == 50
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**after=**")
    assert rows.count() == 50
    page.get_by_label("Text").fill("contacts")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=contacts**")
    assert rows.count() == 50
    assert "after" not in page.url
    page.get_by_role("button", name="Ack").first.click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("is open again").wait_for()
