"""Finding a way to and on the page of a group."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

from stormcell.store import SqliteStore
from stormcell.types import Group
from tests.browser.site import Site


def pair(store: Path) -> tuple[Group, Group]:
    """Two groups of one session, that with more events first."""
    with SqliteStore(store, create=False) as opened:
        for a, b in combinations(opened.groups(), 2):
            if a.first_seen <= b.last_seen and b.first_seen <= a.last_seen:
                return (a, b) if a.count >= b.count else (b, a)
    raise AssertionError


def stranger(store: Path, group: Group) -> str:
    """The event of a row of a group that does not sound like its exemplar's atom."""
    with SqliteStore(store, create=False) as opened:
        atoms = opened.memberships(group.id)
    voices = {atom.voice for atom in atoms if any(group.medoid.uid in row.members for row in atom.rows)}
    return next(atom for atom in atoms if atom.voice not in voices).rows[0].event.uid


def open_group(page: Any, site: Site, id: str, query: str = "") -> None:
    page.goto(f"{site.url}groups/{id}{query}")
    page.locator("#members-title").wait_for()


def find(page: Any, uid: str) -> Any:
    """Narrow the members to one event; return its line."""
    page.get_by_label("Text or event id").fill(uid)
    page.keyboard.press("Enter")
    page.wait_for_url("**text=**")
    line = page.locator(f'[data-key="m-{uid}"]')
    line.wait_for()
    return line
