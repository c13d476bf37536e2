"""What people do on the page of a group, without script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from itertools import combinations
from pathlib import Path
from typing import Any

from stormcell.store import SqliteStore
from stormcell.types import Group
from tests.unit.web.client import Browser


def page_of(browser: Browser, path: str) -> str:
    """Return a page, having made sure that it is shown."""
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def done(browser: Browser, path: str, fields: Mapping[str, Any], at: str) -> tuple[str, str]:
    """Send a form of a page; return where it led, and that page."""
    page_of(browser, at)
    answer = browser.post(path, {"back": at, **fields})
    assert answer.status_code == 303, answer.text
    to = answer.headers["location"]
    return to, page_of(browser, to)


def told(page: str) -> str:
    """Return what the messages of a page say."""
    return unescape(" ".join(re.findall(r'class="toast[^"]*"[^>]*>\s*<span>(.*?)</span>', page, re.DOTALL)))


def undo_of(page: str) -> tuple[str, dict[str, str]]:
    """Return the form by which the last message of a page takes back what was done."""
    form = re.findall(r'<form method="post" action="([^"]+)" data-undo>(.*?)</form>', page, re.DOTALL)[-1]
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[1]))
    del fields["csrf"], fields["back"]
    return form[0], fields


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
