"""The list of drafts in review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stormcell.config import Settings
from stormcell.operate import reviews
from stormcell.store import SqliteStore
from stormcell.types import Review, ReviewState

PAGE: Final = 50
EVERY: Final = "all"
STATES: Final = (*(state.value for state in ReviewState), EVERY)
"""What the list can be narrowed to."""


@dataclass(frozen=True, slots=True)
class Row:
    """A draft in the list; ``stale`` says why, "" where it is not, ``refused`` how many places did not take it."""

    id: str
    group: str
    kind: str
    title: str
    state: str
    author: str
    reviewer: str
    revision: int
    comments: int
    changed: int
    stale: str
    refused: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list, and where the next begins; "" at the end."""

    rows: Sequence[Row]
    next: str


def listed(store: SqliteStore, settings: Settings, state: str, after: str = "") -> Listed:
    """Return the drafts in a state, changed last first; what is no state or place asks for all, from the first.

    Parameters
    ----------
    store : SqliteStore
    settings : Settings
    state : str
        One of ``STATES``.
    after : str
        The ``next`` of the page before.
    """
    wanted = ReviewState(state) if state in tuple(ReviewState) else None
    with store.looking():
        # One more than is shown tells whether there is another page.
        found = store.reviews(state=wanted, limit=PAGE + 1, after=_position(after))
        rows = [_row(one, reviews.stale(store, one, settings)) for one in found[:PAGE]]
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Listed(rows, f"{last.changed}.{last.id}" if last else "")


def refused(review: Review) -> int:
    """Return how many places did not take the latest revision when it was handed to them last."""
    last = {one.destination: one for one in review.publications if one.revision == review.latest.number}
    return sum(bool(one.problem) for one in last.values())


def _row(review: Review, stale: str) -> Row:
    return Row(
        id=review.id,
        group=review.group,
        kind=review.kind,
        title=review.title,
        state=review.state.value,
        author=review.latest.author,
        reviewer=review.reviewer,
        revision=review.latest.number,
        comments=len(review.comments),
        changed=review.changed,
        stale=stale,
        refused=refused(review),
    )


def _position(after: str) -> tuple[int, str] | None:
    time, _, id = after.partition(".")
    known = time.isascii() and time.isdecimal() and len(time) < 20 and int(time) < 2**63 and id
    return (int(time), id) if known else None
