"""What is answered, as the OpenAPI document says it: loaded when somebody asks for that."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import RootModel

from stormcell.sidecar.api.models import Model, SignalName, StatusName


class EventBrief(Model):
    """An event in short."""

    uid: str
    signal: SignalName
    service: str
    time: str
    text: str


class BlameShare(Model):
    """How much a group accuses a service."""

    name: str
    blame: float


class FieldShare(Model):
    """How much a field has to do with the members' dissimilarity to the exemplar."""

    name: str
    share: float


class GroupBrief(Model):
    """A group as in groups.json, without its members."""

    id: str
    title: str
    status: StatusName
    medoid: EventBrief
    earliest: str
    most_severe: str
    severity: int
    """Of its most severe event."""
    exemplars: list[EventBrief]
    trace: str
    count: int
    signals: dict[str, int]
    services: list[BlameShare]
    first_seen: str
    last_seen: str
    radius: float
    margin: float | None
    fields: list[FieldShare]
    revision: int
    """Goes up with each change while the group lives."""


class Groups(Model):
    """A page of groups."""

    groups: list[GroupBrief]
    next: str | None
    """The cursor of the next page; null on the last."""


class Share(Model):
    """A field's exact part in a dissimilarity; the shares sum to it."""

    name: str
    dissimilarity: float
    weight: float
    share: float


class Member(Model):
    """An event of a group, and why it is there."""

    uid: str
    event: EventBrief
    """The first of the equal events of one moment, which are stored once."""
    surprise: float
    dissimilarity: float
    """To the exemplar's atom."""
    shares: list[Share]
    runner_up: str | None
    runner_up_dissimilarity: float | None
    margin: float | None
    feedback: list[str]
    """Ids of the feedback that put it there."""
    rules: list[str]
    """Names of the rules of the house that put it there."""


class Members(Model):
    """A page of a group's members, ascending by uid."""

    group: str
    members: list[Member]
    next: str | None


class Source(Model):
    """A value in a draft, and where it comes from."""

    value: str
    uid: str
    field: str
    how: str
    source: Literal["event", "audit"]
    """Whether `uid` is an event's, or the number of an entry of the audit log."""


class Draft(Model):
    """A draft, as Markdown in which nothing of telemetry is markup."""

    kind: str
    template: str
    markdown: str
    sources: list[Source]


class Drafts(Model):
    """The drafts of a group."""

    group: str
    drafts: list[Draft]


class StatusChanged(Model):
    """A group whose status was set."""

    changed: bool
    """False where it had that status before."""
    before: StatusName
    group: GroupBrief


class Changed(Model):
    """What became of what was said of groups."""

    changed: bool
    """False where that had been said before, and holds."""
    feedback: str | None
    """Its id, by which it can be undone."""
    groups: list[GroupBrief]
    gone: list[str]
    """Ids of groups that are no more."""
    contradicted: list[str]
    """Ids of earlier feedback that no longer holds."""


class Lost(Model):
    """What was said later and does not apply any more."""

    feedback: str
    why: str


class Undone(Model):
    """What was taken back."""

    feedback: str
    changed: bool
    """False where it had been taken back before."""
    restored: bool
    """Whether the groups are as without it; else the next grouping will be."""
    lost: list[Lost]


class EventLink(Model):
    """Why two events are one atom."""

    a: str
    b: str
    reason: str
    key: str


class Slot(Model):
    """What stands in a slot of a template."""

    name: str
    kind: str
    value: str
    constant: bool


class Template(Model):
    """The template of an event."""

    text: str
    events: int
    slots: list[Slot]


class Explanation(Model):
    """Why an event is where it is, as `stormcell explain --json` says it."""

    event: str
    group: str | None
    surprise: float
    stray: bool
    members: list[str]
    """Of its atom."""
    links: list[EventLink]
    dissimilarity: float
    shares: list[Share]
    runner_up: str | None
    runner_up_dissimilarity: float | None
    margin: float | None
    feedback: list[str]
    rules: list[str]
    template: Template | None


class FeedbackMark(Model):
    """One side of what was said, and how it is known again."""

    uids: list[str]
    fingerprint: str
    signal: str
    service: str
    template: str


class Feedback(Model):
    """One thing that a person said of groups."""

    id: str
    kind: Literal["merge", "split", "move", "pin"]
    marks: list[FeedbackMark]
    author: str
    time: str
    undone: bool


class FeedbackPage(Model):
    """A page of what was said, oldest first."""

    feedback: list[Feedback]
    next: str | None


class AuditItem(Model):
    """Who changed what."""

    number: int
    time: str
    who: str
    """A token's name, "anonymous", "cli" or "sidecar"."""
    action: str
    target: str
    groups: list[str]
    detail: dict[str, Any]


class Audit(Model):
    """A page of the audit log, oldest first."""

    entries: list[AuditItem]
    next: str | None


class AuditSeal(Model):
    """By what the newest entry of the audit log, and all before it, can be checked."""

    number: int
    seal: str
    """64 hex digits; "" where no entry is sealed yet."""


class History(Model):
    """A page of what happened to a group, oldest first."""

    group: str
    entries: list[AuditItem]
    next: str | None


class OutboxCount(Model):
    """What waits for an exporter."""

    name: str
    pending: int
    dead: int
    """Given up."""
    oldest: str | None
    """When the oldest of those that are pending was put there."""


class Outbox(Model):
    """Revisions of groups that are to go out."""

    exporters: list[OutboxCount]


class State(RootModel[dict[str, Any]]):
    """What the engine says of itself."""


class Document(RootModel[dict[str, Any]]):
    """An OpenAPI document."""


class Health(Model):
    """The process lives."""

    status: Literal["ok"]


class Ready(Model):
    """Whether telemetry can be taken in and grouped."""

    status: Literal["ready", "not ready"]
    checks: dict[str, str]


class FieldError(Model):
    """What is wrong with a field."""

    field: str
    message: str


class ProblemDetails(Model):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    """What was found, what was expected, and what to do."""
    errors: tuple[FieldError, ...] = ()
