"""What can be asked of drafts in review."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stormcell.sidecar.api.models import By, Model, Page

KindName = Literal["runbook", "postmortem"]
StateName = Literal["draft", "in review", "approved", "published", "superseded", "withdrawn"]
_Name = Annotated[str, Field(max_length=200)]
_Said = Annotated[str, Field(max_length=64 * 1024)]


class ReviewsQuery(Page):
    """Which drafts in review."""

    group: Annotated[str, Field(max_length=4096)] = ""
    """Only those of this group; of one that is no more by its whole id."""
    state: StateName | None = None
    """Only those in this state."""


class ReviewQuery(Model):
    """Which text of it."""

    revision: Annotated[int, Field(ge=1)] | None = None
    """This revision; the latest without it."""


class DiffQuery(Model):
    """Which revisions."""

    old: Annotated[int, Field(ge=1)] | None = None
    """The one before `new`, without it."""
    new: Annotated[int, Field(ge=1)] | None = None
    """The latest, without it."""


class StartBody(By):
    """What is to be drafted."""

    kind: KindName = "runbook"
    template: _Name = ""
    """The name of the template; the first that fits without it."""


class SeenBody(By):
    """Which version of the draft was seen."""

    seen: Annotated[int, Field(ge=1)]
    """Its `version`: where it is of another now, nothing is done (409)."""


class EditBody(SeenBody):
    """Another text."""

    markdown: Annotated[str, Field(min_length=1)]
    note: _Said = ""
    """What was changed, and why."""


class RedraftBody(SeenBody):
    """How it is made anew."""

    template: _Name = ""
    """The name of the template; without it that of a postmortem, and the one that fits a runbook's group now."""


class SubmitBody(SeenBody):
    """Who is to review it."""

    reviewer: _Name = ""
    """Whoever comes, without it."""


class CommentBody(By):
    """What is said of it."""

    text: Annotated[_Said, Field(min_length=1)]


class ReasonBody(SeenBody):
    """Why it is done."""

    text: Annotated[_Said, Field(min_length=1)]


class ApproveBody(SeenBody):
    """What is said of it."""

    text: _Said = ""


class PublishBody(SeenBody):
    """Where it goes, and how."""

    destinations: Annotated[list[_Name], Field(max_length=100, default_factory=list)]
    """Names of `drafts.publish`; all of them without it."""
    unmasked: bool = False
    """Whether what looks secret or personal stays in the text."""
    stale: bool = False
    """Whether it goes even if it does not fit its group any more."""
