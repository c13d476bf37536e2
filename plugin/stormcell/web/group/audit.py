"""The audit trail, page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stormcell.store import SqliteStore
from stormcell.web.call import whole
from stormcell.web.group.history import Happened, happened
from stormcell.web.paths import query

PAGE: Final = 100
"""Entries on a page."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of the audit trail.

    Attributes
    ----------
    page : tuple of Happened
        Newest first.
    who, action, group : str
        To which it is narrowed; "" for all.
    people, actions : tuple of (str, int)
        Who did something, and what was done, and how often.
    total : int
        Entries of all.
    next : str
        The path of the page after it; "" where there is none.
    first : bool
        Whether it is the first.
    """

    page: tuple[Happened, ...]
    who: str
    action: str
    group: str
    people: tuple[tuple[str, int], ...]
    actions: tuple[tuple[str, int], ...]
    total: int
    next: str
    first: bool


def trail(store: SqliteStore, get: Callable[[str], str]) -> Trail:
    """Return the page of the audit trail that a query asks for."""
    who, action, group, before = get("who"), get("action"), get("group").strip(), get("before")
    bound = whole(before, 2**63)
    entries = store.newest_entries(who=who, action=action, group=group, limit=PAGE + 1, before=bound)
    page = entries[:PAGE]
    people: dict[str, int] = {}
    actions: dict[str, int] = {}
    for (name, what), count in store.audit_counts().items():
        people[name] = people.get(name, 0) + count
        actions[what] = actions.get(what, 0) + count
    said = {one.id for one in store.feedback() if not one.undone}
    older = str(page[-1].number) if len(entries) > PAGE else ""
    narrowed = {"who": who, "action": action, "group": group, "before": older}
    return Trail(
        page=happened(page, set(store.statuses()), said),
        who=who,
        action=action,
        group=group,
        people=tuple(sorted(people.items())),
        actions=tuple(sorted(actions.items())),
        total=sum(people.values()),
        next=f"/audit{query(narrowed)}" if older else "",
        first=bound is None,
    )
