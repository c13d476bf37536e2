"""Drafts in review as other programs read them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from stormcell.review.revisions import revision_of
from stormcell.review.states import moves
from stormcell.times import rfc3339
from stormcell.types import Review, Revision


def brief_json(review: Review, stale: str) -> dict[str, Any]:
    """Return a draft in review without its texts, as JSON types.

    Parameters
    ----------
    review : Review
    stale : str
        Why it is stale; "" where it is not.
    """
    return {
        "id": review.id,
        "group": review.group,
        "kind": review.kind,
        "title": review.title,
        "template": review.template,
        "state": review.state.value,
        "stale": stale,
        "author": review.author,
        "reviewer": review.reviewer,
        "revision": review.latest.number,
        "version": review.version,
        "changed": rfc3339(review.changed),
        "moves": [move.value for move in moves(review.state)],
    }


def changed_json(review: Review) -> dict[str, Any]:
    """Return a draft that was changed, without its texts, as JSON types."""
    document = brief_json(review, "")
    del document["stale"]  # a change does not ask for it
    return {**document, "publications": _publications(review)}


def review_json(review: Review, stale: str, revision: int | None = None) -> dict[str, Any]:
    """Return a draft in review with one of its texts, the latest by default, as JSON types.

    Raises
    ------
    NotFoundError
        If there is no such revision.
    """
    shown = review.latest if revision is None else revision_of(review, revision)
    return {
        **brief_json(review, stale),
        "revision": shown.number,
        "markdown": shown.markdown,
        "sources": [{**asdict(fact), "source": fact.source.value} for fact in shown.sources],
        "revisions": [_revision(one) for one in review.revisions],
        "comments": [{**asdict(one), "time": rfc3339(one.time)} for one in review.comments],
        "publications": _publications(review),
    }


def _revision(one: Revision) -> dict[str, Any]:
    return {"number": one.number, "author": one.author, "time": rfc3339(one.time), "note": one.note}


def _publications(review: Review) -> list[dict[str, Any]]:
    return [{**asdict(one), "time": rfc3339(one.time)} for one in review.publications]
