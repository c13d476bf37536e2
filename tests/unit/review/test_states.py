"""What may become of a draft, and what may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from stormcell.errors import ConflictError
from stormcell.review import states
from stormcell.review.states import MOVES, Move, moves
from stormcell.types import Basis, Comment, Draft, Publication, Review, ReviewState
from tests.unit.review.samples import BASIS, begun

DRAFT, IN_REVIEW, APPROVED, PUBLISHED, SUPERSEDED, WITHDRAWN = ReviewState
NOW = Basis("f", 3, b"87654321")
TAKEN = Publication("wiki", 1, 5, "http://wiki/1")
REFUSED = Publication("git", 1, 5, problem="no such branch")

DO: dict[Move, Callable[[Review], Review]] = {
    Move.EDIT: lambda one: states.edited(one, "# New", "bob", 5, "shorter"),
    Move.REDRAFT: lambda one: states.redrafted(
        one, Draft("g-1", "runbook", "errors", "# Anew", ()), NOW, "bob", 5
    ),
    Move.SUBMIT: lambda one: states.submitted(one, 5, "bob"),
    Move.SEND_BACK: lambda one: states.sent_back(one, "no", "bob", 5),
    Move.COMMENT: lambda one: states.commented(one, "hm", "bob", 5),
    Move.APPROVE: lambda one: states.approved(one, NOW, "bob", 5, four_eyes=False),
    Move.PUBLISH: lambda one: states.handed_out(one, [TAKEN], 5),
    Move.WITHDRAW: lambda one: states.withdrawn(one, "no", "bob", 5),
}
AFTER = {
    Move.EDIT: DRAFT,
    Move.REDRAFT: DRAFT,
    Move.SUBMIT: IN_REVIEW,
    Move.SEND_BACK: DRAFT,
    Move.APPROVE: APPROVED,
    Move.PUBLISH: PUBLISHED,
    Move.WITHDRAW: WITHDRAWN,
}


def test_the_table_is_whole() -> None:
    assert set(MOVES) == set(DO) == set(Move)
    assert moves(SUPERSEDED) == moves(WITHDRAWN) == (Move.COMMENT,)
    assert moves(IN_REVIEW) == (Move.EDIT, Move.REDRAFT, Move.SEND_BACK, Move.COMMENT, Move.APPROVE, Move.WITHDRAW)


@pytest.mark.parametrize("state", ReviewState)
@pytest.mark.parametrize("move", Move)
def test_each_move_in_each_state(move: Move, state: ReviewState) -> None:
    review = replace(begun(), state=state)
    if state not in MOVES[move]:
        with pytest.raises(ConflictError) as caught:
            DO[move](review)
        told = str(caught.value)
        assert told.startswith(f"cannot {move} draft d-1: it is {states.spelled(state)}, and would have to be ")
        assert told.endswith("now: " + ", ".join(moves(state)))
        return
    after = DO[move](review)
    assert after.state is AFTER.get(move, state)
    assert (after.version, after.changed) == (2, 5)
    assert after.revisions[: len(review.revisions)] == review.revisions
    kept = ("id", "group", "kind", "title", "author")
    assert all(getattr(after, name) == getattr(review, name) for name in kept)


def test_texts() -> None:
    edited = DO[Move.EDIT](begun())
    assert (edited.latest.number, edited.latest.markdown, edited.latest.author) == (2, "# New", "bob")
    assert (edited.latest.sources, edited.latest.note, edited.basis) == ((), "shorter", BASIS)
    anew = DO[Move.REDRAFT](edited)
    assert (anew.latest.number, anew.latest.markdown, anew.template, anew.basis) == (3, "# Anew", "errors", NOW)


def test_who_reviews() -> None:
    asked = states.submitted(begun(), 2, "bob")
    assert asked.reviewer == "bob"
    approved = states.approved(asked, NOW, "eve", 3, four_eyes=False, text="fine")
    assert (approved.reviewer, approved.basis) == ("eve", NOW)
    assert approved.comments == (Comment("eve", 3, "fine", 1),)
    # Nobody is said to have approved what somebody unknown did.
    assert states.approved(asked, NOW, "", 3, four_eyes=False).reviewer == ""
    back = states.sent_back(asked, "why?", "", 3)
    assert (back.reviewer, states.submitted(back, 4).reviewer) == ("bob", "bob")


@pytest.mark.parametrize(
    ("wrote", "approves", "told"),
    [
        ("ann", "ann", "ann wrote revision 1"),
        ("ann", "", "who you are is not known"),
        ("", "bob", "who wrote revision 1 is not known"),
        ("ann", "bob", ""),
    ],
)
def test_four_eyes(wrote: str, approves: str, told: str) -> None:
    review = states.submitted(begun(), 2)
    review = replace(review, revisions=(replace(review.latest, author=wrote),))
    if told:
        with pytest.raises(ConflictError, match=told):
            states.approved(review, NOW, approves, 3, four_eyes=True)
    else:
        assert states.approved(review, NOW, approves, 3, four_eyes=True).state is APPROVED
    assert states.approved(review, NOW, approves, 3, four_eyes=False).state is APPROVED


def test_it_is_published_once_every_place_took_it() -> None:
    approved = replace(begun(), state=APPROVED)
    for told in ([], [REFUSED], [TAKEN, REFUSED]):
        after = states.handed_out(approved, told, 5)
        assert (after.state, after.publications) == (APPROVED, tuple(told))
    assert states.handed_out(approved, [TAKEN], 5).state is PUBLISHED
    again = states.handed_out(replace(approved, state=PUBLISHED), [REFUSED], 5)
    assert again.state is PUBLISHED


def test_only_what_is_published_is_superseded() -> None:
    assert states.superseded(replace(begun(), state=PUBLISHED), 5).state is SUPERSEDED
    with pytest.raises(ConflictError, match="is approved, and only"):
        states.superseded(replace(begun(), state=APPROVED), 5)


def test_what_follows_a_published_text_begins_with_it() -> None:
    published = replace(DO[Move.EDIT](begun()), state=PUBLISHED, comments=(Comment("x", 1, "y", 1),))
    new = states.successor(published, "d-2", "# Newer", "eve", 9, "why")
    assert [one.markdown for one in new.revisions] == ["# New", "# Newer"]
    assert [one.number for one in new.revisions] == [1, 2]
    assert (new.state, new.author, new.version, new.comments) == (DRAFT, "eve", 1, ())


def test_time_never_goes_back() -> None:
    assert states.commented(replace(begun(), changed=9), "hm", "bob", 5).changed == 9
