"""What may become of a draft in review: each move is a function from a review to the review after it.

::

    draft -> in review -> approved -> published -> superseded
      ^          |           |
      +----------+-----------+   sent back, edited, drafted anew

What is not published yet may be withdrawn, for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from stormcell.errors import ConflictError
from stormcell.types import Basis, Comment, Draft, Publication, Review, ReviewState, Revision


class Move(StrEnum):
    """What people do to a draft in review; the audit log calls it the same."""

    EDIT = "edit"
    REDRAFT = "redraft"
    SUBMIT = "submit"
    SEND_BACK = "send back"
    COMMENT = "comment"
    APPROVE = "approve"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


LIVING: Final = (ReviewState.DRAFT, ReviewState.IN_REVIEW, ReviewState.APPROVED)
"""A group has one review of a kind in these states at most."""

MOVES: Final[Mapping[Move, Sequence[ReviewState]]] = MappingProxyType(
    {
        # The edit of a published text is the beginning of another review: see ``successor``.
        Move.EDIT: (*LIVING, ReviewState.PUBLISHED),
        Move.REDRAFT: LIVING,
        Move.SUBMIT: (ReviewState.DRAFT,),
        Move.SEND_BACK: (ReviewState.IN_REVIEW, ReviewState.APPROVED),
        Move.COMMENT: tuple(ReviewState),
        Move.APPROVE: (ReviewState.IN_REVIEW,),
        # What is published may go to further places.
        Move.PUBLISH: (ReviewState.APPROVED, ReviewState.PUBLISHED),
        Move.WITHDRAW: LIVING,
    }
)
"""In which states each may be done."""


def moves(state: ReviewState) -> tuple[Move, ...]:
    """Return what may be done in a state."""
    return tuple(move for move, states in MOVES.items() if state in states)


def check(review: Review, move: Move) -> None:
    """Make sure that a move may be done.

    Raises
    ------
    ConflictError
        If it may not, with the state it is in, and what may be done.
    """
    if review.state not in MOVES[move]:
        allowed = ", ".join(moves(review.state))
        raise ConflictError(
            f"cannot {move} draft {review.id}: it is {spelled(review.state)}, and would have to be"
            f" {' or '.join(map(spelled, MOVES[move]))}; what can be done to it now: {allowed}"
        )


def spelled(state: ReviewState) -> str:
    """Return a state as it stands in a sentence."""
    return "a draft" if state is ReviewState.DRAFT else state.value


def begun(id: str, title: str, made: Draft, basis: Basis, author: str, now: int) -> Review:
    """Return a new review of what a template made."""
    return Review(
        id=id,
        group=made.group,
        kind=made.kind,
        title=title,
        template=made.template,
        state=ReviewState.DRAFT,
        author=author,
        reviewer="",
        basis=basis,
        revisions=(Revision(1, made.markdown, made.sources, author, now),),
        changed=now,
    )


def successor(review: Review, id: str, markdown: str, author: str, now: int, note: str = "") -> Review:
    """Return a new review that begins with a published text, and another instead of it."""
    check(review, Move.EDIT)
    first = replace(review.latest, number=1)
    return replace(
        review,
        id=id,
        state=ReviewState.DRAFT,
        author=author,
        reviewer="",
        revisions=(first, Revision(2, markdown, (), author, now, note)),
        comments=(),
        publications=(),
        changed=now,
        version=1,
    )


def edited(review: Review, markdown: str, author: str, now: int, note: str = "") -> Review:
    """Return the review with another text, which is a draft again."""
    check(review, Move.EDIT)
    revision = Revision(review.latest.number + 1, markdown, (), author, now, note)
    return _after(replace(review, state=ReviewState.DRAFT, revisions=(*review.revisions, revision)), now)


def redrafted(review: Review, made: Draft, basis: Basis, author: str, now: int) -> Review:
    """Return the review with what a template makes of the group as it is now, a draft again."""
    check(review, Move.REDRAFT)
    revision = Revision(review.latest.number + 1, made.markdown, made.sources, author, now)
    return _after(
        replace(
            review,
            state=ReviewState.DRAFT,
            template=made.template,
            basis=basis,
            revisions=(*review.revisions, revision),
        ),
        now,
    )


def submitted(review: Review, now: int, reviewer: str = "") -> Review:
    """Return the review, in review."""
    check(review, Move.SUBMIT)
    return _after(replace(review, state=ReviewState.IN_REVIEW, reviewer=reviewer or review.reviewer), now)


def commented(review: Review, text: str, author: str, now: int) -> Review:
    """Return the review with something said of its text."""
    check(review, Move.COMMENT)
    return _after(_with_comment(review, text, author, now), now)


def sent_back(review: Review, text: str, author: str, now: int) -> Review:
    """Return the review as a draft again, with the reason."""
    check(review, Move.SEND_BACK)
    told = _with_comment(review, text, author, now)
    return _after(replace(told, state=ReviewState.DRAFT, reviewer=author or review.reviewer), now)


def withdrawn(review: Review, text: str, author: str, now: int) -> Review:
    """Return the review given up, with the reason; another of its kind may begin."""
    check(review, Move.WITHDRAW)
    return _after(replace(_with_comment(review, text, author, now), state=ReviewState.WITHDRAWN), now)


def approved(review: Review, basis: Basis, author: str, now: int, *, four_eyes: bool, text: str = "") -> Review:
    """Return the review, approved.

    Parameters
    ----------
    review : Review
    basis : Basis
        What the group is now: who approves finds that the text holds of it.
    author : str
        Who approves; "" where that is not known.
    now : int
        ns.
    four_eyes : bool
        Whether it has to be another person than wrote the text.
    text : str
        What they say of it.

    Raises
    ------
    ConflictError
        If it is not in review, or the same person's.
    """
    check(review, Move.APPROVE)
    if four_eyes:
        _check_other(review, author)
    told = _with_comment(review, text, author, now) if text else review
    told = replace(told, state=ReviewState.APPROVED, reviewer=author, basis=basis)
    return _after(told, now)


def handed_out(review: Review, publications: Sequence[Publication], now: int) -> Review:
    """Return the review after it was handed to places: published, once all of them took its text."""
    check(review, Move.PUBLISH)
    taken = bool(publications) and all(not one.problem for one in publications)
    state = ReviewState.PUBLISHED if taken else review.state
    return _after(replace(review, state=state, publications=(*review.publications, *publications)), now)


def noted(review: Review, publications: Sequence[Publication], now: int) -> Review:
    """Return the review with where a text of it went, whatever became of it meanwhile."""
    return _after(replace(review, publications=(*review.publications, *publications)), now)


def outcomes(review: Review) -> Mapping[str, Publication]:
    """Return what became of the latest revision at each place, by its name, when it was handed to it last."""
    return {one.destination: one for one in review.publications if one.revision == review.latest.number}


def superseded(review: Review, now: int) -> Review:
    """Return a published review after another of its group and kind was published."""
    if review.state is not ReviewState.PUBLISHED:
        raise ConflictError(
            f"draft {review.id} is {spelled(review.state)}, and only what is published is superseded"
        )
    return _after(replace(review, state=ReviewState.SUPERSEDED), now)


def _check_other(review: Review, author: str) -> None:
    last = review.latest
    if not author:
        raise ConflictError(
            f"draft {review.id} is to be approved by another person than wrote it (drafts.four_eyes),"
            " and who you are is not known; say so with --by, or with a token of your own"
        )
    if not last.author:
        raise ConflictError(
            f"draft {review.id} is to be approved by another person than wrote it (drafts.four_eyes),"
            f" and who wrote revision {last.number} is not known; let them write it again and say who they are"
        )
    if author == last.author:
        raise ConflictError(
            f"{author} wrote revision {last.number} of draft {review.id}, and another person is to approve it"
            " (drafts.four_eyes); ask somebody else to"
        )


def _with_comment(review: Review, text: str, author: str, now: int) -> Review:
    comment = Comment(author, now, text, review.latest.number)
    return replace(review, comments=(*review.comments, comment))


def _after(review: Review, now: int) -> Review:
    return replace(review, version=review.version + 1, changed=max(now, review.changed))
