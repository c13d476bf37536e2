"""Drafts in the hands of people: what can be asked of them, and what people do to them."""

from __future__ import annotations

from typing import Any, cast

from stormcell.operate import reviews
from stormcell.operate.find import group_of
from stormcell.operate.history import entry_json
from stormcell.operate.reviewing import log_of, review_of
from stormcell.operate.reviews_json import brief_json, changed_json, review_json
from stormcell.sidecar.api.call import Call
from stormcell.sidecar.api.cursors import cursor, parts
from stormcell.sidecar.api.draft_models import (
    ApproveBody,
    CommentBody,
    DiffQuery,
    EditBody,
    PublishBody,
    ReasonBody,
    RedraftBody,
    ReviewQuery,
    ReviewsQuery,
    StartBody,
    SubmitBody,
)
from stormcell.types import Review, ReviewState


def list_reviews(call: Call[ReviewsQuery, None]) -> dict[str, Any]:
    """Return a page of drafts in review."""
    asked, store = call.query, call.store
    after = cast("tuple[int, str]", tuple(parts(asked.cursor, "drafts", int, str))) if asked.cursor else None
    state = ReviewState(asked.state) if asked.state else None
    with store.looking():
        group = store.group(asked.group) if asked.group else None
        id = group.id if group else asked.group or None
        found = store.reviews(id, state, limit=asked.limit + 1, after=after)
        page = found[: asked.limit]
        told = [brief_json(one, reviews.stale(store, one, call.settings)) for one in page]
    more = len(found) > len(page)
    return {"drafts": told, "next": cursor("drafts", page[-1].changed, page[-1].id) if more else None}


def show_review(call: Call[ReviewQuery, None]) -> dict[str, Any]:
    """Return a draft in review with one of its texts."""
    with call.store.looking():
        review = review_of(call.store, call.named)
        return review_json(review, reviews.stale(call.store, review, call.settings), call.query.revision)


def diff(call: Call[DiffQuery, None]) -> dict[str, Any]:
    """Return how two revisions differ."""
    review = review_of(call.store, call.named)
    new = call.query.new or review.latest.number
    old = call.query.old or max(new - 1, 1)
    return {"id": review.id, "old": old, "new": new, "diff": reviews.changes(review, old, new)}


def history(call: Call[None, None]) -> dict[str, Any]:
    """Return who did what to a draft."""
    with call.store.looking():
        review = review_of(call.store, call.named)
        return {"id": review.id, "entries": [entry_json(entry) for entry in log_of(call.store, review)]}


def start(call: Call[None, StartBody]) -> dict[str, Any]:
    """Begin the review of a draft of a group."""
    asked, group = call.body, group_of(call.store, call.named).id
    before = call.store.count_reviews(group, asked.kind)
    review = reviews.begin(call.store, group, asked.kind, call.person, call.settings, asked.template)
    new = call.store.count_reviews(group, asked.kind) > before
    return {"changed": new, "draft": changed_json(review)}


def edit(call: Call[None, EditBody]) -> dict[str, Any]:
    """Give a draft another text."""
    asked = call.body
    before = review_of(call.store, call.named)
    after = reviews.edit(call.store, before.id, asked.markdown, call.person, seen=asked.seen, note=asked.note)
    return _changed(before, after)


def redraft(call: Call[None, RedraftBody]) -> dict[str, Any]:
    """Make a draft anew of its group as it is now."""
    asked = call.body
    before = review_of(call.store, call.named)
    return _changed(
        before,
        reviews.redraft(
            call.store, before.id, call.person, call.settings, seen=asked.seen, template=asked.template
        ),
    )


def submit(call: Call[None, SubmitBody]) -> dict[str, Any]:
    """Ask for the review of a draft."""
    asked = call.body
    before = review_of(call.store, call.named)
    after = reviews.submit(call.store, before.id, call.person, seen=asked.seen, reviewer=asked.reviewer)
    return _changed(before, after)


def comment(call: Call[None, CommentBody]) -> dict[str, Any]:
    """Say something of a draft."""
    before = review_of(call.store, call.named)
    return _changed(before, reviews.comment(call.store, before.id, call.person, call.body.text))


def send_back(call: Call[None, ReasonBody]) -> dict[str, Any]:
    """Send a draft back to whoever writes it."""
    asked = call.body
    before = review_of(call.store, call.named)
    after = reviews.send_back(call.store, before.id, call.person, seen=asked.seen, text=asked.text)
    return _changed(before, after)


def withdraw(call: Call[None, ReasonBody]) -> dict[str, Any]:
    """Give a draft up that is not published."""
    asked = call.body
    before = review_of(call.store, call.named)
    after = reviews.withdraw(call.store, before.id, call.person, seen=asked.seen, text=asked.text)
    return _changed(before, after)


def approve(call: Call[None, ApproveBody]) -> dict[str, Any]:
    """Approve a draft."""
    asked = call.body
    before = review_of(call.store, call.named)
    after = reviews.approve(call.store, before.id, call.person, call.settings, seen=asked.seen, text=asked.text)
    return _changed(before, after)


def publish(call: Call[None, PublishBody]) -> dict[str, Any]:
    """Put an approved draft where people read it."""
    asked = call.body
    before = review_of(call.store, call.named)
    after = reviews.publish(
        call.store,
        before.id,
        call.person,
        call.settings,
        seen=asked.seen,
        destinations=asked.destinations,
        unmasked=asked.unmasked,
        stale=asked.stale,
    )
    return _changed(before, after)


def _changed(before: Review, after: Review) -> dict[str, Any]:
    # The edit of what is published begins another.
    changed = (before.id, before.version) != (after.id, after.version)
    return {"changed": changed, "draft": changed_json(after)}
