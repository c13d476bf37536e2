"""Drafts, from what a template makes to where people read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stormcell.store import SqliteStore
from tests.browser.looking import axe, overflows
from tests.browser.site import Site

pytestmark = pytest.mark.heavy

Shot = Callable[[Any, str], Path]
HOSTILE = (
    "# <script>alert(1)</script>\n\n<img src=x onerror=alert(2)> ![x](http://127.0.0.1:1/x.png)\n\n"
    "[a](javascript:alert(3)) [b](https://example.com/) \x1b[31m {{ 7*7 }} </textarea><script>alert(4)</script>"
    "\n\n"
    "| a |\n| --: |\n| <b onclick=alert(5)>x</b> |\n"
)


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A folder to publish into."""
    folder = tmp_path / "handbook"
    folder.mkdir()
    return folder


@pytest.fixture
def site(serving: Callable[..., Site], store: Path, places: Path) -> Site:
    """The pages, with two places to publish at, of which one is not there."""
    publish = [
        {"name": "handbook", "kind": "folder", "target": str(places)},
        {"name": "gone", "kind": "folder", "target": str(places / "nowhere")},
    ]
    return serving(store, {"web": {"refresh_seconds": 0.2}, "drafts": {"publish": publish}})


def group(site: Site) -> str:
    with SqliteStore(site.store, create=False) as store:
        return store.groups()[0].id


def taken_up(page: Any, site: Site, kind: str = "runbook") -> str:
    """Take up the draft of a group; return the address of its page."""
    page.goto(f"{site.url}groups/{group(site)}/draft/{kind}")
    page.get_by_role("button", name="Take it up for review").click()
    page.wait_for_url("**/drafts/d-*")
    return str(page.url)


def call(page: Any, name: str) -> None:
    """Say who one is, as people do at the top of any page."""
    page.locator("details.me summary").click()
    page.locator("#me").fill(name)
    page.keyboard.press("Enter")
    page.locator("details.me summary").get_by_text(name).wait_for()


def save(page: Any, text: str, note: str = "") -> None:
    page.locator("#text").fill(text)
    page.get_by_label("What you changed").fill(note)
    page.get_by_role("button", name="Save").click()


def test_a_draft_is_edited_approved_and_published(page: Any, site: Site, places: Path, shot: Shot) -> None:
    page.goto(f"{site.url}drafts")
    page.get_by_role("heading", name="No drafts yet").wait_for()
    page.goto(f"{site.url}groups/{group(site)}/draft/runbook")
    shot(page, "draft-start")
    address = taken_up(page, site)
    shot(page, "draft")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.locator("#text").fill("# Checkout\n\nLook *to fill in: where*.\n")
    page.locator("#preview em.blank").get_by_text("to fill in: where", exact=True).wait_for()
    assert page.locator("#preview em.blank").count() == 1
    shot(page, "draft-edit")
    save(page, "# Checkout\n\nLook at the checkout.\n", "shorter")
    page.wait_for_url(address)
    page.get_by_text("Saved as revision 2").wait_for()
    page.get_by_label("Reviewer").fill("grace")
    page.get_by_role("button", name="Ask for a review").click()
    page.locator(".badge.in-review").wait_for()
    page.get_by_label("What you say of it").fill("holds")
    page.get_by_role("button", name="Approve").click()
    page.locator(".badge.approved").wait_for()
    # One place takes it, the other does not.
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("Not taken by gone").wait_for()
    page.locator(".history .refused").get_by_text("expected a folder that is there").wait_for()
    page.get_by_label("gone").uncheck()
    page.get_by_role("button", name="Publish").click()
    page.locator(".badge.published").wait_for()
    shot(page, "draft-published")
    [file] = places.iterdir()
    assert "Look at the checkout." in file.read_text()
    page.goto(f"{site.url}drafts")
    row = page.locator("#drafts [data-draft]")
    assert row.locator(".badge").inner_text() == "published"
    shot(page, "drafts")


def test_of_two_people_who_edit_nobody_loses_anything(
    new_page: Callable[..., Any], site: Site, shot: Shot, allowed: list[str]
) -> None:
    allowed.append("409")
    ada, bob = new_page(), new_page()
    address = taken_up(ada, site)
    for page, name in ((ada, "ada"), (bob, "bob")):
        page.goto(f"{address}/edit")
        call(page, name)
    save(ada, "# Ada\n\nThe same.\nHers.\n")
    ada.wait_for_url(address)
    save(bob, "# Ada\n\nThe same.\nHis.\n")
    bob.locator("#problem").get_by_text("was changed since you saw it (edit by ada, ").wait_for()
    bob.get_by_role("heading", name="What ada saved meanwhile").wait_for()
    assert bob.locator("#text").input_value() == "# Ada\n\nThe same.\nHis.\n"
    assert bob.locator(".diff .cut pre").all_inner_texts() == ["Hers.\n"]
    assert bob.locator(".diff .added pre").all_inner_texts() == ["His.\n"]
    shot(bob, "draft-conflict")
    # He has seen hers now.
    bob.get_by_role("button", name="Save mine instead").click()
    bob.wait_for_url(address)
    # She is told that there is another version, and it does not change under her eyes.
    ada.get_by_role("button", name="1 new").click()
    ada.locator("#draft").get_by_text("His.").wait_for()
    ada.get_by_role("link", name="changes").first.click()
    assert ada.locator("#changes .cut pre").all_inner_texts() == ["Hers.\n"]
    # What he says of the old version is refused, and stays where he wrote it.
    bob.goto(address)
    ada.get_by_role("button", name="Ask for a review").click()
    ada.locator(".badge.in-review").wait_for()
    ada.get_by_label("What you say of it").fill("mine is better")
    bob.get_by_role("button", name="1 new").click()
    bob.get_by_role("button", name="Approve").click()
    bob.locator(".badge.approved").wait_for()
    ada.get_by_role("button", name="Send back").click()
    ada.locator("#problem").get_by_text("was changed since you saw it").wait_for()
    assert ada.get_by_label("Why it goes back").input_value() == "mine is better"


def test_hostile_texts_are_harmless(page: Any, site: Site, shot: Shot) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    address = taken_up(page, site, "postmortem")
    page.goto(f"{address}/edit")
    page.locator("#text").fill(HOSTILE)
    page.locator("#preview").get_by_text("alert(1)").wait_for()
    page.locator("#text").fill(HOSTILE + "<script>alert(6)</script>")
    save(page, HOSTILE, "<script>alert(7)</script>\u202e")
    page.wait_for_url(address)
    page.get_by_label("Comment").fill("</textarea><script>alert(8)</script>")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_text("Your comment is kept").wait_for()
    assert page.locator("#draft img, #draft script, #draft b").count() == 0
    links = page.locator("#draft a")
    assert links.evaluate_all("all => all.map(a => a.getAttribute('href'))") == [
        "http://127.0.0.1:1/x.png",
        "https://example.com/",
    ]
    shot(page, "draft-hostile")


def test_what_is_typed_is_not_lost_by_leaving(page: Any, site: Site) -> None:
    address = taken_up(page, site)
    page.goto(f"{address}/edit")
    page.locator("#text").press_sequentially("x")
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="Leave").click()
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert page.url.endswith("/edit")
    page.keyboard.press("Control+s")
    page.wait_for_url(address)


def test_what_was_typed_comes_back_after_a_session_ended(page: Any, site: Site) -> None:
    address = taken_up(page, site)
    page.goto(f"{address}/edit")
    page.locator("#text").fill("# Typed\n")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    assert page.locator("#text").input_value() != "# Typed\n"
    page.get_by_role("button", name="Bring back what you wrote").click()
    assert page.locator("#text").input_value() == "# Typed\n"
    page.locator("#preview").get_by_role("heading", name="Typed").wait_for()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(address)
    page.goto(f"{address}/edit")
    assert not page.get_by_role("button", name="Bring back what you wrote").is_visible()


def test_it_works_without_script(new_page: Callable[..., Any], site: Site) -> None:
    page = new_page(java_script_enabled=False)
    address = taken_up(page, site)
    page.get_by_role("link", name="Edit", exact=True).click()
    page.locator("#text").fill("# Plain\n")
    page.get_by_role("button", name="Preview").click()
    assert page.locator("#preview h2").inner_text() == "Plain"
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(address)
    page.get_by_label("Comment").fill("fine")
    page.get_by_role("button", name="Comment", exact=True).click()
    assert page.locator(".history .comment .told").inner_text() == "fine"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it(new_page: Callable[..., Any], site: Site, theme: str, shot: Shot) -> None:
    page = new_page(color_scheme=theme, bypass_csp=True)
    address = taken_up(page, site)
    for path in (
        address,
        f"{address}/edit",
        f"{site.url}drafts",
        f"{site.url}groups/{group(site)}/draft/postmortem",
    ):
        page.goto(path)
        assert axe(page) == []
        shot(page, f"{theme}-{path.rpartition('/')[2]}")


def test_it_fits_a_phone(new_page: Callable[..., Any], site: Site, shot: Shot) -> None:
    page = new_page(viewport={"width": 360, "height": 720})
    address = taken_up(page, site)
    for path in (address, f"{address}/edit", f"{site.url}drafts"):
        page.goto(path)
        assert overflows(page) == 0
        shot(page, f"phone-{path.rpartition('/')[2]}")
