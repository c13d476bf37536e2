"""How drafts in review are told on the command line."""

from __future__ import annotations

from stormcell.cli.output import say
from stormcell.times import readable
from stormcell.types import Comment, Publication, Review, Revision


def say_review(review: Review, shown: Revision, stale: str) -> None:
    """Say how a draft stands, and what was said of it."""
    revision = f"revision {shown.number} of {len(review.revisions)}"
    say(
        f"{review.id}  {review.kind} of {review.group}, {revision} by {_name(shown.author)}"
        f" on {readable(shown.time)}{f': {shown.note}' if shown.note else ''}"
    )
    reviewer = f", reviewer {review.reviewer}" if review.reviewer else ""
    say(f"  {review.state.value}{reviewer}; version {review.version}, changed {readable(review.changed)}")
    if stale:
        say(f"  stale: {stale}")
    for comment in review.comments:
        say(f"  {_comment(comment)}")
    for publication in review.publications:
        say(f"  {published(publication)}")


def published(one: Publication) -> str:
    """Return what became of a text at a place."""
    told = f"not taken: {one.problem}" if one.problem else f"published at {one.where}"
    return f"{one.destination}: revision {one.revision} {told}"


def _comment(one: Comment) -> str:
    return f"{_name(one.author)} on revision {one.revision}, {readable(one.time)}: {one.text}"


def _name(author: str) -> str:
    return author or "somebody"
