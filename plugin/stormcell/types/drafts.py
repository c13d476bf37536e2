"""Drafts: what they say, where it comes from, and what people make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from stormcell.types.audit import AuditEntry
from stormcell.types.results import Group, Membership


class Source(StrEnum):
    """What a fact comes from."""

    EVENT = "event"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Fact:
    """A value in a draft, and where it comes from.

    Attributes
    ----------
    value : str
        As shown, before escaping.
    uid : str
        The event's; of an entry of the audit log its number.
    field : str
        The event's field path (see Event.field); of an entry of the audit log the name of its attribute.
    how : str
        "" where the value is the field's own; else how it was derived from it ("counted over 12 members").
    source : Source
    """

    value: str
    uid: str
    field: str
    how: str = ""
    source: Source = Source.EVENT


@dataclass(frozen=True, slots=True)
class Draft:
    """A runbook or postmortem as a template made it.

    Attributes
    ----------
    group : str
        Id of the group it is for.
    kind : str
        "runbook" or "postmortem".
    template : str
        Name of the template that made it.
    markdown : str
    sources : tuple of Fact
        In the order of the footnotes, the first being footnote 1.
    """

    group: str
    kind: str
    template: str
    markdown: str
    sources: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """A past group that is like the one of a draft.

    Attributes
    ----------
    group : Group
    dissimilarity : float
        In [0, 1], by what groups are known again by.
    family : bool
        Whether both are of one family.
    """

    group: Group
    dissimilarity: float
    family: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """All that a draft can be made of.

    Attributes
    ----------
    group : Group
    atoms : sequence of Membership
        Its atoms.
    history : sequence of AuditEntry
        Who changed it, oldest first.
    related : sequence of Related
        Nearest first.
    """

    group: Group
    atoms: Sequence[Membership]
    history: Sequence[AuditEntry] = ()
    related: Sequence[Related] = ()


class ReviewState(StrEnum):
    """Where a draft is on its way to being published."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Basis:
    """What the group was when a draft was made of it, or last found to hold.

    Attributes
    ----------
    exemplar : str
        The uid of its exemplar.
    count : int
        Members.
    sketch : bytes
        Of the members' uids, by which it is told how many of them are others now (see ``review.sketch``).
    """

    exemplar: str
    count: int
    sketch: bytes


@dataclass(frozen=True, slots=True)
class Revision:
    """One text of a draft; it is never changed.

    Attributes
    ----------
    number : int
        From 1.
    markdown : str
    sources : tuple of Fact
        Of a text that a template made; () once a person changed it: the footnotes in the text stay.
    author : str
    time : int
        ns.
    note : str
        What was changed and why, in the author's words; may be empty.
    """

    number: int
    markdown: str
    sources: tuple[Fact, ...]
    author: str
    time: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said of a revision."""

    author: str
    time: int
    text: str
    revision: int


@dataclass(frozen=True, slots=True)
class Publication:
    """A revision that was handed to a place.

    Attributes
    ----------
    destination : str
        The name of the place in the settings.
    revision : int
    time : int
        ns.
    where : str
        Where it can be read, as the publisher says; "" where it was not taken.
    problem : str
        Why it was not taken; "" where it was.
    """

    destination: str
    revision: int
    time: int
    where: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """A draft in the hands of people. It outlives its group.

    Attributes
    ----------
    id : str
        ``d-`` and twelve hexadecimal digits.
    group : str
    kind : str
        "runbook" or "postmortem".
    title : str
        That of the group when it began.
    template : str
    state : ReviewState
    author : str
        Who began it.
    reviewer : str
        Who is to review it, or did; "" for whoever comes.
    basis : Basis
    revisions : tuple of Revision
        Oldest first, at least one.
    comments : tuple of Comment
        Oldest first.
    publications : tuple of Publication
        Oldest first.
    changed : int
        When it was changed last, ns.
    version : int
        Counts its changes from 1. Who changes it says which version they saw: a change of another is refused.
    """

    id: str
    group: str
    kind: str
    title: str
    template: str
    state: ReviewState
    author: str
    reviewer: str
    basis: Basis
    revisions: tuple[Revision, ...]
    comments: tuple[Comment, ...] = ()
    publications: tuple[Publication, ...] = ()
    changed: int = 0
    version: int = 1

    @property
    def latest(self) -> Revision:
        """The text as it is now."""
        return self.revisions[-1]


@dataclass(frozen=True, slots=True)
class Paper:
    """An approved text on its way to where it is published.

    Attributes
    ----------
    review : str
        The id of its review: a second publication replaces the first of this id.
    group, kind, title : str
        See ``Review``.
    revision : int
    markdown : str
        Masked, unless that was asked for otherwise.
    author, reviewer : str
    time : int
        When it is published, ns.
    """

    review: str
    group: str
    kind: str
    title: str
    revision: int
    markdown: str
    author: str
    reviewer: str
    time: int


@dataclass(frozen=True, slots=True)
class Runbook:
    """A runbook that people wrote before.

    Attributes
    ----------
    name : str
        Of its file, without the ending.
    title : str
        Its first heading, else its name.
    path : str
        Relative to the folder it was found in.
    url : str
        Where people read it; "" where that is not known.
    markdown : str
        Its text, without front matter.
    """

    name: str
    title: str
    path: str
    url: str
    markdown: str


@dataclass(frozen=True, slots=True)
class Matched:
    """A runbook that may be the one for a group.

    Attributes
    ----------
    runbook : Runbook
    score : float
        Higher is better.
    why : tuple of (str, float)
        The parts of the score by name; they sum to it.
    """

    runbook: Runbook
    score: float
    why: tuple[tuple[str, float], ...]
