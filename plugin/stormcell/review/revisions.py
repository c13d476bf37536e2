"""How two revisions differ."""

from __future__ import annotations

from difflib import unified_diff

from stormcell.errors import NotFoundError
from stormcell.types import Review, Revision


def revision_of(review: Review, number: int) -> Revision:
    """Return a revision by its number.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    if not 1 <= number <= len(review.revisions):
        raise NotFoundError(
            f"draft {review.id} has no revision {number}; there are 1 to {len(review.revisions)}"
            if len(review.revisions) > 1
            else f"draft {review.id} has no revision {number}; there is 1 only"
        )
    return review.revisions[number - 1]


def difference(review: Review, old: int, new: int) -> str:
    """Return the unified diff of two revisions, lines ending in a line feed; "" where they are the same.

    Raises
    ------
    NotFoundError
        If there is no such revision.
    """
    before, after = revision_of(review, old), revision_of(review, new)
    lines = unified_diff(
        _lines(before), _lines(after), f"revision {old}", f"revision {new}", _who(before), _who(after)
    )
    return "".join(lines)


def _lines(revision: Revision) -> list[str]:
    # As an editor counts lines: other characters that break lines stay in theirs.
    return [f"{line}\n" for line in revision.markdown.removesuffix("\n").split("\n")]


def _who(revision: Revision) -> str:
    return revision.author.replace("\n", " ") or "unknown"
