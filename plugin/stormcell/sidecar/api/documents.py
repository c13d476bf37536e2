"""What the store holds, as the API tells it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from stormcell.operate.people import Said
from stormcell.render import group_json
from stormcell.sidecar.api.answer import finite
from stormcell.times import rfc3339
from stormcell.types import Draft, Event, Feedback, Group, Membership


def group_brief(group: Group) -> dict[str, Any]:
    """Return a group as in groups.json, without its members."""
    document = group_json(group)
    del document["members"]
    return document | {"severity": group.most_severe.severity, "revision": group.revision}


def member(uid: str, atom: Membership) -> dict[str, Any]:
    """Return an event of a group and why it is there; the atom's first row holds it."""
    return {
        "uid": uid,
        "event": _event(atom.rows[0].event),
        "surprise": finite(atom.surprise),
        "dissimilarity": finite(atom.dissimilarity),
        "shares": [asdict(share) for share in atom.shares],
        "runner_up": atom.runner_up,
        "runner_up_dissimilarity": finite(atom.runner_up_dissimilarity),
        "margin": finite(atom.margin),
        "feedback": list(atom.feedback),
        "rules": list(atom.rules),
    }


def draft(one: Draft) -> dict[str, Any]:
    """Return a draft."""
    sources = [asdict(source) for source in one.sources]
    return {"kind": one.kind, "template": one.template, "markdown": one.markdown, "sources": sources}


def said(done: Said) -> dict[str, Any]:
    """Return what became of what was said."""
    return {
        "changed": done.changed,
        "feedback": None if done.feedback is None else done.feedback.id,
        "groups": [group_brief(group) for group in done.groups],
        "gone": list(done.gone),
        "contradicted": list(done.contradicted),
    }


def feedback(one: Feedback) -> dict[str, Any]:
    """Return one thing that was said."""
    marks: Iterable[dict[str, Any]] = (asdict(mark) for mark in one.marks)
    return {
        "id": one.id,
        "kind": one.kind.value,
        "marks": [{**mark, "uids": list(mark["uids"])} for mark in marks],
        "author": one.author,
        "time": rfc3339(one.time),
        "undone": one.undone,
    }


def _event(event: Event) -> dict[str, str]:
    return {
        "uid": event.uid,
        "signal": event.signal.value,
        "service": event.service,
        "time": rfc3339(event.time),
        "text": event.text,
    }
