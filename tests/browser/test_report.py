"""The report, opened from a disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stormcell.render.report import report_html
from tests.browser.looking import axe, overflows, shifts, watch_shifts
from tests.integration.program import stormcell
from tests.unit.render.report.storms import small

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def address(grouped_store: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the report of real telemetry is, some of it changed by people."""
    folder = tmp_path_factory.mktemp("report")
    store = folder / "stormcell.db"
    store.write_bytes(grouped_store.read_bytes())
    group = stormcell("groups", "list", "--store", store, "--json").json[0]["id"]
    assert stormcell("groups", "ack", group, "--by", "ann", "--store", store).code == 0
    assert stormcell("report", "--store", store, "--out", folder / "report.html").code == 0
    return (folder / "report.html").as_uri()


def test_it_opens_from_a_disk_and_every_link_leads_somewhere(
    page: Any, address: str, shot: Callable[[Any, str], Path]
) -> None:
    page.goto(address)
    assert page.title() == "Storm report"
    assert page.locator("article").count() > 10
    watch_shifts(page)
    shot(page, "report")
    page.get_by_role("link", name="Group 3:").click()
    assert page.locator("article:target .no").inner_text() == "3"
    page.locator("#timeline a").nth(4).click()
    assert page.locator("article:target .no").inner_text() == "5"
    assert shifts(page) == []


def test_members_are_sorted(page: Any, address: str) -> None:
    page.goto(address)
    group = page.locator("article").first
    group.locator("details.members summary").click()
    head = group.get_by_role("columnheader", name="Distance")
    column = group.locator("details.members tbody td:nth-child(7)")
    before = column.all_inner_texts()
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column.all_inner_texts() == sorted(before, key=float)
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert column.all_inner_texts() == sorted(before, key=float, reverse=True)
    group.get_by_role("columnheader", name="Severity").get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    shown = group.locator("details.members tbody td:nth-child(3)").all_inner_texts()
    order = ["none", "info", "warn", "error", "fatal"]
    assert shown == sorted(shown, key=order.index)


def test_the_list_is_sorted_by_how_long_groups_lasted(page: Any, address: str) -> None:
    page.goto(address)
    page.locator("#summary").get_by_role("columnheader", name="For").get_by_role("button").click()
    lasted = [int(cell.get_attribute("data-value")) for cell in page.locator("#summary td[data-value]").all()]
    assert lasted == sorted(lasted)
    assert len(lasted) > 10


def test_members_are_searched(page: Any, address: str) -> None:
    page.goto(address)
    group = page.locator("article").first
    group.locator("details.members summary").click()
    rows = group.locator("details.members tbody tr:visible")
    every = rows.count()
    search = group.get_by_role("searchbox", name="Search members")
    words = rows.first.locator("td:nth-child(2), td:nth-child(4)").all_inner_texts()
    search.fill(" ".join(words).upper())
    found = rows.count()
    assert 0 < found < every
    assert group.locator("output").inner_text() == f"{found} of {every} rows"
    assert all(word in text for text in rows.all_inner_texts() for word in words)
    search.fill("")
    assert rows.count() == every


def test_it_is_dark_or_light_as_one_likes_and_remembers(page: Any, address: str) -> None:
    page.goto(address)
    ground = "() => getComputedStyle(document.body).backgroundColor"
    button = page.get_by_role("button", name="Theme")
    light = page.evaluate(ground)
    button.click()
    assert button.inner_text() == "Theme: dark"
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert button.inner_text() == "Theme: dark"
    assert page.evaluate(ground) == dark
    button.click()
    assert (button.inner_text(), page.evaluate(ground)) == ("Theme: light", light)


def test_it_is_as_dark_as_the_system(new_page: Callable[..., Any], address: str, shot: Any) -> None:
    page = new_page(color_scheme="dark")
    page.goto(address)
    shot(page, "report-dark")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(new_page: Callable[..., Any], tmp_path: Path, scheme: str) -> None:
    # A small one with all that there can be: axe takes minutes for a large one.
    (tmp_path / "report.html").write_text(report_html(small()))
    page = new_page(color_scheme=scheme)
    page.goto((tmp_path / "report.html").as_uri())
    page.evaluate("() => { for (const each of document.querySelectorAll('details')) each.open = true; }")
    assert axe(page) == []


def test_it_can_be_used_by_keyboard(page: Any, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"


@pytest.mark.parametrize("width", [360, 800, 1920])
def test_it_fits_the_window(new_page: Callable[..., Any], address: str, shot: Any, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 900})
    page.goto(address)
    page.evaluate("() => { for (const each of document.querySelectorAll('details')) each.open = true; }")
    shot(page, f"report-{width}")
    assert overflows(page) <= 0


def test_it_is_whole_without_script(new_page: Callable[..., Any], address: str) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(address)
    assert page.get_by_role("button").count() == 0
    assert page.get_by_role("searchbox").count() == 0
    members = page.locator("article details.members").first
    members.locator("summary").click()
    members.get_by_role("cell", name="ts-basic-service").first.wait_for()


def test_on_paper_everything_is_open(page: Any, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Theme: system").click()
    closed = page.locator("details:not([open])").count()
    assert closed > 10
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.emulate_media(media="print")
    assert page.evaluate("() => getComputedStyle(document.body).color") == "rgb(27, 31, 36)"
    assert not page.get_by_role("navigation").is_visible()
    assert not page.get_by_role("button", name="Theme").is_visible()
    page.emulate_media(media="screen")
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == closed
    assert page.get_by_role("button", name="Theme: dark").is_visible()


def test_nothing_else_may_run(page: Any, address: str, allowed: list[str]) -> None:
    allowed += ["Content Security Policy"]
    page.goto(address)
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
          const style = document.createElement("style");
          style.textContent = "body { display: none }";
          document.head.append(style);
        }"""
    )
    assert page.evaluate("() => window.ran") is None
    assert page.locator("main").is_visible()
