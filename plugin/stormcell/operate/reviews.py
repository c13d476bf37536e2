"""What people do to drafts on their way to being published.

Each change is one transaction with its entry in the audit log. Who changes a draft says which ``version`` of it
they saw: where another changed it since, nothing is done, and a ConflictError says who did, and when. A change
that is sent again by whoever did not hear the answer is done once.

``id`` is the id of a draft in review, or the start of it, or GROUP/KIND.
"""

from __future__ import annotations

from collections.abc import Callable

from stormcell.config import Settings
from stormcell.errors import ConflictError, InputError
from stormcell.operate import drafting
from stormcell.operate.find import group_of
from stormcell.operate.people import Person
from stormcell.operate.releasing import publish
from stormcell.operate.reviewing import (
    MAX_COMMENT,
    MAX_NAME,
    MAX_TEXT,
    check_seen,
    checked,
    group_reviewed,
    is_repeated,
    keep,
    new_id,
    review_of,
    staleness,
)
from stormcell.render import POSTMORTEM, RUNBOOK
from stormcell.review import revisions, states
from stormcell.review.stale import basis_of
from stormcell.review.states import LIVING, Move
from stormcell.store import SqliteStore
from stormcell.types import Basis, Draft, Group, Review, ReviewState, Value

__all__ = [
    "approve",
    "begin",
    "changes",
    "comment",
    "edit",
    "publish",
    "redraft",
    "send_back",
    "stale",
    "submit",
    "withdraw",
]

BEGIN = "draft"


def begin(
    store: SqliteStore, group: str, kind: str, person: Person, settings: Settings, template: str = ""
) -> Review:
    """Begin the review of a draft of a group, made now; the one that lives already is returned as it is.

    Parameters
    ----------
    store : SqliteStore
    group : str
        Its id, or the start of it.
    kind : str
        "runbook" or "postmortem".
    person : Person
    settings : Settings
    template : str
        The name of the template; "" for the first that fits.

    Raises
    ------
    InputError
        If there is no such kind.
    NotFoundError, ConflictError
        If there is no such group, or there are several.
    TemplateError
        If there is no such template, or it is broken.
    """
    if kind not in (RUNBOOK, POSTMORTEM):
        raise InputError(f"there are no drafts of the kind {kind!r}; expected {RUNBOOK} or {POSTMORTEM}")
    found = group_of(store, group)
    if (living := _living(store, found.id, kind)) is not None:
        return living
    found, made, basis = _made(store, found.id, kind, settings, template)
    with store.changing():
        if (living := _living(store, found.id, kind)) is not None:
            return living
        id = new_id(store, found.id, kind)
        review = states.begun(id, found.title, made, basis, person.author, person.now)
        return keep(store, review, person, BEGIN, {"kind": kind, "template": made.template})


def edit(store: SqliteStore, id: str, markdown: str, person: Person, *, seen: int, note: str = "") -> Review:
    """Give a draft another text; what was approved is a draft again, what is published begins another review.

    Where the text is what it is already, nothing is done.

    Raises
    ------
    InputError
        If the text is empty or too large.
    NotFoundError, ConflictError
        If there is no such draft, or it cannot be done.
    """
    text = checked(markdown, "text", MAX_TEXT)
    told = checked(note, "note", MAX_COMMENT) if note else ""
    with store.changing():
        review = review_of(store, id)
        if review.latest.markdown == text:
            return review
        check_seen(store, review, seen)
        states.check(review, Move.EDIT)
        if review.state is not ReviewState.PUBLISHED:
            return keep(store, states.edited(review, text, person.author, person.now, told), person, Move.EDIT)
        if (living := _living(store, review.group, review.kind)) is not None:
            raise ConflictError(f"draft {review.id} is published, and {living.id} is to follow it; edit that one")
        new = states.successor(
            review, new_id(store, review.group, review.kind), text, person.author, person.now, told
        )
        return keep(store, new, person, Move.EDIT, {"predecessor": review.id})


def redraft(
    store: SqliteStore, id: str, person: Person, settings: Settings, *, seen: int, template: str = ""
) -> Review:
    """Give a draft the text that a template makes of its group as it is now.

    Parameters
    ----------
    store : SqliteStore
    id : str
    person : Person
    settings : Settings
    seen : int
    template : str
        The name of the template; "" for that of a postmortem, and for the one that fits a runbook's group now.

    Raises
    ------
    NotFoundError, ConflictError
        If there is no such draft, its group is no more, or it cannot be done.
    TemplateError
        If there is no such template, or it is broken.
    """
    review = review_of(store, id)
    if is_repeated(store, review, seen, person, Move.REDRAFT):
        return review
    check_seen(store, review, seen)
    states.check(review, Move.REDRAFT)
    # What a runbook is about follows from the exemplar; how a postmortem is laid out is the custom of the house.
    wanted = template or (review.template if review.kind == POSTMORTEM else "")
    _, made, basis = _made(store, review.group, review.kind, settings, wanted)
    with store.changing():
        review = review_of(store, review.id)
        check_seen(store, review, seen)
        after = states.redrafted(review, made, basis, person.author, person.now)
        return keep(store, after, person, Move.REDRAFT, {"template": made.template})


def submit(store: SqliteStore, id: str, person: Person, *, seen: int, reviewer: str = "") -> Review:
    """Ask for the review of a draft, by somebody or by whoever comes.

    Raises
    ------
    InputError
        If the name of the reviewer is too long.
    NotFoundError, ConflictError
        If there is no such draft, or it cannot be done.
    """
    reviewer = checked(reviewer, "name of the reviewer", MAX_NAME) if reviewer else ""
    with store.changing():
        review = review_of(store, id)
        if is_repeated(store, review, seen, person, Move.SUBMIT):
            return review
        check_seen(store, review, seen)
        told: dict[str, Value] = {"reviewer": reviewer} if reviewer else {}
        return keep(store, states.submitted(review, person.now, reviewer), person, Move.SUBMIT, told)


def send_back(store: SqliteStore, id: str, person: Person, *, seen: int, text: str) -> Review:
    """Send a draft back to whoever writes it, and say why.

    Raises
    ------
    InputError
        If nothing is said, or too much.
    NotFoundError, ConflictError
        If there is no such draft, or it cannot be done.
    """
    return _told(store, id, person, Move.SEND_BACK, states.sent_back, seen=seen, text=text)


def withdraw(store: SqliteStore, id: str, person: Person, *, seen: int, text: str) -> Review:
    """Give a draft up that is not published, and say why; another of its kind may then begin.

    Raises
    ------
    InputError
        If nothing is said, or too much.
    NotFoundError, ConflictError
        If there is no such draft, or it cannot be done.
    """
    return _told(store, id, person, Move.WITHDRAW, states.withdrawn, seen=seen, text=text)


def comment(store: SqliteStore, id: str, person: Person, text: str) -> Review:
    """Say something of a draft; saying the same again right away does nothing.

    Raises
    ------
    InputError
        If nothing is said, or too much.
    NotFoundError, ConflictError
        If there is no such draft, or there are several.
    """
    said = checked(text, "comment", MAX_COMMENT)
    with store.changing():
        review = review_of(store, id)
        last = review.comments[-1] if review.comments else None
        if last and (last.author, last.text, last.revision) == (person.author, said, review.latest.number):
            return review
        return keep(store, states.commented(review, said, person.author, person.now), person, Move.COMMENT)


def approve(
    store: SqliteStore, id: str, person: Person, settings: Settings, *, seen: int, text: str = ""
) -> Review:
    """Approve a draft: its text holds of its group as that is now.

    Raises
    ------
    InputError
        If too much is said of it.
    NotFoundError, ConflictError
        If there is no such draft, it cannot be done, or another person has to do it (``drafts.four_eyes``).
    """
    said = checked(text, "comment", MAX_COMMENT) if text else ""
    with store.changing():
        review = review_of(store, id)
        if is_repeated(store, review, seen, person, Move.APPROVE):
            return review
        check_seen(store, review, seen)
        group = group_reviewed(store, review)
        basis = basis_of(group) if group else review.basis
        four_eyes = settings.drafts.four_eyes
        after = states.approved(review, basis, person.author, person.now, four_eyes=four_eyes, text=said)
        return keep(store, after, person, Move.APPROVE)


def stale(store: SqliteStore, review: Review, settings: Settings) -> str:
    """Return why a draft does not fit its group any more, as a clause; "" where it does, or no longer counts."""
    if review.state in (ReviewState.SUPERSEDED, ReviewState.WITHDRAWN):
        return ""
    with store.looking():
        return staleness(store, review, settings)


def changes(review: Review, old: int, new: int) -> str:
    """Return how two revisions differ, as a unified diff.

    Raises
    ------
    NotFoundError
        If there is no such revision.
    """
    return revisions.difference(review, old, new)


def _made(
    store: SqliteStore, group: str, kind: str, settings: Settings, template: str
) -> tuple[Group, Draft, Basis]:
    """Return a group, a draft of it and what it is, all of one moment."""
    with store.looking():
        found = group_of(store, group)
        made = drafting.draft(store, found.id, kind, settings, template)
    return found, made, basis_of(found)


def _living(store: SqliteStore, group: str, kind: str) -> Review | None:
    return next((one for one in store.reviews(group) if one.kind == kind and one.state in LIVING), None)


def _told(
    store: SqliteStore,
    id: str,
    person: Person,
    move: Move,
    change: Callable[[Review, str, str, int], Review],
    *,
    seen: int,
    text: str,
) -> Review:
    """Do what takes a reason."""
    said = checked(text, "reason", MAX_COMMENT)
    with store.changing():
        review = review_of(store, id)
        if is_repeated(store, review, seen, person, move):
            return review
        check_seen(store, review, seen)
        return keep(store, change(review, said, person.author, person.now), person, move)
