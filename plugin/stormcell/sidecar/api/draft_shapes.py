"""What is answered of drafts in review, as the OpenAPI document says it."""

from __future__ import annotations

from stormcell.sidecar.api.draft_models import KindName, StateName
from stormcell.sidecar.api.models import Model
from stormcell.sidecar.api.shapes import AuditItem, Source


class ReviewBrief(Model):
    """A draft in review without its texts."""

    id: str
    group: str
    """The group that it is of, which may be no more."""
    kind: KindName
    title: str
    template: str
    state: StateName
    stale: str
    """Why it does not fit its group any more; empty where it does."""
    author: str
    reviewer: str
    revision: int
    """The number of the latest."""
    version: int
    """Goes up with each change: hand it back as `seen`."""
    changed: str
    moves: list[str]
    """What can be done to it now."""


class Reviews(Model):
    """A page of drafts in review, those that were changed last first."""

    drafts: list[ReviewBrief]
    next: str | None


class RevisionBrief(Model):
    """A text that it had, or has."""

    number: int
    author: str
    time: str
    note: str


class Remark(Model):
    """What somebody said of a revision."""

    author: str
    time: str
    text: str
    revision: int


class Published(Model):
    """A revision that was handed to a place."""

    destination: str
    revision: int
    time: str
    where: str
    """Empty where it was not taken."""
    problem: str
    """Why it was not taken; empty where it was."""


class Review(ReviewBrief):
    """A draft in review, with one of its texts."""

    revision: int
    """The number of the text."""
    markdown: str
    sources: list[Source]
    """Of a text that a template made."""
    revisions: list[RevisionBrief]
    comments: list[Remark]
    publications: list[Published]


class DraftState(Model):
    """A draft that was changed, as it is now."""

    id: str
    group: str
    kind: KindName
    title: str
    template: str
    state: StateName
    author: str
    reviewer: str
    revision: int
    version: int
    changed: str
    moves: list[str]
    publications: list[Published]


class DraftChanged(Model):
    """What became of a change of a draft."""

    changed: bool
    """False where it was so already."""
    draft: DraftState


class RevisionDiff(Model):
    """How two revisions differ."""

    id: str
    old: int
    new: int
    diff: str
    """A unified diff; empty where they are the same."""


class ReviewHistory(Model):
    """Who did what to a draft, oldest first."""

    id: str
    entries: list[AuditItem]
