"""The editor of a draft, and what becomes of two people's texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stormcell.errors import InputError
from stormcell.operate import reviews
from stormcell.operate.reviewing import MAX_TEXT
from stormcell.types import Review
from stormcell.web.call import PageCall, whole
from stormcell.web.drafts.diffs import Line, between
from stormcell.web.markdown import blanks, html


@dataclass(frozen=True, slots=True)
class Editor:
    """A text that somebody writes.

    Attributes
    ----------
    review : Review
        As it is now.
    text, note : str
        What they wrote.
    seen : int
        The version that saving replaces.
    html : Markup
        How the text looks.
    blanks : int
    problem : str
        Why it was not saved; "" where nothing is wrong.
    theirs : sequence of Line
        How the text of another, who saved meanwhile, becomes theirs; empty where nobody did.
    other : str
        Who that was.
    """

    review: Review
    text: str
    note: str
    seen: int
    html: Markup
    blanks: int
    problem: str = ""
    theirs: Sequence[Line] = ()
    other: str = ""


def editor(review: Review) -> Editor:
    """Return the editor with the latest text."""
    text = review.latest.markdown
    return Editor(review, text, "", review.version, html(text), blanks(text))


def again(call: PageCall, review: Review, problem: str = "") -> Editor:
    """Return the editor with what was sent, which was not saved.

    Where another saved a text meanwhile it is shown how that differs; saving then replaces it.
    """
    text, seen = call.sent("text"), seen_of(call)
    missed = bool(problem) and seen != review.version and review.latest.markdown != text
    return Editor(
        review=review,
        text=text,
        note=call.sent("note"),
        seen=review.version if problem else seen,
        html=html(text),
        blanks=blanks(text),
        problem=problem,
        theirs=between(review.latest.markdown, text) if missed else (),
        other=review.latest.author,
    )


def saved(call: PageCall) -> Review:
    """Save what was sent; raises what ``reviews.edit`` raises."""
    note = call.sent("note").strip()
    return reviews.edit(
        call.store, call.params["id"], call.sent("text"), call.person, seen=seen_of(call), note=note
    )


def checked(text: str) -> str:
    """Return a text that may be shown.

    Raises
    ------
    InputError
        If it is too long to be kept.
    """
    if len(text) > MAX_TEXT:
        raise InputError(f"the text is of more than {MAX_TEXT:,} characters, which is more than is kept")
    return text


def seen_of(call: PageCall) -> int:
    """Return the version that a form was made for.

    Raises
    ------
    InputError
        If it does not say.
    """
    seen = whole(call.sent("seen"))
    if seen is None:
        raise InputError("this form does not say which version was seen; load the page again")
    return seen
