"""The page of a group whose texts mean harm, and of one with very many members."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stormcell.store import SqliteStore
from tests.browser.one_group import find, open_group
from tests.browser.site import Site, grouped
from tests.unit.web.group.build import save_large

pytestmark = pytest.mark.heavy

HOSTILE = {
    "script": "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">",
    "image": "![pixel](http://evil.example/p.png) [click](javascript:alert(1))",
    "colour": "red \x1b[31malert\x1b[0m \x9b31m",
    "template": "{{ 7*7 }} {% raw %} {# gone #}",
    "formula": "=cmd|' /C calc'!A0",
    "bidi": "user\u202etxt.exe\u202c \u2066isolate\u2069",
    "quote": "\"'><b data-owned>&lt;b&gt;</b>",
}


@pytest.fixture(scope="module")
def hostile_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Groups whose every text means harm."""
    folder = tmp_path_factory.mktemp("hostile")
    lines = []
    for at, (name, text) in enumerate(HOSTILE.items()):
        for number in range(4):
            labels = {
                "alertname": text,
                "service": text,
                "severity": "critical",
                "number": f"{name}{number}",
                text: text,
            }
            lines.append(
                {
                    "status": "firing",
                    "labels": labels,
                    "annotations": {"summary": text, "runbook_url": "javascript:alert(1)"},
                    "startsAt": f"2026-01-01T00:0{at}:0{number}Z",
                }
            )
    (folder / "in").mkdir()
    document = {
        "version": "4",
        "status": "firing",
        "receiver": "x",
        "alerts": lines,
        "externalURL": "http://evil.example",
    }
    (folder / "in" / "alerts.json").write_text(json.dumps(document))
    return grouped(folder / "in", folder / "out")


def test_what_telemetry_says_harms_nobody(page: Any, serving: Callable[..., Site], hostile_store: Path) -> None:
    site = serving(hostile_store)
    with SqliteStore(hostile_store, create=False) as store:
        groups = store.groups()
    assert sum(group.count for group in groups) >= len(HOSTILE)
    seen = ""
    for group in groups:
        open_group(page, site, group.id, f"?why={group.medoid.uid}")
        page.locator(".explained").wait_for()
        page.wait_for_function("() => !document.querySelector('#around a[href$=\"/similar\"]')")
        seen += page.content()
        assert "owned" not in page.title().split("document")[0]
        assert page.locator("[data-owned], main img, main script").count() == 0
        assert page.locator("a[href^='javascript:'], a[href^='http:']").count() == 0
        page.goto(f"{site.url}audit")
    assert not re.search("[\x1b\x9b\u202e\u202c\u2066\u2069]", seen)
    assert "49" not in seen.partition("{{ 7*7 }}")[1]
    assert "7*7" in seen


@pytest.fixture(scope="module")
def large_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A group of twenty thousand members."""
    path = tmp_path_factory.mktemp("large") / "stormcell.db"
    save_large(path, 20_000)
    return path


def test_a_group_of_twenty_thousand_members_stays_usable(
    page: Any, serving: Callable[..., Site], large_store: Path
) -> None:
    site = serving(large_store)
    open_group(page, site, "g-large")
    assert page.locator("#members-title").inner_text() == "Members 20,000"
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**page=2**")
    page.get_by_label("Order").select_option("farthest")
    page.wait_for_url("**sort=farthest**")
    find(page, "e-19999").get_by_role("link", name="Why?").click()
    page.locator(".explained").wait_for()
    with page.expect_download() as begun:
        page.get_by_role("link", name="CSV").click()
    assert begun.value.suggested_filename == "g-large-members.csv"
    assert begun.value.path().read_bytes().count(b"\n") == 20_001
