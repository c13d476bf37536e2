"""What people do to groups."""

from __future__ import annotations

from typing import Any

from stormcell.groups.lifecycle import Status
from stormcell.operate import feedback
from stormcell.operate.status import set_status
from stormcell.sidecar.api import documents
from stormcell.sidecar.api.call import Call
from stormcell.sidecar.api.models import By, MergeBody, MoveBody, SplitBody


def acknowledge(call: Call[None, By]) -> dict[str, Any]:
    """Mark a group as acknowledged."""
    return _set(call, Status.ACKNOWLEDGED)


def resolve(call: Call[None, By]) -> dict[str, Any]:
    """Mark a group as resolved."""
    return _set(call, Status.RESOLVED)


def reopen(call: Call[None, By]) -> dict[str, Any]:
    """Mark a group as open again."""
    return _set(call, Status.OPEN)


def merge(call: Call[None, MergeBody]) -> dict[str, Any]:
    """Say that groups are one incident."""
    return documents.said(feedback.merge(call.store, call.body.groups, call.person, call.settings))


def split(call: Call[None, SplitBody]) -> dict[str, Any]:
    """Say that events are not of a group but a group of their own."""
    events = call.body.events
    return documents.said(feedback.split(call.store, call.named, events, call.person, call.settings))


def move(call: Call[None, MoveBody]) -> dict[str, Any]:
    """Say that an event is of another group."""
    group = call.body.group
    return documents.said(feedback.move(call.store, call.named, group, call.person, call.settings))


def pin(call: Call[None, By]) -> dict[str, Any]:
    """Say that an event is the exemplar of whatever group holds it."""
    return documents.said(feedback.pin(call.store, call.named, call.person, call.settings))


def undo(call: Call[None, By]) -> dict[str, Any]:
    """Take back what was said."""
    done = feedback.undo(call.store, call.named, call.person, call.settings)
    return {
        "feedback": done.feedback,
        "changed": done.changed,
        "restored": done.restored,
        "lost": [{"feedback": id, "why": why} for id, why in done.lost],
    }


def _set(call: Call[None, By], status: Status) -> dict[str, Any]:
    done = set_status(call.store, call.named, status, call.person)
    return {"changed": done.changed, "before": done.before, "group": documents.group_brief(done.group)}
