"""What can be asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

MAX_PAGE = 1000
_Text = Annotated[str, Field(max_length=4096)]
_Name = Annotated[str, Field(min_length=1, max_length=4096)]
StatusName = Literal["open", "acknowledged", "resolved"]
SignalName = Literal["alert", "log", "span"]


class Model(BaseModel):
    """Frozen, nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Page(Model):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 100
    """At most so many."""
    cursor: _Text = ""
    """`next` of the page before; the first page without it."""


class GroupsQuery(Page):
    """Which groups, and in which order."""

    status: StatusName | None = None
    """Only groups of this status."""
    service: _Text = ""
    """Only groups that accuse this service, or for which an event of it speaks."""
    signal: SignalName | None = None
    """Only groups that hold one."""
    severity: Annotated[int, Field(ge=0, le=24)] = 0
    """Only groups whose most severe event has this OpenTelemetry severity number or a higher one."""
    since: AwareDatetime | None = None
    """Only groups that lived then or later."""
    until: AwareDatetime | None = None
    """Only groups that lived then or earlier."""
    text: _Text = ""
    """Only groups that have this in their title, a template or the text of their exemplar, in any case."""
    sort: Literal["-first_seen", "first_seen", "-last_seen", "last_seen", "-count", "count"] = "-first_seen"
    """The order; with `-` the largest first."""


class DraftsQuery(Model):
    """Which drafts."""

    kind: Literal["runbook", "postmortem"] = "runbook"
    """Which kind of draft to write."""
    template: Annotated[str, Field(max_length=200)] = ""
    """The name of a template; "" for the first that fits."""


class By(Model):
    """Who does it."""

    by: Annotated[str, Field(max_length=200)] = ""
    """Who you are; is kept beside the name of your token."""


class MergeBody(By):
    """What is to be one."""

    groups: Annotated[list[_Name], Field(min_length=2, max_length=100)]
    """Ids, or their starts."""


class SplitBody(By):
    """What is not of the group."""

    events: Annotated[list[_Name], Field(min_length=1, max_length=1000)]
    """Events of it, by uid."""


class MoveBody(By):
    """Where it belongs."""

    group: _Name
    """Id, or its start."""
