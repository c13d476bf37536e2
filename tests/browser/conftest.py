"""Real pages in a real browser: a server, Chromium, and what must never happen on any page."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.browser.site import Site, chromium, grouped, serve

ROOT = Path(__file__).parents[2]
# Before the settings of whoever runs the tests are hidden.
KEPT = os.environ.get("STORMCELL_SCREENSHOTS", "")

# The environment of development has no browser; scripts/test-browser makes one that has.
collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]


@pytest.fixture(scope="session")
def grouped_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of real telemetry, for all tests to copy."""
    return grouped(ROOT / "benchmarks" / "data" / "trainticket-overlap", tmp_path_factory.mktemp("grouped"))


@pytest.fixture
def store(grouped_store: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return Path(shutil.copy(grouped_store, tmp_path / "stormcell.db"))


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Start ``stormcell web`` over a store, with settings; all are stopped at the end."""
    sites: list[Site] = []

    def start(store: Path, settings: dict[str, Any] | None = None, **variables: str) -> Site:
        sites.append(serve(store, tmp_path / f"site-{len(sites)}", settings or {}, variables))
        return sites[-1]

    yield start
    for site in sites:
        site.stop()


@pytest.fixture
def site(serving: Callable[..., Site], store: Path) -> Site:
    """The pages over a store of their own, looking for what is new all the time."""
    return serving(store, {"web": {"refresh_seconds": 0.2}})


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # As root, which CI is, it does without its sandbox; what is shown is our own.
        opened = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture
def allowed() -> list[str]:
    """Patterns of what a test expects browsers to complain of."""
    return []


@pytest.fixture
def new_page(browser: Any, serving: Any, allowed: list[str]) -> Iterator[Callable[..., Any]]:
    """Open a page, with the options of a Playwright context.

    Whatever happens in it that must not fails the test: errors and warnings on the console, which broken rules of
    the content security policy are, too, uncaught errors, and requests to anybody but the server.
    """
    problems: list[str] = []
    contexts = []
    del serving  # named so that pages are closed before their servers stop

    def opened(**options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: problems.extend([said.text] if said.type in ("error", "warning") else []))
        page.on("pageerror", lambda error: problems.append(f"uncaught: {error}"))
        page.on("request", lambda asked: problems.extend([f"asked {asked.url}"] if _foreign(asked.url) else []))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [one for one in problems if not any(re.search(pattern, one) for pattern in allowed)] == []


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    """A page on a desk."""
    return new_page()


@pytest.fixture
def shot(tmp_path: Path) -> Callable[[Any, str], Path]:
    """Keep a picture of a page by a name, where ``STORMCELL_SCREENSHOTS`` says or in a temporary folder."""
    folder = Path(KEPT) if KEPT else tmp_path / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Any, name: str) -> Path:
        page.screenshot(path=folder / f"{name}.png")
        return folder / f"{name}.png"

    return take


def _foreign(url: str) -> bool:
    return re.match(r"(http://127\.0\.0\.1:\d+/|data:|about:|blob:)", url) is None
