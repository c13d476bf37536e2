"""Handing approved drafts to where people read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from stormcell.config import Settings
from stormcell.errors import ConflictError
from stormcell.operate import publishing
from stormcell.operate.people import Person
from stormcell.operate.reviewing import check_seen, is_repeated, keep, review_of, staleness
from stormcell.review import states
from stormcell.review.states import Move
from stormcell.store import SqliteStore
from stormcell.types import Publication, Review, ReviewState, Value

SUPERSEDE = "supersede"

HandOut: TypeAlias = Callable[[Review, Person, Settings, Sequence[str], bool], Sequence[Publication]]
"""Hands a review's text to places by name, masked or not, and returns what became of it at each."""


def publish(
    store: SqliteStore,
    id: str,
    person: Person,
    settings: Settings,
    *,
    seen: int,
    destinations: Sequence[str] = (),
    unmasked: bool = False,
    stale: bool = False,
    hand_out: HandOut = publishing.hand_out,
) -> Review:
    """Hand an approved draft to places; it is published once all of them took it.

    What became of it at each is the end of the review's ``publications``. Another published review of the same
    group and kind is superseded.

    Parameters
    ----------
    store : SqliteStore
    id : str
    person : Person
    settings : Settings
    seen : int
    destinations : sequence of str
        Names of places; all that there are by default.
    unmasked : bool
        Whether what looks like a secret or personal stays in the text.
    stale : bool
        Whether it may be stale.
    hand_out : callable
        What hands it to them.

    Raises
    ------
    SettingsError
        If there is no such place, or none at all.
    NotFoundError, ConflictError
        If there is no such draft, it is not approved, it is stale, or it was changed meanwhile.
    """
    with store.looking():
        review = review_of(store, id)
        published = review.state is ReviewState.PUBLISHED
        if published and is_repeated(store, review, seen, person, Move.PUBLISH):
            return review
        check_seen(store, review, seen)
        states.check(review, Move.PUBLISH)
        why = staleness(store, review, settings)
        if why and not stale:
            raise ConflictError(
                f"draft {review.id} is stale: {why}; look whether it still holds and edit it or draft it anew,"
                " or publish it although it is stale (--stale)"
            )
    # Not while nobody else may write: places may take their time.
    told = hand_out(review, person, settings, destinations, unmasked)
    with store.changing():
        now = review_of(store, review.id)
        same = now.latest == review.latest and now.state in states.MOVES[Move.PUBLISH]
        after = states.handed_out(now, told, person.now) if same else states.noted(now, told, person.now)
        detail: dict[str, Value] = {
            "revision": review.latest.number,
            "taken": [one.destination for one in told if not one.problem],
            "refused": [one.destination for one in told if one.problem],
            **({"unmasked": True} if unmasked else {}),
            **({"stale": why} if why else {}),
        }
        keep(store, after, person, Move.PUBLISH, detail)
        if after.state is ReviewState.PUBLISHED:
            _supersede(store, after, person)
    if not same:
        raise ConflictError(
            f"revision {review.latest.number} of draft {review.id} was handed out, and meanwhile somebody changed"
            f" the draft, which is {states.spelled(now.state)} now; look at it again"
        )
    return after


def _supersede(store: SqliteStore, review: Review, person: Person) -> None:
    for other in store.reviews(review.group, ReviewState.PUBLISHED):
        if other.kind == review.kind and other.id != review.id:
            keep(store, states.superseded(other, person.now), person, SUPERSEDE, {"successor": review.id})
