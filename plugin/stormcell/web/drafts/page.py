"""The page of a draft in review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from stormcell.config import Settings
from stormcell.operate import reviews
from stormcell.review.revisions import revision_of
from stormcell.review.states import moves, outcomes
from stormcell.store import SqliteStore
from stormcell.types import Review, ReviewState, Revision
from stormcell.web.drafts.diffs import Line, lines
from stormcell.web.markdown import SCHEMES, blanks, html

SOMEBODY: Final = "somebody"
"""As whom those are shown who did not say who they are."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something in the history of a draft.

    Attributes
    ----------
    what : str
        "revision", "comment", "taken" by a place, or "refused" by one.
    time : int
        ns.
    who : str
        A person, or a place.
    revision : int
    text : str
        A note, a comment, where it can be read, or why it was refused.
    link : str
        Where it can be read, if that is a URL.
    """

    what: str
    time: int
    who: str
    revision: int
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A draft in review as its page shows it.

    Attributes
    ----------
    review : Review
    shown : Revision
        The one that is asked for, else the latest.
    html : Markup
        Its text.
    blanks : int
        Places in it that are left to fill in.
    stale : str
        Why it does not fit its group any more; "" where it does.
    there : bool
        Whether its group is still in the store.
    moves : tuple of str
        What can be done to it.
    places : tuple of (str, str)
        Name and kind of each place where it can be published.
    taken : frozenset of str
        The names of those that took the latest revision.
    history : tuple of Happened
        Newest first.
    old, new : int
        Two revisions that are compared; 0 where none are.
    diff : sequence of Line
    """

    review: Review
    shown: Revision
    html: Markup
    blanks: int
    stale: str
    there: bool
    moves: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    taken: frozenset[str]
    history: tuple[Happened, ...]
    old: int
    new: int
    diff: Sequence[Line]

    @property
    def latest(self) -> bool:
        """Whether the latest revision is shown."""
        return self.shown is self.review.latest

    @property
    def wanting(self) -> tuple[str, ...]:
        """The places that are proposed: all, and of what is published those that do not have it."""
        published = self.review.state is ReviewState.PUBLISHED
        return tuple(name for name, _ in self.places if not published or name not in self.taken)


def review_page(
    store: SqliteStore, review: Review, settings: Settings, *, revision: int = 0, old: int = 0, new: int = 0
) -> ReviewPage:
    """Return a draft as its page shows it.

    Parameters
    ----------
    store : SqliteStore
    review : Review
    settings : Settings
    revision : int
        The one to show; 0 for the latest.
    old, new : int
        Revisions to compare; 0 for none.

    Raises
    ------
    NotFoundError
        If there is no such revision.
    """
    shown = revision_of(review, revision) if revision else review.latest
    with store.looking():
        stale = reviews.stale(store, review, settings)
        found = store.group(review.group)
    return ReviewPage(
        review=review,
        shown=shown,
        html=html(shown.markdown),
        blanks=blanks(shown.markdown),
        stale=stale,
        there=found is not None and found.id == review.group,
        moves=tuple(move.value for move in moves(review.state)),
        places=tuple((one.name, one.kind) for one in settings.drafts.publish),
        taken=frozenset(name for name, one in outcomes(review).items() if not one.problem),
        history=_history(review),
        old=old,
        new=new,
        diff=lines(reviews.changes(review, old, new)) if old and new else (),
    )


def _history(review: Review) -> tuple[Happened, ...]:
    found = [
        Happened("revision", one.time, one.author or SOMEBODY, one.number, one.note) for one in review.revisions
    ]
    found += [
        Happened("comment", one.time, one.author or SOMEBODY, one.revision, one.text) for one in review.comments
    ]
    found += [
        Happened(
            what="refused" if one.problem else "taken",
            time=one.time,
            who=one.destination,
            revision=one.revision,
            text=one.problem or one.where,
            link="" if one.problem or not one.where.startswith(SCHEMES) else one.where,
        )
        for one in review.publications
    ]
    # Of one time, what came of another is above it: a comment on a revision, where that went.
    order = {"revision": 0, "comment": 1, "taken": 2, "refused": 2}
    return tuple(sorted(found, key=lambda one: (one.time, order[one.what], one.revision), reverse=True))
