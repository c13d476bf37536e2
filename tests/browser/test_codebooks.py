"""The pages of codebooks in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stormcell.store import SqliteStore
from stormcell.types import CodebookState
from tests.browser.looking import axe, overflows
from tests.browser.site import Site
from tests.unit.web.model.build import modelled

pytestmark = pytest.mark.heavy

Shot = Callable[[Any, str], Path]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A folder with a store, and the versions of the live codebook and the canary."""
    folder = tmp_path_factory.mktemp("modelled")
    live, canary = modelled(folder / "stormcell.db")
    return folder, live.version, canary.version


@pytest.fixture
def site(serving: Callable[..., Site], made: tuple[Path, str, str], tmp_path: Path) -> Site:
    folder = Path(shutil.copytree(made[0], tmp_path / "data"))
    return serving(folder / "stormcell.db", {"web": {"refresh_seconds": 0.2}})


def states(site: Site) -> dict[str, CodebookState]:
    with SqliteStore(site.store, create=False) as store:
        return {one.version: one.state for one in store.codebooks()}


def test_a_codebook_is_promoted_and_rolled_back(
    page: Any, site: Site, made: tuple[Path, str, str], shot: Shot
) -> None:
    _, live, canary = made
    page.goto(f"{site.url}codebooks")
    page.locator("[data-field=service] .flag").get_by_text("drifted").wait_for()
    page.get_by_text("What moved").click()
    page.get_by_text("ship: 0.0% -> ").wait_for()
    shot(page, "codebooks")
    page.locator("#canary-codebook summary").click()
    page.locator("#canary-codebook input[name=why]").fill("fits <b>better</b>")
    # What is open and typed stays while the page keeps itself up to date.
    with SqliteStore(site.store, create=False) as store:
        store.save_model_state("asked", {"number": 1})
    page.wait_for_timeout(600)
    assert page.locator("#canary-codebook input[name=why]").input_value() == "fits <b>better</b>"
    shot(page, "codebooks-promote")
    page.locator("#canary-codebook").get_by_role("button", name="Promote").click()
    page.locator("#toasts").get_by_text(f"{canary} is live instead of {live}").wait_for()
    page.locator("#live-codebook").get_by_text(canary).wait_for()
    page.locator("#notes").get_by_text("fits <b>better</b>").wait_for()
    assert states(site)[canary] == "live"
    page.locator("#live-codebook summary").get_by_text("Roll back").click()
    page.locator("#live-codebook").get_by_role("button", name="Roll back").click()
    page.locator("#live-codebook").get_by_text(live).wait_for()
    assert states(site) == {live: "live", canary: "rejected"}


def test_a_codebook_shows_its_codewords(page: Any, site: Site, made: tuple[Path, str, str], shot: Shot) -> None:
    _, live, _ = made
    page.goto(f"{site.url}codebooks")
    page.locator("#codebooks").get_by_role("link", name=live).first.click()
    page.get_by_role("heading", name=live).wait_for()
    assert page.locator(".words tbody tr").count() == 4
    shot(page, "codebook")
    with page.expect_download() as download:
        page.get_by_role("link", name="Document").click()
    assert download.value.suggested_filename == f"{live}.json"


def test_it_works_without_script(new_page: Callable[..., Any], site: Site, made: tuple[Path, str, str]) -> None:
    _, live, canary = made
    page = new_page(java_script_enabled=False)
    page.goto(f"{site.url}codebooks")
    row = page.locator(f"[data-codebook={canary}]")
    row.locator("summary").get_by_text("Promote").click()
    row.get_by_role("button", name="Promote").click()
    page.locator("#toasts").get_by_text(f"{canary} is live instead of {live}").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it(
    new_page: Callable[..., Any], site: Site, made: tuple[Path, str, str], theme: str, shot: Shot
) -> None:
    page = new_page(color_scheme=theme, bypass_csp=True)
    for path in ("codebooks", f"codebooks/{made[1]}"):
        page.goto(f"{site.url}{path}")
        for summary in page.locator("summary").all():
            if summary.is_visible():
                summary.click()
        assert axe(page) == []
        shot(page, f"{theme}-{path.partition('/')[0]}{'-one' if '/' in path else ''}")


def test_it_fits_a_phone(
    new_page: Callable[..., Any], site: Site, made: tuple[Path, str, str], shot: Shot
) -> None:
    page = new_page(viewport={"width": 360, "height": 720})
    for path in ("codebooks", f"codebooks/{made[1]}"):
        page.goto(f"{site.url}{path}")
        assert overflows(page) == 0
        shot(page, f"phone-{path.partition('/')[0]}{'-one' if '/' in path else ''}")
