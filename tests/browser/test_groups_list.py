"""The list of groups, as people use it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.looking import axe, overflows, shifts, watch_shifts
from tests.browser.site import Site

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
